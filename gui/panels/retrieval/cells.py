"""The first ranks at a glance: a cell for each, filled where it is relevant."""

from __future__ import annotations

from PyQt5.QtCore import QPoint, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.panels.retrieval.view import Tiles
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT
from gui.widgets.plain_text import plain_tip

_STEP, _CELL, _HEIGHT, _MOST = 13, QSize(10, 15), 20, 100


class RankCells(QWidget):
    """As many cells as there is room for; a click goes to that rank."""

    place_chosen = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._tiles = Tiles.of(())
        self._in_view = range(0)
        self._current = -1
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName("First ranks")
        keeper.changed.connect(self.update)

    def show_tiles(self, tiles: Tiles) -> None:
        """Show another ranking; one without labels has no cells."""
        self._tiles = tiles
        self.setVisible(tiles.is_relevant is not None and bool(tiles))
        found = self._tiles.is_relevant
        if found is not None:
            n = min(20, len(tiles))
            said = f"{int(found[:n].sum())} of the first {n} ranks are relevant"
            self.setAccessibleDescription(said)
        self.update()

    def show_place(self, current: int, in_view: range) -> None:
        """Mark the selected rank, and frame those that the grid shows; places count from 0."""
        if (current, in_view) != (self._current, self._in_view):
            self._current, self._in_view = current, in_view
            self.update()

    @property
    def n_cells(self) -> int:
        """How many ranks have a cell."""
        room = (self.width() - self._words_width() - 4) // _STEP
        return max(0, min(room, len(self._tiles), _MOST))

    def sizeHint(self) -> QSize:
        return QSize(360, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, _HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.pos())
        if place >= 0 and event.button() == Qt.LeftButton:
            self.place_chosen.emit(place)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QHelpEvent.ToolTip:
            place = self._place_at(event.pos())
            if place >= 0:
                tile = self._tiles[place]
                rank = f"Rank {tile.rank}" if tile.rank else "No rank"
                said = f"{rank}, {tile.mark}: {tile.name}"
                QToolTip.showText(event.globalPos(), plain_tip(said), self)
            return True
        return bool(super().event(event))  # type: ignore[arg-type]

    def paintEvent(self, event: QPaintEvent) -> None:
        found, junk, n = self._tiles.is_relevant, self._tiles.is_junk, self.n_cells
        if found is None or not n:
            return
        theme, painter = self._keeper.theme, QPainter(self)
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        painter.drawText(QRectF(0, 0, self._words_width(), _HEIGHT), LEFT, f"First {n}")
        left, top = self._words_width(), (_HEIGHT - _CELL.height()) / 2
        for place in range(n):
            cell = QRectF(left + place * _STEP + 2, top, _CELL.width(), _CELL.height())
            is_junk = junk is not None and bool(junk[place])
            style = Qt.DashLine if is_junk else Qt.SolidLine
            colour = theme.secondary if is_junk else theme.outline
            painter.setPen(QPen(theme.accent if place == self._current else colour, 1, style))
            painter.setBrush(theme.relevant if found[place] else theme.panel)
            if found[place] and place != self._current:
                painter.setPen(Qt.NoPen)
                cell.adjust(0, 0, 1, 1)
            painter.drawRect(cell)
            if place == self._current:
                painter.setPen(QPen(theme.accent, 2))
                painter.setBrush(Qt.NoBrush)
                painter.drawRect(cell.adjusted(-1, -1, 1, 1))
        seen = range(self._in_view.start, min(self._in_view.stop, n))
        if seen:
            painter.setPen(QPen(theme.accent, 1))
            painter.setBrush(Qt.NoBrush)
            start = left + seen.start * _STEP
            painter.drawRect(QRectF(start, 0.5, len(seen) * _STEP + 1, _HEIGHT - 1.5))
        painter.end()

    def _words_width(self) -> int:
        return self.fontMetrics().horizontalAdvance("First 100") + 2

    def _place_at(self, position: QPoint) -> int:
        place = (position.x() - self._words_width() - 1) // _STEP
        return place if 0 <= place < self.n_cells else -1
