"""Twins: filters that point the same way, or the opposite one, by the cosine of their weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.filters.arrays import FilterArray
from core.filters.figures import FilterFigures
from core.progress import Job, Progress

BLOCK_BYTES = 1 << 26
"""Of one block of filters; two are held at a time, whatever the size of the layer."""

MOST_PAIRS = 1000
_MOST_ROWS = 2048
_Found = tuple[float, int, int, float]
_CHEAP_PRODUCTS = 2_000_000_000
"""Below this the cosines of all pairs take a fraction of a second."""


@dataclass(frozen=True)
class TwinPair:
    """Two filters and their cosine, the first before the second."""

    first: int
    second: int
    cosine: float


@dataclass(frozen=True, eq=False)
class Twins:
    """nearest: (n_filters,) int64, the filter with the largest |cosine|, -1 for none.

    cosines: (n_filters,) float64, with the nearest, signed. pairs: those at or over
    the threshold in magnitude, the closest first, at most `MOST_PAIRS`; n_pairs: how many there
    are. A filter of zeros, or with a weight that is not finite, has none.
    """

    nearest: np.ndarray
    cosines: np.ndarray
    pairs: tuple[TwinPair, ...]
    n_pairs: int
    threshold: float


def are_twins_cheap(array: FilterArray) -> bool:
    """Whether the cosines of all pairs take no time worth asking about."""
    return array.n_filters**2 * array.n_weights // 2 <= _CHEAP_PRODUCTS


def find_twins(array: FilterArray, figures: FilterFigures, threshold: float = 0.9) -> Job[Twins]:
    """The cosine of every pair of filters, block by block; two blocks are in memory at a time.

    threshold: 0 to 1, of |cosine|. Filters of one weight have no twins: any two are parallel.
    """
    n = array.n_filters
    nearest, cosines = np.full(n, -1, np.int64), np.zeros(n)
    found: list[_Found] = []
    n_pairs = 0
    if array.n_weights > 1:
        step = min(_MOST_ROWS, max(1, BLOCK_BYTES // (4 * array.n_weights)))
        starts = range(0, n, step)
        n_done, n_blocks = 0, len(starts) * (len(starts) + 1) // 2
        for a in starts:
            first = _unit_rows(array, figures, a, min(n, a + step))
            for b in starts[a // step :]:
                yield Progress(n_done, n_blocks, "blocks of filters")
                second = first if b == a else _unit_rows(array, figures, b, min(n, b + step))
                products = first @ second.T
                n_pairs += _take_pairs(products, a, b, threshold, found)
                _take_nearest(products, a, b, nearest, cosines)
                n_done += 1
    pairs = tuple(TwinPair(i, j, cosine) for _, i, j, cosine in sorted(found)[:MOST_PAIRS])
    return Twins(nearest, cosines, pairs, n_pairs, threshold)


def _unit_rows(array: FilterArray, figures: FilterFigures, start: int, stop: int) -> np.ndarray:
    """Rows of length 1; those that have no direction are 0."""
    rows = array.rows(start, stop)
    norms = figures.norms[start:stop].copy()
    norms[(figures.n_nan + figures.n_inf)[start:stop] > 0] = 0
    lost = norms == 0
    norms[lost] = 1
    rows /= norms.astype(np.float32)[:, None]
    rows[lost] = 0
    return rows


def _take_pairs(products: np.ndarray, a: int, b: int, threshold: float, found: list[_Found]) -> int:
    is_over = np.abs(products) >= threshold
    is_over &= products != 0
    if a == b:
        is_over &= np.triu(np.ones(products.shape, bool), 1)
    rows, columns = np.nonzero(is_over)
    values = products[rows, columns]
    order = np.argsort(-np.abs(values), kind="stable")[:MOST_PAIRS]
    found.extend(
        (-abs(float(values[k])), a + int(rows[k]), b + int(columns[k]), _bounded(values[k]))
        for k in order
    )
    found.sort()
    del found[MOST_PAIRS:]
    return len(rows)


def _take_nearest(
    products: np.ndarray, a: int, b: int, nearest: np.ndarray, cosines: np.ndarray
) -> None:
    """Let each side keep the closest of the other; a filter is no twin of itself."""
    if a == b:
        np.fill_diagonal(products, 0)
    for block, here, there in ((products, a, b), (products.T, b, a)):
        magnitude = np.abs(block)
        best = magnitude.argmax(axis=1)
        rows = np.arange(len(block))
        values = block[rows, best]
        kept = cosines[here : here + len(block)]
        is_closer = np.abs(values) > np.abs(kept)
        kept[is_closer] = np.clip(values[is_closer], -1, 1)
        nearest[here : here + len(block)][is_closer] = there + best[is_closer]
        if a == b:
            return


def _bounded(value: float) -> float:
    return min(1.0, max(-1.0, float(value)))
