"""What OpenVINO is given otherwise than ONNX Runtime, where it is the quicker way."""

from __future__ import annotations

from core.engines.onnx_graph.layer_writer import LayerWriter, Writers
from core.engines.onnx_graph.writing import WRITERS as SHARED


def _lrn(at: LayerWriter) -> None:
    """ONNX's own LRN across channels: sums written out take three times as long here."""
    param = at.layer.param("lrn_param")
    if param.word("norm_region") in ("WITHIN_CHANNEL", "1"):
        SHARED["LRN"](at)
        return
    at.need(when=not at.layer.is_in_place and at.n_axes == 4, why="it runs in place")
    at.top(
        "LRN", at.bottoms[:1], size=param.integer("local_size", 5),
        alpha=param.number("alpha", 1.0), beta=param.number("beta", 0.75),
        bias=param.number("k", 1.0),
    )  # fmt: skip


WRITERS: Writers = {**SHARED, "LRN": _lrn}
