"""Bilinear resizing with OpenCV's 8-bit arithmetic, which Caffe's data layers use.

Unlike Pillow's it looks at four pixels however far a picture is scaled down.
"""

from __future__ import annotations

import numpy as np

# opencv/modules/imgproc/src/resize.cpp: weights of 11 bits, 4 bits dropped between the passes.
_ONE = 2048


def resize_as_opencv(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """What cv::resize with INTER_LINEAR makes of a (height, width, channels) uint8 picture."""
    old_height, old_width = picture.shape[:2]
    if (old_width, old_height) == (2 * width, 2 * height):
        return _halved(picture)
    left, right, left_weight, right_weight = _columns(width, old_width)
    upper, lower, upper_weight, lower_weight = _rows(height, old_height)
    pixels = picture.astype(np.int64)
    rows = pixels[:, left] * left_weight[:, None] + pixels[:, right] * right_weight[:, None]
    rows >>= 4
    values = (rows[upper] * upper_weight[:, None, None]) >> 16
    values += (rows[lower] * lower_weight[:, None, None]) >> 16
    resized: np.ndarray = np.clip((values + 2) >> 2, 0, 255).astype(np.uint8)
    return resized


def _halved(picture: np.ndarray) -> np.ndarray:
    """The mean of each 2 x 2 pixels: OpenCV takes its area method for exactly half the size."""
    pixels = picture.astype(np.int64)
    total = pixels[::2, ::2] + pixels[1::2, ::2] + pixels[::2, 1::2] + pixels[1::2, 1::2]
    return ((total + 2) >> 2).astype(np.uint8)


def _columns(n_new: int, n_old: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    first, share = _places(n_new, n_old)
    share[(first < 0) | (first >= n_old - 1)] = 0  # at the border one column has all the weight
    return _weighted(first, share, n_old)


def _rows(n_new: int, n_old: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """At the border one row stands for both and is rounded twice, unlike a column."""
    return _weighted(*_places(n_new, n_old), n_old)


def _places(n_new: int, n_old: int) -> tuple[np.ndarray, np.ndarray]:
    step = 1.0 / (n_new / n_old)
    place = ((np.arange(n_new) + 0.5) * step - 0.5).astype(np.float32)
    first = np.floor(place).astype(np.int64)
    return first, place - first.astype(np.float32)


def _weighted(
    first: np.ndarray, share: np.ndarray, n_old: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Indices and weights of the two neighbours of each new row or column."""
    weights = [
        np.rint(part * np.float32(_ONE)).astype(np.int64) for part in (np.float32(1) - share, share)
    ]
    return np.clip(first, 0, n_old - 1), np.clip(first + 1, 0, n_old - 1), *weights
