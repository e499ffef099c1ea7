"""Normalisation in other branches.

Normalize after SSD's and NormFace's, L2Normalization after retrieval branches, BN after SegNet's
and, with running statistics, after those of PSPNet and temporal segment networks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import axis_size, canonical_axis, need_axes
from core.layers.layer_type import ONE, Arity, Family, Geometry, LayerType, Shape, defaults
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
    bottom, param = bottoms[0], layer.param("bn_param")
    need_axes(bottom, 4)
    row = (1, bottom[1], 1, 1)
    n_arrays = 4 if has_running_statistics(param) else 2
    return Geometry((bottom, row, row), (row,) * n_arrays, macs=math.prod(bottom))


_FAMILY: Family = "normalisation"

TYPES = (
    LayerType("Normalize", _FAMILY, _infer_normalize, ONE, Arity(1, 2), origin="fork",
              defaults=defaults("norm_param", across_spatial=True, channel_shared=True,
                                eps="1e-10")),
    LayerType("BN", _FAMILY, _infer_bn, ONE, Arity(1, 3), may_run_in_place=True, origin="fork",
              defaults=defaults("bn_param", bn_mode="LEARN")),
    LayerType("L2Normalization", _FAMILY, _infer_l2, ONE, ONE, origin="fork"),
    LayerType("L2Normalize", _FAMILY, _infer_l2, ONE, ONE, origin="fork"),
    LayerType("NormalizeL2", _FAMILY, _infer_l2, ONE, ONE, origin="fork"),
)  # fmt: skip
