"""Two rankings as rows of pictures, A above B, with a line from each image to where it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PyQt5.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.retrieval.rank_moves import NOWHERE, RankMoves
from gui.panels.retrieval.tiles import TEXT_HEIGHT, paint_tile, thumbnail_side, tile_words
from gui.panels.retrieval.view import JUNK, RELEVANT, ResultTile, Tiles
from gui.theme import ThemeKeeper, text_font
from gui.thumbnails import ThumbnailStore
from gui.widgets.alignment import CENTRE
from gui.widgets.plain_text import plain_tip

LEAST_TILE, GAP, MARGIN = 96, 8, 12
_SHAPE, _LEAST_LINES, _MOST_TILE = 0.74, 64, 168
A, B = 0, 1


class MovesCanvas(QWidget):
    """The same ranks of both, as many as there is room for; both rows move together.

    A click selects an image in both, double click or Enter asks with it; Left and Right walk a row,
    Up and Down change rows, Home leads to the first rank.
    """

    tile_selected = pyqtSignal(object, object)
    """The tiles of the selected image in A and in B; None where it is not there, or for none."""
    tile_activated = pyqtSignal(object)

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper, self._store = keeper, store
        self._rows: tuple[Tiles, Tiles] = (Tiles.of(()), Tiles.of(()))
        self._moves: RankMoves | None = None
        self._selected: tuple[int, int] = (-1, -1)
        self._row = A
        self._start = 0
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setAccessibleName("Two rankings")
        keeper.changed.connect(self.update)
        store.arrived.connect(self.update)

    def show_rankings(self, first: Tiles, second: Tiles, moves: RankMoves | None) -> None:
        """Show two rankings from their first rank; nothing is selected."""
        self._rows, self._moves, self._start = (first, second), moves, 0
        self._choose((-1, -1))

    @property
    def places(self) -> tuple[int, int]:
        """The places, from 0, of the selected image in A and in B; -1 where it is not."""
        return self._selected

    @property
    def places_in_view(self) -> range:
        """The places whose tiles are shown, in both rows."""
        n = max(map(len, self._rows))
        return range(self._start, min(self._start + self._columns(), n))

    def select(self, row: int, place: int) -> None:
        """Select the image at a place of A (0) or B (1) in both, and bring that place into view."""
        if self._moves is None or not 0 <= place < len(self._rows[row]):
            self._choose((-1, -1))
            return
        self._row = row
        other = int((self._moves.in_second, self._moves.in_first)[row][place]) - 1
        self._bring_into_view(place)
        self._choose((place, other) if row == A else (other, place))

    def tile_rect(self, row: int, place: int) -> QRect:
        """Where a tile is drawn, words included."""
        width = self._tile_width()
        left = MARGIN + round((place - self._start) * (width + GAP))
        height = round(width * _SHAPE) + TEXT_HEIGHT
        top = 4 if row == A else self.height() - height - 4
        return QRect(left, top, int(width), height)

    def sizeHint(self) -> QSize:
        return QSize(900, 360)

    def minimumSizeHint(self) -> QSize:
        high = round(LEAST_TILE * _SHAPE) + TEXT_HEIGHT + 4
        return QSize(2 * MARGIN + 2 * LEAST_TILE, 2 * high + _LEAST_LINES)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scroll(0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        self._scroll(-1 if delta.x() + delta.y() > 0 else 1)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._tile_at(event.pos())
        if found is not None and event.button() == Qt.LeftButton:
            self.select(*found)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton and self._tile_at(event.pos()) is not None:
            self._activate()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._selected == (-1, -1) and event.reason() != Qt.MouseFocusReason:
            self.select(A, 0)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, place = event.key(), max(0, self._selected[self._row])
        last = len(self._rows[self._row]) - 1
        walked = {
            Qt.Key_Left: place - 1, Qt.Key_Right: place + 1,
            Qt.Key_PageUp: place - self._columns(), Qt.Key_PageDown: place + self._columns(),
            Qt.Key_Home: 0, Qt.Key_End: last,
        }  # fmt: skip
        if event.modifiers() & (Qt.AltModifier | Qt.ControlModifier):
            event.ignore()
        elif key in (Qt.Key_Return, Qt.Key_Enter):
            self._activate()
        elif key == Qt.Key_Escape and self._selected != (-1, -1):
            self._choose((-1, -1))
        elif key in walked:
            self.select(self._row, min(max(walked[Qt.Key(key)], 0), last))
        elif key in (Qt.Key_Up, Qt.Key_Down):
            self._change_row(A if key == Qt.Key_Up else B)
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.ToolTip:
            found = self._tile_at(event.pos())
            if found is not None:
                words = tile_words(self._rows[found[0]][found[1]])
                QToolTip.showText(event.globalPos(), plain_tip(words), self)
            else:
                QToolTip.hideText()
            return True
        return bool(super().event(event))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._keeper.theme.panel)
        if self._moves is not None:
            self._store.begin_wishes(thumbnail_side(self))
            self._paint_lines(painter, self._moves)
            for row in (A, B):
                self._paint_row(painter, row)
        painter.end()

    def _paint_row(self, painter: QPainter, row: int) -> None:
        theme = self._keeper.theme
        for place in self.places_in_view:
            if place >= len(self._rows[row]):
                break
            tile, box = self._rows[row][place], self.tile_rect(row, place)
            if place == self._selected[row]:
                is_active = self.hasFocus() and row == self._row
                painter.setPen(QPen(theme.accent if is_active else theme.edge, 2))
                painter.setBrush(Qt.NoBrush)
                painter.drawRect(box.adjusted(-3, -3, 3, 2))
            image = self._store.get(tile.path, thumbnail_side(self))
            paint_tile(painter, tile, box, image, theme)

    def _paint_lines(self, painter: QPainter, moves: RankMoves) -> None:
        """Those of A's images, then what comes into B from elsewhere; the selected one last."""
        painter.setRenderHint(QPainter.Antialiasing, True)
        drawn = list(self._moves_in_view(moves))
        for row, place, rank in drawn:
            self._paint_move(painter, row, place, rank)
        for row, place, rank in drawn:
            self._paint_elsewhere(painter, row, place, rank)
        painter.setRenderHint(QPainter.Antialiasing, False)

    def _moves_in_view(self, moves: RankMoves) -> Iterator[tuple[int, int, int]]:
        """The row, place and rank in the other row of each line."""
        seen = self.places_in_view
        for place in [*(p for p in seen if p != self._selected[A]), self._selected[A]]:
            if place in seen and place < moves.in_second.size:
                yield A, place, int(moves.in_second[place])
        for place in [*(p for p in seen if p != self._selected[B]), self._selected[B]]:
            if place in seen and place < moves.in_first.size:
                rank = int(moves.in_first[place])
                if rank - 1 not in seen:
                    yield B, place, rank

    def _paint_move(self, painter: QPainter, row: int, place: int, rank: int) -> None:
        """From a tile to where it goes: the other row, or a number at its own."""
        tile = self._rows[row][place]
        is_selected = place == self._selected[row]
        colour = self._colour(tile, is_selected=is_selected)
        is_bold = is_selected or tile.mark == RELEVANT
        style = Qt.DashLine if tile.mark == JUNK else Qt.SolidLine
        painter.setPen(QPen(colour, 3 if is_selected else 2 if is_bold else 1, style))
        painter.setBrush(Qt.NoBrush)
        box = self.tile_rect(row, place)
        down = 1 if row == A else -1
        start = QPointF(box.center().x(), box.bottom() + 4 if row == A else box.top() - 4)
        if rank - 1 in self.places_in_view:
            there = self.tile_rect(1 - row, rank - 1)
            end = QPointF(there.center().x(), there.top() - 4)
            middle = (start.y() + end.y()) / 2
            path = QPainterPath(start)
            path.cubicTo(QPointF(start.x(), middle), QPointF(end.x(), middle), end)
            painter.drawPath(path)
            return
        painter.drawLine(start, start + QPointF(0, 10 * down))

    def _paint_elsewhere(self, painter: QPainter, row: int, place: int, rank: int) -> None:
        """The rank that an image has out of view, over all lines."""
        if rank - 1 in self.places_in_view:
            return
        tile, is_selected = self._rows[row][place], place == self._selected[row]
        is_bold = is_selected or tile.mark == RELEVANT
        painter.setPen(self._colour(tile, is_selected=is_selected))
        box = self.tile_rect(row, place)
        start = QPointF(box.center().x(), box.bottom() + 4 if row == A else box.top() - 4)
        words = _elsewhere(row, rank)
        place_of_words = QRectF(start.x() - box.width() / 2, 0, box.width(), 16)
        place_of_words.moveTop(start.y() + 11 if row == A else start.y() - 27)
        painter.setFont(text_font(11, semibold=is_bold))
        room = painter.fontMetrics().horizontalAdvance(words) + 6
        ground = QRectF(0, 0, room, 16)
        ground.moveCenter(place_of_words.center())
        painter.fillRect(ground, self._keeper.theme.panel)
        painter.drawText(place_of_words, CENTRE, words)

    def _colour(self, tile: ResultTile, *, is_selected: bool) -> QColor:
        theme = self._keeper.theme
        if is_selected:
            return QColor(theme.accent)
        return QColor(theme.relevant if tile.mark == RELEVANT else theme.secondary)

    def _choose(self, places: tuple[int, int]) -> None:
        self._selected = places
        tiles = [
            row[place] if 0 <= place < len(row) else None
            for row, place in zip(self._rows, places, strict=True)
        ]
        shown = next((tile for tile in tiles if tile is not None), None)
        self.setAccessibleDescription("" if shown is None else _said(shown, tiles))
        self.update()
        self.tile_selected.emit(*tiles)

    def _change_row(self, row: int) -> None:
        """To the same image in the other row, else to the tile beside."""
        there = self._selected[row]
        if there < 0:
            there = min(max(0, self._selected[1 - row]), len(self._rows[row]) - 1)
        self.select(row, there)

    def _activate(self) -> None:
        place = self._selected[self._row]
        if place >= 0:
            self.tile_activated.emit(self._rows[self._row][place])

    def _tile_at(self, position: QPoint) -> tuple[int, int] | None:
        for row in (A, B):
            for place in self.places_in_view:
                if place < len(self._rows[row]) and self.tile_rect(row, place).contains(position):
                    return row, place
        return None

    def _bring_into_view(self, place: int) -> None:
        if place < self._start:
            self._start = place
        elif place >= self._start + self._columns():
            self._start = place - self._columns() + 1

    def _scroll(self, step: int) -> None:
        most = max(0, max(map(len, self._rows)) - self._columns())
        self._start = min(max(0, self._start + step), most)
        self.update()

    def _room(self) -> int:
        return max(LEAST_TILE, self.width() - 2 * MARGIN + GAP)

    def _columns(self) -> int:
        """In little height tiles are smaller, and more of them stand side by side."""
        return max(1, int(self._room() // (min(self._wanted_width(), self._fitting()) + GAP)))

    def _tile_width(self) -> float:
        return min(float(_MOST_TILE), self._fitting(), self._room() / self._columns() - GAP)

    def _fitting(self) -> float:
        """How wide a tile of the height that there is can be."""
        return max(LEAST_TILE / 2, self._high() / _SHAPE)

    def _high(self) -> float:
        """How high a picture can be, so that the lines keep their room."""
        return (self.height() - _LEAST_LINES - 8) / 2 - TEXT_HEIGHT

    def _wanted_width(self) -> int:
        """Tiles grow with the height, as long as ten stand side by side."""
        widest = min(self._high() / _SHAPE, self._room() / 10 - GAP, _MOST_TILE)
        return max(LEAST_TILE, int(widest))


def _elsewhere(row: int, rank: int) -> str:
    if rank == NOWHERE:
        return "not in B" if row == A else "not in A"
    return f"to {rank:,}" if row == A else f"from {rank:,}"


def _said(shown: ResultTile, tiles: list[ResultTile | None]) -> str:
    """The selected image in words: "a/1, relevant, rank 7 in A, rank 31 in B"."""
    return ", ".join(filter(None, (shown.name, shown.mark, said_ranks(tiles))))


def said_ranks(tiles: Sequence[ResultTile | None]) -> str:
    """ "rank 7 in A, rank 31 in B"."""
    return ", ".join(
        f"not in {letter}" if tile is None else f"rank {tile.rank:,} in {letter}"
        for letter, tile in zip("AB", tiles, strict=True)
    )
