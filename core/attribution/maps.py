"""What gradients and covered pictures say of each place of one image."""

from __future__ import annotations

import numpy as np


def largest_gradient(gradient: np.ndarray) -> np.ndarray:
    """Saliency (Simonyan et al., 2014): the largest |gradient| of each place's channels.

    gradient: (channels, height, width). Returns (height, width) float32.
    """
    found: np.ndarray = np.abs(gradient).max(0).astype(np.float32)
    return found


def products(gradient: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Gradient times value, summed over channels: (height, width) float32; both as above."""
    found: np.ndarray = (gradient.astype(np.float64) * values).sum(0).astype(np.float32)
    return found


def grad_cam(gradient: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Grad-CAM (Selvaraju et al., 2017): relu(sum over channels of mean gradient x value).

    gradient, values: (channels, height, width). Returns (height, width) float32.
    """
    weights = gradient.astype(np.float64).mean((1, 2))
    summed = np.tensordot(weights, values.astype(np.float64), axes=1)
    found: np.ndarray = np.maximum(summed, 0.0).astype(np.float32)
    return found


def by_channel(gradient: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Gradient times value, summed over each channel's places: (channels,) float64.

    gradient, values: (channels, ...).
    """
    found: np.ndarray = (gradient.astype(np.float64) * values).reshape(len(values), -1).sum(1)
    return found


def middle_points(steps: int) -> np.ndarray:
    """Where integrated gradients are taken: the middles of equal steps from 0 to 1."""
    return (np.arange(steps) + 0.5) / steps


def covered(
    picture: np.ndarray, fill: np.ndarray, patch: int, stride: int, cell: int
) -> np.ndarray:
    """A picture with one patch in the place of another picture's; (channels, height, width) each.

    cell: its number in a grid of cells `stride` wide, row by row; the patch has the same middle,
    and ends where the picture does.
    """
    n_columns = -(-picture.shape[2] // stride)
    rows, columns = (
        _reach(index, patch, stride, side)
        for index, side in zip(divmod(cell, n_columns), picture.shape[1:], strict=True)
    )
    found = picture.copy()
    found[:, rows, columns] = fill[:, rows, columns]
    return found


def _reach(index: int, patch: int, stride: int, side: int) -> slice:
    begin = index * stride + (stride - patch) // 2
    return slice(max(0, begin), min(side, begin + patch))
