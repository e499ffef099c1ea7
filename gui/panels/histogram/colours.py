"""The colours and swatches of the series A and B."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor, QPainter, QPixmap

from gui.theme import Theme, pale


def series_colour(letter: str, theme: Theme) -> QColor:
    """The colour of series A or B."""
    return QColor(theme.series_a if letter == "A" else theme.series_b)


def swatch(letter: str, theme: Theme, ratio: float) -> QPixmap:
    """A as a pale area with an outline, B as an outline twice as thick; ratio: of the screen."""
    picture = QPixmap(round(16 * ratio), round(12 * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.transparent)
    painter = QPainter(picture)
    colour = series_colour(letter, theme)
    painter.setPen(colour)
    if letter == "A":
        painter.setBrush(pale(colour))
    painter.drawRect(1, 1, 13, 9)
    if letter == "B":
        painter.drawRect(2, 2, 11, 7)
    painter.end()
    return picture
