"""Exact search by cosine similarity, equal scores in the order of the gallery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import GalleryError
from core.retrieval.descriptor import l2_normalise
from core.retrieval.gallery import Gallery, check_not_empty

_CHUNK_ROWS = 4096


@dataclass(frozen=True, eq=False)
class Ranking:
    """A ranked gallery, best first.

    index: (n,) int64, numbers of gallery images. score: (n,) float32, cosine from -1 to 1.
    n_ties: how many of all ranked images share their score with another one.
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
    gallery: Gallery, query: np.ndarray, *, k: int | None = None, exclude: int | None = None
) -> Ranking:
    """Rank a gallery for one descriptor.

    query: (dimension,), any length. k: how many to return, None for all. exclude: index of the
    query itself where it is in the gallery. Raises GalleryError for an empty gallery or a query of
    another dimension.
    """
    check_not_empty(gallery)
    query = np.asarray(query)
    if query.shape != (gallery.dimension,):
        raise GalleryError(
            f"The query has {query.size} values where the gallery's descriptors have "
            f"{gallery.dimension}."
        )
    ranking = rank_vectors(gallery.normalised, l2_normalise(query), exclude=exclude)
    return ranking if k is None else ranking.head(k)


def rank_image(gallery: Gallery, index: int, *, k: int | None = None) -> Ranking:
    """Rank the other images of a gallery for one of its own."""
    return rank(gallery, gallery.descriptors[index], k=k, exclude=index)


def rank_vectors(vectors: np.ndarray, query: np.ndarray, *, exclude: int | None = None) -> Ranking:
    """Rank rows by inner product, equal scores by row.

    vectors: (n, dimension) float32 of length 1; query: (dimension,) likewise.
    """
    return order_scores(similarities(vectors, query[None])[0], exclude=exclude)


def equal_scores(ranking: Ranking) -> tuple[str, ...]:
    """A sentence if all ranked images score the same, so that their order means nothing."""
    if len(ranking) < 2 or ranking.score[0] != ranking.score[-1]:
        return ()
    of_zero = ": the query's descriptor may be zero" if ranking.score[0] == 0 else ""
    return (
        f"All {len(ranking):,} images score {ranking.score[0]:.4f}, in the order of their names"
        f"{of_zero}.",
    )


def similarities(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Inner products, (n_queries, n_vectors) float32.

    Sums are float64 and rounded once, so that equal vectors get equal scores wherever they stand.
    """
    # A float32 product adds in an order that depends on where a row stands in its block: copies
    # of one image would score a bit apart, in an order that changes with the gallery's size.
    exact = queries.astype(np.float64)
    scores = np.empty((len(queries), len(vectors)), dtype=np.float32)
    # In chunks, because a gallery in float64 as a whole is twice its own size.
    for start in range(0, len(vectors), _CHUNK_ROWS):
        chunk = vectors[start : start + _CHUNK_ROWS].astype(np.float64)
        scores[:, start : start + len(chunk)] = exact @ chunk.T
    return scores


def order_scores(scores: np.ndarray, *, exclude: int | None = None) -> Ranking:
    """Sort scores, greatest first, equal ones by index, leaving one index out."""
    order = _sorted_indices(scores)
    # Left out after sorting and by number: by score, a copy of the query would go as well.
    if exclude is not None:
        order = order[order != exclude]
    ranked = scores[order]
    is_same = ranked[1:] == ranked[:-1]
    in_tie = np.zeros(ranked.size, dtype=bool)
    in_tie[1:] |= is_same
    in_tie[:-1] |= is_same
    return Ranking(order, ranked, int(np.count_nonzero(in_tie)))


def _sorted_indices(scores: np.ndarray) -> np.ndarray:
    """Indices by falling score, equal scores by rising index, (n,) int64.

    The same as a stable argsort of -scores, four times as fast: a score's bits, turned so that
    they fall as it rises, and its index make one 64-bit key. Adding 0 makes -0 equal to 0.
    """
    bits = (scores.astype(np.float32) + np.float32(0)).view(np.uint32)
    # IEEE 754: read as whole numbers, the bits rise with a positive value and fall with a negative
    # one, whose sign bit makes them greater than those of every positive value.
    falling = np.where(bits >> 31, bits, ~(bits | np.uint32(1 << 31)))
    keys = falling.astype(np.uint64) << np.uint64(32)
    keys |= np.arange(scores.size, dtype=np.uint64)
    keys.sort()
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
