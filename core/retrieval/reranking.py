"""Re-ranking of a ranking's first images by how they neighbour one another.

k-reciprocal encoding (Zhong et al., 2017, "Re-ranking Person Re-identification with k-reciprocal
Encoding") and diffusion on the neighbourhood graph (Iscen et al., 2017, "Efficient Diffusion on
Region Manifolds", one vector an image). Both see the query and the first images alone: in a gallery
of no more than these that is all of it, as in the papers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.representations.after import unit_length
from core.retrieval.cosines import Cosines
from core.retrieval.search import Ranking

N_RERANKED = 1000


@dataclass(frozen=True)
class KReciprocal:
    """k1 nearest that must be mutual, k2 whose encodings are averaged, weight: of the distance.

    n: how many of the first images are ranked anew. Distances are squared ones of unit vectors.
    """

    k1: int = 20
    k2: int = 6
    weight: float = 0.3
    n: int = N_RERANKED

    def describe(self) -> str:
        """ "the first 1,000 re-ranked by k-reciprocal encoding (k1 20, k2 6, lambda 0.3)"."""
        return (
            f"the first {self.n:,} re-ranked by k-reciprocal encoding "
            f"(k1 {self.k1}, k2 {self.k2}, lambda {self.weight:g})"
        )

    def order(self, of_query: np.ndarray, among: np.ndarray) -> np.ndarray:
        """The order of m images, best first, (m,) int64.

        of_query: (m,) cosines with the query; among: (m, m) cosines with one another.
        """
        distances = k_reciprocal_distances(
            _with_query(of_query, among), self.k1, self.k2, self.weight
        )
        return np.lexsort((np.arange(len(distances)), distances))


@dataclass(frozen=True)
class Diffusion:
    """k mutual neighbours in the graph, alpha: how far it spreads, the query's n_seeds neighbours.

    Affinities are cosines to the power of 3, none below 0. n: how many are ranked anew.
    """

    k: int = 50
    alpha: float = 0.99
    n_seeds: int = 10
    n: int = N_RERANKED

    def describe(self) -> str:
        """ "the first 1,000 re-ranked by diffusion (k 50, alpha 0.99, 10 seeds, gamma 3)"."""
        return (
            f"the first {self.n:,} re-ranked by diffusion "
            f"(k {self.k}, alpha {self.alpha:g}, {self.n_seeds} seeds, gamma {_GAMMA})"
        )

    def order(self, of_query: np.ndarray, among: np.ndarray) -> np.ndarray:
        """As of KReciprocal; what the diffusion does not reach comes last, by cosine."""
        scores = diffuse(of_query, among, self.k, self.alpha, self.n_seeds)
        return np.lexsort((np.arange(len(scores)), -of_query, -scores))


Reranking = KReciprocal | Diffusion
_GAMMA = 3
_SHARED = 2 / 3
"""Of a neighbour's set that must be in the query's before it is taken in: eq. 5 of the paper."""


def rerank(cosines: Cosines, ranking: Ranking, method: Reranking) -> Ranking:
    """The ranking with its first images in another order; their scores stay the cosines."""
    first = ranking.index[: method.n]
    if len(first) < 2:
        return ranking
    rows = unit_length(np.asarray(cosines.descriptors[first], np.float64))
    of_query = ranking.score[: len(first)].astype(np.float64)
    order = method.order(of_query, np.clip(rows @ rows.T, -1.0, 1.0))
    index, score = ranking.index.copy(), ranking.score.copy()
    index[: len(first)], score[: len(first)] = first[order], ranking.score[: len(first)][order]
    return Ranking(index, score, ranking.n_ties)


def k_reciprocal_distances(similarities: np.ndarray, k1: int, k2: int, weight: float) -> np.ndarray:
    """The final distance of the first item to each other, (m,) float64.

    similarities: (m + 1, m + 1) cosines, the query first. An item is the first of its own
    neighbours, beside its k1, k1 / 2 and k2 - 1 others.
    """
    distances = np.maximum(2 - 2 * similarities, 0)
    ranks = _ranks(similarities)
    mutual, half = _mutual(ranks, k1), _mutual(ranks, max(1, round(k1 / 2)))
    # As float32 for a product; counts below 2^24 are exact in it.
    of_half = half.astype(np.float32)
    n_shared = mutual.astype(np.float32) @ of_half.T
    taken_in = mutual & (n_shared >= _SHARED * half.sum(axis=1) - 1e-6)
    robust = mutual | (taken_in.astype(np.float32) @ of_half > 0)
    encoded = np.where(robust, np.exp(-distances), 0.0)
    near = (ranks < k2).astype(np.float64)
    averaged = near @ encoded / near.sum(axis=1, keepdims=True)
    least = np.minimum(averaged[0], averaged[1:]).sum(axis=1)
    most = np.maximum(averaged[0], averaged[1:]).sum(axis=1)
    jaccard = 1 - least / most
    result: np.ndarray = (1 - weight) * jaccard + weight * distances[0, 1:]
    return result


def diffuse(
    of_query: np.ndarray, among: np.ndarray, k: int, alpha: float, n_seeds: int
) -> np.ndarray:
    """Where the query's weight comes to rest: f of (I - alpha S) f = (1 - alpha) y, (m,) float64.

    S: mutual neighbours' affinities, each over the root of both their sums. y: the query's
    affinities with its n_seeds nearest.
    """
    ranks = _ranks(among)
    is_edge = _mutual(ranks, k)
    np.fill_diagonal(is_edge, False)
    affinity = np.where(is_edge, np.maximum(among, 0) ** _GAMMA, 0.0)
    degree = affinity.sum(axis=1)
    root = np.where(degree > 0, 1 / np.sqrt(np.where(degree > 0, degree, 1.0)), 0.0)
    spread = root[:, None] * affinity * root
    seeds = np.zeros(len(among))
    nearest = np.argsort(-of_query, kind="stable")[:n_seeds]
    seeds[nearest] = np.maximum(of_query[nearest], 0) ** _GAMMA
    result: np.ndarray = np.linalg.solve(np.eye(len(among)) - alpha * spread, (1 - alpha) * seeds)
    return result


def _with_query(of_query: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Cosines of the query and the images with one another, the query first."""
    m = len(among)
    both = np.ones((m + 1, m + 1))
    both[0, 1:] = both[1:, 0] = of_query
    both[1:, 1:] = among
    return both


def _ranks(similarities: np.ndarray) -> np.ndarray:
    """At which place each item stands for each, 0 for itself, equal ones in their order."""
    m = len(similarities)
    sorting = -similarities
    np.fill_diagonal(sorting, -np.inf)  # copies are as near as the item itself
    order = np.argsort(sorting, axis=1, kind="stable")
    ranks = np.empty((m, m), np.int32)
    np.put_along_axis(ranks, order, np.arange(m, dtype=np.int32)[None].repeat(m, 0), axis=1)
    return ranks


def _mutual(ranks: np.ndarray, k: int) -> np.ndarray:
    """Which pairs are among each other's k nearest, (m, m) bool; each item with itself too."""
    is_near = ranks <= k
    result: np.ndarray = is_near & is_near.T
    return result
