"""Revisited Oxford and Paris (Radenovic et al., 2018): easy, medium and hard, with mP@k."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core.errors import GalleryError
from core.evaluation.trapezoid import trapezoid_precision
from core.typed_json import as_type, load_json

LEVELS = ("easy", "medium", "hard")
PRECISION_AT = (1, 5, 10)
_MOST_BYTES = 256 << 20


class RevisitedQuery(msgspec.Struct, frozen=True):
    """One query: indices of images that show it well, hardly, or are to be passed over.

    bbx: left, top, right, bottom of what is searched; its image is cropped and not in the gallery.
    """

    easy: tuple[int, ...]
    hard: tuple[int, ...]
    junk: tuple[int, ...]
    bbx: tuple[float, ...] = ()

    def truth(self, level: str) -> tuple[frozenset[int], frozenset[int]]:
        """(positives, junk) of a level. Raises ValueError for a level that is none."""
        easy, hard, junk = (frozenset(one) for one in (self.easy, self.hard, self.junk))
        if level == "easy":
            return easy, junk | hard
        if level == "medium":
            return easy | hard, junk
        if level == "hard":
            return hard, junk | easy
        raise ValueError(f"There is no level '{level}'.")


class RevisitedTruth(msgspec.Struct, frozen=True):
    """The published dictionary: names of images and queries without ending, a query each."""

    imlist: tuple[str, ...]
    qimlist: tuple[str, ...]
    gnd: tuple[RevisitedQuery, ...]


@dataclass(frozen=True)
class LevelScore:
    """A level's means, and each query's AP, NaN for one without positives, which is left out.

    precision_at: the mean over queries of precision at min(k, the rank of the last positive), which
    is not what others call precision at k.
    """

    level: str
    mean_ap: float
    precision_at: dict[int, float]
    precisions: tuple[float, ...]

    @property
    def n_queries(self) -> int:
        """How many queries have something to find."""
        return sum(not np.isnan(one) for one in self.precisions)


def read_revisited_truth(path: Path) -> RevisitedTruth:
    """The ground truth as JSON. Raises GalleryError for anything else, a pickle above all.

    The publishers' `gnd_roxford5k.pkl` can run programs when it is opened: it is never read. Its
    dictionary with lists in the place of arrays is what this reads.
    """
    if path.suffix.lower() in (".pkl", ".pickle"):
        raise GalleryError(
            f"'{path.name}' is a pickle, which can run programs and is never opened.",
            hint="Where you trust it, save its imlist, qimlist and gnd as JSON and open that.",
        )
    return as_type(load_json(path, _MOST_BYTES), RevisitedTruth, "The ground truth")


def score_level(
    truth: Sequence[RevisitedQuery], rankings: Sequence[Sequence[int]], level: str
) -> LevelScore:
    """Score whole or cut rankings, indices of images best first, one for each query in order."""
    precisions, at_k = [], []
    for query, ranking in zip(truth, rankings, strict=True):
        positives, junk = query.truth(level)
        ranks = _ranks(ranking, positives, junk)
        precisions.append(trapezoid_precision(ranks, len(positives)))
        if positives:
            at_k.append(list(_precision_at(ranks)))
    means = np.mean(at_k, axis=0) if at_k else np.full(len(PRECISION_AT), np.nan)
    counted = [one for one in precisions if not np.isnan(one)]
    return LevelScore(
        level,
        float(np.mean(counted)) if counted else float("nan"),
        {k: float(mean) for k, mean in zip(PRECISION_AT, means, strict=True)},
        tuple(precisions),
    )


def _ranks(ranking: Sequence[int], positives: frozenset[int], junk: frozenset[int]) -> np.ndarray:
    """Ranks from 0 of the positives, less the junk before them; a positive is not before itself."""
    order = np.asarray(ranking, dtype=np.int64)
    is_junk = np.isin(order, list(junk))
    places = np.flatnonzero(np.isin(order, list(positives)))
    ranks: np.ndarray = places - (np.cumsum(is_junk) - is_junk)[places]
    return ranks


def _precision_at(ranks: np.ndarray) -> Iterator[float]:
    """Of a cut ranking without any positive it is 0, where the published code fails."""
    last = int(ranks[-1]) + 1 if ranks.size else 1
    for k in PRECISION_AT:
        most = min(last, k)
        yield float(np.count_nonzero(ranks < most) / most)
