"""What the values of a top read, for the layer types that have no geometry of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from core.layers.axes import canonical_axis
from core.layers.reach import Link, Reading, Redealt
from core.layers.spans import SAME, AxisMap, Table, Whole

LinkRule = Callable[[Reading], Sequence[Link]]
Axes = tuple[tuple[int | None, AxisMap], ...]
WHOLE: tuple[None, AxisMap] = (None, Whole())
REGIONS_FOUND = "the regions are found only when the net runs"
NOT_KNOWN = "nobody knows what this type of layer reads"


def own_axes(n_axes: int) -> Axes:
    """Each axis of the bottom follows the same axis of the top."""
    return tuple((axis, SAME) for axis in range(n_axes))


def same_place(reading: Reading) -> Sequence[Link]:
    """Each value reads the one at its own place, in every bottom."""
    return [Link(i, own_axes(len(bottom))) for i, bottom in enumerate(reading.bottoms)]


def nothing(reading: Reading) -> Sequence[Link]:
    """No value of a bottom moves these: they come from elsewhere, or from shapes alone."""
    return ()


def everything(reading: Reading) -> Sequence[Link]:
    """Every value reads all values of all bottoms."""
    return [Link(i, (WHOLE,) * len(bottom)) for i, bottom in enumerate(reading.bottoms)]


def at_most_everything(bound: str) -> LinkRule:
    """Which values are read is known only when the net runs, or to nobody."""

    def rule(reading: Reading) -> Sequence[Link]:
        return [Link(i, (WHOLE,) * len(b), bound) for i, b in enumerate(reading.bottoms)]

    return rule


def whole_axes(reading: Reading, axes: Sequence[int], bottom: int = 0) -> Link:
    """The bottom's own places, but all of them along these axes."""
    n_axes = len(reading.bottoms[bottom])
    return Link(bottom, tuple(WHOLE if i in axes else (i, SAME) for i in range(n_axes)))


def along_axis(message: str, name: str = "axis", default: int = 1) -> LinkRule:
    """Every value reads all those along one axis through it, as Softmax does."""

    def rule(reading: Reading) -> Sequence[Link]:
        axis = reading.layer.param(message).integer(name, default)
        return [whole_axes(reading, [canonical_axis(axis, len(reading.bottoms[0]))])]

    return rule


def from_axis_on(message: str, default: int = 1) -> LinkRule:
    """Every value reads the whole of its row from an axis on, as InnerProduct does."""

    def rule(reading: Reading) -> Sequence[Link]:
        n_axes = len(reading.bottoms[0])
        axis = canonical_axis(reading.layer.param(message).integer("axis", default), n_axes)
        return [whole_axes(reading, range(axis, n_axes))]

    return rule


def redealt(reading: Reading) -> Sequence[Redealt]:
    """The same values under other axes."""
    return [Redealt()]


def reordered(places: Sequence[int] | np.ndarray, step: Fraction | None = None) -> Table:
    """Place t reads place `places[t]`."""
    return Table(np.asarray(places, np.intp).reshape(-1, 1), step)
