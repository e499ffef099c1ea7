"""The first results of a ranking as a picture, below what it is of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5.QtCore import QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetrics, QImage, QPainter, QPen

from gui.panels.retrieval.tiles import TEXT_HEIGHT, paint_tile
from gui.panels.retrieval.view import QueryView, ResultTile, Tiles, first_wrong
from gui.theme import Theme, text_font
from gui.widgets.alignment import LEFT

COLUMNS, ROWS = 8, 4
MOST_RESULTS = COLUMNS * ROWS - 1
"""The query has the first place."""
_TILE, _GAP, _MARGIN = QSize(148, 110), 10, 16
_SCALE = 2.0


def ranking_image(
    query: QueryView,
    tiles: Tiles,
    caption: Sequence[str],
    theme: Theme,
    picture_of: Callable[[Path], QImage | None],
) -> QImage:
    """The query and the best results, twice as fine as a plain screen.

    caption: lines, the first in semibold. picture_of: the decoded thumbnail of a file.
    """
    width = COLUMNS * (_TILE.width() + _GAP) - _GAP + 2 * _MARGIN
    lines = [
        (line, text_font(13 if number == 0 else 11, semibold=number == 0))
        for number, line in enumerate(caption)
    ]
    heights = [
        QFontMetrics(font)
        .boundingRect(QRect(0, 0, width - 2 * _MARGIN, 1000), int(Qt.TextWordWrap), line)
        .height()
        + 2
        for line, font in lines
    ]
    shown = [_query_tile(query), *tiles[:MOST_RESULTS]]
    n_rows = -(-len(shown) // COLUMNS)
    step = _TILE.height() + TEXT_HEIGHT + _GAP
    top = _MARGIN + sum(heights) + _GAP
    size = QSize(width, top + n_rows * step - _GAP + _MARGIN)
    image = QImage(size * _SCALE, QImage.Format_RGB32)
    image.setDevicePixelRatio(_SCALE)
    image.fill(theme.panel)
    image.setText("Description", "\n".join(caption))
    painter = QPainter(image)
    y = float(_MARGIN)
    for (line, font), height in zip(lines, heights, strict=True):
        painter.setFont(font)
        painter.setPen(theme.text)
        place = QRectF(_MARGIN, y, width - 2 * _MARGIN, height)
        painter.drawText(place, int(LEFT | Qt.TextWordWrap), line)
        y += height
    wrong = next((tile.rank for tile in first_wrong(tiles)), 0)
    for place_number, tile in enumerate(shown):
        row, column = divmod(place_number, COLUMNS)
        left = _MARGIN + column * (_TILE.width() + _GAP)
        box = QRect(left, top + row * step, _TILE.width(), _TILE.height() + TEXT_HEIGHT)
        is_wrong = 0 < tile.rank == wrong
        paint_tile(painter, tile, box, picture_of(tile.path), theme, is_first_wrong=is_wrong)
    painter.setPen(QPen(theme.accent, 2))
    painter.setBrush(Qt.NoBrush)
    painter.drawRect(
        QRect(_MARGIN - 3, top - 3, _TILE.width() + 5, _TILE.height() + TEXT_HEIGHT + 4)
    )
    painter.end()
    return image


def paths_of(query: QueryView, tiles: Tiles) -> list[Path]:
    """The files whose thumbnails the picture needs."""
    return [query.path, *(tile.path for tile in tiles[:MOST_RESULTS])]


def _query_tile(query: QueryView) -> ResultTile:
    return ResultTile(0, -1, query.path, f"Query: {query.name.rpartition('/')[2]}", 0.0)
