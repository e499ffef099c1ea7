"""The colour table of the tiles: 0 to 252 are values, 254 is not finite, 255 is the ground."""

from __future__ import annotations

from PyQt5.QtGui import QColor, QImage

from core.activations.tiles import GAP_LEVEL, MAX_LEVEL, NOT_FINITE_LEVEL, ZERO_LEVEL, Mosaic
from gui.theme import Theme

CURVE = 0.65
"""Small values are most of an activation: the ramp rises faster near zero, the legend with it."""


def blend(first: QColor, second: QColor, share: float) -> QColor:
    """`first` at share 0, `second` at share 1, linear between."""
    parts = zip(first.getRgb()[:3], second.getRgb()[:3], strict=True)
    return QColor(*(round(a + (b - a) * share) for a, b in parts))


def colour_table(theme: Theme, *, is_diverging: bool) -> list[int]:
    """256 colours as QRgb for the levels of a Mosaic."""
    table = [theme.panel.rgb()] * 256
    for level in range(MAX_LEVEL + 1):
        table[level] = _level_colour(theme, level, is_diverging).rgb()
    table[NOT_FINITE_LEVEL] = theme.mark.rgb()
    table[GAP_LEVEL] = theme.panel.rgb()
    return table


def _level_colour(theme: Theme, level: int, is_diverging: bool) -> QColor:
    if not is_diverging:
        return blend(theme.tile_zero, theme.tile_positive, (level / MAX_LEVEL) ** CURVE)
    if level < ZERO_LEVEL:
        return blend(theme.tile_zero, theme.tile_negative, (1 - level / ZERO_LEVEL) ** CURVE)
    share = (level - ZERO_LEVEL) / ZERO_LEVEL
    return blend(theme.tile_zero, theme.tile_positive, share**CURVE)


def mosaic_image(mosaic: Mosaic, table: list[int]) -> QImage:
    """The mosaic as an 8-bit indexed picture that owns its pixels."""
    height, width = mosaic.levels.shape
    if not width or not height:
        return QImage()
    image = QImage(mosaic.levels.tobytes(), width, height, width, QImage.Format_Indexed8).copy()
    image.setColorTable(table)
    return image
