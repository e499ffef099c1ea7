"""Approximate search: an index that finds most of the nearest rows, ranked by their exact cosines.

How many of the true nearest images it finds is measured when it is made, against exact search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import sub
from typing import Protocol

import numpy as np

from core.errors import GalleryError
from core.progress import Job, Progress
from core.retrieval.backends.contract import ExactSearch
from core.retrieval.cosines import Cosines, Excluded
from core.retrieval.search import Ranking, best_by, order_images

K = 10
"""Of recall: the share of the ten nearest images that is found."""
N_FOUND = 1000
"""Images that an approximate ranking lists at most; beyond them it has found none."""
_WANTED_RECALL = 0.99
_N_SAMPLED = 100
_NOISE = 1e-9
_TIE = 1e-14
"""Between cosines that the rounding of sums may have parted."""
_PLAIN = 1e-9, 1e9
"""Lengths of queries that an index of float32 need not be given as unit vectors."""
_VALUES_AT_ONCE = 1 << 22
_MEASURING = "lists looked at, measuring recall"


class RowIndex(Protocol):
    """Finds rows of a gallery that are near to vectors, the more of them the greater its effort."""

    @property
    def n_rows(self) -> int:
        """Rows that it holds, those of images that went among them."""
        ...

    @property
    def efforts(self) -> tuple[int, int]:
        """The least that is worth a try, and the most."""
        ...

    def search(self, queries: np.ndarray, k: int, effort: int) -> np.ndarray:
        """The best k rows that are found for (n_queries, dimension) float32 queries, by cosines.

        Returns (n_queries, k or more) int64 in any order, -1 where there is none.
        """
        ...

    def search_one(self, query: np.ndarray, k: int, effort: int) -> np.ndarray:
        """The same for one (dimension,) query: (n_found,) int64, those alone that are there."""
        ...

    def describe(self, effort: int) -> str:
        """ "faiss IVF-Flat, 16 of 2,048 lists"."""
        ...

    def to_json(self, effort: int) -> dict[str, object]:
        """A JSON-able dictionary."""
        ...


@dataclass(frozen=True, eq=False)
class ApproximateSearch:
    """What ranks the images that an index finds, and takes the others for missed.

    recall: the share of the K nearest others that it finds, in the mean of n_sampled images.
    """

    cosines: Cosines
    index: RowIndex
    effort: int
    recall: float
    n_sampled: int

    @property
    def most(self) -> int:
        """How many images a ranking lists at most."""
        return N_FOUND

    def describe(self) -> str:
        """ "Approximate (faiss IVF-Flat, 16 of 2,048 lists): finds 99.1 % of the 10 nearest..."."""
        return (
            f"Approximate ({self.index.describe(self.effort)}): finds "
            f"{100 * self.recall:.1f} % of the {K} nearest, in the mean of {self.n_sampled:,} of "
            "its images against exact search."
        )

    def note(self) -> str:
        """What a reader of a ranking has to know."""
        rest = f"A ranking lists {N_FOUND:,} at most: of the others nothing is known."
        return f"{self.describe()} {rest}"

    def to_json(self) -> dict[str, object]:
        """A JSON-able dictionary."""
        return {
            "kind": "approximate",
            **self.index.to_json(self.effort),
            f"recall@{K}": self.recall,
            "recall_of": f"{self.n_sampled} images of the gallery against exact search",
        }

    def search(
        self, vectors: np.ndarray, k: int | None, filters: Sequence[Excluded]
    ) -> list[Ranking]:
        """As `Backend` has it, of the images that the index finds."""
        k = N_FOUND if k is None else k
        if len(vectors) == 1:
            return [self._search_one(vectors[0], k, filters[0])]
        exact = np.asarray(vectors, np.float64)
        lengths = np.sqrt(np.vecdot(exact, exact))
        if not np.isfinite(lengths).all():
            raise _not_finite()
        n_more = max((np.size(own) for own in filters if own is not None), default=0)
        unit = (exact / np.where(lengths == 0, 1.0, lengths)[:, None]).astype(np.float32)
        take = k + n_more + self._n_wasted
        rankings: list[Ranking] = []
        step = max(1, _VALUES_AT_ONCE // max(1, take * exact.shape[1]))
        for start in range(0, len(exact), step):
            part = slice(start, start + step)
            rows = self.index.search(unit[part], take, self.effort)
            rankings += self._ranked(exact[part], lengths[part], rows, k, filters[part])
        return rankings

    def _search_one(self, query: np.ndarray, k: int, exclude: Excluded) -> Ranking:
        """With as few calls as it takes: behind a search, whose lists fill the caches, each is dear
        beside its half of a millisecond."""
        exact = np.asarray(query, np.float64)
        length = math.sqrt(np.vecdot(exact, exact))
        if not math.isfinite(length):
            raise _not_finite()
        if length == 0:  # all are equally far: no list is nearer
            return best_by(self.cosines, exact, k, exclude=exclude)
        is_plain = query.dtype == np.float32 and _PLAIN[0] < length < _PLAIN[1]
        asked = query if is_plain else (exact / length).astype(np.float32)
        take = k + (0 if exclude is None else np.size(exclude)) + self._n_wasted
        rows = self.index.search_one(asked, take, self.effort)
        images = self.cosines.image_of_row.take(rows)
        if exclude is not None or self._n_wasted:
            is_there = images >= 0
            if isinstance(exclude, int):  # the common one: isin takes as long as all the rest
                is_there &= images != exclude
            elif exclude is not None:
                is_there &= ~np.isin(images, exclude)
            rows, images = rows[is_there], images[is_there]
        cosines = self.cosines.of_rows_of_one(exact, length, rows)
        if _least_step(cosines) <= _TIE:  # seldom, when few are found
            order = cosines.argsort()[::-1]
            images, cosines = images[order], cosines[order]
            if _least_step(cosines) <= _TIE:
                return self._told_apart(exact, images, k)
        return Ranking(images[:k], cosines[:k].astype(np.float32), 0)

    def _ranked(
        self,
        queries: np.ndarray,
        lengths: np.ndarray,
        rows: np.ndarray,
        k: int,
        exclude: Sequence[Excluded],
    ) -> list[Ranking]:
        """Rows found for queries, (n_queries, n_found), as rankings by their exact cosines."""
        images = self.cosines.image_of_row[rows]
        images[rows < 0] = -1
        cosines = self.cosines.of_rows(queries, lengths, rows)
        cosines[images < 0] = -np.inf
        for place, own in enumerate(exclude):
            if own is not None:
                cosines[place, np.isin(images[place], own)] = -np.inf
        order = np.argsort(-cosines, axis=1)
        images = np.take_along_axis(images, order, axis=1)
        cosines = np.take_along_axis(cosines, order, axis=1)
        is_there = cosines > -np.inf
        counts = np.minimum(np.count_nonzero(is_there, axis=1), k).tolist()
        is_near = (cosines[:, :-1] <= cosines[:, 1:] + _TIE) & is_there[:, 1:]
        has_ties: np.ndarray = np.asarray(is_near.any(axis=1))
        scores = cosines.astype(np.float32)
        rankings = []
        for place, count in enumerate(counts):
            if lengths[place] == 0:  # all are equally far: no list is nearer
                rankings.append(best_by(self.cosines, queries[place], k, exclude=exclude[place]))
            elif has_ties[place]:
                some = images[place][is_there[place]]
                rankings.append(self._told_apart(queries[place], some, k))
            else:
                rankings.append(Ranking(images[place, :count], scores[place, :count], 0))
        return rankings

    def _told_apart(self, query: np.ndarray, images: np.ndarray, k: int) -> Ranking:
        """Copies among some images, which are ranked by number, or one row that is found twice."""
        return order_images(self.cosines, query, np.unique(images), k)

    @cached_property
    def _n_wasted(self) -> int:
        """Places among the found ones that rows may take which no image names."""
        return min(self.index.n_rows - len(self.cosines), N_FOUND)


def _least_step(falling: np.ndarray) -> float:
    """The least difference of neighbours, (n,) float64; of a few Python finds it sooner."""
    values = falling.tolist()
    return min(map(sub, values, values[1:]), default=1.0)


def _not_finite() -> GalleryError:
    return GalleryError("The query's descriptor holds NaN or infinity.")


def measured(cosines: Cosines, index: RowIndex) -> Job[ApproximateSearch]:
    """The search with as little effort as finds the wanted share; its recall, measured."""
    n = len(cosines)
    n_sampled, k = min(n, _N_SAMPLED), min(K, n - 1)
    effort, most = index.efforts
    if k < 1:
        return ApproximateSearch(cosines, index, effort, 1.0, n_sampled)
    own = np.sort(np.random.default_rng(7).choice(n, n_sampled, replace=False))
    queries = np.asarray(cosines.descriptors[own])
    yield Progress(0, 0, _MEASURING)
    true = [one.score[-1] for one in ExactSearch(cosines).search(queries, k, own.tolist())]
    while True:
        yield Progress(effort, most, _MEASURING)
        search = ApproximateSearch(cosines, index, effort, 0.0, n_sampled)
        found = search.search(queries, k, own.tolist())
        # By score and not by number: of two copies either is right.
        shares = [
            np.count_nonzero(one.score >= least - _NOISE) / k
            for one, least in zip(found, true, strict=True)
        ]
        recall = float(np.mean(shares))
        if recall >= _WANTED_RECALL or effort >= most:
            return ApproximateSearch(cosines, index, effort, recall, n_sampled)
        effort = min(2 * effort, most)
