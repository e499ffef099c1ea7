"""The map of a layer, outputs x inputs, zoomed and panned, drawn at the screen's resolution."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PyQt5.QtWidgets import QWidget

from core.filters.pictures import MapRegion, map_size
from core.words import value_text
from gui.panels.weights.shown import ShownWeights
from gui.panels.weights.viewpoint import Viewpoint
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.readout import paint_readout
from gui.widgets.tile_colours import colour_table, indexed_image

MARGIN, HEAD = 66, 20
_ROW_WORDS_FROM = 12.0
_LINES_FROM = 10.0
_STEP = 1.25
_WAIT_MILLISECONDS = 25
_DRAG_AFTER = 5


class WeightMap(QWidget):
    """Asks for the region that shows; while it waits, what it has stands stretched in its place."""

    filter_chosen = pyqtSignal(int)
    region_requested = pyqtSignal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._shown: ShownWeights | None = None
        self._view = Viewpoint(1, 1, 8, 8)
        self._levels: np.ndarray | None = None
        self._image, self._region = QImage(), MapRegion(0, 0, 0, 0, 0, 0)
        self._filter: int | None = None
        self._hovered: tuple[int, int, int, int] | None = None
        self._press: tuple[QPoint, Viewpoint] | None = None
        self._is_dragging = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MILLISECONDS)
        self._timer.timeout.connect(self._ask)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Map of the weights, outputs x inputs")
        keeper.changed.connect(self._retint)

    def show_weights(self, shown: ShownWeights) -> None:
        """Look at a layer; zoom and place stay for the same array."""
        is_other = self._shown is None or self._shown.array is not shown.array
        self._shown, self._hovered = shown, None
        if is_other:
            self._levels, self._image = None, QImage()
            self.fit()
        self._ask()

    def show_region(self, region: MapRegion, levels: np.ndarray) -> None:
        """Draw what was asked for."""
        self._region, self._levels = region, levels
        self._retint()

    def choose(self, index: int | None) -> None:
        """Mark the row of a filter, and bring it into view."""
        self._filter = index
        self.setAccessibleDescription("" if index is None else f"filter {index}")
        if index is not None and self._shown is not None:
            top, tall = self._row_of(index), self._kernel()[0]
            room = self._room().height() / self._view.down
            if not self._view.top <= top <= self._view.top + room - tall:
                self._take(self._view.moved(self._view.left, top + tall / 2 - room / 2))
        self.update()

    def fit(self) -> None:
        """The whole map in the room."""
        if self._shown is not None:
            room = self._room()
            size = map_size(self._shown.array)
            self._take(Viewpoint(*size, room.width(), room.height()).fitted())

    def picture(self) -> QImage:
        """What shows, at twice the size."""
        image = QImage(self.size() * 2, QImage.Format_RGB32)
        image.setDevicePixelRatio(2.0)
        image.fill(self._keeper.theme.panel)
        hovered, self._hovered = self._hovered, None
        painter = QPainter(image)
        self._paint(painter)
        painter.end()
        self._hovered = hovered
        return image

    def readout(self) -> tuple[str, ...]:
        """Filter, input, place and weight under the mouse."""
        shown = self._shown
        if shown is None or self._hovered is None:
            return ()
        index, channel, y, x = self._hovered
        word = shown.array.row_word(index)
        head = f"filter {index}" + (f", {word}" if word else "")
        place = f", ({y}, {x})" if self._kernel() != (1, 1) else ""
        value = float(shown.array.values[index, channel, y, x])
        norm = f"norm {value_text(float(shown.figures.norms[index]))}"
        return head, f"input {channel}{place}", value_text(value), norm

    def sizeHint(self) -> QSize:
        return QSize(520, 320)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint(painter)
        if self._hovered is not None:
            cell = QRectF(self._to_screen(self._hovered), self._to_screen(self._hovered))
            paint_readout(painter, self.readout(), cell, QRectF(self.rect()), self._keeper.theme)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self._room()
        self._take(self._view.in_room(room.width(), room.height()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton:
            self._press, self._is_dragging = (event.pos(), self._view), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is not None and event.buttons() & Qt.LeftButton:
            start, view = self._press
            moved = event.pos() - start
            self._is_dragging |= moved.manhattanLength() > _DRAG_AFTER
            if self._is_dragging:
                left, top = view.left - moved.x() / view.across, view.top - moved.y() / view.down
                self._take(view.moved(left, top))
                return
        found = self._at(event.localPos())
        if found != self._hovered:
            self._hovered = found
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_click = self._press is not None and not self._is_dragging
        self._press = None
        found = self._at(event.localPos()) if was_click else None
        if found is None and was_click and event.x() < MARGIN:
            found = self._at(QPointF(MARGIN + 1, event.y()))
        if found is not None and event.button() == Qt.LeftButton:
            self._filter = found[0]
            self.update()
            self.filter_chosen.emit(found[0])

    def leaveEvent(self, event: object) -> None:
        self._hovered = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.ShiftModifier:
            self._take(self._view.moved(self._view.left, self._view.top - turned / self._view.down))
        elif turned:
            self._zoom(_STEP if turned > 0 else 1 / _STEP, event.posF())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, middle = event.key(), QPointF(self._room().center())
        page = max(1, int(self._room().height() / self._view.down / self._kernel()[0]) - 1)
        steps = {
            Qt.Key_Up: -1, Qt.Key_Down: 1, Qt.Key_PageUp: -page, Qt.Key_PageDown: page,
            Qt.Key_Home: -(1 << 30), Qt.Key_End: 1 << 30,
        }  # fmt: skip
        if key in (Qt.Key_Plus, Qt.Key_Equal, Qt.Key_Minus):
            self._zoom(1 / _STEP if key == Qt.Key_Minus else _STEP, middle)
        elif key == Qt.Key_0:
            self.fit()
        elif key in (Qt.Key_Left, Qt.Key_Right):
            step = self._room().width() / self._view.across / 4 * (-1 if key == Qt.Key_Left else 1)
            self._take(self._view.moved(self._view.left + step, self._view.top))
        elif key in steps and self._shown is not None:
            self._walk(steps[Qt.Key(key)])
        else:
            super().keyPressEvent(event)

    def _walk(self, step: int) -> None:
        index = self._shown.stepped(self._filter, step) if self._shown is not None else None
        if index is not None:
            self.choose(index)
            self.filter_chosen.emit(index)

    def _room(self) -> QRectF:
        return QRectF(MARGIN, HEAD, max(8, self.width() - MARGIN - 8), max(8, self.height() - 28))

    def _kernel(self) -> tuple[int, int]:
        if self._shown is None:
            return 1, 1
        _, _, height, width = self._shown.array.values.shape
        return height, width

    def _row_of(self, index: int) -> int:
        """The first row of the map that a filter has."""
        place = self._shown.place_of(index) if self._shown is not None else None
        return (place or 0) * self._kernel()[0]

    def _zoom(self, factor: float, about: QPointF) -> None:
        room = self._room()
        self._take(self._view.zoomed(factor, about.x() - room.left(), about.y() - room.top()))

    def _take(self, view: Viewpoint) -> None:
        self._view = view
        if self._shown is not None:
            self._timer.start()
        self.update()

    def _ask(self) -> None:
        region = self._view.visible(self.devicePixelRatioF())
        if region.bottom > region.top and region.right > region.left and self.isVisible():
            self.region_requested.emit(region)

    def showEvent(self, event: object) -> None:
        self._take(self._view)

    def _to_screen(self, cell: tuple[int, int, int, int]) -> QPointF:
        _height, width = self._kernel()
        index, channel, y, x = cell
        room, view = self._room(), self._view
        left = room.left() + (channel * width + x + 0.5 - view.left) * view.across
        return QPointF(left, room.top() + (self._row_of(index) + y + 0.5 - view.top) * view.down)

    def _at(self, point: QPointF) -> tuple[int, int, int, int] | None:
        """Filter, input, row and column of the weight under a point."""
        shown, room = self._shown, self._room()
        if shown is None or not room.contains(point):
            return None
        place = self._view.weight_at(point.x() - room.left(), point.y() - room.top())
        column, row = (int(value) for value in place)
        rows, columns = map_size(shown.array)
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        height, width = self._kernel()
        return int(shown.places[row // height]), column // width, row % height, column % width

    def _retint(self) -> None:
        if self._levels is not None:
            table = colour_table(self._keeper.theme, is_diverging=True)
            self._image = indexed_image(np.ascontiguousarray(self._levels), table)
        self.update()

    def _paint(self, painter: QPainter) -> None:
        theme, room = self._keeper.theme, self._room()
        painter.fillRect(self.rect(), theme.panel)
        if self._shown is None:
            return
        self._paint_head(painter)
        painter.save()
        painter.setClipRect(room)
        place = self._region_rect(self._region)
        if not self._image.isNull():
            painter.drawImage(place, self._image, QRectF(self._image.rect()))
        self._paint_lines(painter)
        painter.restore()
        self._paint_rows(painter)
        self._paint_position(painter)
        if shows_keyboard(self):
            painter.setPen(theme.accent)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _region_rect(self, region: MapRegion) -> QRectF:
        room, view = self._room(), self._view
        return QRectF(
            room.left() + (region.left - view.left) * view.across,
            room.top() + (region.top - view.top) * view.down,
            (region.right - region.left) * view.across,
            (region.bottom - region.top) * view.down,
        )

    def _paint_head(self, painter: QPainter) -> None:
        shown, theme = self._shown, self._keeper.theme
        if shown is None:
            return
        region, (_, width) = self._view.visible(), self._kernel()
        first, last = region.left // width, (region.right - 1) // width
        painter.setFont(text_font(10.5))
        painter.setPen(theme.secondary)
        row = QRectF(MARGIN, 0, self._room().width(), HEAD)
        painter.drawText(row, LEFT, f"input {first:,} to {last:,}")
        words = f"input {first:,} to {last:,}"
        left = painter.fontMetrics().horizontalAdvance(words) + 24
        painter.drawText(row.adjusted(left, 0, 0, 0), RIGHT, self._view.words)

    def _paint_lines(self, painter: QPainter) -> None:
        """Lines between kernels, where they have the room."""
        (height, width), view = self._kernel(), self._view
        across, down = view.across, view.down
        if (height, width) == (1, 1) or min(width * across, height * down) < _LINES_FROM:
            return
        painter.setPen(QPen(self._keeper.theme.panel, 1))
        region = view.visible()
        place = self._region_rect(region)
        for column in range(-(-region.left // width), region.right // width + 1):
            x = place.left() + (column * width - region.left) * across
            painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
        for row in range(-(-region.top // height), region.bottom // height + 1):
            y = place.top() + (row * height - region.top) * down
            painter.drawLine(QPointF(place.left(), y), QPointF(place.right(), y))

    def _paint_rows(self, painter: QPainter) -> None:
        """Number and figure of each row that has the room for words, and the chosen one."""
        shown, theme, room = self._shown, self._keeper.theme, self._room()
        if shown is None:
            return
        view, height = self._view, self._kernel()[0]
        region, tall = view.visible(), height * view.down
        dead = set(shown.figures.dead.tolist())
        every = max(1, int(np.ceil(_ROW_WORDS_FROM / tall)))
        for place in range(region.top // height, -(-region.bottom // height)):
            index = int(shown.places[place])
            top = room.top() + (place * height - view.top) * view.down
            if index == self._filter:
                self._paint_chosen(painter, QRectF(room.left(), top, room.width(), tall), index)
            if place % every or index == self._filter or not HEAD - 2 <= top <= room.bottom() - 10:
                continue
            middle = QRectF(4, top + min(tall, _ROW_WORDS_FROM) / 2 - 7, MARGIN - 10, 14)
            painter.setFont(text_font(10.5, semibold=index in dead))
            painter.setPen(theme.warning_text if index in dead else theme.secondary)
            painter.drawText(middle, LEFT, str(index))
            painter.drawText(middle, RIGHT, shown.caption_of(index))

    def _paint_position(self, painter: QPainter) -> None:
        """Which part of the rows and columns shows, as thin bars at the edges."""
        room, view, theme = self._room(), self._view, self._keeper.theme
        down, across = view.height / view.down / view.rows, view.width / view.across / view.columns
        if down < 1:
            top = room.top() + room.height() * view.top / view.rows
            painter.fillRect(QRectF(self.width() - 5, room.top(), 3, room.height()), theme.grid)
            bar = QRectF(self.width() - 5, top, 3, max(8.0, room.height() * down))
            painter.fillRect(bar, theme.edge)
        if across < 1:
            left = room.left() + room.width() * view.left / view.columns
            painter.fillRect(QRectF(room.left(), self.height() - 5, room.width(), 3), theme.grid)
            bar = QRectF(left, self.height() - 5, max(8.0, room.width() * across), 3)
            painter.fillRect(bar, theme.edge)

    def _paint_chosen(self, painter: QPainter, row: QRectF, index: int) -> None:
        shown, theme = self._shown, self._keeper.theme
        if shown is None:
            return
        across = (self._region.right - self._view.left) * self._view.across
        painter.setPen(QPen(theme.accent, 2))
        painter.setBrush(Qt.NoBrush)
        grown = max(row.height(), 3.0)
        painter.drawRect(
            QRectF(
                row.left() - 1, row.center().y() - grown / 2, min(row.width(), across) + 2, grown
            )
        )
        words = QRectF(2, row.center().y() - 8, MARGIN - 6, 16)
        painter.fillRect(words, theme.selected_row)
        painter.setFont(text_font(10.5, semibold=True))
        painter.setPen(theme.text)
        painter.drawText(words.adjusted(2, 0, -2, 0), LEFT, str(index))
        painter.drawText(words.adjusted(2, 0, -2, 0), RIGHT, shown.caption_of(index))
