"""Measures of one ranking: average precision, precision at k, R-precision, first wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from core.retrieval.search import Ranking

AP_VARIANT = "non-interpolated"
PRECISION_AT = (1, 5, 10)


@dataclass(frozen=True)
class QueryScore:
    """How good one query's ranking is; the query itself is not in it.

    p_at_k divides by k even where the ranking is shorter. first_wrong: rank, from 1, of the first
    image that is not relevant; None if there is none.
    """

    average_precision: float
    p_at_1: float
    p_at_5: float
    p_at_10: float
    r_precision: float
    first_wrong: int | None
    n_relevant: int

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dictionary."""
        return {
            "AP": self.average_precision,
            "P@1": self.p_at_1,
            "P@5": self.p_at_5,
            "P@10": self.p_at_10,
            "R-precision": self.r_precision,
            "first_wrong": self.first_wrong,
            "n_relevant": self.n_relevant,
        }


def average_precision(is_relevant: np.ndarray, n_relevant: int | None = None) -> float:
    """Non-interpolated average precision: the mean over relevant images of precision at their rank.

    is_relevant: (n,) bool in ranked order, junk left out. n_relevant: how many there are, those
    that the ranking misses included; None: those in it. NaN without any.
    """
    ranks = _ranks(is_relevant)
    return _average_precision(ranks, ranks.size if n_relevant is None else n_relevant)


def chance_precision(n_ranked: int, n_relevant: int) -> float:
    """The mean AP over all orders of n_ranked images, which random descriptors reach.

    The mean of k-th terms 1/k (1 + (k - 1) (n_relevant - 1) / (n_ranked - 1)) (Bestgen, 2015).
    """
    if n_ranked == 1:
        return 1.0
    of_others = (n_relevant - 1) / (n_ranked - 1)
    harmonic = _harmonic_number(n_ranked)
    return (harmonic + of_others * (n_ranked - harmonic)) / n_ranked


def score_ranking(is_relevant: np.ndarray) -> QueryScore:
    """All measures of a whole ranking, (n,) bool with every relevant image in it."""
    return score_ranks(_ranks(is_relevant), len(is_relevant))


def score_ranks(ranks: np.ndarray, n_ranked: int) -> QueryScore:
    """All measures of a whole ranking of n_ranked images by the ranks of all the relevant ones.

    ranks: (n_relevant,) int64, rising from 1.
    """
    n_relevant = ranks.size
    p_at_1, p_at_5, p_at_10 = (_precision_at(ranks, k) for k in PRECISION_AT)
    gaps = np.flatnonzero(ranks != np.arange(1, n_relevant + 1))
    n_right_at_first = int(gaps[0]) if gaps.size else n_relevant
    return QueryScore(
        average_precision=_average_precision(ranks, n_relevant),
        p_at_1=p_at_1,
        p_at_5=p_at_5,
        p_at_10=p_at_10,
        r_precision=_precision_at(ranks, n_relevant) if n_relevant else float("nan"),
        first_wrong=n_right_at_first + 1 if n_relevant < n_ranked else None,
        n_relevant=n_relevant,
    )


@lru_cache(maxsize=4)
def _harmonic_number(n: int) -> float:
    return float((1 / np.arange(1, n + 1)).sum())


def _ranks(is_relevant: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.flatnonzero(np.asarray(is_relevant, dtype=bool)) + 1
    return result


def _average_precision(ranks: np.ndarray, n_wanted: int) -> float:
    if n_wanted == 0:
        return float("nan")
    return float((np.arange(1, ranks.size + 1) / ranks).sum() / n_wanted)


def _precision_at(ranks: np.ndarray, k: int) -> float:
    """Relevant images among the first k, divided by k."""
    return float(np.count_nonzero(ranks <= k) / k)


def judge(
    ranking: Ranking, labels: Sequence[str | None], query_label: str | None
) -> np.ndarray | None:
    """Which ranked images have the query's label, (n,) bool; None for a query without a label."""
    if query_label is None:
        return None
    has_label = np.array([label == query_label for label in labels], dtype=bool)
    result: np.ndarray = has_label[ranking.index]
    return result
