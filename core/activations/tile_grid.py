"""Tiles at a whole number of pixels: the largest at which all channels fit, and their levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.activations.tiles import MAX_LEVEL, NOT_FINITE_LEVEL, ZERO_LEVEL

LEAST_SIDE, MOST_SIDE = 18, 64
"""Pixels; a map smaller than the first shows nothing, and one larger is enlarged by itself."""
LEAST_CELL, MOST_CELL = 5, 64
"""Pixels, for the values of a vector."""
LEAST_SHORT_SIDE = 3
GAP = 1


@dataclass(frozen=True)
class TileGrid:
    """Where `n` tiles stand, row by row, in pixels."""

    n: int
    n_columns: int
    tile_width: int
    tile_height: int
    gap: int = GAP

    @property
    def side(self) -> int:
        """The longer side of a tile."""
        return max(self.tile_width, self.tile_height)

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return -(-self.n // self.n_columns)

    @property
    def width(self) -> int:
        """Of all columns, without a gap after the last."""
        return self.n_columns * (self.tile_width + self.gap) - self.gap

    @property
    def height(self) -> int:
        """Of all rows, without a gap after the last."""
        return max(0, self.n_rows * (self.tile_height + self.gap) - self.gap)

    def corner(self, position: int) -> tuple[int, int]:
        """Left and top of the tile at a position."""
        row, column = divmod(position, self.n_columns)
        return column * (self.tile_width + self.gap), row * (self.tile_height + self.gap)

    def position_at(self, x: float, y: float) -> int | None:
        """The tile under a point, its gap at the right and below included; None where none is."""
        column, row = (
            int(x // (self.tile_width + self.gap)),
            int(y // (self.tile_height + self.gap)),
        )
        position = row * self.n_columns + column
        is_inside = 0 <= column < self.n_columns and row >= 0
        return position if is_inside and position < self.n else None


def side_limits(map_shape: tuple[int, int]) -> tuple[int, int]:
    """The least and the largest side, in pixels, that tiles of such maps are fitted to."""
    return (LEAST_CELL, MOST_CELL) if map_shape == (1, 1) else (LEAST_SIDE, MOST_SIDE)


def fit_grid(n: int, map_shape: tuple[int, int], room: tuple[int, int]) -> TileGrid:
    """The grid of the largest tiles within `side_limits` that show all `n` maps in a room.

    map_shape: (height, width) of a map. room: (width, height) in pixels. Where even the least
    tiles are too many, the grid is higher than the room. A map that is alone takes all of it.
    """
    least, most = side_limits(map_shape)
    if n == 1 and map_shape != (1, 1):
        most = max(least, *room)
    sides = (grid_of(n, map_shape, room[0], side) for side in range(most, least, -1))
    fitting = (grid for grid in sides if grid.width <= room[0] and grid.height <= room[1])
    return next(fitting, grid_of(n, map_shape, room[0], least))


def grid_of(n: int, map_shape: tuple[int, int], width: int, side: int) -> TileGrid:
    """The grid of tiles with a longer side of `side` pixels in a room `width` wide."""
    height, wide = map_shape
    long = max(height, wide, 1)
    tile_width = max(LEAST_SHORT_SIDE, round(side * wide / long))
    tile_height = max(LEAST_SHORT_SIDE, round(side * height / long))
    gap = GAP if side >= LEAST_CELL + 2 else 0
    columns = max(1, (width + gap) // (tile_width + gap))
    return TileGrid(n, min(columns, max(1, n)), tile_width, tile_height, gap)


def resampled(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Maps at another size: cells repeated where it is larger, averaged where it is smaller.

    maps: (n, h, w). Returns (n, height, width); NaN and infinities spread over what they are
    averaged with.
    """
    return _along(_along(maps, 1, height), 2, width)


def levels_of(
    maps: np.ndarray, highs: np.ndarray, *, is_diverging: bool, low: float = 0.0
) -> np.ndarray:
    """The colour level of each value, as a Mosaic has them.

    maps: (n, height, width). highs: (n,), the magnitude at the end of the scale, above `low`.
    low: the value at its beginning, where it does not go both ways.
    """
    high = highs.reshape(-1, 1, 1)
    is_finite = np.isfinite(maps)
    zero = 0.0 if is_diverging else low
    share = (np.where(is_finite, maps, 0) - zero) / (high - zero)
    levels = np.rint(share * ZERO_LEVEL + ZERO_LEVEL if is_diverging else share * MAX_LEVEL)
    whole = np.clip(levels, 0, MAX_LEVEL).astype(np.uint8)
    return np.where(is_finite, whole, np.uint8(NOT_FINITE_LEVEL))


def highest_of_each(maps: np.ndarray) -> np.ndarray:
    """The greatest finite magnitude of each map, (n,) float64; 0 where all is zero."""
    found: np.ndarray = _finite_magnitude(maps).max(axis=(1, 2), initial=0.0).astype(np.float64)
    return found


def _finite_magnitude(maps: np.ndarray) -> np.ndarray:
    magnitude: np.ndarray = np.nan_to_num(np.abs(maps), nan=0.0, posinf=0.0)
    return magnitude


def _along(maps: np.ndarray, axis: int, size: int) -> np.ndarray:
    n = maps.shape[axis]
    if size == n:
        return maps
    starts = np.arange(size) * n // size
    if size > n:
        repeated: np.ndarray = maps.take(starts, axis=axis)
        return repeated
    counts = np.diff(np.append(starts, n))
    shape = [1] * maps.ndim
    shape[axis] = size
    with np.errstate(invalid="ignore", over="ignore"):
        averaged: np.ndarray = np.add.reduceat(maps, starts, axis=axis) / counts.reshape(shape)
    return averaged
