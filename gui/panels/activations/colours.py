"""The colours of the tiles in the window's theme, and a mosaic as a picture."""

from __future__ import annotations

from PyQt5.QtGui import QColor, QImage, qRgb

from core.activations.tile_colours import Rgb, TileColours, level_colours
from core.activations.tiles import Mosaic
from gui.theme import Theme


def colour_table(theme: Theme, *, is_diverging: bool) -> list[int]:
    """256 colours as QRgb for the levels of a Mosaic."""
    colours = TileColours(
        zero=_rgb(theme.tile_zero),
        positive=_rgb(theme.tile_positive),
        negative=_rgb(theme.tile_negative),
        ground=_rgb(theme.panel),
        not_finite=_rgb(theme.mark),
    )
    return [qRgb(*row) for row in level_colours(colours, is_diverging=is_diverging).tolist()]


def _rgb(colour: QColor) -> Rgb:
    return colour.red(), colour.green(), colour.blue()


def mosaic_image(mosaic: Mosaic, table: list[int]) -> QImage:
    """The mosaic as an 8-bit indexed picture that owns its pixels."""
    height, width = mosaic.levels.shape
    if not width or not height:
        return QImage()
    image = QImage(mosaic.levels.tobytes(), width, height, width, QImage.Format_Indexed8).copy()
    image.setColorTable(table)
    return image
