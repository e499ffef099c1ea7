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


def score_queries(
    cosines: Cosines, vectors: np.ndarray, asked: Sequence[AskedQuery], threads: ThreadPoolExecutor
) -> list[QueryScore]:
    """The measures of each query, by float32 sums where these tell enough, else by exact ones."""
    found: list[QueryScore | None] = [None] * len(asked)
    rough = cosines.roughly(vectors)
    if rough is not None:
        scores, error = rough
        found = list(threads.map(partial(_score_one, error=error), scores, asked))
    left = [place for place, score in enumerate(found) if score is None]
    if left:
        scores = cosines.of(vectors[left])
        exact = threads.map(_score_one, scores, [asked[place] for place in left])
        for place, score in zip(left, exact, strict=True):
            found[place] = score
    return [score for score in found if score is not None]


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
