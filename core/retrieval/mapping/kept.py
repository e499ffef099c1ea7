"""What a map keeps: the true nearest neighbours that are among the nearest on it."""

from __future__ import annotations

import numpy as np

from core.progress import Job, Progress
from core.retrieval.cosines import Cosines
from core.retrieval.descriptor import l2_normalise
from core.retrieval.mapping.axes import block_rows
from core.retrieval.mapping.gallery_map import KeptShare

ALL_JUDGED = 2000
"""Up to so many images each is judged; of more, a sample that the seed draws."""
_JUDGED = 1000
_MOST_PRODUCTS = 2e11
"""Multiplications of the exact search, some ten seconds; of longer ones fewer are judged."""
_LEAST_JUDGED = 100
_MORE = 32
"""Candidates beyond k of the float32 scan, whose sums are taken again in float64."""
_BATCH_VALUES = 1 << 22


def judge_kept(cosines: Cosines, points: np.ndarray, k: int, *, seed: int) -> Job[KeptShare]:
    """The share of the k nearest by cosine that are among the k nearest points.

    cosines: of the descriptors, searched exactly; points: (n, 2) in their order. No image is its
    own neighbour. All that tie with the k-th by cosine are true ones, as copies are; on the map
    equal distances come in the order of the images. Of up to 2,000 images each is judged, else
    1,000 or fewer.
    """
    n, dimension = len(cosines), int(cosines.descriptors[:1].shape[1])
    k = min(k, n - 1)
    judged = _draw(n, dimension, seed)
    candidates = yield from _scan(cosines, judged, min(n - 1, k + _MORE))
    n_kept = 0
    size = max(1, _BATCH_VALUES // n)
    for start in range(0, len(judged), size):
        some = judged[start : start + size]
        near = nearest_points(points, some, k)
        for image, on_map, scanned in zip(
            some, near, candidates[start : start + size], strict=True
        ):
            n_kept += _count_kept(cosines, int(image), on_map, scanned, k)
        yield Progress(start + len(some), len(judged), "images judged")
    return KeptShare(k, n_kept / (k * len(judged)), len(judged))


def nearest_points(points: np.ndarray, images: np.ndarray, k: int) -> np.ndarray:
    """The k points nearest to those of some images, the image itself left out, (len(images), k).

    Equal distances come in the order of the points.
    """
    exact = points.astype(np.float64)
    away = (exact[images, 0][:, None] - exact[:, 0]) ** 2
    away += (exact[images, 1][:, None] - exact[:, 1]) ** 2
    away[np.arange(len(images)), images] = np.inf
    limits = np.partition(away, k - 1, axis=1)[:, k - 1]
    near = np.empty((len(images), k), np.int64)
    for row, (distances, limit) in enumerate(zip(away, limits, strict=True)):
        within = np.flatnonzero(distances <= limit)
        near[row] = within[np.argsort(distances[within], kind="stable")[:k]]
    return near


def _draw(n: int, dimension: int, seed: int) -> np.ndarray:
    """The images that are judged, rising, (n_judged,) int64."""
    if n <= ALL_JUDGED:
        return np.arange(n)
    n_judged = int(min(_JUDGED, max(_LEAST_JUDGED, _MOST_PRODUCTS / (n * dimension))))
    return np.sort(np.random.default_rng(seed).permutation(n)[:n_judged])


def _scan(cosines: Cosines, judged: np.ndarray, k: int) -> Job[np.ndarray]:
    """The k images likest to each judged one by float32 sums, (n_judged, k) int64, in no order."""
    rows, n = cosines.descriptors, len(cosines)
    queries = l2_normalise(rows[judged])
    best = np.full((len(judged), k), -np.inf, np.float32)
    images = np.zeros((len(judged), k), np.int64)
    size = max(k, min(4096, block_rows(queries.shape[1])))
    for start in range(0, n, size):
        block = l2_normalise(rows[start : start + size])
        scores = queries @ block.T
        its_own = np.flatnonzero((judged >= start) & (judged < start + len(block)))
        scores[its_own, judged[its_own] - start] = -np.inf
        numbers = np.broadcast_to(np.arange(start, start + len(block)), scores.shape)
        scores = np.concatenate((best, scores), axis=1)
        numbers = np.concatenate((images, numbers), axis=1)
        chosen = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        best = np.take_along_axis(scores, chosen, axis=1)
        images = np.take_along_axis(numbers, chosen, axis=1)
        yield Progress(start + len(block), n, "images searched exactly")
    return images


def _count_kept(
    cosines: Cosines, image: int, on_map: np.ndarray, scanned: np.ndarray, k: int
) -> int:
    """How many of the images near on the map are true neighbours."""
    query = cosines.descriptors[image]
    limit = np.partition(cosines.exactly(query, scanned), -k)[-k]
    return int(np.count_nonzero(cosines.exactly(query, on_map) >= limit))
