"""Which places of an axis are read, and what each kind of layer makes of them going backwards."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Span:
    """Places of one axis that are read.

    mask: (size of the axis,), at least one set. low, high: the first and the last place as if the
    blob went on beyond its ends, so padding counts. origin, step: the axis of the value asked about
    with which this span moves, and how many places for each of its own; None where it stays.
    """

    mask: Mask
    low: int
    high: int
    origin: int | None = None
    step: Fraction | None = None

    @cached_property
    def first(self) -> int:
        """The first place within the blob that is read."""
        return int(self.mask.argmax())

    @cached_property
    def last(self) -> int:
        """The last one."""
        return len(self.mask) - 1 - int(self.mask[::-1].argmax())

    def holds(self, other: Span) -> bool:
        """Whether every place of the other is among these."""
        return bool((self.mask >= other.mask).all())

    def joined(self, other: Span) -> Span:
        """The places of both."""
        moves_alike = (self.origin, self.step) == (other.origin, other.step)
        return Span(
            self.mask | other.mask,
            min(self.low, other.low),
            max(self.high, other.high),
            self.origin if moves_alike else None,
            self.step if moves_alike else None,
        )


def whole_span(size: int) -> Span:
    """All places."""
    return Span(np.ones(size, bool), 0, size - 1)


def one_place(size: int, place: int, axis: int) -> Span:
    """A single place of that axis, with which everything before it moves."""
    mask = np.zeros(size, bool)
    mask[place] = True
    return Span(mask, place, place, axis, Fraction(1))


def _fixed(mask: Mask) -> Span | None:
    """A span without padding that moves with nothing; None for no place."""
    span = Span(mask, 0, 0)
    return Span(mask, span.first, span.last) if mask.any() else None


class AxisMap(Protocol):
    """From places of a top's axis to those of a bottom's axis; None where they read none."""

    def back(self, span: Span, size: int) -> Span | None:
        """size: of the bottom's axis."""


@dataclass(frozen=True)
class Window:
    """Place t reads t x stride - pad and on, `kernel` places that are `dilation` apart."""

    kernel: int = 1
    stride: int = 1
    pad: int = 0
    dilation: int = 1

    def back(self, span: Span, size: int) -> Span | None:
        """Padding is read by nobody."""
        if self == SAME and len(span.mask) == size:
            return span
        starts = np.flatnonzero(span.mask) * self.stride - self.pad
        mask = _covered(starts, self.kernel, self.dilation, size)
        if not mask.any():
            return None
        low = span.low * self.stride - self.pad
        high = span.high * self.stride - self.pad + (self.kernel - 1) * self.dilation
        return Span(mask, low, high, span.origin, _times(span.step, Fraction(self.stride)))


SAME = Window()


def _covered(starts: NDArray[np.intp], kernel: int, dilation: int, size: int) -> Mask:
    if dilation == 1 or kernel == 1:
        edges = np.zeros(size + 1, np.intp)
        np.add.at(edges, np.clip(starts, 0, size), 1)
        np.add.at(edges, np.clip(starts + kernel, 0, size), -1)
        return edges[:-1].cumsum() > 0
    mask = np.zeros(size, bool)
    for tap in range(kernel):
        places = starts + tap * dilation
        mask[places[(places >= 0) & (places < size)]] = True
    return mask


def _times(step: Fraction | None, factor: Fraction) -> Fraction | None:
    return None if step is None else step * factor


@dataclass(frozen=True)
class Spread:
    """The window turned round: bottom place i writes i x stride - pad and on."""

    kernel: int
    stride: int
    pad: int = 0
    dilation: int = 1

    def back(self, span: Span, size: int) -> Span | None:
        """Who writes to these places; between the taps of a wide stride, nobody."""
        written = np.flatnonzero(span.mask) + self.pad
        mask = np.zeros(size, bool)
        lows, highs = [], []
        for tap in range(self.kernel):
            start = written - tap * self.dilation
            places = start[start % self.stride == 0] // self.stride
            mask[places[(places >= 0) & (places < size)]] = True
            low = -(-(span.low + self.pad - tap * self.dilation) // self.stride)
            high = (span.high + self.pad - tap * self.dilation) // self.stride
            if low <= high:
                lows.append(low)
                highs.append(high)
        if not mask.any():
            return None
        step = _times(span.step, Fraction(1, self.stride))
        return Span(mask, min(lows), max(highs), span.origin, step)


@dataclass(frozen=True)
class Whole:
    """Every place reads all places."""

    def back(self, span: Span, size: int) -> Span | None:
        """All of them."""
        return whole_span(size) if size else None


@dataclass(frozen=True)
class Interval:
    """Every place reads those from `start` up to `end`, which is not read."""

    start: int
    end: int

    def back(self, span: Span, size: int) -> Span | None:
        """The part of the interval that exists."""
        mask = np.zeros(size, bool)
        mask[max(self.start, 0) : max(self.end, 0)] = True
        return _fixed(mask)


@dataclass(frozen=True)
class Part:
    """The bottom is the part of the top's axis, or the top of the bottom's, moved by `offset`."""

    offset: int

    def back(self, span: Span, size: int) -> Span | None:
        """Place t reads t + offset; beyond the ends there is no padding but another blob."""
        places = np.flatnonzero(span.mask) + self.offset
        mask = np.zeros(size, bool)
        mask[places[(places >= 0) & (places < size)]] = True
        found = _fixed(mask)
        return found and Span(mask, found.low, found.high, span.origin, span.step)


@dataclass(frozen=True, eq=False)
class Table:
    """Place t reads the places of row t of `rows` (places of the top, n), -1 for none.

    step: places of the bottom for one of the top where the rows move evenly.
    """

    rows: NDArray[np.intp]
    step: Fraction | None = None

    def back(self, span: Span, size: int) -> Span | None:
        """The rows of all its places together."""
        places = self.rows[span.mask]
        mask = np.zeros(size, bool)
        mask[places[(places >= 0) & (places < size)]] = True
        found = _fixed(mask)
        if found is None or self.step is None:
            return found
        return Span(mask, found.low, found.high, span.origin, _times(span.step, self.step))


@dataclass(frozen=True)
class Grouped:
    """Both axes are cut into as many groups, and a place reads those of its own group."""

    n_groups: int

    def back(self, span: Span, size: int) -> Span | None:
        """The groups of all its places."""
        groups = span.mask.reshape(self.n_groups, -1).any(axis=1)
        return _fixed(np.repeat(groups, size // self.n_groups))


@dataclass(frozen=True)
class UpTo:
    """Place t reads 0 to t, as a step in time does."""

    def back(self, span: Span, size: int) -> Span | None:
        """Everything before the last."""
        return Interval(0, span.last + 1).back(span, size)
