"""The colours of the tiles in the window's theme, and maps as pictures."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PyQt5.QtGui import QColor, QImage, qRgb

from core.activations.tile_colours import Rgb, TileColours, level_colours
from core.activations.tile_grid import levels_of, resampled
from gui.theme import Theme


def colour_table(theme: Theme, *, is_diverging: bool) -> list[int]:
    """256 colours as QRgb for the levels of maps; gaps have the colour of grid lines."""
    colours = TileColours(
        zero=_rgb(theme.tile_zero),
        positive=_rgb(theme.tile_positive),
        negative=_rgb(theme.tile_negative),
        ground=_rgb(theme.grid),
        not_finite=_rgb(theme.mark),
        unsigned=theme.tile_map,
    )
    return list(_table(colours, is_diverging))


@lru_cache(maxsize=16)
def _table(colours: TileColours, is_diverging: bool) -> tuple[int, ...]:
    """Worked out once for a theme: it takes 1 ms, and every paint of tiles asks for it."""
    levels = level_colours(colours, is_diverging=is_diverging)
    return tuple(qRgb(*row) for row in levels.tolist())


def _rgb(colour: QColor) -> Rgb:
    return colour.red(), colour.green(), colour.blue()


def indexed_image(levels: np.ndarray, table: list[int]) -> QImage:
    """Levels, (height, width) uint8, as an 8-bit indexed picture that owns its pixels."""
    height, width = levels.shape
    if not width or not height:
        return QImage()
    image = QImage(levels.tobytes(), width, height, width, QImage.Format_Indexed8).copy()
    image.setColorTable(table)
    return image


def map_image(
    one: np.ndarray,
    high: float,
    table: list[int],
    size: tuple[int, int],
    *,
    is_diverging: bool,
    low: float = 0.0,
) -> QImage:
    """One map, (height, width), as a picture of `size` (width, height) pixels."""
    whole = resampled(one[None], size[1], size[0])
    levels = levels_of(whole, np.array([high]), is_diverging=is_diverging, low=low)
    return indexed_image(levels[0], table)
