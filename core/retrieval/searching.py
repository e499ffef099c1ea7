"""A gallery made ready to be searched in: all that is done beside a plain exact ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.engines.memory import free_host_bytes
from core.errors import RequestError
from core.progress import Job
from core.retrieval.backends.approximate import N_FOUND
from core.retrieval.backends.contract import Backend, ExactSearch
from core.retrieval.backends.faiss_lists import open_lists
from core.retrieval.backends.qdrant_gallery import open_on_server
from core.retrieval.backends.qdrant_server import QdrantServer
from core.retrieval.cosines import Cosines, Excluded
from core.retrieval.duplicates import Duplicates
from core.retrieval.expansion import augment, expand
from core.retrieval.fusion import QueryVectors
from core.retrieval.gallery import Gallery, check_not_empty
from core.retrieval.reranking import rerank
from core.retrieval.search import Ranking, order_scores
from core.retrieval.search_steps import NOTHING, SearchSteps
from core.words import bytes_text

TRUNCATED = f"of the first {N_FOUND:,} that approximate search finds; the others count as missed"
"""Behind the name of an AP of such a ranking."""


@dataclass(frozen=True, eq=False)
class Searching:
    """The descriptors that are ranked, what is done to a query first, what is left out.

    gallery: of which it was made.
    """

    backend: Backend
    steps: SearchSteps = NOTHING
    duplicates: Duplicates | None = None
    gallery: Gallery | None = None

    @property
    def cosines(self) -> Cosines:
        """Of the descriptors, augmented where they are."""
        return self.backend.cosines

    def is_of(self, gallery: Gallery, steps: SearchSteps, duplicates: Duplicates | None) -> bool:
        """Whether it is what `prepare_search` would make of these."""
        same = self.gallery is gallery and self.duplicates is duplicates
        return same and self.steps == steps

    @property
    def _is_exact(self) -> bool:
        return self.backend.most is None

    def lists_all(self, ranking: Ranking, own: Sequence[int] = ()) -> bool:
        """Whether a ranking for these lists every image that is not left out."""
        if self._is_exact:
            return True
        left_out = self._left_out(own)
        n_left_out = 0 if left_out is None else np.size(left_out)
        return len(ranking.index) >= len(self.cosines) - n_left_out

    @property
    def ranks_by_cosine(self) -> bool:
        """Whether the order is that of the cosines of one descriptor with all images."""
        return self._is_exact and self.steps.reranking is None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of its rankings has to know."""
        steps = self.steps.describe()
        said: tuple[str, ...] = (f"Search: {steps}.",) if steps else ()
        if self.steps.reranking is not None:
            said += ("The first images stand as re-ranked; their scores are still the cosines.",)
        if not self._is_exact:
            may_list_all = len(self.cosines) <= (self.backend.most or 0)
            return (*said, self.backend.describe() if may_list_all else self.backend.note())
        return said + _beyond_memory(self.cosines.stored.nbytes)

    def to_json(self) -> dict[str, object]:
        """A JSON-able dictionary."""
        return {"nearest": self.backend.to_json(), "steps": self.steps.describe()}

    def rank(self, query: np.ndarray, own: int | None) -> Ranking:
        """Rank for one descriptor; own: the image that it is, which its ranking leaves out."""
        return self.rank_for(QueryVectors(query[None], () if own is None else (own,)))

    def rank_each(self, queries: np.ndarray, own: Sequence[int | None]) -> list[Ranking]:
        """The same for each of (n, dimension) descriptors, asked for together where that goes."""
        if self.steps.expansion is not None or self.steps.reranking is not None:
            return [self.rank(query, one) for query, one in zip(queries, own, strict=True)]
        left_out = [self._left_out(() if one is None else (one,)) for one in own]
        return self.backend.search(queries, None, left_out)

    def rank_for(self, asked: QueryVectors) -> Ranking:
        """Rank for several descriptors as one query, or against some."""
        exclude = self._left_out(asked.own)
        queries = asked.fused()
        expansion = self.steps.expansion
        if expansion is not None:
            queries = np.stack(
                [
                    expand(self.cosines, one, self._best(one, expansion.k, exclude), expansion)
                    for one in queries
                ]
            )
        ranking = self._ranked(queries, exclude)
        reranking = self.steps.reranking
        return ranking if reranking is None else rerank(self.cosines, ranking, reranking)

    def _left_out(self, own: Sequence[int]) -> Excluded:
        if self.duplicates is None and len(own) < 2:
            return own[0] if own else None
        numbers = set(own)
        if self.duplicates is not None:
            for one in own or (None,):
                numbers.update(self.duplicates.left_out(one).tolist())
        return np.array(sorted(numbers), dtype=np.int64)

    def _ranked(self, queries: np.ndarray, exclude: Excluded) -> Ranking:
        """By the cosine with the one query, or with the nearest of several."""
        if len(queries) == 1:
            return self.backend.search(queries, None, [exclude])[0]
        if self._is_exact:
            exact = np.max([self.cosines.of_one(query) for query in queries], axis=0)
            return order_scores(exact.astype(np.float32), exact.__getitem__, exclude=exclude)
        found = self.backend.search(queries, None, [exclude] * len(queries))
        images = np.unique(np.concatenate([one.index for one in found]))
        exact = np.max([self.cosines.exactly(query, images) for query in queries], axis=0)
        ranking = order_scores(exact.astype(np.float32), exact.__getitem__).head(N_FOUND)
        return Ranking(images[ranking.index], ranking.score, ranking.n_ties)

    def _best(self, query: np.ndarray, k: int, exclude: Excluded) -> Ranking:
        return self.backend.search(query[None], k, [exclude])[0]


def _beyond_memory(n_bytes: int) -> tuple[str, ...]:
    """A sentence where descriptors do not fit into the memory that is free."""
    free = free_host_bytes()
    if free is None or n_bytes <= free:
        return ()
    return (
        f"The descriptors take {bytes_text(n_bytes)} and {bytes_text(free)} of memory are free, so "
        "that each query reads them from the disk. Approximate search reads a few lists of them.",
    )


def prepare_search(
    gallery: Gallery, steps: SearchSteps = NOTHING, duplicates: Duplicates | None = None
) -> Job[Searching]:
    """Augment the gallery or open its lists, as the steps say; duplicates: what to leave out.

    Raises RequestError for steps that exclude one another.
    """
    check_not_empty(gallery)
    if steps.augmentation and not steps.backend.is_exact:
        raise RequestError(
            "Approximate search looks through the descriptors as they are stored, not through "
            "augmented ones.",
            hint="Leave out one of the two.",
        )
    cosines = gallery.cosines
    if steps.augmentation:
        cosines = Cosines((yield from augment(cosines, steps.augmentation)))
    backend: Backend = ExactSearch(cosines)
    if steps.backend.name == "faiss":
        backend = yield from open_lists(gallery)
    elif steps.backend.name == "qdrant":
        backend = yield from open_on_server(gallery, QdrantServer(steps.backend.server))
    return Searching(backend, steps, duplicates, gallery)
