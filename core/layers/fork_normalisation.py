"""Normalisation in other branches.

Normalize after SSD's and NormFace's, L2Normalization after retrieval branches, BN after SegNet's
and, with running statistics, after those of PSPNet and temporal segment networks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import axis_size, canonical_axis, legacy_shape
from core.layers.layer_type import ONE, Arity, Family, Geometry, LayerType, Shape, defaults
from core.layers.reach import Link, Reading
from core.layers.reach_rules import WHOLE, same_place, whole_axes
from core.layers.row_rules import rows_alone
from core.layers.spans import SAME
from core.net.definition import Layer
from core.net.message import Message

_RUNNING = frozenset(
    {"slope_filler", "bias_filler", "momentum", "frozen", "moving_average", "decay", "var_eps"}
)


def has_running_statistics(param: Message) -> bool:
    """Whether a BN keeps mean and variance beside scale and shift; SegNet's has no such field."""
    return any(field.name in _RUNNING for field in param.fields)


def is_unlearned(layer: Layer) -> bool:
    """Whether a Normalize is NormFace's, without a learned scale."""
    return layer.message.has("normalize_param")


def _infer_normalize(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """L2 normalisation with one learned scale for all channels or one for each."""
    bottom = bottoms[0]
    macs = 2 * math.prod(bottom)
    if is_unlearned(layer):
        norms = (bottom[0], 1, *bottom[2:])
        return Geometry((bottom, norms), macs=macs)
    is_shared = layer.param("norm_param").boolean("channel_shared", True)
    scale: Shape = () if is_shared else (axis_size(bottom, 1),)
    return Geometry((bottom,), (scale,), macs=macs)


def _infer_l2(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    canonical_axis(layer.param("l2n_param").integer("axis", 1), len(bottoms[0]))
    return Geometry((bottoms[0],), macs=2 * math.prod(bottoms[0]))


def _infer_bn(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Scale and shift of each channel, then mean and variance where they are kept."""
    padded = legacy_shape(bottoms[0])
    row = (1, padded[1], 1, 1)
    if has_running_statistics(layer.param("bn_param")):
        return Geometry((bottoms[0], row, row), (row,) * 4, macs=math.prod(padded))
    return Geometry((padded, row, row), (row,) * 2, macs=math.prod(padded))


def _bn_rows(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    if takes_batch_moments(layer, phase):
        return "takes mean and variance over the whole batch"
    return "gives one mean for the whole batch" if len(layer.tops) > 1 else ""


def takes_batch_moments(layer: Layer, phase: str) -> bool:
    """Whether a BN takes mean and variance of its bottom, as SegNet's does where it learns."""
    param = layer.param("bn_param")
    if has_running_statistics(param):
        is_trained = phase == "TRAIN" and not param.boolean("frozen")
        return is_trained or not param.boolean("moving_average", True)
    return param.word("bn_mode", "LEARN") not in ("INFERENCE", "1")


def _l2_rows(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    param = layer.param("l2n_param")
    if layer.message.has("l2n_param") and param.boolean("is_global", True):
        return ""
    axis = canonical_axis(param.integer("axis", 1), len(bottoms[0]))
    return "" if axis else "takes the norm along axis 0, the axis of the images"


def _reach_normalize(reading: Reading) -> Sequence[Link]:
    """The channels of its place, or with SSD's across_spatial the whole image."""
    param, n_axes = reading.layer.param("norm_param"), len(reading.bottoms[0])
    across = not is_unlearned(reading.layer) and param.boolean("across_spatial", True)
    return [whole_axes(reading, range(1, n_axes) if across else [1])]


def _reach_l2(reading: Reading) -> Sequence[Link]:
    param, n_axes = reading.layer.param("l2n_param"), len(reading.bottoms[0])
    if reading.layer.message.has("l2n_param") and param.boolean("is_global", True):
        return [whole_axes(reading, range(1, n_axes))]
    return [whole_axes(reading, [canonical_axis(param.integer("axis", 1), n_axes)])]


def _reach_bn(reading: Reading) -> Sequence[Link]:
    """Its own place, or the whole channel where mean and variance come from the batch."""
    if not takes_batch_moments(reading.layer, reading.phase):
        return () if reading.top_index else same_place(reading)
    axes = range(len(reading.bottoms[0]))
    return [Link(0, tuple((1, SAME) if axis == 1 else WHOLE for axis in axes))]


_FAMILY: Family = "normalisation"

TYPES = (
    LayerType("Normalize", _FAMILY, _infer_normalize, ONE, Arity(1, 2), origin="fork",
              defaults=defaults("norm_param", across_spatial=True, channel_shared=True,
                                eps="1e-10"),
              rows=rows_alone,
              reach=_reach_normalize),
    LayerType("BN", _FAMILY, _infer_bn, ONE, Arity(1, 3), may_run_in_place=True, origin="fork",
              defaults=defaults("bn_param", bn_mode="LEARN"),
              rows=_bn_rows,
              reach=_reach_bn),
    LayerType("L2Normalization", _FAMILY, _infer_l2, ONE, ONE, origin="fork",
              rows=_l2_rows,
              reach=_reach_l2),
    LayerType("L2Normalize", _FAMILY, _infer_l2, ONE, ONE, origin="fork",
              rows=_l2_rows,
              reach=_reach_l2),
    LayerType("NormalizeL2", _FAMILY, _infer_l2, ONE, ONE, origin="fork",
              rows=_l2_rows,
              reach=_reach_l2),
)  # fmt: skip
