"""The best rows for many queries in one float32 pass over them, block by block."""

from __future__ import annotations

import numpy as np

_VALUES = 1 << 22
"""Values of a block: 16 MB, so that its products with some hundred queries stay near."""
_FIRST_ROWS = 512
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
    size = max(k, _VALUES // max(1, dimension), 1)
    bounds = np.full(len(queries), -np.inf, np.float32)
    kept = _Kept(len(queries))
    start, end = 0, min(n, max(k, _FIRST_ROWS))  # few, for of these every score is kept
    while start < n:
        scores = queries @ rows[start:end].T
        scores *= factors[start:end]
        # Flat: NumPy finds what is true in one dimension several times as fast as in two.
        found = np.flatnonzero((scores >= bounds[:, None]).ravel())  # never true of NaN
        query, row = np.divmod(found, end - start)
        kept.add(query, row + start, scores.ravel()[found])
        if kept.n_values > _MOST_KEPT * k * len(queries) or start == 0:
            bounds = kept.keep_best(k, slack)
        start, end = end, min(n, end + size)
    kept.keep_best(k, slack)
    return kept.rows


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
        """Keep some more: numbers of queries, which rise, their rows, their scores."""
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
        # Rounded down: a bound that rounding raised would pass over what is just within the slack.
        return np.nextafter(least.astype(np.float32), np.float32(-np.inf))
