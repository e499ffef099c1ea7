"""What stands around the cells of a matrix: classes beside rows and over columns, dead channels."""

from __future__ import annotations

from functools import lru_cache

from PyQt5.QtCore import QRect, QRectF, Qt
from PyQt5.QtGui import QBrush, QFont, QPainter, QPen

from gui.panels.channels.values import Band
from gui.theme import Theme, text_font

_LEFT = int(Qt.AlignLeft | Qt.AlignVCenter)
_RIGHT = int(Qt.AlignRight | Qt.AlignVCenter)


@lru_cache(maxsize=16)
def font_of(pixels: int, *, semibold: bool = False) -> QFont:
    """The system's font, asked for once: that takes longer than to paint with it."""
    return text_font(pixels, semibold=semibold)


def paint_row_band(
    painter: QPainter, theme: Theme, band: Band, box: QRectF, *, is_chosen: bool
) -> None:
    """A class and its count beside its rows in view; less where they are low."""
    if box.height() < 13:
        return
    lines = [(band.label, 12, theme.text)]
    if box.height() >= 30 and band.note:
        lines.append((band.note, 11, theme.secondary))
    top = box.center().y() - 8 * len(lines)
    for number, (words, size, colour) in enumerate(lines):
        painter.setFont(font_of(size, semibold=is_chosen and not number))
        painter.setPen(colour)
        line = QRectF(box.left(), top + 16 * number, box.width(), 16)
        shown = painter.fontMetrics().elidedText(words, Qt.ElideMiddle, int(box.width()))
        painter.drawText(line, _RIGHT, shown)


def paint_column_band(
    painter: QPainter, theme: Theme, band: Band, box: QRectF, *, has_note: bool
) -> None:
    """A class over the channels that prefer it, and how many they are."""
    painter.setFont(font_of(11, semibold=True))
    painter.setPen(theme.text)
    name = painter.fontMetrics().elidedText(band.label, Qt.ElideRight, int(box.width()))
    painter.drawText(QRectF(box.left(), box.top(), box.width(), 17), _LEFT, name)
    if has_note:
        painter.setFont(font_of(11))
        painter.setPen(theme.secondary)
        painter.drawText(QRectF(box.left(), box.top() + 17, box.width(), 16), _LEFT, band.note)


def paint_dead(painter: QPainter, theme: Theme, box: QRect, n_dead: int) -> None:
    """Channels that are 0 everywhere, as one hatched strip."""
    painter.setPen(QPen(theme.outline, 1, Qt.DashLine))
    painter.setBrush(QBrush(theme.grid, Qt.BDiagPattern))
    painter.drawRect(box)
    head = QRect(box.left() - 4, 2, box.width() + 4, 17)
    painter.setPen(theme.warning_text)
    painter.setFont(font_of(11, semibold=True))
    painter.drawText(head, _RIGHT, "dead")
    painter.setPen(theme.secondary)
    painter.setFont(font_of(11))
    painter.drawText(head.translated(0, 17), _RIGHT, f"{n_dead:,}")
