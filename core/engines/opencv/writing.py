"""Which layers OpenCV is given: those that agreed with real Caffe, in the shapes that it keeps."""

from __future__ import annotations

from functools import partial

from core.engines.onnx_graph.finite import finite_only
from core.engines.onnx_graph.joining import lrn_as_one
from core.engines.onnx_graph.layer_writer import LayerWriter, Write, Writers
from core.engines.onnx_graph.writing import WRITERS as SHARED
from core.layers.normalisation import sums_within_channels

_WRONG = ("BNLL", "Deconvolution")
"""Large values overflow in its softplus; a dilated transposed convolution has another size."""


def _lrn(at: LayerWriter) -> None:
    at.need(when=not sums_within_channels(at.layer), why="it sums within channels")
    lrn_as_one(at)


def _with_axes(write: Write, at: LayerWriter) -> None:
    """A value of one axis gets a second one there."""
    has_axes = all(len(shape) > 1 for shape in (*at.bottom_shapes, *at.top_shapes))
    at.need(when=has_axes, why="a bottom or a top has less than two axes")
    write(at)


def _writers() -> Writers:
    able = {kind: write for kind, write in SHARED.items() if kind not in _WRONG}
    able["LRN"] = _lrn
    return finite_only({kind: partial(_with_axes, write) for kind, write in able.items()})


WRITERS: Writers = _writers()
