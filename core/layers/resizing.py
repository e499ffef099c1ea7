"""Layers of other branches that resize, turn round or deal out the axes of a map.

Permute after SSD, ShuffleChannel after ShuffleNet, Interp after DeepLab, Upsample after SegNet
(with a mask) and YOLO v3 (without), Reorg after YOLO v2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from core.layers.axes import canonical_axis, legacy_shape, need_axes, show_shape, with_legacy_axes
from core.layers.layer_type import ONE, Arity, Geometry, LayerType, Shape, ShapeRefused, defaults
from core.layers.pooling import read_pooling_window
from core.layers.reach import MOST_VALUES, Link, Reading, Rearranged
from core.layers.reach_rules import at_most_everything, own_axes, reordered
from core.layers.row_rules import rows_alone, rows_unless_axis_0
from core.layers.spans import SAME, Spread, Table
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


def _reach_permute(reading: Reading) -> Sequence[Link]:
    order = permuted_axes(reading.layer, len(reading.bottoms[0]))
    return [Link(0, tuple((order.index(axis), SAME) for axis in range(len(order))))]


def _reach_reverse(reading: Reading) -> Sequence[Link]:
    bottom = reading.bottoms[0]
    axis = canonical_axis(reading.layer.param("reverse_param").integer("axis"), len(bottom))
    axes = list(own_axes(len(bottom)))
    axes[axis] = (axis, reordered(np.arange(bottom[axis])[::-1], Fraction(-1)))
    return [Link(0, tuple(axes))]


def _reach_shuffle(reading: Reading) -> Sequence[Link]:
    group = reading.layer.param("shuffle_channel_param").integer("group", 1)
    axes = list(own_axes(len(reading.bottoms[0])))
    axes[1] = (1, reordered(np.arange(reading.bottoms[0][1]).reshape(group, -1).T))
    return [Link(0, tuple(axes))]


def _reach_interp(reading: Reading) -> Sequence[Link]:
    """Two places an axis, or the one that a place falls on; what is cut off before is not read."""
    param = reading.layer.param("interp_param")
    before, after = -param.integer("pad_beg"), -param.integer("pad_end")
    bottom = reading.bottoms[0]
    rows = zip(bottom[2:], legacy_shape(reading.top)[2:], strict=False)
    moved = [
        (2 + i, _interpolated(size - before - after, n_top, before))
        for i, (size, n_top) in enumerate(rows)
    ]
    return [Link(0, (*own_axes(2), *moved)[: len(bottom)])]


def _interpolated(size: int, n_top: int, before: int) -> Table:
    """The corners of both stay together, after caffe's util/interp.cpp of DeepLab."""
    step = Fraction(size - 1, n_top - 1) if n_top > 1 else Fraction(0)
    rows = np.full((n_top, 2), -1, np.intp)
    for place in range(n_top):
        at = place * step
        rows[place, 0] = before + int(at)
        if at.denominator > 1 and at < size - 1:
            rows[place, 1] = before + int(at) + 1
    return Table(rows, step)


def _reach_upsample(reading: Reading) -> Sequence[Link]:
    """Repeated values, or those whose pooling window covers the place."""
    param, bottom = reading.layer.param("upsample_param"), reading.bottoms[0]
    if len(reading.bottoms) == 1:
        steps = upsample_steps(param)
        moved = [(2 + i, Spread(step, step)) for i, step in enumerate(steps)]
        return [Link(0, (*own_axes(2), *moved)[: len(bottom)])]
    writer = reading.writers[1] if len(reading.writers) > 1 else None
    if writer is None or writer.type != "Pooling" or len(bottom) != 4:
        return at_most_everything("the mask isn't that of a pooling layer")(reading)
    return _unpooled(reading, writer)


def _unpooled(reading: Reading, pooling: Layer) -> Sequence[Link]:
    height, width = reading.top[2:]
    window = read_pooling_window(pooling.param("pooling_param"), (height, width))
    moved = [(2 + i, Spread(*row)) for i, row in enumerate(zip(*window, strict=True))]
    return [Link(i, (*own_axes(2), *moved)) for i in range(2)]


def _reach_reorg(reading: Reading) -> Sequence[Link | Rearranged]:
    """Darknet reads the map as if it had the shape it would have after the opposite step."""
    param, bottom = reading.layer.param("reorg_param"), reading.bottoms[0]
    step = param.integer("stride", 2)
    channels, height, width = legacy_shape(bottom)[1:]
    if channels * height * width > MOST_VALUES:
        return at_most_everything(f"it deals out more than {MOST_VALUES} values")(reading)
    inner = channels // (step * step)
    places = np.arange(channels * height * width)
    if param.boolean("reverse"):
        blocks = places.reshape(step, step, inner, height, width).transpose(2, 3, 0, 4, 1)
    else:
        blocks = places.reshape(inner, height, step, width, step).transpose(2, 4, 0, 1, 3)
    return [Rearranged(blocks.reshape(reading.top[1:]))]


TYPES = (
    LayerType("Permute", "other", _infer_permute, ONE, ONE, origin="fork",
              rows=_permute_rows,
              reach=_reach_permute),
    LayerType("Transpose", "other", _infer_permute, ONE, ONE, origin="fork",
              rows=_permute_rows,
              reach=_reach_permute),
    LayerType("Reverse", "other", _infer_reverse, ONE, ONE, origin="fork",
              defaults=defaults("reverse_param", axis=0),
              rows=rows_unless_axis_0("turns round", "reverse_param", default=0),
              reach=_reach_reverse),
    LayerType("ShuffleChannel", "other", _infer_shuffle, ONE, ONE, origin="fork",
              defaults=defaults("shuffle_channel_param", group=1),
              rows=rows_alone,
              reach=_reach_shuffle),
    LayerType("Interp", "other", _infer_interp, Arity(1, 2), ONE, origin="fork",
              defaults=defaults("interp_param", zoom_factor=1, shrink_factor=1, pad_beg=0,
                                pad_end=0),
              rows=rows_alone,
              reach=_reach_interp),
    LayerType("Upsample", "other", _infer_upsample, Arity(1, 2), ONE, origin="fork",
              defaults=defaults("upsample_param", scale=2),
              rows=rows_alone,
              reach=_reach_upsample),
    LayerType("Reorg", "other", _infer_reorg, ONE, ONE, origin="fork",
              defaults=defaults("reorg_param", stride=2, reverse=False),
              rows=rows_alone,
              reach=_reach_reorg),
)  # fmt: skip
