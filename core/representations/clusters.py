"""k-means: the centres of groups of points, seeded, so that the same points give the same ones."""

from __future__ import annotations

import numpy as np

from core.errors import AppError

_MOST_ROUNDS = 50
_LEAST_GAIN = 1e-5
"""Rounds end where the sum of squared distances falls by less than this share."""
_VALUES_AT_ONCE = 1 << 22


def find_centres(points: np.ndarray, k: int, seed: int = 0) -> np.ndarray:
    """(n, d) points to (k, d) float64 centres, by Lloyd's rounds from k-means++ (Arthur, 2007).

    A centre that loses all its points moves to the point that is farthest from its own. Raises
    AppError for fewer points than centres.
    """
    if len(points) < k:
        raise AppError(
            f"{k} centres need {k} points or more, not {len(points):,}.",
            hint="Fit them on more images, or choose fewer centres.",
        )
    exact = points.astype(np.float64)
    centres = _spread_out(exact, k, np.random.default_rng(seed))
    before = np.inf
    for _ in range(_MOST_ROUNDS):
        nearest, distance = assign(exact, centres)
        cost = float(distance.sum())
        if before - cost <= _LEAST_GAIN * cost:
            break
        before = cost
        centres = _means(exact, nearest, distance, k)
    return centres


def assign(points: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The number of the nearest centre of each point, (n,) int64, and its squared distance."""
    nearest = np.empty(len(points), np.int64)
    distance = np.empty(len(points))
    lengths = np.vecdot(centres, centres)
    step = max(1, _VALUES_AT_ONCE // len(centres))
    for start in range(0, len(points), step):
        part = points[start : start + step]
        apart = lengths - 2 * (part @ centres.T)
        chosen = apart.argmin(axis=1)
        nearest[start : start + step] = chosen
        left = np.take_along_axis(apart, chosen[:, None], 1)[:, 0] + np.vecdot(part, part)
        distance[start : start + step] = np.maximum(left, 0.0)
    return nearest, distance


def _spread_out(points: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Each next one a point, chosen by its squared distance from those before."""
    centres = points[[rng.integers(len(points))]]
    _, distance = assign(points, centres)
    while len(centres) < k:
        total = float(distance.sum())
        chances = None if total == 0 else distance / total  # all are equal to some centre
        centres = np.concatenate([centres, points[[rng.choice(len(points), p=chances)]]])
        distance = np.minimum(distance, assign(points, centres[-1:])[1])
    return centres


def _means(points: np.ndarray, nearest: np.ndarray, distance: np.ndarray, k: int) -> np.ndarray:
    centres = np.zeros((k, points.shape[1]))
    np.add.at(centres, nearest, points)
    counts = np.bincount(nearest, minlength=k)
    centres /= np.maximum(counts, 1)[:, None]
    empty = np.flatnonzero(counts == 0)
    farthest = np.argsort(-distance, kind="stable")[: empty.size]
    centres[empty] = points[farthest]
    return centres
