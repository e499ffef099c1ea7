"""Paints one result: its picture, rank and mark, below them name and score."""

from __future__ import annotations

from functools import cache, lru_cache

from PyQt5.QtCore import QRect, QRectF, QSize
from PyQt5.QtGui import QFont, QFontMetrics, QImage, QPaintDevice, QPainter

from core.net.elision import elide_name
from core.words import with_minus
from gui.icons import paint_icon
from gui.panels.retrieval.marks import paint_mark
from gui.panels.retrieval.view import ResultTile
from gui.theme import Theme, text_font
from gui.widgets.alignment import CENTRE, LEFT, RIGHT

TEXT_HEIGHT = 20
THUMBNAIL_SIDE = 176
_LEAST_NAME = 4
"""Characters of a shortened name, its dots among them."""


def paint_tile(
    painter: QPainter,
    tile: ResultTile,
    box: QRect,
    image: QImage | None,
    theme: Theme,
    *,
    is_first_wrong: bool = False,
) -> None:
    """Fill `box` with a tile; image: None while it is not decoded, null where it can't be."""
    picture = box.adjusted(0, 0, 0, -TEXT_HEIGHT)
    painter.fillRect(picture, theme.header)
    if image is not None and not image.isNull():
        painter.setRenderHint(QPainter.SmoothPixmapTransform, True)
        painter.drawImage(QRectF(picture), image, filling_part(image, picture.size()))
    elif image is not None:
        middle = QRectF(picture.center().x() - 10, picture.center().y() - 10, 20, 20)
        paint_icon(painter, "warning", theme.placeholder, middle)
    if tile.is_found:
        _paint_rank(painter, rank_text(tile), picture, theme)
    paint_mark(painter, tile.mark, picture, theme, is_first_wrong=is_first_wrong)
    words = QRectF(box.left(), picture.bottom() + 2, box.width(), TEXT_HEIGHT - 2)
    _paint_words(painter, tile, words, theme)


def tile_words(tile: ResultTile) -> str:
    """A tile in words: rank, mark, score, path."""
    words = f"{tile.mark}, " if tile.mark else ""
    if not tile.is_found:
        return str(tile.path)
    rank = f"Rank {tile.rank:,}" if tile.rank else "No rank"
    return f"{rank}, {words}cosine {tile.score:.4f}\n{tile.path}"


def rank_text(tile: ResultTile) -> str:
    """Its rank, a dash for junk."""
    return str(tile.rank) if tile.rank else "\N{EN DASH}"


def score_text(score: float) -> str:
    """A cosine with three digits and a true minus sign."""
    return with_minus(f"{score:.3f}")


def thumbnail_side(device: QPaintDevice | None) -> int:
    """The longer side of a thumbnail in pixels, enough for a dense screen too."""
    ratio = 1.0 if device is None else device.devicePixelRatioF()
    return round(THUMBNAIL_SIDE * max(1.0, min(2.0, ratio)))


def filling_part(image: QImage, room: QSize) -> QRectF:
    """The middle part of `image` that fills `room` without distortion."""
    scale = max(room.width() / image.width(), room.height() / image.height())
    width, height = room.width() / scale, room.height() / scale
    return QRectF((image.width() - width) / 2, (image.height() - height) / 2, width, height)


@cache
def _font(*, semibold: bool) -> QFont:
    """Asked for once: the system takes longer to name its font than a tile to be painted."""
    return text_font(12, semibold=semibold)


@lru_cache(maxsize=2000)
def _elided(name: str, room: int) -> str:
    """A name in so many pixels; most tiles of a screen were on the one before."""
    return elide_name(name, room, QFontMetrics(_font(semibold=False)).horizontalAdvance)


def _paint_rank(painter: QPainter, text: str, area: QRect, theme: Theme) -> None:
    painter.setFont(_font(semibold=True))
    width = max(20, painter.fontMetrics().horizontalAdvance(text) + 8)
    box = QRectF(area.left(), area.top(), width, 19)
    painter.fillRect(box, theme.panel)
    painter.setPen(theme.text)
    painter.drawText(box, CENTRE, text)


def _paint_words(painter: QPainter, tile: ResultTile, area: QRectF, theme: Theme) -> None:
    painter.setFont(_font(semibold=True))
    metrics = painter.fontMetrics()
    score = score_text(tile.score) if tile.is_found else ""
    used = metrics.horizontalAdvance(score)
    painter.setPen(theme.text)
    painter.drawText(area, RIGHT, score)
    room = area.adjusted(0, 0, -used - 8 if used else 0, 0)
    painter.setFont(_font(semibold=False))
    name = tile.name
    if painter.fontMetrics().horizontalAdvance(name) > room.width():
        name = name.rpartition("/")[2]  # its folder is in the tooltip
    shown = _elided(name, int(room.width()))
    if shown == name or len(shown) >= _LEAST_NAME:  # of less nothing can be told
        painter.drawText(room, LEFT, shown)
