"""Better queries and better galleries from neighbours: query expansion, database augmentation.

Queries: average (Chum et al., 2007), rank-weighted, and alpha (Radenovic et al., 2018). Galleries:
each descriptor the weighted mean of itself and its neighbours (Arandjelovic and Zisserman, 2012;
weights of Gordo et al., 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.progress import Job, Progress
from core.representations.after import unit_length
from core.retrieval.cosines import Cosines, Excluded
from core.retrieval.search import Ranking, best_of_many

Weighting = Literal["average", "rank", "alpha"]
_QUERIES_AT_ONCE = 64
DEFAULT_ALPHA = 3.0


@dataclass(frozen=True)
class Expansion:
    """How a query takes in its best answers: k of them, each weighted.

    "average": all the same; "rank": the i-th from 0 by (k - i) / k; "alpha": by similarity to the
    power of alpha, none below 0.
    """

    k: int
    weighting: Weighting = "average"
    alpha: float = DEFAULT_ALPHA

    def describe(self) -> str:
        """ "queries expanded by 10 (alpha 3)"."""
        how: str = self.weighting
        how += f" {self.alpha:g}" if how == "alpha" else ""
        return f"queries expanded by {self.k} ({how})"


def expand_queries(
    cosines: Cosines,
    queries: np.ndarray,
    own: Sequence[Excluded],
    expansion: Expansion,
) -> np.ndarray:
    """Queries with their best answers taken in, (n, dimension) float32 of length 1.

    queries: (n, dimension) of any length; own: the image of the gallery that a query is, or the
    images that are none of its answers; else None.
    """
    exact = unit_length(queries.astype(np.float64))
    expanded = np.empty(exact.shape, np.float32)
    for start in range(0, len(exact), _QUERIES_AT_ONCE):
        part = slice(start, start + _QUERIES_AT_ONCE)
        found = best_of_many(cosines, exact[part], expansion.k, own[part])
        for place, ranking in enumerate(found, start=start):
            expanded[place] = expand(cosines, exact[place], ranking, expansion)
    return expanded


def expand(cosines: Cosines, query: np.ndarray, found: Ranking, expansion: Expansion) -> np.ndarray:
    """A (dimension,) query with its best answers taken in, float32 of length 1."""
    exact = unit_length(np.asarray(query, np.float64)[None])[0]
    best = unit_length(np.asarray(cosines.descriptors[found.index], np.float64))
    both = exact + _weights(expansion, found.score.astype(np.float64)) @ best
    result: np.ndarray = unit_length(both[None])[0].astype(np.float32)
    return result


def augment(cosines: Cosines, k: int) -> Job[np.ndarray]:
    """Each descriptor as the weighted mean of itself and its k neighbours, (n, dimension) float32.

    The i-th neighbour from 0 weighs (k - i) / k, the descriptor itself 1; length 1.
    """
    n = len(cosines)
    falling = (k - np.arange(k)) / k
    result: np.ndarray | None = None
    for start in range(0, n, _QUERIES_AT_ONCE):
        yield Progress(start, n, "descriptors augmented")
        numbers = np.arange(start, min(n, start + _QUERIES_AT_ONCE))
        rows = unit_length(np.asarray(cosines.descriptors[numbers], np.float64))
        found = best_of_many(cosines, rows, k, numbers.tolist())
        if result is None:
            result = np.empty((n, rows.shape[1]), np.float32)
        for place, ranking in enumerate(found):
            best = ranking.index
            near = unit_length(np.asarray(cosines.descriptors[best], np.float64))
            both = rows[place] + falling[: len(best)] @ near
            result[numbers[place]] = unit_length(both[None])[0]
    yield Progress(n, n, "descriptors augmented")
    return np.zeros((0, 0), np.float32) if result is None else result


def _weights(expansion: Expansion, scores: np.ndarray) -> np.ndarray:
    weights: np.ndarray
    if expansion.weighting == "rank":
        weights = (expansion.k - np.arange(len(scores))) / expansion.k
        return weights
    if expansion.weighting == "alpha":
        weights = np.maximum(scores, 0.0) ** expansion.alpha
        return weights
    return np.ones(len(scores))
