"""What OpenVINO is given otherwise than ONNX Runtime.

Its ReLU makes 0 of NaN, which Caffe lets pass: a net that has diverged would look as if it ran. So
no layer with NaN or infinity among its learned arrays is written, and no such input is taken.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from core.engines.onnx_graph.layer_writer import LayerWriter, Write, Writers
from core.engines.onnx_graph.writing import WRITERS as SHARED


def _lrn(at: LayerWriter) -> None:
    """ONNX's own LRN across channels: sums that are written out take three times as long."""
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


def is_finite(array: np.ndarray) -> bool:
    """Neither NaN nor infinite in any place."""
    with np.errstate(over="ignore", invalid="ignore"):
        is_surely = bool(np.isfinite(array.sum()))  # quicker; large values may add up to infinity
    return is_surely or bool(np.isfinite(array).all())


def _write_finite(write: Write, at: LayerWriter) -> None:
    is_plain = all(is_finite(at.array(index)) for index in range(at.n_arrays))
    at.need(when=is_plain, why="its learned arrays hold NaN or infinity, which it would hide")
    write(at)


WRITERS: Writers = {
    kind: partial(_write_finite, write) for kind, write in {**SHARED, "LRN": _lrn}.items()
}
