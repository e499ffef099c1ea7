"""Layers that change a blob's axes, and those that leave it as it is.

After BVLC/caffe src/caffe/layers/{flatten,reshape,tile,dropout,silence}_layer.cpp; Permute after
SSD, Interp after DeepLab, Upsample after SegNet, Reorg after YOLO v2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.axes import canonical_axis, need_axes, replace_axis, same_shape, show_shape
from core.layers.layer_type import (
    ANY,
    ONE,
    Arity,
    Geometry,
    LayerType,
    Shape,
    ShapeRefused,
    defaults,
)
from core.net.definition import Layer


def _infer_flatten(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param, bottom = layer.param("flatten_param"), bottoms[0]
    start = canonical_axis(param.integer("axis", 1), len(bottom))
    end = canonical_axis(param.integer("end_axis", -1), len(bottom))
    return Geometry(((*bottom[:start], math.prod(bottom[start : end + 1]), *bottom[end + 1 :]),))


def _infer_reshape(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """0 copies the bottom's size, one -1 takes what is left; only `num_axes` axes are replaced."""
    param, bottom = layer.param("reshape_param"), bottoms[0]
    dims = list(param.message("shape").integers("dim"))
    start = param.integer("axis", 0)
    start = start if start >= 0 else len(bottom) + start + 1
    n_axes = param.integer("num_axes", -1)
    end = len(bottom) if n_axes == -1 else start + n_axes
    if not 0 <= start <= end <= len(bottom):
        raise ShapeRefused(f"Reshape from axis {start} to {end} reaches beyond the blob's axes.")
    if dims.count(-1) > 1 or any(dim < -1 for dim in dims):
        raise ShapeRefused("Reshape takes one -1 at most.")
    for i, dim in enumerate(dims):
        if dim == 0 and start + i >= len(bottom):
            raise ShapeRefused(f"Reshape can't copy axis {start + i}: the blob has no such axis.")
        dims[i] = bottom[start + i] if dim == 0 else dim
    top = [*bottom[:start], *dims, *bottom[end:]]
    if -1 in top:
        known = math.prod(dim for dim in top if dim != -1)
        top[top.index(-1)] = math.prod(bottom) // known if known else 0
    if math.prod(top) != math.prod(bottom):
        raise ShapeRefused(f"{show_shape(bottom)} can't be reshaped to {show_shape(top)}.")
    return Geometry((tuple(top),))


def _infer_tile(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param, bottom = layer.param("tile_param"), bottoms[0]
    axis, tiles = canonical_axis(param.integer("axis", 1), len(bottom)), param.integer("tiles")
    if tiles < 1:
        raise ShapeRefused("tiles must be given and above 0.")
    top = replace_axis(bottom, axis, bottom[axis] * tiles)
    return Geometry((top,), operations=math.prod(top), operation_name="copies")


def _infer_silence(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    return Geometry(())


def _infer_permute(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Axes not named in `order` follow in their old order."""
    bottom = bottoms[0]
    order = list(dict.fromkeys(layer.param("permute_param").integers("order")))
    if any(not 0 <= axis < len(bottom) for axis in order):
        raise ShapeRefused(f"Permute order {order} does not fit {show_shape(bottom)}.")
    order += [axis for axis in range(len(bottom)) if axis not in order]
    top = tuple(bottom[axis] for axis in order)
    return Geometry((top,), operations=math.prod(top), operation_name="copies")


def _infer_interp(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Bilinear resize by zoom and shrink factors, to a fixed size, or to the second bottom's."""
    param, bottom = layer.param("interp_param"), bottoms[0]
    need_axes(bottom, 4)
    padding = param.integer("pad_beg") + param.integer("pad_end")
    shrink, zoom = param.integer("shrink_factor", 1), param.integer("zoom_factor", 1)
    if shrink < 1 or zoom < 1:
        raise ShapeRefused("Interp factors must be at least 1.")
    if len(bottoms) == 2:
        need_axes(bottoms[1], 4)
        height, width = bottoms[1][2:]
    elif param.has("height") and param.has("width"):
        height, width = param.integer("height"), param.integer("width")
    else:
        height, width = (_interp_size(size + padding, shrink, zoom) for size in bottom[2:])
    top = (*bottom[:2], height, width)
    return Geometry((top,), macs=4 * math.prod(top))


def _interp_size(size: int, shrink: int, zoom: int) -> int:
    shrunk = (size - 1) // shrink + 1
    return shrunk + (shrunk - 1) * (zoom - 1)


def _infer_upsample(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Values put back where the pooling mask found them, or repeated without a mask."""
    param, bottom = layer.param("upsample_param"), bottoms[0]
    need_axes(bottom, 4)
    scale = param.integer("scale", param.integer("stride", 2))
    height = param.integer("upsample_h") or (
        bottom[2] * param.integer("scale_h", scale) - param.boolean("pad_out_h")
    )
    width = param.integer("upsample_w") or (
        bottom[3] * param.integer("scale_w", scale) - param.boolean("pad_out_w")
    )
    top = (*bottom[:2], height, width)
    return Geometry((top,), operations=math.prod(top), operation_name="copies")


def _infer_reorg(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param, bottom = layer.param("reorg_param"), bottoms[0]
    need_axes(bottom, 4)
    step = param.integer("stride")
    if step < 1 or bottom[2] % step or bottom[3] % step:
        raise ShapeRefused(f"Reorg stride {step} does not divide {show_shape(bottom)}.")
    top = (bottom[0], bottom[1] * step * step, bottom[2] // step, bottom[3] // step)
    return Geometry((top,), operations=math.prod(top), operation_name="copies")


TYPES = (
    LayerType("Dropout", "other", same_shape(name="copies"), ONE, ONE, True,
              defaults=defaults("dropout_param", dropout_ratio=0.5)),
    LayerType("Flatten", "other", _infer_flatten, ONE, ONE, shares_storage=True,
              defaults=defaults("flatten_param", axis=1, end_axis=-1)),
    LayerType("Reshape", "other", _infer_reshape, ONE, ONE, shares_storage=True,
              defaults=defaults("reshape_param", axis=0, num_axes=-1)),
    LayerType("Tile", "other", _infer_tile, ONE, ONE, defaults=defaults("tile_param", axis=1)),
    LayerType("Silence", "other", _infer_silence, Arity(1), Arity(0, 0)),
    LayerType("Permute", "other", _infer_permute, ONE, ONE, origin="fork"),
    LayerType("ShuffleChannel", "other", same_shape(name="copies"), ONE, ONE, origin="fork",
              defaults=defaults("shuffle_channel_param", group=1)),
    LayerType("Interp", "other", _infer_interp, Arity(1, 2), ONE, origin="fork",
              defaults=defaults("interp_param", zoom_factor=1, shrink_factor=1, pad_beg=0,
                                pad_end=0)),
    LayerType("Upsample", "other", _infer_upsample, Arity(1, 2), ONE, origin="fork",
              defaults=defaults("upsample_param", scale=2)),
    LayerType("Reorg", "other", _infer_reorg, ONE, ONE, origin="fork"),
    LayerType("Python", "other", None, ANY, ANY, True),
)  # fmt: skip
