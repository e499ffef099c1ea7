"""The best rows for many queries in one float32 pass over them, block by block."""

from __future__ import annotations

import numpy as np

_VALUES = 1 << 22
"""Values of a block, 16 MB, where queries are few."""
_SCORES = 1 << 17
"""Of a block, half a MB, which stay near while they are looked at."""
_FIRST_ROWS = 512
_N_GROUPS = 4096
"""Values that lie so far from one another are in one group: those of a row of images are apart."""
_MOST_KEPT = 8
"""How many times k rows are kept for a query before all but the best go."""


def best_rows(
    rows: np.ndarray,
    factors: np.ndarray,
    queries: np.ndarray,
    k: int,
    slack: float,
) -> list[np.ndarray]:
    """For each query the rows that may be among its k best, rising, int64.

    rows: (n, dimension) float32; factors: (n,) float32 that each row's products are multiplied by,
    NaN for a row that is none; queries: (n_queries, dimension) float32. slack: how much less than
    the k-th a score may be that is still kept.
    """
    n, dimension = rows.shape
    k = min(k, n)
    size = min(_VALUES // max(1, dimension), max(_FIRST_ROWS, _SCORES // len(queries)))
    size = max(k, size, 1)
    kept = _Kept(len(queries))
    turned = np.ascontiguousarray(queries.T)
    # Written over block by block: memory that is new each time is cleared by the system first.
    products = np.empty((size, len(queries)), np.float32)
    reached = np.empty(products.shape, np.bool_)
    start, end = 0, min(n, size, max(k, _FIRST_ROWS))  # few, for each query sorts all of these
    while start < n:
        # Rows first: a turned matrix of rows would take OpenBLAS a tenth longer.
        scores = np.matmul(rows[start:end], turned, out=products[: end - start])
        scores *= factors[start:end, None]
        if start == 0:
            bounds = _bounds_of(scores, k, slack)
        # Flat: NumPy finds what is true in one dimension several times as fast as in two.
        is_near = np.greater_equal(scores, bounds, out=reached[: end - start])  # not true of NaN
        found = np.flatnonzero(is_near.ravel())
        row, query = np.divmod(found, len(queries))
        kept.add(query, row + start, scores.ravel()[found])
        if kept.n_values > _MOST_KEPT * k * len(queries):
            bounds = kept.keep_best(k, slack)
        start, end = end, min(n, end + size)
    kept.keep_best(k, slack)
    return kept.rows


def kth_largest(values: np.ndarray, k: int) -> np.float32:
    """The k-th largest of (n,) float32, none of them NaN, k from 1 to n.

    At least k are no less than the k-th largest of the maxima of some groups, and few are: which
    takes a tenth of the time of parting all.
    """
    size = values.size // _N_GROUPS
    if k <= _N_GROUPS // 4 and size > 1:
        maxima = values[: size * _N_GROUPS].reshape(size, _N_GROUPS).max(axis=0)
        values = values[values >= np.partition(maxima, -k)[-k]]
    found: np.float32 = np.partition(values, -k)[-k]
    return found


def _bounds_of(scores: np.ndarray, k: int, slack: float) -> np.ndarray:
    """What the first scores, (n, n_queries) with NaN for none, say that others must reach."""
    of_queries = np.nan_to_num(scores.T, copy=True, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    return _rounded_down(np.partition(of_queries, -k, axis=1)[:, -k].astype(np.float64) - slack)


def _rounded_down(bounds: np.ndarray) -> np.ndarray:
    """As float32: a bound that rounding raised would pass over what is just within the slack."""
    return np.nextafter(bounds.astype(np.float32), np.float32(-np.inf))


class _Kept:
    """Rows and scores of each query that may be among its best."""

    def __init__(self, n_queries: int) -> None:
        self._starts = np.zeros(n_queries + 1, np.int64)
        self._rows, self._scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
        self._added: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.n_values = 0

    @property
    def rows(self) -> list[np.ndarray]:
        """Those of each query, in the order of the rows."""
        return np.split(self._rows, self._starts[1:-1])

    def add(self, query: np.ndarray, row: np.ndarray, score: np.ndarray) -> None:
        """Keep some more: numbers of queries, their rows, which rise, their scores."""
        self._added.append((query, row, score))
        self.n_values += query.size

    def keep_best(self, k: int, slack: float) -> np.ndarray:
        """Forget all that is less than the k-th of its query by more than slack.

        Returns what a score must reach to be kept from now on, (n_queries,) float32.
        """
        n_queries = self._starts.size - 1
        of_kept = np.repeat(np.arange(n_queries), np.diff(self._starts))
        parts = [(of_kept, self._rows, self._scores), *self._added]
        queries, rows, scores = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(queries, kind="stable")
        queries, rows, scores = queries[order], rows[order], scores[order]
        starts = np.searchsorted(queries, np.arange(n_queries + 1)).tolist()
        least = np.full(n_queries, -np.inf)
        for query in range(n_queries):
            of_one = scores[starts[query] : starts[query + 1]]
            if of_one.size >= k:
                least[query] = np.float64(np.partition(of_one, -k)[-k]) - slack
        is_best = scores >= least[queries]
        self._rows, self._scores = rows[is_best], scores[is_best]
        self._starts = np.searchsorted(queries[is_best], np.arange(n_queries + 1))
        self._added, self.n_values = [], self._rows.size
        return _rounded_down(least)
