"""Better queries and better galleries from neighbours: query expansion, database augmentation.

Queries: average (Chum et al., 2007), rank-weighted, and alpha (Radenovic et al., 2018). Galleries:
each descriptor the weighted mean of itself and its neighbours (Arandjelovic and Zisserman, 2012;
weights of Gordo et al., 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.errors import RequestError
from core.progress import Job, Progress
from core.representations.after import unit_length
from core.retrieval.cosines import Cosines, Excluded
from core.retrieval.search import Ranking, best_of_many

Weighting = Literal["average", "rank", "alpha"]
_APPROXIMATE = "approximate"
HELP = (
    "approximate (look through the nearest of many lists by faiss instead of through all "
    "descriptors; the lists are made the first time, and how much they find is measured and said), "
    "qe:K (average query expansion), rankqe:K (weighted by rank), alphaqe:K or alphaqe:K:ALPHA "
    "(weighted by similarity, alpha 3), dba:K (database-side augmentation, before the others)"
)
_NAMES: dict[str, Weighting] = {"qe": "average", "rankqe": "rank", "alphaqe": "alpha"}
_MOST_NEIGHBOURS = 1000
_QUERIES_AT_ONCE = 64
_DEFAULT_ALPHA = 3.0


@dataclass(frozen=True)
class Expansion:
    """How a query takes in its best answers: k of them, each weighted.

    "average": all the same; "rank": the i-th from 0 by (k - i) / k; "alpha": by similarity to the
    power of alpha, none below 0.
    """

    k: int
    weighting: Weighting = "average"
    alpha: float = _DEFAULT_ALPHA


@dataclass(frozen=True)
class SearchSteps:
    """What is done beside exact search; augmentation: neighbours, 0 for none.

    approximate: look through the lists that are nearest to a query instead of all descriptors.
    """

    augmentation: int = 0
    expansion: Expansion | None = None
    approximate: bool = False

    def describe(self) -> str:
        """ "augmented by 20 neighbours, queries expanded by 10 (average)"; "" for nothing."""
        words = []
        if self.augmentation:
            words.append(f"augmented by {self.augmentation} neighbours")
        if self.expansion is not None:
            how: str = self.expansion.weighting
            how += f" {self.expansion.alpha:g}" if how == "alpha" else ""
            words.append(f"queries expanded by {self.expansion.k} ({how})")
        return ", ".join(words)


NOTHING = SearchSteps()


def parse_search(words: str) -> SearchSteps:
    """The steps of "dba:20,qe:10", "approximate". Raises RequestError for words that are none."""
    steps = NOTHING
    for word in filter(None, map(str.strip, words.lower().split(","))):
        name, _, dials = word.partition(":")
        numbers = dials.split(":") if dials else []
        if word == _APPROXIMATE:
            steps = replace(steps, approximate=True)
            continue
        if name not in ("dba", *_NAMES) or not 1 <= len(numbers) <= (2 if name == "alphaqe" else 1):
            raise RequestError(f"There is no search step '{word}'.", hint=f"Known: {HELP}.")
        k = _count(word, numbers[0])
        if name == "dba":
            steps = replace(steps, augmentation=k)
        else:
            alpha = _power(word, numbers[1]) if len(numbers) > 1 else _DEFAULT_ALPHA
            steps = replace(steps, expansion=Expansion(k, _NAMES[name], alpha))
    return steps


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


def _count(word: str, number: str) -> int:
    if not number.isascii() or not number.isdecimal() or not 0 < int(number) <= _MOST_NEIGHBOURS:
        raise RequestError(f"'{word}' needs a number of neighbours from 1 to {_MOST_NEIGHBOURS:,}.")
    return int(number)


def _power(word: str, number: str) -> float:
    try:
        power = float(number)
    except ValueError:
        power = -1.0
    if not 0 <= power <= 100:
        raise RequestError(f"'{word}' needs an alpha from 0 to 100.")
    return power
