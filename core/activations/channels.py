"""Channels of one image's activation: as maps of any blob shape, measured and ranked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

ChannelOrder = Literal["index", "mean", "max", "sparsity"]
CHANNEL_ORDERS: tuple[ChannelOrder, ...] = ("index", "mean", "max", "sparsity")


@dataclass(frozen=True, eq=False)
class ChannelMaps:
    """One image's activation as pictures.

    maps: (n_maps, height, width) float. A vector of n values is one map, its values row by row,
    the cells beyond `n_values` NaN. `leading_shape` says how n_maps came about: (channels,), or
    (channels, depth) and so on for blobs of more axes.
    """

    maps: np.ndarray
    leading_shape: tuple[int, ...]
    is_vector: bool
    n_values: int

    def name(self, map_index: int) -> str:
        """Where a map stands in the blob: "17", or "3, 2" for a blob of more axes."""
        position = np.unravel_index(map_index, self.leading_shape)
        return ", ".join(str(int(i)) for i in position)

    def vector_index(self, y: int, x: int) -> int | None:
        """Which value of a vector stands in a cell; None beyond the last and for real maps."""
        index = y * int(self.maps.shape[2]) + x
        return index if self.is_vector and index < self.n_values else None


def channel_maps(array: np.ndarray, image: int = 0) -> ChannelMaps:
    """The maps of one image of a blob with any number of axes.

    array: (n_images, channels, height, width); (n_images, n) and (n_images, n, 1, 1) are vectors;
    of (n_images, rows, columns) one map is made; of more axes the last two are the map. Blobs with
    one axis or none are one vector, and an empty one where there are no images. An index beyond the
    batch raises IndexError.
    """
    one = np.asarray(array)
    one = one[image] if one.ndim >= 2 and len(one) else one.reshape(-1)
    if one.ndim == 1 or (one.ndim >= 3 and one.shape[-2:] == (1, 1)):
        return _vector_maps(one.reshape(-1))
    leading = one.shape[:-2] or (1,)
    maps = _as_floats(one.reshape(math.prod(leading), *one.shape[-2:]))
    return ChannelMaps(maps, leading, False, one.size)


def near_square(n_values: int) -> tuple[int, int]:
    """Rows and columns for n values: 4096 gives (64, 64), 1000 gives (25, 40).

    An exact product no longer than 2 to 1 is preferred; else the smallest square-like grid.
    """
    if n_values <= 0:
        return 0, 0
    root = int(np.sqrt(n_values))
    for rows in range(root, 0, -1):
        if n_values % rows == 0 and n_values // rows <= 2 * rows:
            return rows, n_values // rows
    columns = root if root * root == n_values else root + 1
    return -(-n_values // columns), columns


def channel_scores(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, maximum and sparsity of each map, three (n_maps,) float64 arrays.

    maps: (n_maps, height, width). Only finite values count; a map without any has NaN.
    """
    over = (1, 2)
    is_finite = np.isfinite(maps)
    n_finite = is_finite.sum(axis=over)
    safe = np.maximum(n_finite, 1)
    has_none = n_finite == 0
    mean = np.where(is_finite, maps, 0).sum(axis=over, dtype=np.float64) / safe
    lowest = np.where(is_finite, maps, -np.inf)
    maximum = lowest.max(axis=over, initial=-np.inf).astype(np.float64)
    sparsity = (maps == 0).sum(axis=over) / safe
    for measure in (mean, maximum, sparsity):
        measure[has_none] = np.nan
    return mean, maximum, sparsity


def order_channels(maps: np.ndarray, order: ChannelOrder = "index") -> np.ndarray:
    """Map indices in display order, (n_maps,) int64: greatest first, equal ones by index.

    "sparsity" puts the sparsest first. Maps without a finite value come last.
    """
    if order == "index":
        return np.arange(maps.shape[0])
    mean, maximum, sparsity = channel_scores(maps)
    scores = {"mean": mean, "max": maximum, "sparsity": sparsity}[order]
    return np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")


def _vector_maps(values: np.ndarray) -> ChannelMaps:
    rows, columns = near_square(values.size)
    grid = np.full(rows * columns, np.nan, dtype=_as_floats(values).dtype)
    grid[: values.size] = values
    return ChannelMaps(grid.reshape(1, rows, columns), (1,), True, values.size)


def _as_floats(array: np.ndarray) -> np.ndarray:
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)
