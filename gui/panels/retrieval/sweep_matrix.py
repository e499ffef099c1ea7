"""The matrix of a sweep: a layer a row, a pooling a column, mAP in the cell."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt5.QtCore import QEvent, QPoint, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt5.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from core.representations.titles import pooling_title
from gui.panels.retrieval.sweep_table import Place, SweepTable, SweptLayer, SweptRow
from gui.theme import ThemeKeeper, overlay_colour, text_font
from gui.widgets.alignment import CENTRE, LEFT
from gui.widgets.elided import elided_rows
from gui.widgets.plain_text import plain_tip

HEADER, ROW = 24, 23
_LEAST_NAME, _LEFT, _SQUARE, _CELL = 110, 12, 10, 54
_STEPS = {
    Qt.Key_Up: (-1, 0),
    Qt.Key_Down: (1, 0),
    Qt.Key_Left: (0, -1),
    Qt.Key_Right: (0, 1),
}


class SweepMatrix(QAbstractScrollArea):
    """The head stays while rows scroll; a click or Enter opens a cell, arrows move."""

    opened = pyqtSignal(object)
    """A SweptRow whose ranking is wanted."""
    pointed = pyqtSignal(object)
    """The SweptRow that the mouse or the cursor is on; None for an empty cell."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._table, self._after = SweepTable(), "l2"
        self._rows: dict[Place, SweptRow] = {}
        self._cursor, self._is_moved = (0, 0), False
        self.setFrameShape(QFrame.NoFrame)
        self.setFocusPolicy(Qt.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("mAP by layer and pooling")
        self.verticalScrollBar().setSingleStep(ROW)
        self.horizontalScrollBar().setSingleStep(_CELL)
        keeper.changed.connect(self.viewport().update)

    @property
    def current(self) -> SweptRow | None:
        """What the cursor is on."""
        place = self._place(*self._cursor)
        return None if place is None else self._rows.get(place)

    def show_table(self, table: SweepTable, after: str) -> None:
        """Show the cells of one post-processing; the cursor goes with the leader until moved."""
        if (table.layers, table.poolings) != (self._table.layers, self._table.poolings):
            self._is_moved = False
        self._table, self._after = table, after
        self._rows = table.after(after)
        best = max(self._rows.values(), key=lambda row: row.mean_ap, default=None)
        if best is not None and not self._is_moved:
            self._go(best)
        self._fit()
        self._say()
        self.viewport().update()

    def choose(self, row: SweptRow) -> None:
        """Put the cursor on a row's cell and bring it into view."""
        self._is_moved = True
        self._go(row)
        self._reveal()
        self._say()

    def sizeHint(self) -> QSize:
        return QSize(560, HEADER + ROW * max(4, len(self._table.layers)))

    def text_of(self, place: Place) -> str:
        """What stands in a cell: mAP in percent, "" while it waits, "–" without a meaning."""
        row = self._rows.get(place)
        if row is not None:
            return row.percent
        waits = place in self._table.planned and not self._table.is_finished
        return "" if waits else "–"

    def row_at(self, point: QPoint) -> SweptRow | None:
        """What was measured of the cell at a point of the viewport."""
        place = self._place_at(point)
        return None if place is None else self._rows.get(place)

    def rect_of(self, place: Place) -> QRectF:
        """Where a cell is drawn in the viewport."""
        table = self._table
        keys = [(layer.layer, layer.top) for layer in table.layers]
        return self._cell(keys.index(place[:2]), table.poolings.index(place[2]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.ToolTip:
            place = self._place_at(event.pos())
            QToolTip.showText(event.globalPos(), plain_tip(self._words(place)), self.viewport())
            return True
        if event.type() == QEvent.Leave:
            self.pointed.emit(self.current)
        handled: bool = super().viewportEvent(event)
        return handled

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.pos())
        self.viewport().setCursor(Qt.ArrowCursor if row is None else Qt.PointingHandCursor)
        self.pointed.emit(row or self.current)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.pos())
        if row is not None and event.button() == Qt.LeftButton:
            self.choose(row)
            self.opened.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None and self._table.layers and self._table.poolings:
            line = min(max(self._cursor[0] + step[0], 0), len(self._table.layers) - 1)
            column = min(max(self._cursor[1] + step[1], 0), len(self._table.poolings) - 1)
            self._cursor, self._is_moved = (line, column), True
            self._reveal()
            self._say()
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter) and self.current is not None:
            self.opened.emit(self.current)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self.viewport()), self._keeper.theme
        painter.fillRect(self.viewport().rect(), theme.panel)
        if not self._table.layers:
            return
        painter.setClipRect(0, HEADER, self.viewport().width(), self.viewport().height() - HEADER)
        names = self._names()
        for line in self._lines_in_view():
            self._paint_line(painter, line, names[line])
        painter.setClipping(False)
        self._paint_header(painter)

    def _paint_header(self, painter: QPainter) -> None:
        theme = self._keeper.theme
        painter.fillRect(QRectF(0, 0, self.viewport().width(), HEADER), theme.header)
        painter.setFont(text_font(11, semibold=True))
        painter.setPen(theme.text)
        left = self._names_left() - self.horizontalScrollBar().value()
        painter.drawText(QRectF(left, 0, 100, HEADER), LEFT, "Layer")
        for column, pooling in enumerate(self._table.poolings):
            cell = self._cell(0, column)
            place = QRectF(cell.left(), 0, cell.width(), HEADER)
            painter.drawText(place, CENTRE, pooling_title(pooling))

    def _paint_line(self, painter: QPainter, line: int, name: str) -> None:
        theme, layer = self._keeper.theme, self._table.layers[line]
        top = self._top(line)
        is_current = line == self._cursor[0]
        if is_current:
            ground = QRectF(0, top, self.viewport().width(), ROW)
            painter.fillRect(ground, theme.selected_row)
        left = -self.horizontalScrollBar().value()
        if layer.family:
            square = QRectF(left + _LEFT, top + (ROW - _SQUARE) / 2, _SQUARE, _SQUARE)
            painter.fillRect(square, theme.family(layer.family))
        painter.setFont(text_font(12, semibold=is_current))
        painter.setPen(theme.text)
        start = left + self._names_left()
        painter.drawText(QRectF(start, top, self._name_room(), ROW), LEFT, name)
        for column, pooling in enumerate(self._table.poolings):
            self._paint_cell(painter, line, column, (layer.layer, layer.top, pooling))

    def _paint_cell(self, painter: QPainter, line: int, column: int, place: Place) -> None:
        theme, row = self._keeper.theme, self._rows.get(place)
        cell = self._cell(line, column).adjusted(1, 1, -1, -1)
        text, is_best = self.text_of(place), row is not None and row is self._table.leader
        if row is not None:
            fill = overlay_colour(theme, self._share(row))
            painter.fillRect(cell, theme.accent if is_best else fill)
        elif not text:
            painter.setPen(QPen(theme.border, 1, Qt.DashLine))
            painter.drawRect(cell.adjusted(1.5, 1.5, -1.5, -1.5))
        painter.setFont(text_font(12, semibold=row is not None and self._table.near(row)))
        painter.setPen(theme.text if row is not None else theme.secondary)
        if is_best:
            painter.setPen(theme.text_on_accent)
        painter.drawText(cell, CENTRE, text)
        if self.hasFocus() and (line, column) == self._cursor:
            painter.setPen(QPen(theme.text, 1))
            painter.drawRect(cell.adjusted(0.5, 0.5, -0.5, -0.5))

    def _share(self, row: SweptRow) -> float:
        """Where a row lies between the worst and the best of all, 0 to 1."""
        values = [one.mean_ap for one in self._table.rows]
        least, most = min(values), max(values)
        return 1.0 if most <= least else (row.mean_ap - least) / (most - least)

    def _names(self) -> list[str]:
        metrics = QFontMetrics(text_font(12, semibold=True))
        texts = [layer.text for layer in self._table.layers]
        return elided_rows(texts, [int(self._name_room())] * len(texts), metrics)

    def _names_left(self) -> int:
        has_families = any(layer.family for layer in self._table.layers)
        return _LEFT + (_SQUARE + 6 if has_families else 0)

    def _widths(self) -> list[int]:
        metrics = QFontMetrics(text_font(11, semibold=True))
        words = map(pooling_title, self._table.poolings)
        return [max(_CELL, metrics.horizontalAdvance(word) + 10) for word in words]

    def _name_room(self) -> float:
        room = self.viewport().width() - sum(self._widths()) - self._names_left() - _LEFT
        metrics = QFontMetrics(text_font(12, semibold=True))
        texts = (layer.text for layer in self._table.layers)
        widest = max(map(metrics.horizontalAdvance, texts), default=0) + 2
        return min(max(_LEAST_NAME, room), max(_LEAST_NAME, widest))

    def _cell(self, line: int, column: int) -> QRectF:
        widths = self._widths()
        left = self._names_left() + self._name_room() + 8 + sum(widths[:column])
        left -= self.horizontalScrollBar().value()
        return QRectF(left, self._top(line), widths[column], ROW)

    def _top(self, line: int) -> int:
        return HEADER + line * ROW - int(self.verticalScrollBar().value())

    def _lines_in_view(self) -> Iterator[int]:
        scrolled = self.verticalScrollBar().value()
        first = scrolled // ROW
        last = (scrolled + self.viewport().height() - HEADER) // ROW + 1
        return iter(range(first, min(last, len(self._table.layers))))

    def _place(self, line: int, column: int) -> Place | None:
        table = self._table
        if not (0 <= line < len(table.layers) and 0 <= column < len(table.poolings)):
            return None
        layer: SweptLayer = table.layers[line]
        return layer.layer, layer.top, table.poolings[column]

    def _place_at(self, point: QPoint) -> Place | None:
        if point.y() < HEADER:
            return None
        line = (point.y() - HEADER + self.verticalScrollBar().value()) // ROW
        columns = range(len(self._table.poolings))
        found = (c for c in columns if self._cell(line, c).contains(point))
        return self._place(line, next(found, -1))

    def _words(self, place: Place | None) -> str:
        if place is None:
            return ""
        row = self._rows.get(place)
        if row is not None:
            return "\n".join((row.words, *row.notes, "A click opens its ranking."))
        keys = {(layer.layer, layer.top): layer.text for layer in self._table.layers}
        said = f"{keys[place[:2]]}, {pooling_title(place[2])}"
        return f"{said}: {self._table.why_not(place)}"

    def _go(self, row: SweptRow) -> None:
        keys = [(layer.layer, layer.top) for layer in self._table.layers]
        if (row.layer, row.top) in keys and row.pooling in self._table.poolings:
            column = self._table.poolings.index(row.pooling)
            self._cursor = keys.index((row.layer, row.top)), column

    def _say(self) -> None:
        self.setAccessibleDescription(self._words(self._place(*self._cursor)))
        self.pointed.emit(self.current)
        self.viewport().update()

    def _reveal(self) -> None:
        bar, room = self.verticalScrollBar(), self.viewport().height() - HEADER
        top = self._cursor[0] * ROW
        if top < bar.value():
            bar.setValue(top)
        elif top + ROW > bar.value() + room:
            bar.setValue(top + ROW - room)

    def _fit(self) -> None:
        room = self.viewport().height() - HEADER
        content = ROW * len(self._table.layers)
        self.verticalScrollBar().setRange(0, max(0, content - room))
        self.verticalScrollBar().setPageStep(max(1, room))
        width = self._names_left() + _LEAST_NAME + 8 + sum(self._widths()) + _LEFT
        over = max(0, width - self.viewport().width())
        self.horizontalScrollBar().setRange(0, over)
        self.horizontalScrollBar().setPageStep(max(1, self.viewport().width()))
