"""Rows of tiles as pictures, each drawn once for a size, an order and a theme."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PyQt5.QtGui import QImage

from core.activations.tile_grid import TileGrid, levels_of, resampled
from core.activations.tiles import GAP_LEVEL
from gui.panels.activations.shown import Drawing
from gui.theme import ThemeKeeper
from gui.widgets.tile_colours import colour_table, indexed_image


class TileRows:
    """Draws a row when it comes into view: a net may have more tiles than a screen shows."""

    def __init__(self, keeper: ThemeKeeper) -> None:
        self._keeper = keeper
        self._drawn: dict[tuple[int, int, float], QImage] = {}
        self._table: list[int] = []

    def clear(self) -> None:
        """Forget what was drawn; sizes, values or colours are others now."""
        self._drawn.clear()
        self._table = []

    def image(
        self,
        drawing: Drawing,
        grid: TileGrid,
        place: tuple[int, int],
        channels: Sequence[int],
        ratio: float,
    ) -> QImage:
        """One row of a card; place: card and row; ratio: pixels of the screen for each of ours."""
        key = (*place, ratio)
        if key not in self._drawn:
            if not self._table:
                is_diverging = drawing.is_diverging
                self._table = colour_table(self._keeper.theme, is_diverging=is_diverging)
            levels = _row_levels(drawing, grid, place[0], list(channels), ratio)
            image = indexed_image(levels, self._table)
            image.setDevicePixelRatio(ratio)
            self._drawn[key] = image
        return self._drawn[key]


def _row_levels(
    drawing: Drawing, grid: TileGrid, card: int, channels: list[int], ratio: float
) -> np.ndarray:
    """Tiles side by side with a gap at the right of each and below, (height, width) uint8."""
    width, height = round(grid.tile_width * ratio), round(grid.tile_height * ratio)
    gap = round(grid.gap * ratio)
    maps = resampled(drawing.cards[card].stack.maps[channels], height, width)
    highs = drawing.highs[card][channels]
    levels = levels_of(maps, highs, is_diverging=drawing.is_diverging, low=drawing.low)
    padded = np.full((len(channels), height + gap, width + gap), GAP_LEVEL, np.uint8)
    padded[:, :height, :width] = levels
    whole = padded.swapaxes(0, 1).reshape(height + gap, len(channels) * (width + gap))
    return np.ascontiguousarray(whole)
