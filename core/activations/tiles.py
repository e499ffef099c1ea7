"""Channel tiles: all maps of an activation in one 8-bit picture for an indexed colour table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.activations.channels import ChannelMaps, ChannelOrder, channel_maps, order_channels

MAX_LEVEL = 252
ZERO_LEVEL = 126
NOT_FINITE_LEVEL = 254
GAP_LEVEL = 255
RangeScope = Literal["channel", "layer", "percentile"]
RANGE_SCOPES: tuple[RangeScope, ...] = ("layer", "percentile", "channel")
LOW_PERCENTILE, HIGH_PERCENTILE = 1, 99


@dataclass(frozen=True)
class TileLayout:
    """Where each tile stands: `order[position]` is the map shown there, row by row."""

    n_rows: int
    n_columns: int
    tile_height: int
    tile_width: int
    gap: int
    order: tuple[int, ...]

    @property
    def height(self) -> int:
        """Height of the mosaic in pixels."""
        return max(0, self.n_rows * (self.tile_height + self.gap) - self.gap)

    @property
    def width(self) -> int:
        """Width of the mosaic in pixels."""
        return max(0, self.n_columns * (self.tile_width + self.gap) - self.gap)

    def origin(self, position: int) -> tuple[int, int]:
        """Left and top pixel of the tile at a position."""
        row, column = divmod(position, self.n_columns)
        return column * (self.tile_width + self.gap), row * (self.tile_height + self.gap)

    def cell_at(self, x: int, y: int) -> tuple[int, int, int] | None:
        """(map index, row in the map, column in the map) under a pixel; None on a gap."""
        if not (0 <= x < self.width and 0 <= y < self.height):
            return None
        column, map_x = divmod(x, self.tile_width + self.gap)
        row, map_y = divmod(y, self.tile_height + self.gap)
        position = row * self.n_columns + column
        if map_x >= self.tile_width or map_y >= self.tile_height or position >= len(self.order):
            return None
        return self.order[position], map_y, map_x


@dataclass(frozen=True, eq=False)
class Mosaic:
    """The picture of all maps.

    levels: (height, width) uint8. 0..252 are values; NaN and infinities have level 254, gaps and
    empty cells 255. A diverging mosaic maps -high..high to 0..252 with 0 at level 126 exactly; the
    other maps low..high to 0..252. What lies beyond has the level of the end. high: (n_maps,)
    float64 by map index, above `low`.
    """

    levels: np.ndarray
    layout: TileLayout
    is_diverging: bool
    high: np.ndarray
    low: float = 0.0

    @property
    def ends(self) -> tuple[float, float]:
        """The values at both ends of the colours, where every map has the same."""
        high = float(self.high.max(initial=self.low))
        return (-high if self.is_diverging else self.low), high


@dataclass(frozen=True, eq=False)
class DrawnChannels:
    """One value as drawn: its array (n_images, ...), the maps of the first image, their mosaic."""

    array: np.ndarray
    channels: ChannelMaps
    mosaic: Mosaic


def draw_channels(
    arrays: Sequence[np.ndarray],
    *,
    order: ChannelOrder = "index",
    scope: RangeScope = "layer",
    aspect: float = 1.6,
) -> tuple[DrawnChannels, ...]:
    """Values drawn to be compared: one range of colours serves them all, but with "channel".

    arrays: (n_images, ...) each; the first image is drawn.
    """
    channels = [channel_maps(array) for array in arrays]
    low, high = 0.0, None
    if scope == "layer" and len(channels) > 1:
        high = _shared_high(channels)
    elif scope == "percentile":
        is_diverging = any(bool((one.maps < 0).any()) for one in channels)
        ends = [percentile_ends(one.maps) for one in channels]
        clipped = clipped_range(ends, is_diverging=is_diverging)
        low, high = (0.0, _shared_high(channels)) if clipped is None else clipped
    return tuple(
        DrawnChannels(
            array,
            maps,
            draw_mosaic(
                maps,
                order=order,
                scope=scope,
                high=high,
                low=low,
                gap=0 if maps.is_vector else 1,
                aspect=aspect,
            ),
        )
        for array, maps in zip(arrays, channels, strict=True)
    )


def draw_mosaic(
    channels: ChannelMaps,
    *,
    order: ChannelOrder = "index",
    scope: RangeScope = "layer",
    high: float | None = None,
    low: float = 0.0,
    is_diverging: bool | None = None,
    gap: int = 1,
    aspect: float = 1.6,
) -> Mosaic:
    """Draw every map as a tile.

    scope: one range per channel, else one for the layer. high: a range to share between mosaics,
    in place of the scope's; low: its lower end where no value is negative. is_diverging: None
    decides by whether any value is negative. aspect: wanted width over height.
    """
    maps = channels.maps
    if is_diverging is None:
        is_diverging = bool((maps < 0).any())
    if high is None:
        highs = _highs(maps, scope)
    else:
        highs = np.full(maps.shape[0], high if high > low else low + 1.0)
    layout = lay_out_tiles(maps, order_channels(maps, order), gap=gap, aspect=aspect)
    tiles = _levels(maps, highs, low, is_diverging)
    if channels.is_vector:
        tiles.reshape(-1)[channels.n_values :] = GAP_LEVEL
    return Mosaic(_paste(tiles, layout), layout, is_diverging, highs, low)


def lay_out_tiles(
    maps: np.ndarray, order: np.ndarray, *, gap: int = 1, aspect: float = 1.6
) -> TileLayout:
    """Rows and columns for (n_maps, height, width) maps so that the mosaic nears an aspect."""
    n_maps, height, width = maps.shape
    if n_maps == 0 or height == 0 or width == 0:
        return TileLayout(0, 0, height, width, gap, ())
    wanted = math.sqrt(n_maps * aspect * (height + gap) / (width + gap))
    n_columns = min(n_maps, max(1, round(wanted)))
    n_rows = -(-n_maps // n_columns)
    return TileLayout(n_rows, n_columns, height, width, gap, tuple(int(i) for i in order))


def percentile_ends(values: np.ndarray) -> tuple[float, float]:
    """The 1st and 99th percentile of all finite values of any shape; (0, 0) where none is.

    Between two values it lies in proportion, as numpy.percentile has it.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0
    low, high = np.percentile(finite, (LOW_PERCENTILE, HIGH_PERCENTILE))
    return float(low), float(high)


def clipped_range(
    ends: Iterable[tuple[float, float]], *, is_diverging: bool
) -> tuple[float, float] | None:
    """One (low, high) of colours that holds the percentiles of every value; None where it is empty.

    is_diverging: colours go from -high to high, so low is 0.
    """
    lows, highs = zip(*ends, strict=True)
    low, high = min(lows), max(highs)
    if is_diverging:
        low, high = 0.0, max(abs(low), abs(high))
    return (low, high) if high > low else None


def _shared_high(channels: Sequence[ChannelMaps]) -> float:
    highs = [
        float(np.nanmax(np.abs(one.maps), initial=0.0, where=np.isfinite(one.maps)))
        for one in channels
    ]
    return max(highs, default=1.0) or 1.0


def _highs(maps: np.ndarray, scope: RangeScope) -> np.ndarray:
    """Greatest finite magnitude of each map, or of all of them; 1 where all is zero."""
    magnitude = np.abs(maps)
    if not np.isfinite(magnitude).all():
        magnitude = np.where(np.isfinite(magnitude), magnitude, 0)
    highs: np.ndarray = magnitude.max(axis=(1, 2), initial=0.0).astype(np.float64)
    if scope != "channel":
        highs[:] = highs.max(initial=0.0)
    highs[highs == 0] = 1.0
    return highs


def _levels(maps: np.ndarray, highs: np.ndarray, low: float, is_diverging: bool) -> np.ndarray:
    """Levels of all maps, (n_maps, height, width) uint8, in the order of the maps."""
    scale = ZERO_LEVEL / highs if is_diverging else MAX_LEVEL / (highs - low)
    offset = ZERO_LEVEL if is_diverging else 0
    zero = 0.0 if is_diverging else low
    result = np.empty(maps.shape, dtype=np.uint8)
    for index in range(maps.shape[0]):
        is_finite = np.isfinite(maps[index])
        values = np.where(is_finite, maps[index], 0).astype(np.float64)
        scaled = (values - zero) * scale[index]
        scaled = np.clip(np.rint(scaled + offset), 0, MAX_LEVEL)
        result[index] = np.where(is_finite, scaled, NOT_FINITE_LEVEL)
    return result


def _paste(tiles: np.ndarray, layout: TileLayout) -> np.ndarray:
    """Put the tiles on a ground of gaps with one transposition, (height, width) uint8."""
    if not layout.order:
        return np.zeros((0, 0), dtype=np.uint8)
    gap, rows, columns = layout.gap, layout.n_rows, layout.n_columns
    shape = (rows * columns, layout.tile_height + gap, layout.tile_width + gap)
    padded = np.full(shape, GAP_LEVEL, dtype=np.uint8)
    padded[: len(layout.order), : layout.tile_height, : layout.tile_width] = tiles[
        list(layout.order)
    ]
    grid = padded.reshape(rows, columns, *shape[1:]).swapaxes(1, 2)
    whole = grid.reshape(rows * shape[1], columns * shape[2])
    return np.ascontiguousarray(whole[: layout.height, : layout.width])
