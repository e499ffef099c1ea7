"""Which images of a map are meant: inside a line, at a pixel, the next one that way."""

from __future__ import annotations

import numpy as np


def inside(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Which points lie in a polygon that closes itself, (n,) bool.

    points: (n, 2), NaN lies in none; corners: (m, 2). A point is in where a ray from it crosses the
    line an odd number of times (Shimrat, 1962), so that what is circled twice is out.
    """
    result = np.zeros(len(points), dtype=bool)
    if len(corners) < 3:
        return result
    least, most = corners.min(axis=0), corners.max(axis=0)
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero(((points >= least) & (points <= most)).all(axis=1))
    near = near[np.argsort(points[near, 1], kind="stable")]  # an edge has to do with a slice alone
    x, y = points[near].astype(np.float64).T
    is_in = np.zeros(len(near), dtype=bool)
    x1, y1 = corners[-1]
    for x2, y2 in corners:
        first, end = np.searchsorted(y, (min(y1, y2), max(y1, y2)))
        if first < end:
            at = x1 + (y[first:end] - y1) * (x2 - x1) / (y2 - y1)
            is_in[first:end] ^= x[first:end] < at
        x1, y1 = x2, y2
    result[near] = is_in
    return result


def nearest_image(places: np.ndarray, x: float, y: float, most: float) -> int:
    """The image nearest to a pixel, within `most` pixels; -1 for none.

    places: (n, 2) pixels, NaN for images that are not on the map.
    """
    away = np.hypot(places[:, 0] - x, places[:, 1] - y)
    away[np.isnan(away)] = np.inf
    nearest = int(away.argmin()) if away.size else -1
    return nearest if away.size and away[nearest] <= most else -1


def next_image(places: np.ndarray, current: int, right: int, down: int) -> int:
    """The nearest image that way; the current one where there is none.

    right, down: -1, 0 or 1, one of them 0. What lies aside counts twice as far.
    """
    step = places - places[current]
    ahead = step[:, 0] * right + step[:, 1] * down
    aside = np.abs(step[:, 0] * down) + np.abs(step[:, 1] * right)
    with np.errstate(invalid="ignore"):
        is_that_way = (ahead > 0.5) & (aside <= ahead * 1.2)
    cost = np.where(is_that_way, ahead + 2 * aside, np.inf)
    best = int(cost.argmin())
    return best if np.isfinite(cost[best]) else current
