"""Measures of one ranking: average precision, precision at k, R-precision, first wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    ranked = np.asarray(is_relevant, dtype=bool)
    ranks = np.flatnonzero(ranked) + 1
    n_wanted = ranks.size if n_relevant is None else n_relevant
    if n_wanted == 0:
        return float("nan")
    return float((np.arange(1, ranks.size + 1) / ranks).sum() / n_wanted)


def precision_at(is_relevant: np.ndarray, k: int) -> float:
    """Relevant images among the first k, divided by k."""
    return float(np.count_nonzero(is_relevant[:k]) / k)


def score_ranking(is_relevant: np.ndarray) -> QueryScore:
    """All measures of a whole ranking, (n,) bool with every relevant image in it."""
    ranked = np.asarray(is_relevant, dtype=bool)
    n_relevant = int(np.count_nonzero(ranked))
    wrong = np.flatnonzero(~ranked)
    p_at_1, p_at_5, p_at_10 = (precision_at(ranked, k) for k in PRECISION_AT)
    return QueryScore(
        average_precision=average_precision(ranked),
        p_at_1=p_at_1,
        p_at_5=p_at_5,
        p_at_10=p_at_10,
        r_precision=precision_at(ranked, n_relevant) if n_relevant else float("nan"),
        first_wrong=int(wrong[0]) + 1 if wrong.size else None,
        n_relevant=n_relevant,
    )


def judge(
    ranking: Ranking, labels: Sequence[str | None], query_label: str | None
) -> np.ndarray | None:
    """Which ranked images have the query's label, (n,) bool; None for a query without a label."""
    if query_label is None:
        return None
    has_label = np.array([label == query_label for label in labels], dtype=bool)
    result: np.ndarray = has_label[ranking.index]
    return result
