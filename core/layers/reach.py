"""What values of a top read of each bottom: the words in which a layer type says it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from core.layers.spans import AxisMap, Mask, Span, whole_span
from core.net.definition import Layer

_Shape = tuple[int, ...]
_MOST_PIECES = 48
"""Paths that are kept apart; the 4 of an Inception module lie within one another, so 1 is kept."""
MOST_VALUES = 1 << 24
"""Values of a blob of which a list is made when its axes are dealt out anew."""


_HULL = "values in another order are followed by their hull only"


@dataclass(frozen=True, eq=False)
class Piece:
    """A set of values of a blob: all places of `spans`, one for each axis.

    bounds: why fewer values than these may count; empty where each of them does.
    """

    spans: tuple[Span, ...]
    bounds: tuple[str, ...] = ()

    def holds(self, other: Piece) -> bool:
        """Whether every value of the other is among these."""
        return all(a.holds(b) for a, b in zip(self.spans, other.spans, strict=True))

    def joined(self, other: Piece, *bounds: str) -> Piece:
        """The smallest piece around both."""
        spans = tuple(a.joined(b) for a, b in zip(self.spans, other.spans, strict=True))
        return Piece(spans, tuple(dict.fromkeys((*self.bounds, *other.bounds, *bounds))))

    def differing_axes(self, other: Piece) -> int:
        """How many axes have other places."""
        pairs = zip(self.spans, other.spans, strict=True)
        return sum(not np.array_equal(a.mask, b.mask) for a, b in pairs)


@dataclass(frozen=True)
class Link:
    """How values of a top read bottom number `bottom`.

    axes: for each axis of the bottom the axis of the top that it follows, None for none, and how.
    bound: "" where exactly these values count, else why fewer of them may.
    """

    bottom: int
    axes: tuple[tuple[int | None, AxisMap], ...]
    bound: str = ""

    def back(self, piece: Piece, top: _Shape, bottom: _Shape) -> Piece | None:
        """The values of the bottom that are read; None for none of them."""
        spans = []
        for (axis, places), size in zip(self.axes, bottom, strict=True):
            span = whole_span(1) if axis is None else piece.spans[axis]
            found = places.back(span, size)
            if found is None:
                return None
            spans.append(found)
        bounds = (self.bound,) if self.bound and self.bound not in piece.bounds else ()
        return Piece(tuple(spans), (*piece.bounds, *bounds))


@dataclass(frozen=True)
class Redealt:
    """The same values in the same order under other axes, as Reshape and Flatten give them."""

    bottom: int = 0

    def back(self, piece: Piece, top: _Shape, bottom: _Shape) -> Piece | None:
        """Axes that both have, before and after those that differ, stay as they are."""
        if math.prod(top) != math.prod(bottom) or not math.prod(bottom):
            return None
        before = _n_alike(zip(top, bottom, strict=False))
        longest = min(len(top), len(bottom)) - before
        after = min(longest, _n_alike(zip(reversed(top), reversed(bottom), strict=False)))
        middle = piece.spans[before : len(top) - after]
        sizes = bottom[before : len(bottom) - after]
        spans, is_exact = _redealt(middle, sizes)
        bounds = () if is_exact or _HULL in piece.bounds else (_HULL,)
        kept = piece.spans[len(top) - after :]
        return Piece((*piece.spans[:before], *spans, *kept), (*piece.bounds, *bounds))


def _n_alike(pairs: Iterable[tuple[int, int]]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _redealt(spans: Sequence[Span], sizes: Sequence[int]) -> tuple[tuple[Span, ...], bool]:
    """The spans of axes of these sizes that hold the same values, and whether no others."""
    if all(span.mask.all() for span in spans):
        return tuple(map(whole_span, sizes)), True
    if math.prod(sizes) > MOST_VALUES:
        return tuple(map(whole_span, sizes)), False
    return _hull(_marked(spans).reshape(tuple(sizes)))


def _marked(spans: Sequence[Span]) -> Mask:
    """The values of all these places, as an array of their axes."""
    values = np.ones((), bool)
    for span in spans:
        values = np.multiply.outer(values, span.mask)
    return values


def _hull(values: Mask) -> tuple[tuple[Span, ...], bool]:
    """The spans around values that are set, and whether they hold no others."""
    axes = range(values.ndim)
    masks = [
        np.asarray(values.any(axis=tuple(other for other in axes if other != axis)))
        for axis in axes
    ]
    found = [Span(mask, 0, 0) for mask in masks]
    is_exact = math.prod(int(mask.sum()) for mask in masks) == int(values.sum())
    return tuple(replace(span, low=span.first, high=span.last) for span in found), is_exact


@dataclass(frozen=True, eq=False)
class Rearranged:
    """Values of an image in another order.

    places: of the shape of the top without its first axis, at each value the number of the one in
    the bottom that it copies, counted in reading order.
    """

    places: NDArray[np.intp]
    bottom: int = 0

    def back(self, piece: Piece, top: _Shape, bottom: _Shape) -> Piece | None:
        """The hull of the copied values; the first axis stays as it is."""
        copied = np.zeros(math.prod(bottom[1:]), bool)
        copied[self.places[_marked(piece.spans[1:])]] = True
        spans, is_exact = _hull(copied.reshape(bottom[1:]))
        bounds = () if is_exact or _HULL in piece.bounds else (_HULL,)
        return Piece((piece.spans[0], *spans), (*piece.bounds, *bounds))


@dataclass(frozen=True)
class Reading:
    """One top of a layer, and what its rule may look at.

    bottoms, tops: shapes as the net has them at that layer. writers: the layers of the bottoms'
    values, with which an Upsample finds the pooling its mask is from.
    """

    layer: Layer
    bottoms: tuple[_Shape, ...]
    tops: tuple[_Shape | None, ...]
    top_index: int
    phase: str
    writers: tuple[Layer | None, ...] = ()

    @property
    def top(self) -> _Shape:
        """The shape of the top."""
        return self.tops[self.top_index] or ()


Reach = Link | Redealt | Rearranged
ReachRule = Callable[[Reading], Sequence[Reach]]
"""From a top of a layer to what its values read; a bottom that is not named moves none of them."""


def gathered(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """The same values in fewer pieces where one holds another or they differ along one axis."""
    kept: list[Piece] = []
    for piece in pieces:
        kept = _with(kept, piece)
    if len(kept) <= _MOST_PIECES:
        return tuple(kept)
    around = kept[0]
    reason = "it is read over too many paths to keep them apart"
    for piece in kept[1:]:
        around = around.joined(piece, reason)
    return (around,)


def _with(kept: list[Piece], piece: Piece) -> list[Piece]:
    """The pieces and one more, which is joined with any it makes one piece with."""
    for i, other in enumerate(kept):
        if other.differing_axes(piece) <= 1 or other.holds(piece) or piece.holds(other):
            # a bound of a part is one of the whole only where the rest does not hold it anyway
            joined = other.joined(piece)
            if other.holds(piece):
                joined = replace(joined, bounds=other.bounds)
            elif piece.holds(other):
                joined = replace(joined, bounds=piece.bounds)
            return _with([*kept[:i], *kept[i + 1 :]], joined)
    return [*kept, piece]
