"""The measures of queries by float32 cosines, and by exact ones wherever these tell too little."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.evaluation.scores import QueryScore, score_ranks
from core.retrieval.cosines import Cosines
from core.retrieval.relevant_ranks import Exactly, relevant_ranks


@dataclass(frozen=True, eq=False)
class AskedQuery:
    """One query: its exact cosines, the relevant images, (n,) int64, and the image that it is."""

    exactly: Exactly
    relevant: np.ndarray
    own: int | None


class QueryScorer:
    """Scores queries some at a time; close its threads by `with ThreadPoolExecutor` around it."""

    def __init__(self, cosines: Cosines, threads: ThreadPoolExecutor) -> None:
        self._cosines = cosines
        self._threads = threads
        self._is_rough_enough = True
        self._scratch = np.empty((0, len(cosines.stored)), np.float32)

    def score(self, vectors: np.ndarray, asked: Sequence[AskedQuery]) -> list[QueryScore]:
        """The measures of each of (n, dimension) queries."""
        found: list[QueryScore | None] = [None] * len(asked)
        rough = self._roughly(vectors) if self._is_rough_enough else None
        if rough is not None:
            scores, error = rough
            found = list(self._threads.map(partial(_score_one, error=error), scores, asked))
        left = [place for place, score in enumerate(found) if score is None]
        # Where the scores of relevant images lie among most of the others', rough ones are in vain.
        self._is_rough_enough = 2 * len(left) <= len(asked)
        if not self._is_rough_enough:
            self._scratch = self._scratch[:0].copy()  # of half a gigabyte, where images are many
        if left:
            scores = self._cosines.of(vectors[left])
            exact = self._threads.map(_score_one, scores, [asked[place] for place in left])
            for place, score in zip(left, exact, strict=True):
                found[place] = score
        return [score for score in found if score is not None]

    def _roughly(self, vectors: np.ndarray) -> tuple[np.ndarray, float] | None:
        if len(self._scratch) < len(vectors):  # a new array's pages take as long as its ranks
            self._scratch = np.empty((len(vectors), self._scratch.shape[1]), np.float32)
        return self._cosines.roughly(vectors, self._scratch[: len(vectors)])


def _score_one(scores: np.ndarray, asked: AskedQuery, error: float = 0.0) -> QueryScore | None:
    """The measures of one query, whose own image has no rank.

    error: of the scores; None where they tell too little.
    """
    exactly, relevant, own = asked.exactly, asked.relevant, asked.own
    if own is not None:
        # Left out by number: by score, a copy of the query would go as well.
        scores = np.concatenate((scores[:own], scores[own + 1 :]))
        relevant = relevant[relevant != own]
        relevant = relevant - (relevant > own)
    ranks = relevant_ranks(
        scores,
        relevant,
        exactly if own is None else lambda images: exactly(images + (images >= own)),
        error=error,
    )
    return None if ranks is None else score_ranks(ranks, scores.size)
