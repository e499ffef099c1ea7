"""Figures of each filter, read a few MiB at a time: norms, moments, zeros, what is not finite."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.filters.arrays import FilterArray
from core.progress import Job, Progress

DEAD_SHARE = 0.01
"""A filter whose norm is under this share of the largest is dead: it adds next to nothing."""

CHUNK_VALUES = 1 << 21


@dataclass(frozen=True, eq=False)
class FilterFigures:
    """Each (n_filters,): L2 norm, mean, std, least and greatest over the finite weights; counts.

    float64, counts int64. std divides by n. NaN where no weight of a filter is finite.
    """

    n_weights: int
    norms: np.ndarray
    means: np.ndarray
    stds: np.ndarray
    least: np.ndarray
    most: np.ndarray
    n_zeros: np.ndarray
    n_nan: np.ndarray
    n_inf: np.ndarray

    @property
    def n_filters(self) -> int:
        """How many filters."""
        return len(self.norms)

    @property
    def n_values(self) -> int:
        """Numbers in all filters."""
        return self.n_filters * self.n_weights

    @property
    def zero_share(self) -> float:
        """Share of exact zeros among all weights."""
        return int(self.n_zeros.sum()) / self.n_values if self.n_values else 0.0

    @property
    def n_not_finite(self) -> int:
        """NaN and infinities in all filters."""
        return int(self.n_nan.sum() + self.n_inf.sum())

    @property
    def norm(self) -> float:
        """L2 of the whole array."""
        return float(np.sqrt(np.square(self.norms).sum()))

    @property
    def mean(self) -> float:
        """Over all finite weights."""
        n = self._n_finite
        return float(np.nansum(self.means * n) / n.sum()) if n.any() else math.nan

    @property
    def std(self) -> float:
        """Over all finite weights, dividing by n."""
        n, mean = self._n_finite, self.mean
        if not n.any():
            return math.nan
        squares = np.nansum((np.square(self.stds) + np.square(self.means - mean)) * n)
        return float(np.sqrt(squares / n.sum()))

    @cached_property
    def highs(self) -> np.ndarray:
        """The greatest finite magnitude of each filter, (n_filters,); 0 where there is none."""
        found: np.ndarray = np.nan_to_num(np.maximum(np.abs(self.least), np.abs(self.most)))
        return found

    @cached_property
    def dead(self) -> np.ndarray:
        """Indices of filters whose norm is under DEAD_SHARE of the largest."""
        largest = float(self.norms.max(initial=0.0))
        found: np.ndarray = self.norms < DEAD_SHARE * largest if largest else self.norms == 0
        return np.flatnonzero(found)

    @cached_property
    def ranks(self) -> np.ndarray:
        """The place of each filter by norm, from 1 for the largest; equal ones by number."""
        ranks = np.empty(self.n_filters, np.int64)
        ranks[np.argsort(-self.norms, kind="stable")] = np.arange(1, self.n_filters + 1)
        return ranks

    @property
    def _n_finite(self) -> np.ndarray:
        found: np.ndarray = self.n_weights - self.n_nan - self.n_inf
        return found


def figures_of(array: FilterArray) -> Job[FilterFigures]:
    """Read every filter once, in chunks of CHUNK_VALUES weights at most, or of one filter."""
    n = array.n_filters
    columns = {name: np.zeros(n) for name in ("norms", "means", "stds", "least", "most")}
    counts = {name: np.zeros(n, np.int64) for name in ("n_zeros", "n_nan", "n_inf")}
    for start, rows in chunks_of(array):
        yield Progress(start, n, "filters")
        end = start + len(rows)
        for name, values in _measured(rows).items():
            (columns if name in columns else counts)[name][start:end] = values
    return FilterFigures(array.n_weights, **columns, **counts)


def chunks_of(array: FilterArray) -> Iterator[tuple[int, np.ndarray]]:
    """Some filters at a time, (first index, float32 rows)."""
    step = max(1, CHUNK_VALUES // max(1, array.n_weights))
    for start in range(0, array.n_filters, step):
        yield start, array.rows(start, min(array.n_filters, start + step))


def _measured(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Figures of float32 rows, (n, n_weights), which are changed where they are not finite."""
    is_nan, is_inf = np.isnan(rows).sum(axis=1), np.isinf(rows).sum(axis=1)
    n_zeros = (rows == 0).sum(axis=1)
    least, most = _finite_ends(rows, (is_nan + is_inf).any())
    n_finite = rows.shape[1] - is_nan - is_inf
    sums = rows.sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / n_finite
    norms = np.zeros(len(rows))
    stds = np.zeros(len(rows))
    for i, row in enumerate(rows):
        wide = row.astype(np.float64)
        norms[i] = np.sqrt(wide @ wide)
        if n_finite[i]:
            wide -= means[i]
            gone = (len(row) - n_finite[i]) * means[i] ** 2  # of those that were set to 0
            stds[i] = np.sqrt(max(0.0, wide @ wide - gone) / n_finite[i])
    stds[n_finite == 0] = np.nan
    return {
        "norms": norms, "means": means, "stds": stds, "least": least, "most": most,
        "n_zeros": n_zeros, "n_nan": is_nan, "n_inf": is_inf,
    }  # fmt: skip


def _finite_ends(rows: np.ndarray, has_others: bool) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest finite value of each row; what is not finite is set to 0 in `rows`."""
    if not rows.shape[1]:
        return np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    if not has_others:
        return rows.min(axis=1).astype(np.float64), rows.max(axis=1).astype(np.float64)
    is_finite = np.isfinite(rows)
    least = np.where(is_finite, rows, np.inf).min(axis=1).astype(np.float64)
    most = np.where(is_finite, rows, -np.inf).max(axis=1).astype(np.float64)
    none = ~is_finite.any(axis=1)
    least[none], most[none] = np.nan, np.nan
    rows[~is_finite] = 0
    return least, most
