"""Layers that change a blob's axes, and those that leave it as it is.

After BVLC/caffe src/caffe/layers/{flatten,reshape,tile,dropout,silence}_layer.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.layers.axes import canonical_axis, replace_axis, same_shape, show_shape
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
from core.layers.reach import Link, Reading
from core.layers.reach_rules import NOT_KNOWN as NOBODY_KNOWS
from core.layers.reach_rules import (
    at_most_everything,
    nothing,
    own_axes,
    redealt,
    reordered,
    same_place,
)
from core.layers.row_rules import NOT_KNOWN, rows_alone, rows_unless_axis_0
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
    if tiles > 1 and layer.is_in_place:
        raise ShapeRefused("It can't run in place here: give it a top of its own.")
    top = replace_axis(bottom, axis, bottom[axis] * tiles)
    return Geometry((top,), operations=math.prod(top), operation_name="copies")


def drops_at_random(layer: Layer, phase: str) -> bool:
    """Whether a Dropout drops: in training, and in Bayesian SegNet at TEST where it is told to."""
    return phase == "TRAIN" or layer.param("dropout_param").boolean("sample_weights_test")


def _dropout_rows(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    is_random = drops_at_random(layer, phase)
    return "draws at random for the batch as a whole" if is_random else ""


def _flatten_rows(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    param, n_axes = layer.param("flatten_param"), len(bottoms[0])
    start = canonical_axis(param.integer("axis", 1), n_axes)
    end = canonical_axis(param.integer("end_axis", -1), n_axes)
    return "puts the images into one row" if start == 0 and end > 0 else ""


def _reshape_rows(layer: Layer, bottoms: Sequence[Shape], phase: str) -> str:
    """Alone where the top's first axis is copied, or comes out as the number of rows by itself."""
    param, n_axes = layer.param("reshape_param"), len(bottoms[0])
    dims = param.message("shape").integers("dim")
    start, n_replaced = param.integer("axis", 0), param.integer("num_axes", -1)
    if start not in (0, -n_axes - 1):
        return ""
    if n_replaced == 0:
        return "puts an axis before that of the images" if dims else ""
    if dims and dims[0] > 0:
        rows = "1 row" if dims[0] == 1 else f"{dims[0]} rows"
        return f"gives {rows} for any number of images"
    top = _infer_reshape(layer, bottoms).tops[0]
    return "" if top and top[0] == bottoms[0][0] else "deals the images out over other rows"


def _infer_silence(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    return Geometry(())


def _reach_tile(reading: Reading) -> Sequence[Link]:
    """Copies stand one after the other along the axis."""
    bottom = reading.bottoms[0]
    axis = canonical_axis(reading.layer.param("tile_param").integer("axis", 1), len(bottom))
    axes = list(own_axes(len(bottom)))
    axes[axis] = (axis, reordered(np.arange(reading.top[axis]) % bottom[axis]))
    return [Link(0, tuple(axes))]


TYPES = (
    LayerType("Dropout", "other", same_shape(name="copies"), ONE, ONE, True,
              defaults=defaults("dropout_param", dropout_ratio=0.5),
              rows=_dropout_rows,
              reach=same_place),
    LayerType("Flatten", "other", _infer_flatten, ONE, ONE, refuses_in_place=True,
              shares_storage=True,
              defaults=defaults("flatten_param", axis=1, end_axis=-1),
              rows=_flatten_rows,
              reach=redealt),
    LayerType("Reshape", "other", _infer_reshape, ONE, ONE, refuses_in_place=True,
              shares_storage=True,
              defaults=defaults("reshape_param", axis=0, num_axes=-1),
              rows=_reshape_rows,
              reach=redealt),
    LayerType("Tile", "other", _infer_tile, ONE, ONE, defaults=defaults("tile_param", axis=1),
              rows=rows_unless_axis_0("repeats", "tile_param"),
              reach=_reach_tile),
    LayerType("Silence", "other", _infer_silence, Arity(1), Arity(0, 0),
              rows=rows_alone,
              reach=nothing),
    LayerType("Python", "other", None, ANY, ANY, True,
              rows=NOT_KNOWN,
              reach=at_most_everything(NOBODY_KNOWS)),
)  # fmt: skip
