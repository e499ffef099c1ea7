"""Prepared pictures at another scale, for descriptors over several."""

from __future__ import annotations

import numpy as np


def scaled_pictures(pictures: np.ndarray, scale: float) -> np.ndarray:
    """(n, channels, height, width) float32 to the sizes times `scale`, rounded down, 1 at least.

    Bilinear between the centres of pixels, without smoothing first, which is what torch's
    interpolate does: the published descriptors over several scales are made so.
    """
    height, width = (max(1, int(size * scale)) for size in pictures.shape[2:])
    rows = _between(pictures, height, axis=2)
    return np.ascontiguousarray(_between(rows, width, axis=3), np.float32)


def _between(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    """One axis at another size."""
    n = values.shape[axis]
    place = np.clip((np.arange(size) + 0.5) * (n / size) - 0.5, 0, n - 1)
    before = place.astype(np.int64)
    after = np.minimum(before + 1, n - 1)
    shape = [1] * values.ndim
    shape[axis] = size
    share = (place - before).astype(np.float32).reshape(shape)
    low, high = np.take(values, before, axis), np.take(values, after, axis)
    result: np.ndarray = low + share * (high - low)
    return result
