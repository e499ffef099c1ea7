"""The maxima of the regions that R-MAC pools.

What lies channels last on a CPU is read once: a sparse matrix names the places of each tile of a
map, and its product, with maxima for sums, gives those of all tiles in one call. Regions are made
of whole tiles. Slices of every region would be read five times, in a call each.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from core.measures.region_grid import region_cells, region_grid

_PLACES_AT_ONCE = 1 << 17
"""For which a matrix takes 1.5 MB."""
_TILE_BYTES = 16_384
"""Of a tile's values, for which they stay in a core's first cache."""

Band = tuple[int, int]


def region_maxima(activation: Tensor, levels: int) -> Tensor:
    """Of each region of region_grid(), and at the end of the whole map.

    activation: (n_images, channels, height, width). Returns (n_images, regions + 1, channels).
    """
    n_images, channels, height, width = activation.shape
    if not lies_channels_last_on_a_cpu(activation):
        regions = [
            activation[:, :, y : y + side, x : x + side].amax((2, 3))
            for x, y, side in region_grid(height, width, levels)
        ]
        return torch.stack([*regions, activation.amax((2, 3))], 1)
    places = activation.permute(0, 2, 3, 1).reshape(n_images, height * width, channels)
    n_together = max(1, _PLACES_AT_ONCE // (height * width))
    widest = max(d - c for c, d in _across(height, width, levels))
    n_rows = max(1, _TILE_BYTES // (4 * channels * widest))
    found = []
    for start in range(0, n_images, n_together):
        some = places[start : start + n_together]
        of_tiles, of_regions = _matrices(len(some), height, width, levels, n_rows)
        found.append(maxima_of_rows(of_regions, maxima_of_rows(of_tiles, some.flatten(0, 1))))
    together = found[0] if len(found) == 1 else torch.cat(found)
    return together.reshape(n_images, -1, channels)


def lies_channels_last_on_a_cpu(activation: Tensor) -> bool:
    """Whether some float32 values lie so."""
    return (
        activation.device.type == "cpu"
        and activation.dtype == torch.float32
        and activation.ndim == 4
        and len(activation) > 0
        and activation.is_contiguous(memory_format=torch.channels_last)
    )


def maxima_of_rows(matrix: Tensor, rows: Tensor) -> Tensor:
    """Of the rows that each row of the matrix names; a NaN is the greatest."""
    found: Tensor = torch.sparse.mm(matrix, rows, "amax")
    return found


@lru_cache(maxsize=64)
def _across(height: int, width: int, levels: int) -> list[Band]:
    return region_cells(height, width, levels)[1]


@lru_cache(maxsize=64)
def _matrices(
    n_images: int, height: int, width: int, levels: int, n_rows: int
) -> tuple[Tensor, Tensor]:
    """Which places make each tile, and which tiles each region; n_rows: of a tile at most."""
    down, across = region_cells(height, width, levels)
    rows = [part for band in down for part in _parted(band, n_rows)]
    numbers = np.arange(height * width).reshape(height, width)
    tiles = [numbers[a:b, c:d].ravel() for a, b in rows for c, d in across]
    of_tiles = np.arange(len(tiles)).reshape(len(rows), len(across))
    of_regions = matrix_of_regions(of_tiles, rows, across, (height, width, levels), n_images)
    return _matrix(tiles, height * width, n_images), of_regions


def matrix_of_regions(
    of_tiles: np.ndarray,
    down: Sequence[Band],
    across: Sequence[Band],
    grid: tuple[int, int, int],
    n_images: int,
) -> Tensor:
    """Which tiles each region has, and last all; of_tiles: (down, across) int64, their numbers.

    grid: height, width and levels of region_grid().
    """
    regions = [
        of_tiles[_within(down, y, y + side), :][:, _within(across, x, x + side)].ravel()
        for x, y, side in region_grid(*grid)
    ]
    return _matrix([*regions, of_tiles.ravel()], of_tiles.size, n_images)


def _parted(band: Band, most: int) -> list[Band]:
    """A band in parts of so many rows."""
    return list(pairwise([*range(*band, most), band[1]]))


def _within(bands: Sequence[Band], begin: int, end: int) -> np.ndarray:
    return np.array([i for i, (a, b) in enumerate(bands) if begin <= a and b <= end], np.int64)


def _matrix(named: Sequence[np.ndarray], n_columns: int, n_images: int) -> Tensor:
    """A row of ones at the columns named, for each image its own columns."""
    counts = np.tile([len(columns) for columns in named], n_images)
    ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    of_one = np.concatenate(named)
    columns = (of_one + n_columns * np.arange(n_images)[:, None]).ravel().astype(np.int32)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(
            torch.from_numpy(ends),
            torch.from_numpy(columns),
            torch.ones(len(columns)),
            size=(len(counts), n_images * n_columns),
            check_invariants=True,
        )
