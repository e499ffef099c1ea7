"""Joining and dividing blobs.

After BVLC/caffe src/caffe/layers/{concat,slice,eltwise,split,crop,filter,batch_reindex}_layer.cpp;
Axpy after SENet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from core.layers.axes import (
    axis_size,
    canonical_axis,
    need_axes,
    replace_axis,
    show_shape,
    unsigned,
)
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
from core.layers.reach_rules import WHOLE, same_place, whole_axes
from core.layers.row_rules import rows_alone, rows_together, rows_unless_axis_0
from core.layers.spans import SAME, Part
from core.net.definition import Layer
from core.net.message import Message

_TWO = Arity(2, 2)


def _infer_concat(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    first = bottoms[0]
    axis = _axis(layer.param("concat_param"), "concat_dim", first)
    _refuse_in_place(layer, len(bottoms) > 1)
    for bottom in bottoms[1:]:
        is_alike = len(bottom) == len(first)
        if not is_alike or replace_axis(bottom, axis, 0) != replace_axis(first, axis, 0):
            raise ShapeRefused(
                f"{show_shape(bottom)} can't be joined to {show_shape(first)} along axis {axis}."
            )
    top = replace_axis(first, axis, sum(bottom[axis] for bottom in bottoms))
    if len(bottoms) == 1:
        return Geometry((top,), views=(0,))
    return Geometry((top,), operations=math.prod(top), operation_name="copies")


def _axis(param: Message, old_name: str, bottom: Shape) -> int:
    """`axis`, or the old name that knows no negative numbers; both at once are refused."""
    if not param.has(old_name):
        return canonical_axis(param.integer("axis", 1), len(bottom))
    if param.has("axis"):
        raise ShapeRefused(f"Both axis and {old_name} are given; only one may be.")
    return canonical_axis(unsigned(param, old_name), len(bottom))


def _refuse_in_place(layer: Layer, destroys: bool) -> None:
    """Where Caffe would resize the blob that it still reads."""
    if destroys and layer.is_in_place:
        raise ShapeRefused("It can't run in place here: give it a top of its own.")


def _infer_slice(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    param, bottom = layer.param("slice_param"), bottoms[0]
    axis = _axis(param, "slice_dim", bottom)
    _refuse_in_place(layer, len(layer.tops) > 1)
    points, n_tops, size = param.integers("slice_point"), len(layer.tops), bottom[axis]
    if points:
        edges = (0, *points, size)
        if len(points) != n_tops - 1 or any(b <= a for a, b in pairwise(edges)):
            raise ShapeRefused(f"slice_point {points} does not cut {size} into {n_tops} parts.")
    elif size % n_tops:
        raise ShapeRefused(f"{n_tops} tops do not divide {size} evenly.")
    else:
        edges = tuple(range(0, size + 1, size // n_tops)) if size else (0,) * (n_tops + 1)
    tops = tuple(replace_axis(bottom, axis, b - a) for a, b in pairwise(edges))
    if n_tops == 1:
        return Geometry(tops, views=(0,))
    return Geometry(tops, operations=math.prod(bottom), operation_name="copies")


def _infer_eltwise(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    for bottom in bottoms[1:]:
        if bottom != bottoms[0]:
            shown = f"{show_shape(bottoms[0])} and {show_shape(bottom)}"
            raise ShapeRefused(f"Eltwise needs equal shapes, not {shown}.")
    names = {"PROD": "multiplications", "0": "multiplications", "MAX": "comparisons",
             "2": "comparisons"}  # fmt: skip
    param = layer.param("eltwise_param")
    operation, n_factors = param.word("operation", "SUM"), len(param.numbers("coeff"))
    if n_factors not in (0, len(bottoms)):
        raise ShapeRefused(f"{n_factors} coefficients do not fit {len(bottoms)} bottoms.")
    if n_factors and operation in ("PROD", "0"):
        raise ShapeRefused("A product takes no coefficients.")
    count = math.prod(bottoms[0]) * (len(bottoms) - 1)
    return Geometry(
        (bottoms[0],), operations=count, operation_name=names.get(operation, "additions")
    )


def _infer_split(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    return Geometry((bottoms[0],) * len(layer.tops))


def _infer_crop(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """The second bottom gives the sizes from `axis` on."""
    param, (source, size) = layer.param("crop_param"), bottoms
    axis = canonical_axis(param.integer("axis", 2), len(source))
    offsets = param.integers("offset")
    if len(size) != len(source) or (len(offsets) > 1 and len(offsets) != len(source) - axis):
        raise ShapeRefused(f"Crop can't match {show_shape(source)} with {show_shape(size)}.")
    for i in range(axis, len(source)):
        offset = offsets[i - axis if len(offsets) > 1 else 0] if offsets else 0
        if source[i] - offset < size[i]:
            raise ShapeRefused(f"The crop of axis {i} reaches beyond {source[i]} values.")
    top = (*source[:axis], *size[axis:])
    _refuse_in_place(layer, top != source)
    return Geometry((top,), operations=math.prod(top), operation_name="copies")


def _infer_filter(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """How many items pass is known only when it runs."""
    marks = bottoms[-1]
    if len(layer.tops) != len(bottoms) - 1:
        raise ShapeRefused(f"{len(bottoms)} bottoms need {len(bottoms) - 1} tops.")
    if any(size != 1 for size in marks[1:]):
        raise ShapeRefused(f"The last bottom must hold one mark an item, not {show_shape(marks)}.")
    for bottom in bottoms[:-1]:
        if axis_size(bottom, 0) != axis_size(marks, 0):
            raise ShapeRefused(f"{marks[0]} marks do not fit {show_shape(bottom)}.")
    return Geometry((None,) * len(layer.tops))


def _infer_batch_reindex(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    need_axes(bottoms[1], 1)
    top = (bottoms[1][0], *bottoms[0][1:])
    return Geometry((top,), operations=math.prod(top), operation_name="copies")


def _infer_axpy(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
    """Scale each channel of the second bottom by the first, then add the third."""
    return Geometry((bottoms[1],), macs=math.prod(bottoms[1]))


def _reach_concat(reading: Reading) -> Sequence[Link]:
    """The bottom that the value came from."""
    first, start, links = reading.bottoms[0], 0, []
    axis = _axis(reading.layer.param("concat_param"), "concat_dim", first)
    for i, bottom in enumerate(reading.bottoms):
        links.append(_moved(i, len(first), axis, -start))
        start += bottom[axis]
    return links


def _reach_slice(reading: Reading) -> Sequence[Link]:
    bottom = reading.bottoms[0]
    axis = _axis(reading.layer.param("slice_param"), "slice_dim", bottom)
    start = sum(top[axis] for top in reading.tops[: reading.top_index] if top)
    return [_moved(0, len(bottom), axis, start)]


def _moved(bottom: int, n_axes: int, axis: int, offset: int) -> Link:
    axes = tuple((i, Part(offset) if i == axis else SAME) for i in range(n_axes))
    return Link(bottom, axes)


def _reach_eltwise(reading: Reading) -> Sequence[Link]:
    """All bottoms but those with the coefficient 0."""
    factors = reading.layer.param("eltwise_param").numbers("coeff")
    links = same_place(reading)
    is_sum = reading.layer.param("eltwise_param").word("operation", "SUM") in ("SUM", "1")
    if not (is_sum and factors):
        return links
    return [link for link, factor in zip(links, factors, strict=True) if factor]


def _reach_crop(reading: Reading) -> Sequence[Link]:
    """The first bottom moved by the offsets; of the second, only the size counts."""
    param, source = reading.layer.param("crop_param"), reading.bottoms[0]
    axis, offsets = canonical_axis(param.integer("axis", 2), len(source)), param.integers("offset")
    axes = []
    for i in range(len(source)):
        given = offsets[i - axis if len(offsets) > 1 else 0] if offsets and i >= axis else 0
        axes.append((i, Part(given) if i >= axis else SAME))
    return [Link(0, tuple(axes))]


def _reach_filter(reading: Reading) -> Sequence[Link]:
    """Which image a row is of is known only when it runs."""
    bound, marks = "the images that pass are found only when the net runs", reading.bottoms[-1]
    passed = whole_axes(reading, [0], reading.top_index)
    return [
        Link(reading.top_index, passed.axes, bound),
        Link(len(reading.bottoms) - 1, (WHOLE,) * len(marks)),
    ]


def _reach_batch_reindex(reading: Reading) -> Sequence[Link]:
    bound = "the images are picked only when the net runs"
    return [Link(0, whole_axes(reading, [0]).axes, bound), Link(1, ((0, SAME),))]


def _reach_axpy(reading: Reading) -> Sequence[Link]:
    """The factor of the channel, and two values of the place."""
    return [whole_axes(reading, range(2, len(reading.bottoms[0]))), *same_place(reading)[1:]]


_MERGE: Family = "merge / split"

TYPES = (
    LayerType("Concat", _MERGE, _infer_concat, Arity(1), ONE,
              defaults=defaults("concat_param", axis=1),
              rows=rows_unless_axis_0("joins its bottoms along", "concat_param", "concat_dim"),
              reach=_reach_concat),
    LayerType("Slice", _MERGE, _infer_slice, ONE, Arity(1),
              defaults=defaults("slice_param", axis=1),
              rows=rows_unless_axis_0("cuts its bottom along", "slice_param", "slice_dim"),
              reach=_reach_slice),
    LayerType("Eltwise", _MERGE, _infer_eltwise, Arity(2), ONE,
              defaults=defaults("eltwise_param", operation="SUM", stable_prod_grad=True),
              rows=rows_alone,
              reach=_reach_eltwise),
    LayerType("Split", _MERGE, _infer_split, ONE, Arity(1), refuses_in_place=True,
              shares_storage=True,
              rows=rows_alone,
              reach=same_place),
    LayerType("Crop", _MERGE, _infer_crop, _TWO, ONE,
              defaults=defaults("crop_param", axis=2, offset=0),
              rows=rows_unless_axis_0("crops", "crop_param", default=2),
              reach=_reach_crop),
    LayerType("Filter", _MERGE, _infer_filter, Arity(2), Arity(1),
              rows=rows_together("passes on only some of the images"),
              reach=_reach_filter),
    LayerType("BatchReindex", _MERGE, _infer_batch_reindex, _TWO, ONE,
              is_spoilt_in_place=True,
              rows=rows_together("picks images by number"),
              reach=_reach_batch_reindex),
    LayerType("Axpy", _MERGE, _infer_axpy, Arity(3, 3), ONE, origin="fork",
              rows=rows_alone,
              reach=_reach_axpy),
)  # fmt: skip
