"""The rows of the table of all layers as plain values: what a cell says, sorts and is found by."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from core.activations.spreads import ValueSpread, even_edges
from core.net.find import Query, parse_query
from core.words import MINUS, share_text, with_minus
from gui.widgets.layer_rows import LayerRow

N_BARS = 26


class Column(Enum):
    """The columns in their order; the value is the heading."""

    NAME = "Layer · blob@version"
    SHAPE = "Shape"
    SPREAD = "Zeros, values"
    MEAN = "Mean"
    STD = "Std"
    MINIMUM = "Min"
    MAXIMUM = "Max"
    ZEROS = "Zeros"
    DEAD = "Dead channels"
    LOST = "NaN, Inf"
    L2 = "L2 norm"
    SATURATED = "Saturated"


COLUMNS = tuple(Column)
SIGNED = frozenset({Column.MEAN, Column.MINIMUM, Column.MAXIMUM})
SHARES = frozenset({Column.ZEROS, Column.SATURATED})
HEAT = SIGNED | SHARES | {Column.STD, Column.DEAD}
LEAVING = (Column.SATURATED, Column.L2, Column.LOST, Column.SHAPE, Column.STD)
"""What leaves first where there is no room."""
TIPS = {
    Column.L2: "Of the values of one image, in the root mean square over all",
    Column.DEAD: "0 at every place of every image",
    Column.SATURATED: "Within 0.01 of the ends of a Sigmoid or TanH, or at those of a Clip",
    Column.SPREAD: "The share of exact zeros, then how all other values spread",
}


@dataclass(frozen=True, eq=False)
class SpreadRow:
    """One value: how it is spelled and found, what family its layer is of, how it spread.

    n_images: over so many.
    """

    index: int
    row: LayerRow
    spread: ValueSpread
    n_images: int

    @property
    def value(self) -> tuple[str, str]:
        """(layer, top)."""
        return self.row.layer, self.row.top

    def number(self, column: Column) -> float:
        """What a cell is sorted and tinted by; shares from 0 to 1, NaN for nothing."""
        one = self.spread
        by_column = {
            Column.MEAN: one.mean,
            Column.STD: one.std,
            Column.MINIMUM: one.minimum,
            Column.MAXIMUM: one.maximum,
            Column.ZEROS: one.sparsity,
            Column.DEAD: float(len(one.dead)),
            Column.LOST: float(one.n_nan + one.n_inf),
            Column.L2: one.l2 / math.sqrt(max(1, self.n_images)),
        }
        if column is Column.SATURATED:
            saturated = one.n_saturated
            return math.nan if saturated is None else saturated / max(1, one.n_finite)
        if column is Column.SHAPE:
            return one.n_values / max(1, self.n_images)
        return by_column.get(column, float(self.index))

    def text(self, column: Column) -> str:
        """What a cell says."""
        one, number = self.spread, self.number(column)
        if column is Column.NAME:
            return self.row.words
        if column is Column.SHAPE:
            return self.row.shape
        if column is Column.SPREAD:
            return ""
        if column is Column.ZEROS:
            return share_text(one.n_zeros, one.n_values) if one.n_zeros else "0"
        if column is Column.SATURATED:
            return "" if math.isnan(number) else share_text(one.n_saturated or 0, one.n_finite)
        if column is Column.DEAD:
            return f"{len(one.dead):,} of {one.n_channels:,}" if one.n_channels else "–"
        if column is Column.LOST:
            return f"{int(number):,}"
        return figure_text(number)

    def bars(self) -> np.ndarray:
        """The heights of a small histogram, (n,) from 0 to 1, exact zeros left out."""
        one = self.spread
        if one.cells is None or not one.n_finite:
            return np.zeros(0)
        low, high = one.percentiles((0.1, 99.9))
        counts = one.histogram(even_edges(min(low, 0.0), max(high, 0.0), N_BARS)).counts
        highest = int(counts.max(initial=0))
        found: np.ndarray = np.sqrt(counts / highest) if highest else np.zeros(0)
        return found


def figure_text(value: float) -> str:
    """As many digits as a column has room for: 6,338, 250.6, 46.98, 0.201, 3.2e-05."""
    size = abs(value)
    if not math.isfinite(value):
        return "–"
    if size >= 1e6 or 0 < size < 1e-3:
        return f"{value:.1e}".replace("-", MINUS, 1) if value < 0 else f"{value:.1e}"
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return with_minus(f"{value:,.{digits}f}") if value else "0"


def heat(rows: Sequence[SpreadRow], column: Column) -> tuple[float, ...]:
    """How strongly each row's cell is tinted: -1 to 1, 0 for none.

    Shares by themselves, dead channels by their share of all, others by the root of how near they
    come to the column's largest magnitude.
    """
    numbers = [row.number(column) for row in rows]
    if column in SHARES:
        return tuple(0.0 if math.isnan(one) else one for one in numbers)
    if column is Column.DEAD:
        pairs = zip(numbers, rows, strict=True)
        return tuple(math.sqrt(n / max(1, row.spread.n_channels)) for n, row in pairs)
    largest = max((abs(one) for one in numbers if math.isfinite(one)), default=0.0)
    if column not in HEAT or not largest:
        return (0.0,) * len(rows)
    return tuple(
        math.copysign(math.sqrt(abs(one) / largest), one) if math.isfinite(one) else 0.0
        for one in numbers
    )


def sort_rows(
    rows: Sequence[SpreadRow], column: Column, *, is_descending: bool
) -> tuple[SpreadRow, ...]:
    """By a column; what has nothing there comes last, equal ones in net order."""

    def key(row: SpreadRow) -> tuple[bool, float]:
        number = row.number(column)
        return math.isnan(number), -number if is_descending else number

    if column is Column.NAME:
        return tuple(sorted(rows, key=lambda row: row.index, reverse=is_descending))
    return tuple(sorted(rows, key=key))


_KEYS = {
    "mean": Column.MEAN,
    "std": Column.STD,
    "min": Column.MINIMUM,
    "max": Column.MAXIMUM,
    "zeros": Column.ZEROS,
    "dead": Column.DEAD,
    "nan": Column.LOST,
    "l2": Column.L2,
    "saturated": Column.SATURATED,
}
_TERM = re.compile(
    rf"^(?P<key>{'|'.join(_KEYS)})(?P<sign><=|>=|<|>|=)(?P<number>[+-]?[\d.]+(?:e[+-]?\d+)?)%?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Term:
    column: Column
    sign: str
    number: float

    def holds(self, row: SpreadRow) -> bool:
        value = row.number(self.column) * (100 if self.column in SHARES else 1)
        return {
            ">": value > self.number,
            "<": value < self.number,
            ">=": value >= self.number,
            "<=": value <= self.number,
            "=": value == self.number,
        }[self.sign]


_NO_QUERY = Query(())


@dataclass(frozen=True)
class RowFilter:
    """Conditions on figures, and those of Find, all of which hold; problem: why not, in words."""

    terms: tuple[_Term, ...] = ()
    query: Query = _NO_QUERY

    @property
    def problem(self) -> str:
        """What can't be understood, in a sentence; "" where all is."""
        return self.query.problem

    def holds(self, row: SpreadRow) -> bool:
        """Whether a row is shown."""
        return all(term.holds(row) for term in self.terms) and self.query.matches(row.row.record)


def parse_filter(words: str) -> RowFilter:
    """The filter of "zeros>80 dead>0 relu": shares in percent, the rest as in Find."""
    terms, rest = [], []
    for word in words.split():
        found = _TERM.match(word)
        try:
            number = float(found["number"]) if found else 0.0
        except ValueError:
            found = None
        if found:
            terms.append(_Term(_KEYS[found["key"].lower()], found["sign"], number))
        else:
            rest.append(word)
    return RowFilter(tuple(terms), parse_query(" ".join(rest)))


class Piece(Enum):
    """What piece of an in-place bracket stands beside a row."""

    NONE = ""
    FIRST = "first"
    MEMBER = "member"
    PAST = "past"
    LAST = "last"


def brackets(rows: Sequence[SpreadRow]) -> tuple[Piece, ...]:
    """The bracket beside rows in net order: it spans each chain's rows that are shown."""
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row.row.chain:
            places.setdefault(row.row.chain, []).append(place)
    pieces = [Piece.NONE] * len(rows)
    for members in places.values():
        span = range(members[0], members[-1] + 1)
        if len(members) < 2 or any(pieces[place] is not Piece.NONE for place in span):
            continue
        for place in span:
            pieces[place] = Piece.MEMBER if place in members else Piece.PAST
        pieces[span[0]], pieces[span[-1]] = Piece.FIRST, Piece.LAST
    return tuple(pieces)
