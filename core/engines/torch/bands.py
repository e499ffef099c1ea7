"""The means and the maxima of regions of a large map in one walk, a band of its rows at a time.

What the maxima of a band have brought into a core's cache, its sums find there. Two walks would
bring a large activation from memory twice, which is what either of them takes. A mean is summed
band by band where it is wanted alone, too, so that it has the same bits whatever else is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from core.engines.torch.region_maxima import (
    Band,
    lies_channels_last_on_a_cpu,
    matrix_of_regions,
    maxima_of_rows,
)
from core.measures.region_grid import region_cells

LEVELS = 3
"""Of the regions whose borders are those of the bands."""
_LEAST_VALUES = 1 << 17
"""Of an image's map, 512 kB."""
_LEAST_ROWS = 48
"""Of a map: in thinner bands the maxima of a band are too large a share of it."""
_BYTES_AT_ONCE = 2 << 20


def pays(activation: Tensor) -> bool:
    """Whether a map is so large that one walk is quicker than two; the same for any batch."""
    return (
        activation.ndim == 4
        and activation.shape[2] >= _LEAST_ROWS
        and activation.numel() >= _LEAST_VALUES * len(activation)
        and lies_channels_last_on_a_cpu(activation)
    )


def walk_bands(activation: Tensor) -> tuple[Tensor, Tensor]:
    """The maxima as region_maxima() has them for LEVELS, and mean_by_bands().

    activation: (n_images, channels, height, width), for which it pays.
    """
    n_images, channels, height, width = activation.shape
    down, across, of_regions = _plan(n_images, height, width)
    peaks = activation.new_empty((n_images, len(down), width * channels))
    sums = torch.empty_like(peaks)
    for some, band, part in _parts(activation, down):
        torch.amax(part, 1, out=peaks[some, band])
        torch.sum(part, 1, out=sums[some, band])
    columns = peaks.reshape(n_images * len(down), width, channels)
    tiles = peaks.new_empty((len(columns), len(across), channels))
    for tile, (begin, end) in enumerate(across):
        torch.amax(columns[:, begin:end], 1, out=tiles[:, tile])
    found = maxima_of_rows(of_regions, tiles.flatten(0, 1))
    return found.reshape(n_images, -1, channels), _mean(sums, activation)


def mean_by_bands(activation: Tensor) -> Tensor:
    """The mean of each channel of such a map, (n_images, channels)."""
    n_images, channels, height, width = activation.shape
    down, _, _ = _plan(n_images, height, width)
    sums = activation.new_empty((n_images, len(down), width * channels))
    for some, band, part in _parts(activation, down):
        torch.sum(part, 1, out=sums[some, band])
    return _mean(sums, activation)


def _parts(activation: Tensor, down: tuple[Band, ...]) -> Iterator[tuple[slice, int, Tensor]]:
    """Images, the number of a band, and its rows: (some images, rows, width * channels)."""
    n_images, channels, height, width = activation.shape
    rows = activation.permute(0, 2, 3, 1).reshape(n_images, height, width * channels)
    for band, (begin, end) in enumerate(down):
        n_together = max(1, _BYTES_AT_ONCE // (4 * (end - begin) * width * channels))
        for start in range(0, n_images, n_together):
            some = slice(start, start + n_together)
            yield some, band, rows[some, begin:end]


def _mean(sums: Tensor, activation: Tensor) -> Tensor:
    """From the sums of bands, (n_images, bands, width * channels)."""
    n_images, channels, height, width = activation.shape
    return sums.reshape(n_images, -1, channels).sum(1) / (height * width)


@lru_cache(maxsize=64)
def _plan(
    n_images: int, height: int, width: int
) -> tuple[tuple[Band, ...], tuple[Band, ...], Tensor]:
    """The bands down and across of which tiles are made, and which tiles each region has."""
    down, across = region_cells(height, width, LEVELS)
    of_tiles = np.arange(len(down) * len(across)).reshape(len(down), len(across))
    of_regions = matrix_of_regions(of_tiles, down, across, (height, width, LEVELS), n_images)
    return tuple(down), tuple(across), of_regions
