"""Bilinear resizing with OpenCV's 8-bit arithmetic, which Caffe's data layers use.

Unlike Pillow's it looks at four pixels however far a picture is scaled down.
"""

from __future__ import annotations

import numpy as np

# opencv/modules/imgproc/src/resize.cpp: weights of 11 bits, 4 bits dropped between the passes.
_ONE = 2048
_Neighbours = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of each new row or column the two old ones it lies between, and the weight of either."""


def resize_as_opencv(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """What cv::resize with INTER_LINEAR makes of a (height, width, channels) uint8 picture."""
    old_height, old_width = picture.shape[:2]
    if (old_width, old_height) == (2 * width, 2 * height):
        return _halved(picture)
    columns, rows = _columns(width, old_width), _rows(height, old_height)
    upper, lower = (
        # the rows are chosen first: of a photograph scaled down most are never looked at
        (_across(picture[row], columns) * weight[:, None, None]) >> 16
        for row, weight in zip(rows[:2], rows[2:], strict=True)
    )
    resized: np.ndarray = np.clip((upper + lower + 2) >> 2, 0, 255).astype(np.uint8)
    return resized


def _across(rows: np.ndarray, columns: _Neighbours) -> np.ndarray:
    """Rows at their new width, (height, new width, channels) int32 with 7 of the 11 bits left."""
    left, right, left_weight, right_weight = columns
    values: np.ndarray = (
        rows[:, left] * left_weight[:, None] + rows[:, right] * right_weight[:, None]
    )
    values >>= 4
    return values


def _halved(picture: np.ndarray) -> np.ndarray:
    """The mean of each 2 x 2 pixels: OpenCV takes its area method for exactly half the size."""
    pixels = picture.astype(np.int32)
    total = pixels[::2, ::2] + pixels[1::2, ::2] + pixels[::2, 1::2] + pixels[1::2, 1::2]
    return ((total + 2) >> 2).astype(np.uint8)


def _columns(n_new: int, n_old: int) -> _Neighbours:
    first, share = _places(n_new, n_old)
    share[(first < 0) | (first >= n_old - 1)] = 0  # at the border one column has all the weight
    return _weighted(first, share, n_old)


def _rows(n_new: int, n_old: int) -> _Neighbours:
    """At the border one row stands for both and is rounded twice, unlike a column."""
    return _weighted(*_places(n_new, n_old), n_old)


def _places(n_new: int, n_old: int) -> tuple[np.ndarray, np.ndarray]:
    step = 1.0 / (n_new / n_old)
    place = ((np.arange(n_new) + 0.5) * step - 0.5).astype(np.float32)
    first = np.floor(place).astype(np.int64)
    return first, place - first.astype(np.float32)


def _weighted(first: np.ndarray, share: np.ndarray, n_old: int) -> _Neighbours:
    weights = [
        np.rint(part * np.float32(_ONE)).astype(np.int32) for part in (np.float32(1) - share, share)
    ]
    return np.clip(first, 0, n_old - 1), np.clip(first + 1, 0, n_old - 1), *weights
