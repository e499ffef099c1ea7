"""Marks on the tiles of channels that interventions change: crossed out, or framed with words."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt5.QtCore import QRect, Qt
from PyQt5.QtGui import QColor, QFontMetrics, QPainter, QPen

from gui.theme import Theme, text_font

ChannelMarks = Mapping[int, Mapping[int, str]]
"""By card, what is done to channels, "" where they are off."""
_LEAST_OF_WORDS = 24


def paint_mark(painter: QPainter, box: QRect, words: str, theme: Theme) -> None:
    """Mark a tile; words: what is done to the channel, "" where it is off."""
    if box.isEmpty():
        return
    painter.save()
    painter.setRenderHint(QPainter.Antialiasing)
    veil = QColor(theme.panel)
    veil.setAlpha(150 if words else 205)
    painter.fillRect(box, veil if not words else QColor(0, 0, 0, 0))
    painter.setBrush(Qt.NoBrush)
    if not words:
        painter.setPen(QPen(theme.error_text, 2))
        inner = box.adjusted(box.width() // 5, box.height() // 5, -box.width() // 5,
                             -box.height() // 5)  # fmt: skip
        painter.drawLine(inner.topLeft(), inner.bottomRight())
        painter.drawLine(inner.topRight(), inner.bottomLeft())
    painter.setPen(QPen(theme.warning_text, 2))
    painter.drawRect(box.adjusted(0, 0, -1, -1))
    font = text_font(10.5, semibold=True)
    wide = QFontMetrics(font).horizontalAdvance(words) + 6
    if words and box.width() >= _LEAST_OF_WORDS and wide <= box.width():
        ground = QRect(box.right() - wide, box.bottom() - 14, wide, 14)
        painter.fillRect(ground, theme.warning_fill)
        painter.setFont(font)
        painter.setPen(theme.warning_text)
        painter.drawText(ground, int(Qt.AlignCenter), words)
    painter.restore()
