"""What lies over a map: rings around query, results and selection, the lasso, an image's card."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt5.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from gui.panels.retrieval.maps.values import LabelLook
from gui.panels.retrieval.view import ResultTile
from gui.theme import Theme, glyph_colour, pale, text_font
from gui.widgets.alignment import CENTRE, LEFT

FADED = 0.3
_CARD, _WORDS, _PAD = 196.0, 36.0, 6.0
_RING = 7.0


def paint_rings(
    painter: QPainter,
    theme: Theme,
    places: np.ndarray,
    sizes: Mapping[int, QSizeF],
    query: int,
    results: tuple[int, ...],
    current: int,
    pointed: int,
    *,
    has_focus: bool,
    has_words: bool = True,
) -> None:
    """Rings around images, by their numbers; -1 for none.

    has_words: whether there is room for them, as on a small map there is not.

    places: (n, 2) pixels. sizes: of those that show a thumbnail. The first results have their
    ranks, the query its word: no meaning by colour alone.
    """
    for rank in range(len(results), 0, -1):
        _ring(painter, places, sizes, results[rank - 1], QPen(theme.accent, 1.5))
        _badge(painter, theme, places, sizes, results[rank - 1], str(rank))
    if query >= 0:
        _ring(painter, places, sizes, query, QPen(theme.accent, 3))
        if has_words:
            _badge(painter, theme, places, sizes, query, "query")
    if pointed >= 0:
        _ring(painter, places, sizes, pointed, QPen(theme.text, 2))
    if current >= 0:
        colour = theme.accent if has_focus else theme.edge
        _ring(painter, places, sizes, current, QPen(theme.panel, 5))
        _ring(painter, places, sizes, current, QPen(colour, 2.5))


def paint_lasso(painter: QPainter, theme: Theme, line: QPolygonF) -> None:
    """The line that chooses, closed by itself."""
    if line.size() < 2:
        return
    filling = pale(theme.accent)
    filling.setAlphaF(0.06)
    painter.setPen(QPen(theme.accent, 1.75, Qt.DashLine))
    painter.setBrush(filling)
    painter.drawPolygon(line)
    painter.setBrush(Qt.NoBrush)


def paint_card(
    painter: QPainter,
    theme: Theme,
    tile: ResultTile,
    image: QImage | None,
    look: LabelLook,
    at: QPointF,
    room: QRectF,
) -> None:
    """An image enlarged beside its place, with name and label; within `room`."""
    shape = 0.75
    if image is not None and not image.isNull():
        shape = min(1.2, max(0.4, image.height() / image.width()))
    wide = min(_CARD, room.width() - 8)
    card = QRectF(0, 0, wide, (wide - 2 * _PAD) * shape + _WORDS + 2 * _PAD)
    left = at.x() + 28 if at.x() + 28 + wide <= room.right() - 4 else at.x() - 28 - wide
    card.moveTo(max(4.0, left), min(max(4.0, at.y() - card.height() / 2),
                                    max(4.0, room.bottom() - card.height() - 4)))  # fmt: skip
    painter.setPen(QPen(theme.outline, 1))
    painter.setBrush(theme.panel)
    painter.drawRoundedRect(card, 4, 4)
    picture = card.adjusted(_PAD, _PAD, -_PAD, -_PAD - _WORDS)
    painter.fillRect(picture, theme.header)
    if image is not None and not image.isNull():
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.drawImage(picture, image)
    words = QRectF(picture.left(), picture.bottom() + 3, picture.width(), _WORDS / 2)
    _line_of(painter, theme.text, words, tile.name)
    label = words.translated(14, _WORDS / 2 - 1).adjusted(0, 0, -14, 0)
    painter.fillRect(QRectF(words.left(), label.center().y() - 4, 9, 9), look.colour(theme))
    _line_of(painter, theme.secondary, label, tile.label or look.words)
    painter.setBrush(Qt.NoBrush)


def faded(colour: QColor, ground: QColor) -> int:
    """A colour most of which is the ground, as 32 bits of ARGB."""
    parts = zip(colour.getRgb()[:3], ground.getRgb()[:3], strict=True)
    return int(QColor(*(round(FADED * a + (1 - FADED) * b) for a, b in parts)).rgba())


def _ring(
    painter: QPainter,
    places: np.ndarray,
    sizes: Mapping[int, QSizeF],
    index: int,
    pen: QPen,
) -> None:
    box = _box(places, sizes, index)
    if box is None:
        return
    painter.setPen(pen)
    painter.setBrush(Qt.NoBrush)
    if index in sizes:
        painter.drawRect(box)
    else:
        painter.drawEllipse(box)


def _box(places: np.ndarray, sizes: Mapping[int, QSizeF], index: int) -> QRectF | None:
    if not np.isfinite(places[index]).all():
        return None
    size = sizes.get(index, QSizeF(2 * _RING, 2 * _RING))
    box = QRectF(0, 0, size.width() + 3, size.height() + 3)
    box.moveCenter(QPointF(*places[index].tolist()))
    return box


def _badge(
    painter: QPainter,
    theme: Theme,
    places: np.ndarray,
    sizes: Mapping[int, QSizeF],
    index: int,
    words: str,
) -> None:
    box = _box(places, sizes, index)
    if box is None:
        return
    font = text_font(10.5, semibold=True)
    painter.setFont(font)
    wide = QFontMetricsF(font).horizontalAdvance(words) + 8
    badge = QRectF(box.left() - 2, box.top() - 13, wide, 14)
    painter.setPen(Qt.NoPen)
    painter.setBrush(theme.accent)
    painter.drawRoundedRect(badge, 3, 3)
    painter.setPen(glyph_colour(theme.accent))
    painter.drawText(badge, CENTRE, words)


def _line_of(painter: QPainter, colour: QColor, room: QRectF, words: str) -> None:
    font = text_font(11)
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(
        room, LEFT, QFontMetricsF(font).elidedText(words, Qt.ElideMiddle, room.width())
    )
