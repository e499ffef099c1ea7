"""Losses of other branches.

SmoothL1Loss after Fast R-CNN (Girshick, 2015), CenterLoss after Wen et al. (2016), MultiBoxLoss
after SSD, SmoothL1LossOHEM after R-FCN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import canonical_axis, show_shape
from core.layers.layer_type import Arity, Family, Geometry, LayerType, Shape, ShapeRefused, defaults
from core.layers.reach import Link, Reading
from core.layers.reach_rules import WHOLE, everything
from core.layers.row_rules import ONE_NUMBER
from core.layers.spans import SAME
from core.net.definition import Layer

_FAMILY: Family = "loss / output"
_SCALAR: Shape = ()


def _infer_scalar(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    operations = math.prod(bottoms[0])
    return Geometry((_SCALAR,), operations=operations, operation_name="operations")


def _infer_smooth_l1(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Prediction and target, then weights inside and outside the loss, all of one size."""
    sizes = {math.prod(bottom) for bottom in bottoms}
    if len(bottoms) == 3 or len(sizes) > 1:
        shown = ", ".join(map(show_shape, bottoms))
        raise ShapeRefused(f"SmoothL1Loss takes two or four bottoms of one size, not {shown}.")
    return _infer_scalar(layer, bottoms)


def _infer_smooth_l1_ohem(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """The second top holds the loss of every place."""
    first = bottoms[0]
    each = (first[0], 1, *first[2:])
    operations = math.prod(first)
    return Geometry((_SCALAR, each), operations=operations, operation_name="operations")


def _infer_center_loss(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """One centre for each class."""
    param, features = layer.param("center_loss_param"), bottoms[0]
    n_classes = param.integer("num_output")
    if n_classes < 1:
        raise ShapeRefused("num_output must be given and above 0.")
    axis = canonical_axis(param.integer("axis", 1), len(features))
    centres = (n_classes, math.prod(features[axis:]))
    operations = math.prod(features)
    return Geometry((_SCALAR,), (centres,), operations=operations, operation_name="operations")


def _reach_smooth_l1_ohem(reading: Reading) -> Sequence[Link]:
    """One number of everything; of each place, the sum over its channels."""
    if reading.top_index == 0:
        return everything(reading)
    return [
        Link(i, tuple(WHOLE if axis == 1 else (axis, SAME) for axis in range(len(bottom))))
        for i, bottom in enumerate(reading.bottoms)
    ]


TYPES = (
    LayerType("SmoothL1Loss", _FAMILY, _infer_smooth_l1, Arity(2, 4), Arity(0, 1), origin="fork",
              defaults=defaults("smooth_l1_loss_param", sigma=1),
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("SmoothL1LossOHEM", _FAMILY, _infer_smooth_l1_ohem, Arity(2, 4), Arity(0, 2),
              origin="fork",
              rows=ONE_NUMBER,
              reach=_reach_smooth_l1_ohem),
    LayerType("CenterLoss", _FAMILY, _infer_center_loss, Arity(2, 2), Arity(0, 1), origin="fork",
              defaults=defaults("center_loss_param", axis=1),
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("MultiBoxLoss", _FAMILY, _infer_scalar, Arity(4, 4), Arity(0, 1), origin="fork",
              defaults=defaults("multibox_loss_param", share_location=True,
                                loc_loss_type="SMOOTH_L1", conf_loss_type="SOFTMAX",
                                loc_weight=1, overlap_threshold=0.5, neg_pos_ratio=3),
              rows=ONE_NUMBER,
              reach=everything),
    LayerType("TripletLoss", _FAMILY, _infer_scalar, Arity(2, 3), Arity(0, 1), origin="fork",
              rows=ONE_NUMBER,
              reach=everything),
)  # fmt: skip
