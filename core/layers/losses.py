"""Losses, scores and what else stands at the end of a net.

After BVLC/caffe src/caffe/layers/*_loss_layer.cpp, accuracy_layer.cpp, softmax_layer.cpp,
argmax_layer.cpp and reduction_layer.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import axis_size, canonical_axis, replace_axis, show_shape
from core.layers.layer_type import (
    ONE,
    Arity,
    Family,
    Geometry,
    LayerType,
    Shape,
    ShapeRefused,
    defaults,
)
from core.layers.reach import Link, Reading
from core.layers.reach_rules import WHOLE, along_axis, everything, nothing, own_axes
from core.layers.row_rules import ONE_NUMBER, rows_together, rows_unless_axis_0
from core.layers.spans import SAME
from core.net.definition import Layer

_FAMILY: Family = "loss / output"
_TWO = Arity(2, 2)
_SCALAR: Shape = ()


def _infer_loss(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """A single number."""
    _check_batches(bottoms)
    operations = math.prod(bottoms[0])
    return Geometry((_SCALAR,), operations=operations, operation_name="operations")


def _infer_classified(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """A single number from scores of classes; Caffe always aborts for the second top."""
    message = "infogain_loss_param" if layer.type == "InfogainLoss" else "softmax_param"
    axis = canonical_axis(layer.param(message).integer("axis", 1), len(bottoms[0]))
    geometry = _infer_loss(layer, bottoms)
    _check_labels(bottoms, axis)
    if len(layer.tops) > 1:
        raise ShapeRefused("A second top makes Caffe abort, over its loss_weight: leave it out.")
    n_classes = bottoms[0][axis]
    if len(bottoms) > 2 and layer.type == "InfogainLoss":
        _check_table(bottoms[2], n_classes)
    return geometry


def _infer_same_count(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """A single number from two blobs of as many values."""
    geometry = _infer_loss(layer, bottoms)
    if math.prod(bottoms[0]) != math.prod(bottoms[1]):
        raise ShapeRefused(f"{show_shape(bottoms[1])} has not as many values as the first bottom.")
    return geometry


def _infer_legacy_loss(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """A single number from blobs read as num x channels x height x width."""
    geometry = _infer_loss(layer, bottoms)
    for bottom in bottoms[:2]:
        if len(bottom) > 4:
            raise ShapeRefused(f"It takes blobs of up to four axes, not {len(bottom)}.")
    if layer.type == "EuclideanLoss" and math.prod(bottoms[0]) != math.prod(bottoms[1]):
        raise ShapeRefused(f"{show_shape(bottoms[1])} has not as many values as the first bottom.")
    if layer.type == "MultinomialLogisticLoss" and math.prod(bottoms[1][1:]) != 1:
        raise ShapeRefused(f"Labels must be one an image, not {show_shape(bottoms[1])}.")
    return geometry


def _infer_contrastive(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """A single number from pairs of vectors and a mark for each pair."""
    geometry = _infer_legacy_loss(layer, bottoms)
    first, second, marks = ((*bottom, 1, 1, 1)[:4] for bottom in bottoms)
    if first[1:] != second[1:] or first[2:] != (1, 1) or marks[1:] != (1, 1, 1):
        shown = ", ".join(show_shape(bottom) for bottom in bottoms)
        raise ShapeRefused(f"It takes pairs of vectors and a mark for each pair, not {shown}.")
    return geometry


def _check_batches(bottoms: Sequence[Shape]) -> None:
    if axis_size(bottoms[0], 0) != axis_size(bottoms[1], 0):
        shown = f"{show_shape(bottoms[0])} and {show_shape(bottoms[1])}"
        raise ShapeRefused(f"The first axes differ: {shown}.")


def _check_labels(bottoms: Sequence[Shape], axis: int) -> None:
    """One label for each place that has a score of every class."""
    scores, labels = bottoms[:2]
    if math.prod(replace_axis(scores, axis, 1)) != math.prod(labels):
        shown = f"{show_shape(labels)} labels do not fit scores of {show_shape(scores)}"
        raise ShapeRefused(f"{shown} with classes along axis {axis}.")


def _check_table(table: Shape, n_classes: int) -> None:
    if math.prod(table) != n_classes**2:
        raise ShapeRefused(
            f"A table of {n_classes} x {n_classes} is wanted, not {show_shape(table)}."
        )


def _infer_accuracy(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """The share of hits; a second top holds it for each class."""
    param, scores = layer.param("accuracy_param"), bottoms[0]
    axis = canonical_axis(param.integer("axis", 1), len(scores))
    _check_labels(bottoms, axis)
    if param.integer("top_k", 1) > scores[axis]:
        raise ShapeRefused(f"top_k is more than the {scores[axis]} classes.")
    operations = math.prod(scores)
    tops = (_SCALAR, (scores[axis],))
    return Geometry(tops, operations=operations, operation_name="comparisons")


def _infer_softmax(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    canonical_axis(layer.param("softmax_param").integer("axis", 1), len(bottoms[0]))
    operations = math.prod(bottoms[0])
    return Geometry((bottoms[0],), operations=operations, operation_name="exponentials")


def _infer_arg_max(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Along an axis, or over everything but the first: then indices and, if asked, values."""
    param, bottom = layer.param("argmax_param"), bottoms[0]
    top_k, operations = param.integer("top_k", 1), math.prod(bottom)
    if param.has("axis"):
        axis = canonical_axis(param.integer("axis"), len(bottom))
        n_candidates, top = bottom[axis], replace_axis(bottom, axis, top_k)
    else:
        n_candidates = math.prod(bottom[1:])
        rows = 2 if param.boolean("out_max_val") else 1
        top = (axis_size(bottom, 0), rows, top_k, *(1,) * max(0, len(bottom) - 3))
    if not 1 <= top_k <= n_candidates:
        raise ShapeRefused(f"top_k {top_k} must be between 1 and the {n_candidates} candidates.")
    return Geometry((top,), operations=operations, operation_name="comparisons")


def _infer_reduction(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    bottom = bottoms[0]
    axis = canonical_axis(layer.param("reduction_param").integer("axis", 0), len(bottom))
    top = bottom[:axis]
    return Geometry((top,), operations=math.prod(bottom), operation_name="additions")


def _infer_written(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Values and labels go to a file, nothing to a blob."""
    _check_batches(bottoms)
    return Geometry(())


def _arg_max_rows(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    """Without an axis, the first one stays as it is."""
    return _AXIS_ROWS(layer, bottoms, phase) if layer.param("argmax_param").has("axis") else ""


_AXIS_ROWS = rows_unless_axis_0("looks along", "argmax_param")


def _reach_arg_max(reading: Reading) -> Sequence[Link]:
    """All along the axis, or without one the whole row."""
    if reading.layer.param("argmax_param").has("axis"):
        return along_axis("argmax_param")(reading)
    n_axes = len(reading.bottoms[0])
    return [Link(0, ((0, SAME), *(WHOLE,) * (n_axes - 1)))]


def _reach_reduction(reading: Reading) -> Sequence[Link]:
    """Everything from the axis on, which the top has no longer."""
    kept, n_axes = len(reading.top), len(reading.bottoms[0])
    return [Link(0, (*own_axes(kept), *(WHOLE,) * (n_axes - kept)))]


_LOSS = defaults("loss_param", normalization="VALID")

TYPES = (
    LayerType("Softmax", _FAMILY, _infer_softmax, ONE, ONE, True,
              defaults=defaults("softmax_param", axis=1, engine="DEFAULT"),
              rows=rows_unless_axis_0("sums along", "softmax_param"),
              reach=along_axis("softmax_param")),
    LayerType("SoftmaxWithLoss", _FAMILY, _infer_classified, Arity(2, 3), Arity(0, 2),
              refuses_in_place=True, defaults=(*_LOSS, *defaults("softmax_param", axis=1)),
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("EuclideanLoss", _FAMILY, _infer_legacy_loss, _TWO, Arity(0, 1),
              refuses_in_place=True,
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("HingeLoss", _FAMILY, _infer_legacy_loss, _TWO, Arity(0, 1),
              defaults=defaults("hinge_loss_param", norm="L1"),
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("InfogainLoss", _FAMILY, _infer_classified, Arity(2, 3), Arity(0, 2),
              defaults=(*_LOSS, *defaults("infogain_loss_param", axis=1)),
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("MultinomialLogisticLoss", _FAMILY, _infer_legacy_loss, _TWO, Arity(0, 1),
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("SigmoidCrossEntropyLoss", _FAMILY, _infer_same_count, _TWO, Arity(0, 1),
              refuses_in_place=True,
              defaults=defaults("loss_param", normalization="BATCH_SIZE"),
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("ContrastiveLoss", _FAMILY, _infer_contrastive, Arity(3, 3), Arity(0, 1),
              defaults=defaults("contrastive_loss_param", margin=1, legacy_version=False),
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("Accuracy", _FAMILY, _infer_accuracy, _TWO, Arity(1, 2), refuses_in_place=True,
              defaults=defaults("accuracy_param", top_k=1, axis=1),
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("ArgMax", _FAMILY, _infer_arg_max, ONE, ONE,
              defaults=defaults("argmax_param", out_max_val=False, top_k=1),
              rows=_arg_max_rows,
              reach=_reach_arg_max),
    LayerType("Reduction", "other", _infer_reduction, ONE, ONE,
              defaults=defaults("reduction_param", operation="SUM", axis=0, coeff=1),
              rows=rows_unless_axis_0("adds up", "reduction_param", default=0),
              reach=_reach_reduction),
    LayerType("HDF5Output", _FAMILY, _infer_written, _TWO, Arity(0, 0),
              rows=rows_together("writes the batch to a file"),
              reach=nothing),
)  # fmt: skip
