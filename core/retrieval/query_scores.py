"""The measures of queries by float32 cosines, and by exact ones wherever these tell too little."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.evaluation.scores import QueryScore, score_ranks
from core.retrieval.cosines import Cosines
from core.retrieval.relevant_ranks import Exactly, relevant_ranks

_BEHIND = -2.0
"""Less than any cosine."""


@dataclass(frozen=True, eq=False)
class AskedQuery:
    """One query: its exact cosines, the relevant images, (n,) int64, and the image that it is."""

    exactly: Exactly
    relevant: np.ndarray
    own: int | None


Rough = tuple[np.ndarray, float]
"""Cosines by float32 sums, (n_queries, n_images), and how far they may be from the exact ones."""


class QueryScorer:
    """Scores queries some at a time; close its thread by `with ThreadPoolExecutor` around it.

    There the products of the next ones are made while the last are scored: BLAS leaves Python
    alone, and more threads that score would wait for one another.
    """

    def __init__(self, cosines: Cosines, thread: ThreadPoolExecutor) -> None:
        self._cosines = cosines
        self._thread = thread
        self._is_rough_enough = True
        self._free = self._in_use = np.empty((0, len(cosines.stored)), np.float32)

    def begin(self, vectors: np.ndarray) -> Future[Rough | None]:
        """Start on the products of (n, dimension) queries, which `score` takes; one ahead."""
        if len(self._free) < len(vectors):  # a new array's pages take as long as its ranks
            self._free = np.empty((len(vectors), self._free.shape[1]), np.float32)
        out, self._free, self._in_use = self._free, self._in_use, self._free
        return self._thread.submit(self._roughly, vectors, out[: len(vectors)])

    def score(
        self, vectors: np.ndarray, asked: Sequence[AskedQuery], rough: Rough | None
    ) -> list[QueryScore]:
        """The measures of each of the queries; rough: what `begin` was to find."""
        found: list[QueryScore | None] = [None] * len(asked)
        if rough is not None:
            scores, error = rough
            found = [_score_one(s, a, error) for s, a in zip(scores, asked, strict=True)]
        left = [place for place, score in enumerate(found) if score is None]
        # Where the scores of relevant images lie among most of the others', rough ones are in vain.
        self._is_rough_enough = 2 * len(left) <= len(asked)
        if not self._is_rough_enough:  # of half a gigabyte, where images are many
            self._free = self._in_use = self._free[:0].copy()
        if left:
            scores = self._cosines.of(vectors[left])
            exact = [_score_one(s, asked[place]) for s, place in zip(scores, left, strict=True)]
            for place, score in zip(left, exact, strict=True):
                found[place] = score
        return [score for score in found if score is not None]

    def _roughly(self, vectors: np.ndarray, out: np.ndarray) -> Rough | None:
        return self._cosines.roughly(vectors, out) if self._is_rough_enough else None


def _score_one(scores: np.ndarray, asked: AskedQuery, error: float = 0.0) -> QueryScore | None:
    """The measures of one query, whose own image has no rank.

    scores: (n,) float32, whose own image loses its score; error: of them. None where they tell too
    little.
    """
    exactly, relevant, own = asked.exactly, asked.relevant, asked.own
    if own is None:
        ranks = relevant_ranks(scores, relevant, exactly, error=error)
        return None if ranks is None else score_ranks(ranks, scores.size)
    # Left behind all by number: by score, a copy of the query would go as well.
    scores[own] = _BEHIND
    ranks = relevant_ranks(
        scores,
        relevant[relevant != own],
        lambda images: np.where(images == own, _BEHIND, exactly(images)),
        error=error,
    )
    return None if ranks is None else score_ranks(ranks, scores.size - 1)
