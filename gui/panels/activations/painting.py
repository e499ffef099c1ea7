"""Draws one tile card: its titles, its picture, its caption, and the mark of a pinned cell."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QImage, QPainter, QPen

from gui.panels.activations.tiles import TileCard
from gui.theme import Theme, text_font
from gui.widgets.alignment import LEFT, RIGHT

TITLE_HEIGHT, CAPTION_HEIGHT = 18, 18
LEAST_CARD_WIDTH = 140.0


def paint_card(
    painter: QPainter,
    card: TileCard,
    image: QImage,
    picture: QRectF,
    theme: Theme,
    *,
    is_selected: bool,
) -> None:
    """Draw `image` into `picture` with the card's words over and under it."""
    is_shrunk = picture.width() < image.width()
    painter.setRenderHint(QPainter.SmoothPixmapTransform, is_shrunk)
    painter.drawImage(picture, image)
    painter.setBrush(Qt.NoBrush)
    painter.setPen(QPen(theme.accent, 2) if is_selected else QPen(theme.outline, 1))
    grow = 2 if is_selected else 1
    painter.drawRect(picture.adjusted(-grow, -grow, grow - 1, grow - 1))
    across = max(picture.width(), LEAST_CARD_WIDTH)
    heading = QRectF(picture.left(), picture.top() - TITLE_HEIGHT - 1, across, TITLE_HEIGHT - 2)
    _paint_heading(painter, card, heading, theme)
    below = QRectF(picture.left(), picture.bottom() + 3, max(across, 260), CAPTION_HEIGHT - 4)
    painter.drawText(below, LEFT, card.caption)


def _paint_heading(painter: QPainter, card: TileCard, area: QRectF, theme: Theme) -> None:
    painter.setFont(text_font(11, semibold=True))
    painter.setPen(theme.text)
    painter.drawText(area, LEFT, card.value.title)
    used = painter.fontMetrics().horizontalAdvance(card.value.title) + 10
    painter.setFont(text_font(11))
    painter.setPen(theme.secondary)
    room = max(0, int(area.width() - used))
    words = painter.fontMetrics().elidedText(card.value.subtitle, Qt.ElideRight, room)
    painter.drawText(area, RIGHT, words)


def paint_mark(painter: QPainter, cell: QRectF, theme: Theme) -> None:
    """A square around a cell that stands out on any colour, at least 7 px wide."""
    grow = max(2.0, (7 - cell.width()) / 2)
    box = cell.adjusted(-grow, -grow, grow, grow)
    painter.setBrush(Qt.NoBrush)
    for colour, width in ((theme.panel, 4), (theme.mark, 2)):
        painter.setPen(QPen(colour, width))
        painter.drawRect(box)
