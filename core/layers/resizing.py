"""Layers of other branches that resize, turn round or deal out the axes of a map.

Permute after SSD, ShuffleChannel after ShuffleNet, Interp after DeepLab, Upsample after SegNet
(with a mask) and YOLO v3 (without), Reorg after YOLO v2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import canonical_axis, need_axes, show_shape, with_legacy_axes
from core.layers.layer_type import ONE, Arity, Geometry, LayerType, Shape, ShapeRefused, defaults
from core.layers.row_rules import rows_alone, rows_unless_axis_0
from core.layers.spellings import first_message
from core.net.definition import Layer
from core.net.message import Message


def permuted_axes(layer: Layer, n_axes: int) -> tuple[int, ...]:
    """The old axis at each new place; axes that are not named follow in their old order."""
    param = first_message(layer, "permute_param", "transpose_param")
    order = param.integers("order") or param.integers("dim")
    if len(set(order)) != len(order) or any(not 0 <= axis < n_axes for axis in order):
        raise ShapeRefused(f"The order {order} does not fit a blob of {n_axes} axes.")
    return (*order, *(axis for axis in range(n_axes) if axis not in order))


def _infer_permute(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    bottom = bottoms[0]
    top = tuple(bottom[axis] for axis in permuted_axes(layer, len(bottom)))
    return _copied(top)


def _infer_reverse(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    canonical_axis(layer.param("reverse_param").integer("axis"), len(bottoms[0]))
    return _copied(bottoms[0])


def _infer_shuffle(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    group, bottom = layer.param("shuffle_channel_param").integer("group", 1), bottoms[0]
    if len(bottom) < 2 or group < 1 or bottom[1] % group:
        raise ShapeRefused(f"{show_shape(bottom)} can't be dealt out over {group} groups.")
    return _copied(bottom)


@with_legacy_axes
def _infer_interp(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Bilinear resize by zoom and shrink factors, to a fixed size, or to the second bottom's."""
    param, bottom = layer.param("interp_param"), bottoms[0]
    need_axes(bottom, 4)
    padding = param.integer("pad_beg") + param.integer("pad_end")
    shrink, zoom = param.integer("shrink_factor", 1), param.integer("zoom_factor", 1)
    if shrink < 1 or zoom < 1 or min(bottom[2:]) + padding < 1:
        raise ShapeRefused("Interp factors must be at least 1, and something must be left to read.")
    if len(bottoms) == 2:
        need_axes(bottoms[1], 4)
        height, width = bottoms[1][2:]
    elif param.integer("height") and param.integer("width"):
        height, width = param.integer("height"), param.integer("width")
    else:
        height, width = (_interp_size(size + padding, shrink, zoom) for size in bottom[2:])
    top = (*bottom[:2], height, width)
    return Geometry((top,), macs=4 * math.prod(top))


def _interp_size(size: int, shrink: int, zoom: int) -> int:
    shrunk = (size - 1) // shrink + 1
    return shrunk + (shrunk - 1) * (zoom - 1)


@with_legacy_axes
def _infer_upsample(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Values put back where the pooling mask found them, or repeated without a mask."""
    param, bottom = layer.param("upsample_param"), bottoms[0]
    need_axes(bottom, 4)
    if len(bottoms) == 2 and bottoms[1] != bottom:
        shown = f"{show_shape(bottoms[1])} is not {show_shape(bottom)}"
        raise ShapeRefused(f"The mask must have the shape of the values: {shown}.")
    step_h, step_w = upsample_steps(param)
    height = param.integer("upsample_h") or bottom[2] * step_h - param.boolean("pad_out_h")
    width = param.integer("upsample_w") or bottom[3] * step_w - param.boolean("pad_out_w")
    return _copied((*bottom[:2], height, width))


def upsample_steps(param: Message) -> tuple[int, int]:
    """How much higher and wider; `scale` multiplies values, not sizes, beside a `stride`."""
    name = "stride" if param.has("stride") or param.has("stride_h") else "scale"
    both = int(param.number(name, 2))
    steps = param.integer(f"{name}_h", both), param.integer(f"{name}_w", both)
    if min(steps) < 1:
        raise ShapeRefused(f"{name} must be at least 1.")
    return steps


@with_legacy_axes
def _infer_reorg(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Blocks of stride x stride places become channels, or back when `reverse` is set."""
    param, bottom = layer.param("reorg_param"), bottoms[0]
    need_axes(bottom, 4)
    step = param.integer("stride", 2)
    area = step * step
    if step < 1 or bottom[1] % area:
        raise ShapeRefused(f"Reorg stride {step} does not divide {show_shape(bottom)}.")
    if param.boolean("reverse"):
        return _copied((bottom[0], bottom[1] // area, bottom[2] * step, bottom[3] * step))
    if bottom[2] % step or bottom[3] % step:
        raise ShapeRefused(f"Reorg stride {step} does not divide {show_shape(bottom)}.")
    return _copied((bottom[0], bottom[1] * area, bottom[2] // step, bottom[3] // step))


def _permute_rows(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    order = permuted_axes(layer, len(bottoms[0]))
    return "" if order[:1] == (0,) else "moves the axis of the images to another place"


def _copied(top: Shape) -> Geometry:
    return Geometry((top,), operations=math.prod(top), operation_name="copies")


TYPES = (
    LayerType("Permute", "other", _infer_permute, ONE, ONE, origin="fork",
              rows=_permute_rows),
    LayerType("Transpose", "other", _infer_permute, ONE, ONE, origin="fork",
              rows=_permute_rows),
    LayerType("Reverse", "other", _infer_reverse, ONE, ONE, origin="fork",
              defaults=defaults("reverse_param", axis=0),
              rows=rows_unless_axis_0("turns round", "reverse_param", default=0)),
    LayerType("ShuffleChannel", "other", _infer_shuffle, ONE, ONE, origin="fork",
              defaults=defaults("shuffle_channel_param", group=1),
              rows=rows_alone),
    LayerType("Interp", "other", _infer_interp, Arity(1, 2), ONE, origin="fork",
              defaults=defaults("interp_param", zoom_factor=1, shrink_factor=1, pad_beg=0,
                                pad_end=0),
              rows=rows_alone),
    LayerType("Upsample", "other", _infer_upsample, Arity(1, 2), ONE, origin="fork",
              defaults=defaults("upsample_param", scale=2),
              rows=rows_alone),
    LayerType("Reorg", "other", _infer_reorg, ONE, ONE, origin="fork",
              defaults=defaults("reorg_param", stride=2, reverse=False),
              rows=rows_alone),
)  # fmt: skip
