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
            kept.keep_best(k, slack)
            bounds = kept.bounds(k, slack)
        start, end = end, min(n, end + size)
    kept.keep_best(k, slack)
    return kept.rows


class _Kept:
    """Rows and scores of each query that may be among its best."""

    def __init__(self, n_queries: int) -> None:
        self.rows = [np.zeros(0, np.int64) for _ in range(n_queries)]
        self._scores = [np.zeros(0, np.float32) for _ in range(n_queries)]
        self._added: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.n_values = 0

    def add(self, query: np.ndarray, row: np.ndarray, score: np.ndarray) -> None:
        """Keep some more: numbers of queries, which rise, their rows, their scores."""
        self._added.append((query, row, score))
        self.n_values += query.size

    def keep_best(self, k: int, slack: float) -> None:
        """Forget all that is less than the k-th of its query by more than slack."""
        for query, (rows, scores) in enumerate(zip(self.rows, self._scores, strict=True)):
            parts = [(rows, scores)]
            for queries, row, score in self._added:
                mine = slice(*np.searchsorted(queries, (query, query + 1)))
                parts.append((row[mine], score[mine]))
            rows = np.concatenate([part for part, _ in parts])
            scores = np.concatenate([part for _, part in parts])
            if rows.size > k:
                least = np.float64(np.partition(scores, -k)[-k]) - slack
                is_best = scores >= least
                rows, scores = rows[is_best], scores[is_best]
            self.rows[query], self._scores[query] = rows, scores
        self._added = []
        self.n_values = sum(rows.size for rows in self.rows)

    def bounds(self, k: int, slack: float) -> np.ndarray:
        """What a score must reach to be kept from now on, (n_queries,) float32."""
        least = [
            np.float64(np.partition(scores, -k)[-k]) - slack if scores.size >= k else -np.inf
            for scores in self._scores
        ]
        # Rounded down: a bound that rounding raised would pass over what is just within the slack.
        return np.nextafter(np.array(least, np.float32), np.float32(-np.inf))
