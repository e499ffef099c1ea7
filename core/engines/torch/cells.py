"""The maxima of the cells that the regions of R-MAC are made of, and of the regions themselves."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from core.engines.torch.rows_of_places import has_rows_of_places
from core.measures.region_grid import region_cells, region_levels

_VALUES_AT_ONCE = 150_000
"""600 kB of maxima, which stay in a core's second cache while all rows pass by."""


def cell_maxima(activation: Tensor, levels: int) -> Tensor:
    """The maxima of the cells of region_cells(), (n_images, down, across, channels).

    Each value is read once, however many regions hold it.
    """
    height, width = activation.shape[2:]
    down, across = _borders(height, width, levels)
    last = activation.permute(0, 2, 3, 1)
    if has_rows_of_places(activation):
        bands = _band_maxima(last, down)
    else:
        bands = torch.stack([last[:, a:b].amax(1) for a, b in down], 1)
    cells = bands.new_empty((*bands.shape[:2], len(across), bands.shape[3]))
    for place, (a, b) in enumerate(across):
        torch.amax(bands[:, :, a:b], 2, out=cells[:, :, place])
    return cells


def _band_maxima(last: Tensor, down: list[tuple[int, int]]) -> Tensor:
    """The maxima over the rows of each band, (n_images, bands, width, channels).

    Row after row: torch's own maximum of a band jumps from row to row for every few values, which
    takes twice as long.
    """
    n_images, _, width, channels = last.shape
    found = last.new_empty((n_images, len(down), width * channels))
    n_together = max(1, _VALUES_AT_ONCE // (width * channels))
    lines = last.flatten(2)
    for start in range(0, n_images, n_together):
        some = slice(start, start + n_together)
        rows = lines[some].unbind(1)
        for (a, b), band in zip(down, found[some].unbind(1), strict=True):
            if b - a == 1:
                band.copy_(rows[a])
                continue
            torch.maximum(rows[a], rows[a + 1], out=band)
            for row in rows[a + 2 : b]:
                torch.maximum(band, row, out=band)
    return found.reshape(n_images, len(down), width, channels)


def region_maxima(cells: Tensor, height: int, width: int, levels: int) -> Tensor:
    """Of all regions in the order of region_grid(): (n_images, regions, channels)."""
    down, across = _borders(height, width, levels)
    first_row = {a: i for i, (a, _) in enumerate(down)}
    last_row = {b: i + 1 for i, (_, b) in enumerate(down)}
    first_column = {a: i for i, (a, _) in enumerate(across)}
    last_column = {b: i + 1 for i, (_, b) in enumerate(across)}
    found = []
    for side, ys, xs in region_levels(height, width, levels):
        bands = [cells[:, first_row[y] : last_row[y + side]].amax(1) for y in ys]
        level = torch.stack(bands, 1)
        of_columns = [level[:, :, first_column[x] : last_column[x + side]].amax(2) for x in xs]
        found.append(torch.stack(of_columns, 2).flatten(1, 2))
    return torch.cat(found, 1)


@lru_cache(maxsize=64)
def _borders(
    height: int, width: int, levels: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """region_cells(), which a pass asks for again with every value of the same size."""
    return region_cells(height, width, levels)
