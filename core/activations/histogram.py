"""Histograms that share their edges, with an edge at 0 and the exact zeros counted apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.activations.statistics import as_flat_floats, percentiles, split_finite

MIN_BINS, MAX_BINS = 10, 500
_CHUNK_VALUES = 1 << 15
_SAMPLE_VALUES = 1 << 17


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of one array's non-zero finite values; a bin is [low, high), the last one closed.

    edges: (bins + 1,) float64, ascending, equally wide. counts: (bins,) int64.
    `n_zeros`, `n_nan`, `n_inf` are never in a bin; `n_below` and `n_above` lie outside the edges.
    """

    edges: np.ndarray
    counts: np.ndarray
    n_zeros: int = 0
    n_nan: int = 0
    n_inf: int = 0
    n_below: int = 0
    n_above: int = 0

    @property
    def n_values(self) -> int:
        """All values counted, wherever they are counted."""
        apart = self.n_zeros + self.n_nan + self.n_inf + self.n_below + self.n_above
        return int(self.counts.sum()) + apart

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return (
            self.counters() == other.counters()
            and np.array_equal(self.edges, other.edges)
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]

    def counters(self) -> dict[str, int]:
        """The counts beside the bins, by name; with the two arrays they are the whole value."""
        names = ("n_zeros", "n_nan", "n_inf", "n_below", "n_above")
        return {name: int(getattr(self, name)) for name in names}

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary with edges and counts as lists."""
        return {
            "edges": self.edges.tolist(),
            "counts": self.counts.tolist(),
            **self.counters(),
        }


def histogram(
    arrays: Sequence[np.ndarray],
    bins: int | None = None,
    value_range: tuple[float, float] | None = None,
) -> tuple[Histogram, ...]:
    """One histogram for each array, all with the same edges.

    bins: how many (clipped to 1..500), or None for `automatic_bins`. value_range: (low, high), or
    None for the full range of the finite values. Where the range spans 0, an edge lies exactly at
    0 and the range grows by less than one bin.
    """
    flat = [as_flat_floats(array) for array in arrays]
    finite = [split_finite(values) for values in flat]
    low, high = value_range or _range_of_finite([values for values, _, _ in finite])
    if bins is None:
        bins = automatic_bins([values for values, _, _ in finite], (low, high))
    edges = shared_edges(low, high, bins)
    return tuple(_count(values, edges, n_nan, n_inf) for values, n_nan, n_inf in finite)


def automatic_bins(arrays: Sequence[np.ndarray], value_range: tuple[float, float]) -> int:
    """Number of bins by the Freedman-Diaconis rule, clipped to 10..500.

    Bin width 2 IQR / n^(1/3) over the finite non-zero values; of several arrays the narrowest
    counts. Above 2^17 values the quartiles come from every k-th value.
    Source: Freedman and Diaconis, On the histogram as a density estimator, 1981.
    """
    widths = [width for width in map(_freedman_diaconis_width, arrays) if width > 0]
    span = value_range[1] - value_range[0]
    if not widths or not math.isfinite(span):
        return MIN_BINS
    wanted = span / min(widths)
    return MAX_BINS if wanted >= MAX_BINS else max(MIN_BINS, math.ceil(wanted))


def shared_edges(low: float, high: float, bins: int) -> np.ndarray:
    """Equally wide edges, (bins + 1,) float64, with one exactly at 0 where low < 0 < high.

    With 0 inside, at least two bins are made, and one end moves out by less than a bin.
    """
    low, high = _widened(low, high)
    bins = min(MAX_BINS, max(1, int(bins)))
    if not low < 0.0 < high:
        return np.linspace(low, high, bins + 1)
    bins = max(2, bins)
    exact = bins * -low / (high - low)
    candidates = {min(bins - 1, max(1, n)) for n in (math.floor(exact), math.ceil(exact))}
    width, n_negative = min((max(-low / n, high / (bins - n)), n) for n in candidates)
    edges: np.ndarray = width * np.arange(-n_negative, bins - n_negative + 1, dtype=np.float64)
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)
    return edges


def _range_of_finite(finite: Sequence[np.ndarray]) -> tuple[float, float]:
    bounds = [(float(v.min()), float(v.max())) for v in finite if v.size]
    if not bounds:
        return 0.0, 1.0
    return _widened(min(b[0] for b in bounds), max(b[1] for b in bounds))


def _freedman_diaconis_width(array: np.ndarray) -> float:
    values = as_flat_floats(array)
    sample = values[:: max(1, -(-values.size // _SAMPLE_VALUES))]
    sample = sample[np.isfinite(sample) & (sample != 0)]
    if sample.size < 2:
        return 0.0
    lower, upper = percentiles(sample, (25.0, 75.0))
    n_binned = int(np.count_nonzero(values != 0))
    return float(2.0 * (upper - lower) / n_binned ** (1.0 / 3.0))


def _widened(low: float, high: float) -> tuple[float, float]:
    """A range of some width: a single value gets half its size on either side."""
    low, high = (low, high) if low <= high else (high, low)
    if low < high:
        return low, high
    if low == 0.0:
        return 0.0, 1.0
    return low - abs(low) / 2.0, low + abs(low) / 2.0


def _count(finite: np.ndarray, edges: np.ndarray, n_nan: int, n_inf: int) -> Histogram:
    """Bin the finite values in chunks, then take the exact zeros out of the bin they fell in."""
    padded = np.zeros(edges.size + 1, dtype=np.int64)
    margin = _rounding_margin(np.finfo(finite.dtype).eps, edges)
    if margin > 0.01:
        finite = finite.astype(np.float64)
        margin = _rounding_margin(np.finfo(np.float64).eps, edges)
    for start in range(0, finite.size, _CHUNK_VALUES):
        padded += _count_chunk(finite[start : start + _CHUNK_VALUES], edges, margin)
    n_zeros = int(finite.size - np.count_nonzero(finite != 0))
    if n_zeros:
        padded[int(_positions(np.zeros(1, finite.dtype), edges)[0])] -= n_zeros
    return Histogram(
        edges, padded[1:-1].copy(), n_zeros, n_nan, n_inf, int(padded[0]), int(padded[-1])
    )


def _count_chunk(chunk: np.ndarray, edges: np.ndarray, margin: float) -> np.ndarray:
    """Counts of one chunk: (bins + 2,), the first for values below, the last for those above.

    The bin comes from a multiplication; only values so near an edge that rounding could decide
    are looked up, so the result equals np.histogram on the same edges. Zeros are not looked up:
    all of them get the same bin, from which the caller takes them away.
    """
    position = _positions(chunk, edges)
    index = position.astype(np.int64)
    position -= np.floor(position)
    position -= 0.5
    np.abs(position, out=position)
    is_near = position > 0.5 - margin
    if is_near.any():
        is_near &= chunk != 0
        index[is_near] = _bin_of(chunk[is_near], edges) + 1
    return np.bincount(index, minlength=edges.size + 1)


def _positions(chunk: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Where values stand in bins counted from 1: 0..1 is below, n_bins + 1 and more above."""
    n_bins = edges.size - 1
    with np.errstate(over="ignore"):
        position = chunk - chunk.dtype.type(edges[0])
        position *= chunk.dtype.type(n_bins / (edges[-1] - edges[0]))
    np.clip(position, -0.75, n_bins + 0.5, out=position)
    position += 1.0
    result: np.ndarray = position
    return result


def _rounding_margin(epsilon: float, edges: np.ndarray) -> float:
    """How far, in bins, rounding can move a position: a generous bound."""
    greatest = max(abs(float(edges[0])), abs(float(edges[-1])))
    return 4.0 * float(epsilon) * edges.size * greatest / float(edges[-1] - edges[0])


def _bin_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Index of each value's bin: -1 below, n_bins above; the last edge is in the last bin."""
    exact = values.astype(np.float64)
    index = np.searchsorted(edges, exact, side="right") - 1
    index[exact == edges[-1]] = edges.size - 2
    return index
