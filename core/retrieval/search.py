"""Exact search by cosine similarity, equal scores in the order of the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import GalleryError
from core.retrieval.cosines import Cosines, Excluded
from core.retrieval.gallery import Gallery, check_not_empty
from core.retrieval.relevant_ranks import Exactly, refined, sort_keys


@dataclass(frozen=True, eq=False)
class Ranking:
    """A ranked gallery, best first.

    index: (n,) int64, numbers of gallery images. score: (n,) float32, cosine from -1 to 1.
    n_ties: how many of all ranked images share their exact score with another one, as copies do.
    """

    index: np.ndarray
    score: np.ndarray
    n_ties: int

    def __len__(self) -> int:
        return int(self.index.size)

    def head(self, k: int) -> Ranking:
        """The first k; the ties counted stay those of the whole ranking."""
        return Ranking(self.index[:k], self.score[:k], self.n_ties)


def rank(
    gallery: Gallery, query: np.ndarray, *, k: int | None = None, exclude: Excluded = None
) -> Ranking:
    """Rank a gallery for one descriptor.

    query: (dimension,), any length. k: how many to find, None for all; the ties are then those
    among them. exclude: index of the query itself where it is in the gallery, and what else is to
    be left out. Raises GalleryError for an empty gallery or a query of another dimension.
    """
    check_not_empty(gallery)
    query = check_query(gallery, query)
    if k is None:
        return rank_by(gallery.cosines, query, exclude=exclude)
    return best_by(gallery.cosines, query, k, exclude=exclude)


def check_query(gallery: Gallery, query: np.ndarray) -> np.ndarray:
    """The query, whose dimension is that of the gallery. Raises GalleryError for another."""
    query = np.asarray(query)
    if query.shape != (gallery.dimension,):
        raise GalleryError(
            f"The query has {query.size} values where the gallery's descriptors have "
            f"{gallery.dimension}."
        )
    return query


def rank_image(gallery: Gallery, index: int, *, k: int | None = None) -> Ranking:
    """Rank the other images of a gallery for one of its own."""
    return rank(gallery, gallery.rows[index], k=k, exclude=index)


def rank_vectors(vectors: np.ndarray, query: np.ndarray, *, exclude: Excluded = None) -> Ranking:
    """Rank rows by cosine, equal scores by row.

    vectors: (n, dimension) of any length; query: (dimension,) likewise.
    """
    return rank_by(Cosines(vectors), query, exclude=exclude)


def rank_by(cosines: Cosines, query: np.ndarray, *, exclude: Excluded = None) -> Ranking:
    """Rank the descriptors of some cosines for a (dimension,) query, equal ones by row."""
    exact = cosines.of_one(query)
    return order_scores(exact.astype(np.float32), exact.__getitem__, exclude=exclude)


def best_by(cosines: Cosines, query: np.ndarray, k: int, *, exclude: Excluded = None) -> Ranking:
    """The first k of `rank_by`, their scores the same, without those of the others.

    n_ties counts the ties among the k alone.
    """
    return order_images(cosines, query, cosines.nearest(query, k, exclude=exclude), k)


def best_of_many(
    cosines: Cosines, queries: np.ndarray, k: int, exclude: Sequence[Excluded]
) -> list[Ranking]:
    """`best_by` for each of (n_queries, dimension) queries; exclude: for each of them."""
    found = cosines.nearest_of_many(queries, k, exclude)
    return [
        order_images(cosines, query, images, k)
        for query, images in zip(queries, found, strict=True)
    ]


def order_images(cosines: Cosines, query: np.ndarray, images: np.ndarray, k: int) -> Ranking:
    """The best k of some images, (n,) int64 that rise, by their cosine with a query."""
    exact = cosines.exactly(query, images)
    scores = exact.astype(np.float32)
    found = order_scores(scores, exact.__getitem__)
    first = found.index[:k]
    n_ties = refined(first, scores, exact.__getitem__).n_ties if found.n_ties else 0
    return Ranking(images[first], found.score[:k], n_ties)


def equal_scores(ranking: Ranking) -> tuple[str, ...]:
    """A sentence if all ranked images score the same, so that their order means nothing."""
    if len(ranking) < 2 or ranking.score[0] != ranking.score[-1]:
        return ()
    of_zero = ": the query's descriptor may be zero" if ranking.score[0] == 0 else ""
    return (
        f"All {len(ranking):,} images score {ranking.score[0]:.4f}, in the order of their names"
        f"{of_zero}.",
    )


def order_scores(
    scores: np.ndarray, exactly: Exactly | None = None, *, exclude: Excluded = None
) -> Ranking:
    """Sort scores, greatest first, equal ones by index, leaving an index out or several.

    exactly: tells scores apart that are equal as float32; without it they count as equal.
    """
    order = _sorted_indices(scores)
    # Left out after sorting and by number: by score, a copy of the query would go as well.
    if exclude is not None:
        order = order[~np.isin(order, exclude)]
    found = refined(order, scores, exactly or (lambda images: scores[images]))
    return Ranking(found.order, scores[found.order], found.n_ties)


def _sorted_indices(scores: np.ndarray) -> np.ndarray:
    """Indices by falling score, equal scores by rising index, (n,) int64."""
    keys = sort_keys(scores, np.arange(scores.size))
    keys.sort()
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


def judge(
    ranking: Ranking, labels: Sequence[str | None], query_label: str | None
) -> np.ndarray | None:
    """Which ranked images have the query's label, (n,) bool; None for a query without a label."""
    if query_label is None:
        return None
    has_label = np.array([label == query_label for label in labels], dtype=bool)
    result: np.ndarray = has_label[ranking.index]
    return result
