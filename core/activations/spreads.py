"""How one value of a net spread over the images of a survey: exact moments, counts in cells.

Percentiles and histograms come from the cells of core.measures.spread, each of which is at most
1/128 of its values wide: a percentile is within 0.4 % of the value at that rank, and counts between
edges that are cells' own are exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np

from core.activations.histogram import Histogram
from core.activations.statistics import Statistics
from core.activations.summary import ValueSummary
from core.measures.spread import CELL_BITS, MOMENTS

PERCENTILE_ERROR = 1 / 256
"""Of a percentile, as a share of it: half a cell."""
DEFAULT_BINS = 64
_MOST_A_SIDE = 256
"""Bins on one side of 0 whose edges are all of cells: 8 bits of a float32 tell them apart."""


@dataclass(frozen=True, eq=False)
class ValueSpread:
    """What is known of all values of one layer's top; Statistics has the meaning of the counts.

    squares: the sum of squared deviations from the mean. least, greatest: (channels,) float32, NaN
    where a channel had no finite value; () where the number of channels changed between passes.
    cells: (n, 2) int64, cell and count, ascending, None where they were not counted. n_saturated:
    at the ends of what the layer can give, None for a layer that has no ends.
    """

    n_values: int = 0
    n_nan: int = 0
    n_inf: int = 0
    n_zeros: int = 0
    n_negative: int = 0
    minimum: float = math.nan
    maximum: float = math.nan
    mean: float = math.nan
    squares: float = 0.0
    least: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    greatest: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    cells: np.ndarray | None = None
    n_saturated: int | None = None

    @property
    def n_finite(self) -> int:
        """How many values are neither NaN nor infinite."""
        return self.n_values - self.n_nan - self.n_inf

    @property
    def std(self) -> float:
        """The standard deviation, which divides by n."""
        return math.sqrt(self.squares / self.n_finite) if self.n_finite else math.nan

    @property
    def l2(self) -> float:
        """The length of all values as one vector."""
        if not self.n_finite:
            return math.nan
        return math.sqrt(self.squares + self.n_finite * self.mean * self.mean)

    @property
    def sparsity(self) -> float:
        """Share of exact zeros among all values."""
        return self.n_zeros / self.n_values if self.n_values else 0.0

    @property
    def n_channels(self) -> int:
        """How many channels there are; 0 where their number changed."""
        return len(self.greatest)

    @cached_property
    def dead(self) -> tuple[int, ...]:
        """The channels that are 0 at every place of every image."""
        return tuple(np.flatnonzero((self.least == 0) & (self.greatest == 0)).tolist())

    @property
    def is_constant(self) -> bool:
        """Whether all finite values are the same, and there are two or more."""
        return self.n_finite > 1 and self.minimum == self.maximum

    def percentiles(self, percents: Sequence[float]) -> tuple[float, ...]:
        """As np.percentile has them, each of the two values between which it lies within 0.4 %.

        NaN without cells or without finite values; the ends are exact.
        """
        if self.cells is None or not len(self.cells):
            return (math.nan,) * len(percents)
        ranks = np.asarray(percents, np.float64) / 100.0 * (self.n_finite - 1)
        below = np.floor(ranks)
        low, high = self._at_rank(below), self._at_rank(np.minimum(below + 1, self.n_finite - 1))
        found = low + (high - low) * (ranks - below)
        return tuple(found.tolist())

    def _at_rank(self, ranks: np.ndarray) -> np.ndarray:
        """The values at ranks from 0: the middle of their cells, the ends as they are."""
        cells = self._cells
        ends = np.cumsum(cells[:, 1])
        at = np.searchsorted(ends, ranks, side="right")
        low, high = cell_edges(cells[at, 0]), cell_edges(cells[at, 0] + 1)
        middle = np.where(cells[at, 0] == 0, 0.0, (low + high) / 2)
        found = np.clip(middle, self.minimum, self.maximum)
        found[ranks <= 0] = self.minimum
        found[ranks >= self.n_finite - 1] = self.maximum
        result: np.ndarray = found
        return result

    @property
    def _cells(self) -> np.ndarray:
        return np.zeros((0, 2), np.int64) if self.cells is None else self.cells

    def histogram(self, edges: np.ndarray) -> Histogram:
        """Counts between edges, exact zeros apart; exact where every edge is one of a cell.

        A cell that an edge cuts is shared out by its width, so that a count is off by less than
        the cells at its ends hold. edges: (bins + 1,) float64, ascending.
        """
        cells = self._cells.copy()
        if 0 in cells[:, 0]:
            cells[cells[:, 0] == 0, 1] -= self.n_zeros
        ends = np.concatenate([cell_edges(cells[:, 0]), cell_edges(cells[-1:, 0] + 1)])
        counted = np.concatenate([[0], np.cumsum(cells[:, 1])])
        up_to = _share_below(edges, cells, ends, counted)
        # the last bin is closed
        if len(cells) and edges[-1] >= self.maximum:
            up_to[-1] = counted[-1]
        counts = np.diff(up_to)
        n_below = int(up_to[0])
        n_above = int(counted[-1]) - int(up_to[-1])
        return Histogram(edges, counts, self.n_zeros, self.n_nan, self.n_inf, n_below, n_above)

    def statistics(self) -> Statistics:
        """As the statistics of one image are told; percentiles as `percentiles` has them."""
        p0_1, p1, median, p99, p99_9 = self.percentiles((0.1, 1.0, 50.0, 99.0, 99.9))
        counts = (self.n_values, self.n_nan, self.n_inf, self.n_zeros, self.n_negative)
        measures = (self.minimum, self.maximum, self.mean, self.std, median, p1, p99, self.l2)
        return Statistics(*counts, *measures, p0_1, p99_9)


def _share_below(
    edges: np.ndarray, cells: np.ndarray, ends: np.ndarray, counted: np.ndarray
) -> np.ndarray:
    """How many values lie below each edge, (n,) int64, a cut cell by the share of its width."""
    if not len(cells):
        return np.zeros(len(edges), np.int64)
    at = np.searchsorted(ends[:-1], edges, side="right") - 1
    inside = np.maximum(at, 0)
    low, high = ends[inside], cell_edges(cells[inside, 0] + 1)
    share = np.clip((edges - low) / (high - low), 0.0, 1.0)
    found = counted[inside] + np.round(share * cells[inside, 1]).astype(np.int64)
    return np.where(at < 0, 0, found)


def cell_edges(cells: np.ndarray) -> np.ndarray:
    """Where cells begin, float64; see core.measures.spread.cell_counts."""
    sizes = np.minimum(np.abs(np.asarray(cells, np.int64)), 0x7F80).astype(np.uint32) << CELL_BITS
    values = sizes.view(np.float32).astype(np.float64)
    return np.where(np.asarray(cells) < 0, -values, values)


def even_edges(low: float, high: float, bins: int) -> np.ndarray:
    """About `bins` edges of equal width from low to high, every one of a cell.

    So whatever is counted in cells is counted between them without error. At most 256 bins on
    either side of 0; 0 is an edge where the range holds it.
    """
    low, high = (low, high) if low < high else _widened(low)
    reach = max(abs(low), abs(high))
    wanted = max((high - low) / max(1, bins), reach / _MOST_A_SIDE)
    exponent = math.floor(math.log2(wanted))
    widths = [math.ldexp(odd, exponent + step) for odd in (1, 3, 5, 7) for step in (-2, -1, 0, 1)]
    may_be = [width for width in widths if _keeps_to_cells(width, reach)]
    width = min(may_be, key=lambda one: abs(math.log(one / wanted)))
    first, last = math.floor(low / width), math.ceil(high / width)
    edges: np.ndarray = width * np.arange(first, max(last, first + 1) + 1, dtype=np.float64)
    return edges


def shared_histograms(
    spreads: Sequence[ValueSpread], bins: int | None = None, *, is_central: bool = False
) -> tuple[Histogram, ...]:
    """A histogram of each, all with the same edges; nothing is off but what Histogram says.

    bins: about how many, 64 for None. is_central: from p0.1 to p99.9 of all, not over all values.
    """
    lows, highs = [one.minimum for one in spreads], [one.maximum for one in spreads]
    if is_central:
        ends = [one.percentiles((0.1, 99.9)) for one in spreads]
        lows, highs = [low for low, _ in ends], [high for _, high in ends]
    finite = [(low, high) for low, high in zip(lows, highs, strict=True) if math.isfinite(low)]
    low = min((low for low, _ in finite), default=0.0)
    high = max((high for _, high in finite), default=0.0)
    edges = even_edges(low, high, bins or DEFAULT_BINS)
    return tuple(one.histogram(edges) for one in spreads)


def overlaid(
    spreads: Sequence[ValueSpread], bins: int | None = None, *, is_central: bool = False
) -> tuple[ValueSummary, ...]:
    """Statistics of each and histograms of all, with shared edges; see shared_histograms."""
    drawn = shared_histograms(spreads, bins, is_central=is_central)
    return tuple(ValueSummary(s.statistics(), h) for s, h in zip(spreads, drawn, strict=True))


def _keeps_to_cells(width: float, reach: float) -> bool:
    """Whether every multiple of a width up to the reach has no more than 8 bits."""
    fraction = math.frexp(width)[0]
    odd = next(round(fraction * 2**k) for k in range(1, 5) if (fraction * 2**k).is_integer())
    return bool(math.ceil(reach / width) * odd <= _MOST_A_SIDE)


def _widened(value: float) -> tuple[float, float]:
    return (value - abs(value) / 2, value + abs(value) / 2) if value else (0.0, 1.0)


def of_moments(
    moments: np.ndarray,
    ends: np.ndarray,
    cells: np.ndarray | None = None,
    n_saturated: int | None = None,
) -> ValueSpread:
    """The spread of one pass; arrays as the measures Moments, ChannelRange and CellCounts give."""
    named = dict(zip(MOMENTS, moments.tolist(), strict=True))
    counts = {name: round(value) for name, value in named.items() if name.startswith("n_")}
    return ValueSpread(
        **{**named, **counts},
        least=ends[0],
        greatest=ends[1],
        cells=cells,
        n_saturated=n_saturated,
    )


def merged(one: ValueSpread, other: ValueSpread) -> ValueSpread:
    """Both together, exactly, in whichever order (Chan, Golub and LeVeque, 1983)."""
    if not one.n_values or not other.n_values:
        return one if one.n_values else other
    n_one, n_other = one.n_finite, other.n_finite
    mean, squares = one.mean, one.squares
    if not n_one:
        mean, squares = other.mean, other.squares
    elif n_other:
        distance = other.mean - one.mean
        mean = one.mean + distance * n_other / (n_one + n_other)
        between = distance * distance * n_one * n_other / (n_one + n_other)
        squares = one.squares + other.squares + between
    counts = [field.name for field in fields(ValueSpread) if field.name in MOMENTS[:5]]
    is_same = one.n_channels == other.n_channels
    nothing = np.zeros(0, np.float32)
    return ValueSpread(
        **{name: getattr(one, name) + getattr(other, name) for name in counts},
        minimum=float(np.fmin(one.minimum, other.minimum)),
        maximum=float(np.fmax(one.maximum, other.maximum)),
        mean=mean,
        squares=squares,
        least=np.fmin(one.least, other.least) if is_same else nothing,
        greatest=np.fmax(one.greatest, other.greatest) if is_same else nothing,
        cells=_added(one.cells, other.cells),
        n_saturated=None
        if one.n_saturated is None or other.n_saturated is None
        else one.n_saturated + other.n_saturated,
    )


def _added(one: np.ndarray | None, other: np.ndarray | None) -> np.ndarray | None:
    if one is None or other is None:
        return None
    both = np.concatenate([one, other])
    cells, place = np.unique(both[:, 0], return_inverse=True)
    counts = np.zeros(len(cells), np.int64)
    np.add.at(counts, place, both[:, 1])
    return np.stack([cells, counts], 1)
