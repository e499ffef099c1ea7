"""Caffe's way of naming axes, and counting along them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.layers.layer_type import Geometry, Rule, Shape, ShapeRefused
from core.net.definition import Layer
from core.net.message import Message

MAX_BLOB_VALUES = 2**31 - 1
LEGACY_AXES = 4


def canonical_axis(axis: int, n_axes: int) -> int:
    """A negative axis counted from the end; ShapeRefused when the blob has no such axis."""
    if not -n_axes <= axis < n_axes:
        raise ShapeRefused(f"Axis {axis} is out of range for a blob with {n_axes} axes.")
    return axis + n_axes if axis < 0 else axis


def axis_size(shape: Sequence[int], axis: int) -> int:
    """The size along an axis; ShapeRefused when the blob has no such axis."""
    return shape[canonical_axis(axis, len(shape))]


def unsigned(param: Message, name: str, default: int = 0) -> int:
    """An integer field that Caffe's schema declares without a sign."""
    value = param.integer(name, default)
    if value < 0:
        raise ShapeRefused(f"{name} can't be negative, but is {value}.")
    return value


def need_axes(shape: Sequence[int], count: int) -> None:
    """ShapeRefused unless the blob has exactly `count` axes."""
    if len(shape) != count:
        raise ShapeRefused(f"The input must have {count} axes, but is {show_shape(shape)}.")


def with_legacy_axes(rule: Rule) -> Rule:
    """The rule of a type that reads num, channels, height and width: 1 where a blob lacks them.

    After BVLC/caffe include/caffe/blob.hpp, LegacyShape.
    """

    def padded(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
        return rule(layer, [legacy_shape(bottom) for bottom in bottoms])

    return padded


def legacy_shape(shape: Sequence[int]) -> Shape:
    """(num, channels, height, width); ShapeRefused for a blob of more axes."""
    if len(shape) > LEGACY_AXES:
        raise ShapeRefused(f"It takes blobs of up to four axes, not {len(shape)}.")
    return (*shape, *(1,) * (LEGACY_AXES - len(shape)))


def replace_axis(shape: Sequence[int], axis: int, size: int) -> Shape:
    """The shape with one axis resized."""
    return (*shape[:axis], size, *shape[axis + 1 :])


def show_shape(shape: Sequence[int]) -> str:
    """ "1 x 3 x 224 x 224", or "a single number"."""
    return " x ".join(map(str, shape)) if shape else "a single number"


def check_sizes(shapes: Sequence[Sequence[int] | None]) -> None:
    """ShapeRefused for a negative size or a blob beyond Caffe's int counters."""
    for shape in shapes:
        if shape is not None and (
            any(size < 0 for size in shape) or math.prod(shape) > MAX_BLOB_VALUES
        ):
            raise ShapeRefused(f"A blob of {show_shape(shape)} values is impossible in Caffe.")


def divide(a: int, b: int) -> int:
    """Division as C does it: towards zero."""
    return abs(a) // b if a >= 0 else -(abs(a) // b)


def same_shape(operations_per_value: int = 1, name: str = "operations", n_tops: int = 1) -> Rule:
    """A rule for layers whose tops have the shape of their first bottom."""

    def rule(layer: Layer, bottoms: Sequence[Shape]) -> Geometry:
        operations = math.prod(bottoms[0]) * operations_per_value
        return Geometry((bottoms[0],) * n_tops, operations=operations, operation_name=name)

    return rule
