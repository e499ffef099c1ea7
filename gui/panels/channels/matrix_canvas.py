"""The matrix of images by channels: classes as bands, a crosshair, and the numbers of a cell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PyQt5.QtCore import QEvent, QPoint, QRect, QRectF, Qt, pyqtSignal
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
from PyQt5.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from gui.panels.channels.matrix_frame import font_of, paint_column_band, paint_dead, paint_row_band
from gui.panels.channels.matrix_levels import MatrixLevels, band_tops, rows_at
from gui.panels.channels.values import MatrixShown
from gui.theme import ThemeKeeper
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.readout import paint_readout
from gui.widgets.tile_colours import colour_table, indexed_image

LEFT, TOP, RIGHT, BOTTOM = 112, 38, 10, 8
DEAD = 42
_LARGEST, _ZOOM = 32.0, 1.3
_NAMES_FROM, _NUMBERS_FROM = 13.0, 30.0
_GAP = 2.0
Cell = tuple[int, int]


class MatrixCanvas(QAbstractScrollArea):
    """The wheel zooms, dragging moves, a click or the arrows choose a cell, Enter opens its image.

    A click on the head of a column chooses its channel, Space pins it. Cells are told by the
    numbers of their image and channel.
    """

    cell_chosen = pyqtSignal(int, int)
    image_opened = pyqtSignal(int)
    pin_toggled = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._shown: MatrixShown | None = None
        self._levels: MatrixLevels | None = None
        self._colours: tuple[tuple[str, str, bool], list[int]] = (("", "", False), [])
        self._zoom = (1.0, 1.0)
        self._current: Cell | None = None
        self._hovered: Cell | None = None
        self._drag: QPoint | None = None
        self._has_moved = False
        self.describe: Callable[[int, int], tuple[str, ...]] = lambda image, channel: ()
        """What is said of an image and a channel."""
        self.setFrameShape(QFrame.NoFrame)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Matrix of images by channels")
        self.viewport().setMouseTracking(True)
        self.viewport().installEventFilter(self)
        keeper.changed.connect(self.viewport().update)

    @property
    def current(self) -> tuple[int, int] | None:
        """The image and the channel of the chosen cell."""
        if self._shown is None or self._current is None:
            return None
        row, column = self._current
        return int(self._shown.images[row]), int(self._shown.channels[column])

    def show_matrix(self, shown: MatrixShown | None) -> None:
        """Show a matrix, whole; the chosen cell stays where it has it."""
        before = self.current
        self._shown = shown
        self._levels = None if shown is None else MatrixLevels(shown)
        self._zoom, self._current, self._hovered = (1.0, 1.0), None, None
        if before is not None:
            self.choose(before[1], before[0])
        self._set_ranges()
        self.viewport().update()

    def choose(self, channel: int | None, image: int | None = None) -> None:
        """Mark the cell of a channel, and of an image, without telling anyone."""
        shown = self._shown
        if shown is None or channel is None:
            self._current = None
        else:
            columns = np.flatnonzero(shown.channels == channel)
            rows = np.flatnonzero(shown.images == image) if image is not None else columns[:0]
            kept = 0 if self._current is None else self._current[0]
            row = int(rows[0]) if rows.size else kept
            self._current = (row, int(columns[0])) if columns.size else None
        self.viewport().update()

    def fit(self) -> None:
        """Show all of it."""
        self._zoom = (1.0, 1.0)
        self._set_ranges()
        self.viewport().update()

    def zoom(self, factor: float, at: QPoint | None = None) -> None:
        """Larger or smaller about a pixel of the viewport, by itself the middle."""
        area = self._area()
        at = at or area.center()
        x, y = at.x() - area.left(), at.y() - area.top()
        before = self._cell_size()
        fit = self._fitting()
        self._zoom = (
            min(max(1.0, self._zoom[0] * factor), max(1.0, _LARGEST / fit[0])),
            min(max(1.0, self._zoom[1] * factor), max(1.0, _LARGEST / fit[1])),
        )
        after = self._cell_size()
        left = (self.horizontalScrollBar().value() + x) * after[0] / before[0] - x
        top = (self.verticalScrollBar().value() + y) * after[1] / before[1] - y
        self._set_ranges()
        self.horizontalScrollBar().setValue(round(left))
        self.verticalScrollBar().setValue(round(top))
        self.viewport().update()

    def cell_at(self, position: QPoint) -> Cell | None:
        """(row, column) in the order shown at a pixel of the viewport; None for none."""
        shown, area = self._shown, self._area()
        if shown is None or not area.contains(position):
            return None
        width, height = self._cell_size()
        y = position.y() - area.top() + self.verticalScrollBar().value() + 0.5
        row = int(rows_at(np.array([y]), shown.rows, height, self._gap())[0])
        column = int((position.x() - area.left() + self.horizontalScrollBar().value()) / width)
        return (row, column) if row >= 0 and 0 <= column < shown.cells.shape[1] else None

    def _cell_under_head(self, position: QPoint) -> Cell | None:
        """Of the column whose head is at a pixel: the cell in the chosen row, or the first."""
        area = self._area()
        below = (
            self.cell_at(QPoint(position.x(), area.top())) if position.y() < area.top() else None
        )
        if below is None:
            return None
        return (below[0] if self._current is None else self._current[0], below[1])

    def rect_of(self, cell: Cell) -> QRectF:
        """Where a cell is drawn in the viewport."""
        area, (width, height) = self._area(), self._cell_size()
        row, column = cell
        top = row * height + self._gap() * self._band_of(row)
        return QRectF(
            area.left() + column * width - self.horizontalScrollBar().value(),
            area.top() + top - self.verticalScrollBar().value(),
            width,
            height,
        )

    def _band_of(self, row: int) -> int:
        bands = self._shown.rows if self._shown is not None else ()
        return next(
            (n for n, band in enumerate(bands) if band.start <= row < band.start + band.count), 0
        )

    def _area(self) -> QRect:
        right = RIGHT + (DEAD + 8 if self._shown is not None and self._shown.n_dead else 0)
        return self.viewport().rect().adjusted(LEFT, TOP, -right, -BOTTOM)

    def _gap(self) -> float:
        """Between classes, where they are not so many that gaps would fill the view."""
        n = 0 if self._shown is None else len(self._shown.rows)
        return _GAP if n * _GAP * 4 < self._area().height() else 0.0

    def _fitting(self) -> tuple[float, float]:
        """Pixels of a cell where the whole matrix fits."""
        area, shown = self._area(), self._shown
        if shown is None or not shown.cells.size:
            return 1.0, 1.0
        gaps = self._gap() * max(0, len(shown.rows) - 1)
        n_rows, n_columns = shown.cells.shape
        return max(1, area.width()) / n_columns, max(1.0, area.height() - gaps) / n_rows

    def _cell_size(self) -> tuple[float, float]:
        width, height = self._fitting()
        return width * self._zoom[0], height * self._zoom[1]

    def _set_ranges(self) -> None:
        area, shown = self._area(), self._shown
        n_rows, n_columns = (0, 0) if shown is None else shown.cells.shape
        width, height = self._cell_size()
        gaps = 0.0 if shown is None else self._gap() * max(0, len(shown.rows) - 1)
        for bar, whole, seen in (
            (self.horizontalScrollBar(), n_columns * width, area.width()),
            (self.verticalScrollBar(), n_rows * height + gaps, area.height()),
        ):
            bar.setPageStep(max(1, seen))
            bar.setSingleStep(40)
            bar.setRange(0, max(0, round(whole - seen)) if whole > seen + 1 else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_ranges()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.ShiftModifier:
            super().wheelEvent(event)
            return
        steps = event.angleDelta().y() / 120
        if steps:
            self.zoom(_ZOOM**steps, event.pos())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton:
            self._drag, self._has_moved = event.pos(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None and event.buttons() & Qt.LeftButton:
            moved = event.pos() - self._drag
            if self._has_moved or moved.manhattanLength() > 4:
                self._has_moved, self._drag = True, event.pos()
                for bar, step in (
                    (self.horizontalScrollBar(), moved.x()),
                    (self.verticalScrollBar(), moved.y()),
                ):
                    bar.setValue(bar.value() - step)
            return
        hovered = self.cell_at(event.pos())
        if hovered != self._hovered:
            self._hovered = hovered
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.pos()) or self._cell_under_head(event.pos())
        if self._drag is not None and not self._has_moved and cell is not None:
            self._walk_to(cell)
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.pos())
        if cell is not None and self._shown is not None:
            self.image_opened.emit(int(self._shown.images[cell[0]]))

    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:  # type: ignore[override]
        if event.type() == QEvent.Leave and self._hovered is not None:
            self._hovered = None
            self.viewport().update()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shown, key = self._shown, Qt.Key(event.key())
        step = {Qt.Key_Left: (0, -1), Qt.Key_Right: (0, 1), Qt.Key_Up: (-1, 0),
                Qt.Key_Down: (1, 0)}.get(key)  # fmt: skip
        if shown is None or not shown.cells.size:
            super().keyPressEvent(event)
        elif step is not None:
            row, column = self._current or (0, 0)
            n_rows, n_columns = shown.cells.shape
            if self._current is not None:
                row = min(max(row + step[0], 0), n_rows - 1)
                column = min(max(column + step[1], 0), n_columns - 1)
            self._walk_to((row, column))
        elif key in (Qt.Key_Return, Qt.Key_Enter) and self._current is not None:
            self.image_opened.emit(int(shown.images[self._current[0]]))
        elif key == Qt.Key_Space and self._current is not None:
            self.pin_toggled.emit()
        elif key in (Qt.Key_Plus, Qt.Key_Minus):
            self.zoom(_ZOOM if key == Qt.Key_Plus else 1 / _ZOOM)
        elif key == Qt.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def _walk_to(self, cell: Cell) -> None:
        self._current, self._hovered = cell, None
        box, area = self.rect_of(cell), QRectF(self._area())
        for bar, before, after in (
            (self.horizontalScrollBar(), box.left() - area.left(), box.right() - area.right()),
            (self.verticalScrollBar(), box.top() - area.top(), box.bottom() - area.bottom()),
        ):
            bar.setValue(bar.value() + round(min(before, 0) or max(after, 0)))
        self.viewport().update()
        if self._shown is not None:
            row, column = cell
            self.cell_chosen.emit(int(self._shown.images[row]), int(self._shown.channels[column]))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        self.draw(painter)
        painter.end()

    def draw(self, painter: QPainter) -> None:
        """Draw what is in view, on any device of the size of the viewport."""
        theme, shown = self._keeper.theme, self._shown
        painter.fillRect(self.viewport().rect(), theme.panel)
        if shown is not None and self._levels is not None and shown.cells.size:
            area = self._area()
            painter.drawImage(area.topLeft(), self._image(shown, self._levels, area))
            self._paint_columns(painter, shown, area)
            self._paint_rows(painter, shown, area)
            if shown.n_dead:
                box = QRect(area.right() + 9, area.top(), DEAD, area.height())
                paint_dead(painter, self._keeper.theme, box, shown.n_dead)
            self._paint_cross(painter, area)

    def _image(self, shown: MatrixShown, levels: MatrixLevels, area: QRect) -> QImage:
        ratio = self.devicePixelRatioF()
        width, height = round(area.width() * ratio), round(area.height() * ratio)
        x = (np.arange(width) + 0.5) / ratio + self.horizontalScrollBar().value()
        y = (np.arange(height) + 0.5) / ratio + self.verticalScrollBar().value()
        drawn = levels.drawn(x, y, self._cell_size(), self._gap())
        key = (self._keeper.theme.name, self._keeper.theme.tile_map, shown.is_diverging)
        if self._colours[0] != key:
            table = colour_table(self._keeper.theme, is_diverging=shown.is_diverging)
            self._colours = (key, table)
        image = indexed_image(drawn, self._colours[1])
        image.setDevicePixelRatio(ratio)
        return image

    def _paint_columns(self, painter: QPainter, shown: MatrixShown, area: QRect) -> None:
        """Names of the classes over their columns, and the channels' numbers where they fit."""
        theme, width = self._keeper.theme, self._cell_size()[0]
        painter.save()
        painter.setClipRect(QRect(area.left(), 0, area.width(), area.bottom()))
        left = area.left() - self.horizontalScrollBar().value()
        has_numbers = width >= _NUMBERS_FROM
        for band in shown.columns:
            x = left + band.start * width
            room = band.count * width - 8
            if x > area.right() or x + room < area.left():
                continue
            if x >= area.left():
                painter.setPen(QPen(theme.border, 1))
                painter.drawLine(round(x), 4, round(x), area.top())
            if room < 14:
                continue
            at = max(x, area.left()) + 5
            room -= at - 5 - x
            box = QRectF(at, 2, room, 34)
            paint_column_band(painter, theme, band, box, has_note=not has_numbers)
        if has_numbers:
            painter.setFont(font_of(11))
            painter.setPen(theme.secondary)
            for column, channel in enumerate(shown.channels.tolist()):
                box = QRectF(left + column * width, 19, width, 16)
                if box.right() >= area.left() and box.left() <= area.right():
                    painter.drawText(box, int(Qt.AlignCenter), str(channel))
        painter.restore()

    def _paint_rows(self, painter: QPainter, shown: MatrixShown, area: QRect) -> None:
        """Names of the classes beside their rows, or of the images where they have room."""
        theme, height = self._keeper.theme, self._cell_size()[1]
        painter.save()
        painter.setClipRect(QRect(0, area.top(), area.left(), area.height()))
        scrolled = area.top() - self.verticalScrollBar().value()
        tops = band_tops(shown.rows, height, self._gap())
        right = int(Qt.AlignRight | Qt.AlignVCenter)
        if height >= _NAMES_FROM:
            painter.setFont(font_of(11))
            painter.setPen(theme.text)
            first = self.cell_at(QPoint(area.left(), area.top() + 3))
            start = 0 if first is None else first[0]
            for row in range(start, min(len(shown.names), start + int(area.height() / height) + 2)):
                box = QRectF(4, self.rect_of((row, 0)).top(), LEFT - 12, height)
                name = shown.names[row].rpartition("/")[2]
                name = painter.fontMetrics().elidedText(name, Qt.ElideMiddle, LEFT - 12)
                painter.drawText(box, right, name)
        else:
            chosen = -1 if self._current is None else self._band_of(self._current[0])
            for number, (band, top) in enumerate(zip(shown.rows, tops, strict=True)):
                y = scrolled + top
                begin, end = max(y, area.top()), min(y + band.count * height, area.bottom())
                box = QRectF(4, begin, LEFT - 12, end - begin)
                paint_row_band(painter, theme, band, box, is_chosen=number == chosen)
        painter.restore()

    def _paint_cross(self, painter: QPainter, area: QRect) -> None:
        theme, shown = self._keeper.theme, self._shown
        painter.save()
        painter.setClipRect(area.adjusted(-1, -TOP, 2, 2))
        painter.setBrush(Qt.NoBrush)
        for cell, is_chosen in ((self._hovered, False), (self._current, True)):
            box = QRectF() if cell is None else self.rect_of(cell)
            if not box.intersects(QRectF(area)):
                continue
            wide = box.adjusted(-1, -1, 1, 1) if is_chosen else box
            painter.setPen(QPen(theme.accent if is_chosen else theme.outline, 1))
            painter.drawRect(QRectF(wide.left(), area.top(), wide.width(), area.height()))
            painter.drawRect(QRectF(area.left(), wide.top(), area.width(), wide.height()))
        painter.restore()
        told = self._hovered
        if told is None and shows_keyboard(self):
            told = self._current
        if told is not None and shown is not None:
            lines = self.describe(int(shown.images[told[0]]), int(shown.channels[told[1]]))
            below = self.rect_of(told).translated(0, 14)
            paint_readout(painter, lines, below, QRectF(self.viewport().rect()), theme)
