"""Measures of one ranking: average precision, precision and recall at k, R-precision, NDCG."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

AP_VARIANT = "non-interpolated"
PRECISION_AT = (1, 5, 10)


@dataclass(frozen=True)
class QueryScore:
    """How good one query's ranking is; the query itself is not in it.

    p_at_k divides by k even where the ranking is shorter. first_wrong: rank, from 1, of the first
    image that is not relevant; None if there is none. first_right: of the first relevant one. ndcg:
    of the whole ranking with gains of 0 and 1 (Jarvelin and Kekalainen, 2002).
    """

    average_precision: float
    p_at_1: float
    p_at_5: float
    p_at_10: float
    r_precision: float
    first_wrong: int | None
    n_relevant: int
    first_right: int | None
    ndcg: float

    def hit_at(self, k: int) -> bool:
        """Whether a relevant image is among the first k: what CUB and SOP call recall at k."""
        return self.first_right is not None and self.first_right <= k

    @property
    def coverage_at_10(self) -> float:
        """Which share of the relevant images is among the first 10: recall at 10 in retrieval."""
        return 10 * self.p_at_10 / self.n_relevant if self.n_relevant else float("nan")

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
            "first_right": self.first_right,
            "recall@10": self.coverage_at_10,
            "NDCG": self.ndcg,
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


def score_ranks(ranks: np.ndarray, n_ranked: int, n_wanted: int | None = None) -> QueryScore:
    """All measures of a whole ranking of n_ranked images by the ranks of all the relevant ones.

    ranks: (n_found,) int64, rising from 1. n_wanted: how many are relevant, those that the ranking
    misses included; None: those in it.
    """
    n_found = ranks.size
    n_relevant = n_found if n_wanted is None else n_wanted
    p_at_1, p_at_5, p_at_10 = (_precision_at(ranks, k) for k in PRECISION_AT)
    gaps = np.flatnonzero(ranks != np.arange(1, n_found + 1))
    n_right_at_first = int(gaps[0]) if gaps.size else n_found
    return QueryScore(
        average_precision=_average_precision(ranks, n_relevant),
        p_at_1=p_at_1,
        p_at_5=p_at_5,
        p_at_10=p_at_10,
        r_precision=_precision_at(ranks, n_relevant) if n_relevant else float("nan"),
        first_wrong=n_right_at_first + 1 if n_relevant < n_ranked else None,
        n_relevant=n_relevant,
        first_right=int(ranks[0]) if n_found else None,
        ndcg=_ndcg(ranks, n_relevant),
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


def _ndcg(ranks: np.ndarray, n_wanted: int) -> float:
    """Gains of the relevant ranks, each over log2(rank + 1), over those of the best order."""
    if not n_wanted:
        return float("nan")
    best = np.arange(1, n_wanted + 1)
    return float((1 / np.log2(ranks + 1)).sum() / (1 / np.log2(best + 1)).sum())
