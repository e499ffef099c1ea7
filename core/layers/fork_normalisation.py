"""Normalisation in other branches.

Normalize after SSD's and NormFace's, L2Normalization after retrieval branches, BN after SegNet's
and, with running statistics, after those of PSPNet and temporal segment networks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import axis_size, canonical_axis, legacy_shape
from core.layers.layer_type import ONE, Arity, Family, Geometry, LayerType, Shape, defaults
from core.layers.row_rules import rows_alone
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


_FAMILY: Family = "normalisation"

TYPES = (
    LayerType("Normalize", _FAMILY, _infer_normalize, ONE, Arity(1, 2), origin="fork",
              defaults=defaults("norm_param", across_spatial=True, channel_shared=True,
                                eps="1e-10"),
              rows=rows_alone),
    LayerType("BN", _FAMILY, _infer_bn, ONE, Arity(1, 3), may_run_in_place=True, origin="fork",
              defaults=defaults("bn_param", bn_mode="LEARN"),
              rows=_bn_rows),
    LayerType("L2Normalization", _FAMILY, _infer_l2, ONE, ONE, origin="fork",
              rows=_l2_rows),
    LayerType("L2Normalize", _FAMILY, _infer_l2, ONE, ONE, origin="fork",
              rows=_l2_rows),
    LayerType("NormalizeL2", _FAMILY, _infer_l2, ONE, ONE, origin="fork",
              rows=_l2_rows),
)  # fmt: skip
