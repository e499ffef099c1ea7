"""Pictures of filters: RGB tiles of what reads the image, a map of outputs x inputs of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.activations.tile_colours import TileColours, level_colours
from core.activations.tile_grid import levels_of
from core.activations.tiles import GAP_LEVEL
from core.filters.arrays import FilterArray
from core.filters.figures import CHUNK_VALUES, FilterFigures
from core.progress import Job, Progress

TileMode = Literal["RGB", "planes"]
RangeScope = Literal["filter", "layer"]
FileOrder = Literal["BGR", "RGB"]

_RGB = 3
_MOST_TILE_WEIGHTS = 1 << 23


@dataclass(frozen=True, eq=False)
class FilterTiles:
    """Tiles of filters, by number: colours (n, h, w, 3) uint8 RGB, or levels of a Mosaic.

    levels: (n, h, w) uint8, None where `rgb` is there; the planes of a filter stand side by side.
    """

    rgb: np.ndarray | None = None
    levels: np.ndarray | None = None

    def in_colours(self, colours: TileColours) -> np.ndarray:
        """(n, h, w, 3) uint8."""
        if self.rgb is not None:
            return self.rgb
        if self.levels is None:
            return np.zeros((0, 1, 1, _RGB), np.uint8)
        found: np.ndarray = level_colours(colours, is_diverging=True)[self.levels]
        return found


@dataclass(frozen=True)
class MapRegion:
    """A part of the map of a layer, in weights, and the pixels that there are for it.

    The map has n_filters * kernel height rows and n_inputs * kernel width columns.
    """

    top: int
    left: int
    bottom: int
    right: int
    height: int
    width: int


def has_tiles(array: FilterArray) -> bool:
    """Whether filters are shown as tiles: kernels over one plane, or over a picture's three."""
    n, inputs, height, width = array.values.shape
    is_small = n * inputs * height * width <= _MOST_TILE_WEIGHTS
    return inputs in (1, _RGB) and height * width > 1 and is_small


def is_colour(array: FilterArray) -> bool:
    """Whether its filters can be shown in colour: kernels over three planes."""
    return has_tiles(array) and array.values.shape[1] == _RGB


def draw_tiles(
    array: FilterArray,
    figures: FilterFigures,
    *,
    mode: TileMode = "RGB",
    scope: RangeScope = "filter",
    order: FileOrder = "BGR",
) -> FilterTiles:
    """Every filter as a tile; 0 is the middle grey, or the ground colour of planes.

    scope: the magnitude at the ends of the colours, each filter's own or the layer's. order: of
    the planes in the file, which the recipe of the net's pictures says.
    """
    highs = scaled_highs(figures, scope)
    values = np.array(array.to_read, dtype=np.float32, order="C")
    n, inputs, height, width = values.shape
    if inputs == _RGB and mode == "RGB":
        shares = np.nan_to_num(values / highs.reshape(-1, 1, 1, 1).astype(np.float32))
        pixels = np.clip(np.rint(127.5 + 127.5 * shares), 0, 255).astype(np.uint8)
        planes = pixels[:, ::-1] if order == "BGR" else pixels
        return FilterTiles(rgb=np.ascontiguousarray(planes.transpose(0, 2, 3, 1)))
    flat = values.reshape(n * inputs, height, width)
    levels = levels_of(flat, np.repeat(highs, inputs), is_diverging=True)
    sides = levels.reshape(n, inputs, height, width)
    gap = np.full((n, height, 1), GAP_LEVEL, np.uint8)
    parts = [part for plane in range(inputs) for part in (sides[:, plane], gap)]
    return FilterTiles(levels=np.concatenate(parts[:-1], axis=2))


def draw_filter(
    values: np.ndarray, high: float, *, mode: TileMode = "RGB", order: FileOrder = "BGR"
) -> FilterTiles:
    """One filter by itself, as one tile: in colour over three planes, else its kernels in a square.

    values: (n_inputs, height, width) float32. high: the magnitude at the ends of the colours.
    """
    inputs, height, width = values.shape
    if inputs == _RGB and mode == "RGB" and height * width > 1:
        shares = np.nan_to_num(values / np.float32(high))
        pixels = np.clip(np.rint(127.5 + 127.5 * shares), 0, 255).astype(np.uint8)
        planes = pixels[::-1] if order == "BGR" else pixels
        return FilterTiles(rgb=np.ascontiguousarray(planes.transpose(1, 2, 0))[None])
    levels = levels_of(values, np.full(inputs, high), is_diverging=True)
    gap = 0 if height * width == 1 else 1
    columns = inputs if inputs <= _RGB else int(np.ceil(np.sqrt(inputs)))
    rows = -(-inputs // columns)
    sheet = np.full((rows * columns, height + gap, width + gap), GAP_LEVEL, np.uint8)
    sheet[:inputs, :height, :width] = levels
    square = sheet.reshape(rows, columns, height + gap, width + gap).transpose(0, 2, 1, 3)
    whole = square.reshape(rows * (height + gap), columns * (width + gap))
    return FilterTiles(levels=whole[None, : whole.shape[0] - gap, : whole.shape[1] - gap])


def scaled_highs(figures: FilterFigures, scope: RangeScope) -> np.ndarray:
    """The magnitude at the end of each filter's colours, (n_filters,), above 0."""
    highs = figures.highs.copy()
    if scope == "layer":
        highs[:] = highs.max(initial=0.0)
    highs[highs == 0] = 1.0
    return highs


def map_size(array: FilterArray) -> tuple[int, int]:
    """Rows and columns of the whole map."""
    n, inputs, height, width = array.values.shape
    return n * height, inputs * width


def draw_map(
    array: FilterArray, highs: np.ndarray, order: np.ndarray, region: MapRegion
) -> Job[np.ndarray]:
    """A region of the map at the size of a screen, (h, w) uint8 levels of a Mosaic.

    Where several weights share a cell, the one of the largest magnitude stands there, so that no
    peak is lost; h and w are the region's pixels, or its weights where those are fewer. highs: by
    filter; order: which filter is at which place. A few MiB are read at a time.
    """
    kernel_height = array.values.shape[2]
    n_rows, n_columns = region.bottom - region.top, region.right - region.left
    height, width = min(region.height, n_rows), min(region.width, n_columns)
    starts = region.top + np.arange(height + 1) * n_rows // max(1, height)
    levels = np.empty((height, width), np.uint8)
    n_weights = max(1, n_columns * kernel_height)
    step = max(1, CHUNK_VALUES // (n_weights * max(1, n_rows // max(1, height * kernel_height))))
    for first in range(0, height, step):
        yield Progress(first, height, "rows")
        last = min(height, first + step)
        block = _block(array, highs, order, (int(starts[first]), int(starts[last])), region)
        cells = _strongest(block, starts[first:last] - starts[first], width)
        levels[first:last] = levels_of(cells[None], np.ones(1), is_diverging=True)[0]
    return levels


def _block(
    array: FilterArray,
    highs: np.ndarray,
    order: np.ndarray,
    rows: tuple[int, int],
    region: MapRegion,
) -> np.ndarray:
    """Rows of the map within the region's columns, each over its filter's high, float32."""
    _, _, height, width = array.values.shape
    first, last = rows[0] // height, -(-rows[1] // height)
    inputs = slice(region.left // width, -(-region.right // width))
    picked = order[first:last]
    if len(picked) and np.array_equal(picked, np.arange(picked[0], picked[0] + len(picked))):
        part = array.to_read[picked[0] : picked[0] + len(picked), inputs]
    else:
        part = array.to_read[picked][:, inputs]
    values = np.asarray(part, np.float32) / highs[picked].reshape(-1, 1, 1, 1).astype(np.float32)
    flat = values.transpose(0, 2, 1, 3).reshape(len(picked) * height, -1)
    top, left = first * height, (region.left // width) * width
    found: np.ndarray = flat[
        rows[0] - top : rows[1] - top, region.left - left : region.right - left
    ]
    return found


def _strongest(block: np.ndarray, row_starts: np.ndarray, width: int) -> np.ndarray:
    """(len(row_starts), width): of each cell the value with the largest magnitude; NaN wins."""
    columns = np.arange(width) * block.shape[1] // max(1, width)
    high = np.maximum.reduceat(np.maximum.reduceat(block, row_starts, axis=0), columns, axis=1)
    low = np.minimum.reduceat(np.minimum.reduceat(block, row_starts, axis=0), columns, axis=1)
    found: np.ndarray = np.where(high >= -low, high, low)
    found[np.isnan(high)] = np.nan
    return found
