"""Every channel of one or more values as tiles of a whole number of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PyQt5.QtWidgets import QAbstractScrollArea, QWidget

from core.activations.tile_grid import TileGrid, fit_grid, grid_of
from core.net.elision import elide_names
from core.words import value_text
from gui.panels.activations.channel_marks import ChannelMarks, paint_mark
from gui.panels.activations.rows import TileRows
from gui.panels.activations.shown import Drawing
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.readout import paint_readout

PADDING, CARD_GAP, HEADING = 10, 16, 20
ZOOM_STEP, LEAST_ZOOMED, MOST_ZOOMED = 1.25, 4, 256
DRAG_AFTER = 6


@dataclass(frozen=True)
class Cell:
    """One cell: which card, which channel of it, which row and column of its map."""

    card: int
    channel: int
    y: int
    x: int


class TileCanvas(QAbstractScrollArea):
    """Draws a Drawing; the wheel zooms, a drag scrolls, a click or the arrows choose a channel."""

    channel_chosen = pyqtSignal(int, int, int, int)
    """Card, channel, and row and column of the cell; -1 for what the keyboard did not choose."""
    cell_hovered = pyqtSignal(object)
    """The Cell under the mouse, None where there is none any more."""
    channel_let_go = pyqtSignal()
    channel_opened = pyqtSignal()
    pin_toggled = pyqtSignal()
    off_toggled = pyqtSignal()
    side_changed = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._drawing = Drawing()
        self._across = 0
        self._names: tuple[str, ...] = ()
        self._grids: tuple[TileGrid, ...] = ()
        self._rows = TileRows(keeper)
        self._side: int | None = None
        self._only: frozenset[int] | None = None
        self._channel: int | None = None
        self.marks: ChannelMarks = {}
        self._hovered: Cell | None = None
        self._press: tuple[QPoint, int] | None = None
        self._is_dragging = False
        self.setFrameShape(QAbstractScrollArea.NoFrame)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Channel tiles")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        keeper.changed.connect(self._retint)

    def show_drawing(self, drawing: Drawing, only: frozenset[int] | None = None) -> None:
        """Draw cards side by side; only: the channels to show, None for all of them."""
        self._drawing, self._only, self._hovered = drawing, only, None
        self._lay_out()

    def name_values(self, names: Sequence[str]) -> None:
        """What each value of a vector is the score of, for the readout; () for nothing."""
        self._names = tuple(names)

    @property
    def channel(self) -> int | None:
        """The chosen channel."""
        return self._channel

    @property
    def side(self) -> int:
        """Pixels of the longer side of a tile."""
        return self._grids[self._drawing.leader].side if self._grids else 0

    @property
    def shown(self) -> tuple[int, ...]:
        """The channels of the leading card in the order they stand."""
        return self._order(self._drawing.leader) if self._drawing.cards else ()

    def choose(self, channel: int | None) -> None:
        """Mark a channel, and scroll to it."""
        self._channel = channel
        name = "" if channel is None else f"channel {channel}"
        self.setAccessibleDescription(name)
        self._show_channel()
        self.viewport().update()

    def set_side(self, side: int | None) -> None:
        """Tiles of so many pixels; None for the largest at which all channels fit."""
        about = self.verticalScrollBar().value() / max(1, self._content_height())
        self._side = None if side is None else min(MOST_ZOOMED, max(LEAST_ZOOMED, side))
        self._lay_out()
        self.verticalScrollBar().setValue(round(about * self._content_height()))
        self.side_changed.emit(self.side)

    def readout(self) -> tuple[str, ...]:
        """Channel, place and value under the mouse, a line for each card that has it."""
        cell = self._hovered
        if cell is None:
            return ()
        cards = self._drawing.cards
        is_vector = cards[cell.card].stack.is_vector
        place = f"value {cell.channel}" if is_vector else f"channel {cell.channel}"
        head = place if is_vector else f"{place}, ({cell.y}, {cell.x})"
        if is_vector and cell.channel < len(self._names):
            head = f"{place}: {self._names[cell.channel]}"
        values = [(card, card.value_at(cell.channel, cell.y, cell.x)) for card in cards]
        if len(cards) == 1:
            return head, *(value_text(v) for _, v in values if v is not None)
        lines = (f"{card.value.words}: {value_text(v)}" for card, v in values if v is not None)
        return head, *lines

    def cell_at(self, point: QPointF) -> Cell | None:
        """The cell under a pixel of the viewport."""
        for place, (card, grid) in enumerate(zip(self._drawing.cards, self._grids, strict=True)):
            corner = self._corner(place)
            x, y = point.x() - corner.x(), point.y() - corner.y()
            position = grid.position_at(x, y)
            if position is None:
                continue
            left, top = grid.corner(position)
            _, height, width = card.stack.maps.shape
            column = min(width - 1, int((x - left) * width / grid.tile_width))
            row = min(height - 1, int((y - top) * height / grid.tile_height))
            return Cell(place, self._order(place)[position], row, column)
        return None

    def tile_rect(self, channel: int, card: int = 0) -> QRect:
        """Where a channel's tile lies in the viewport; empty where it is not shown."""
        order = self._order(card)
        if channel not in order:
            return QRect()
        grid, corner = self._grids[card], self._corner(card)
        left, top = grid.corner(order.index(channel))
        return QRect(corner.x() + left, corner.y() + top, grid.tile_width, grid.tile_height)

    def whole_picture(self) -> QImage:
        """Every card with all its channels, at twice the size drawn, on the panel's colour."""
        width = sum(grid.width + CARD_GAP for grid in self._grids) - CARD_GAP
        height = max((grid.height for grid in self._grids), default=0)
        image = QImage(QSize(max(1, width), max(1, height)) * 2, QImage.Format_RGB32)
        image.setDevicePixelRatio(2.0)
        image.fill(self._keeper.theme.panel)
        painter, left = QPainter(image), 0
        for card, grid in enumerate(self._grids):
            for row in range(grid.n_rows):
                top = row * (grid.tile_height + grid.gap)
                painter.drawImage(left, top, self._row_image(card, row, 2.0))
            left += grid.width + CARD_GAP
        painter.end()
        return image

    def sizeHint(self) -> QSize:
        return QSize(480, 300)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self.viewport()), self._keeper.theme
        painter.fillRect(self.viewport().rect(), theme.panel)
        for card in range(len(self._grids)):
            self._paint_card(painter, card)
        for card, of_card in self.marks.items():
            for channel, words in of_card.items() if card < len(self._grids) else ():
                paint_mark(painter, self.tile_rect(channel, card), words, theme)
        painter.setBrush(Qt.NoBrush)
        if self._channel is not None:
            painter.setPen(QPen(theme.accent, 2))
            for card in range(len(self._grids)):
                box = self.tile_rect(self._channel, card)
                if not box.isEmpty():
                    painter.drawRect(box.adjusted(-1, -1, 2, 2))
        if shows_keyboard(self) and self._channel is None:
            painter.setPen(theme.accent)
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))
        if self._hovered is not None:
            box = self.tile_rect(self._hovered.channel, self._hovered.card)
            area = QRectF(self.viewport().rect())
            paint_readout(painter, self.readout(), QRectF(box), area, theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton:
            self._press = (event.pos(), self.verticalScrollBar().value())
            self._is_dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is not None and event.buttons() & Qt.LeftButton:
            start, scrolled = self._press
            moved = event.pos() - start
            self._is_dragging = self._is_dragging or moved.manhattanLength() > DRAG_AFTER
            if self._is_dragging:
                self.verticalScrollBar().setValue(scrolled - moved.y())
                return
        self._hover(self.cell_at(event.localPos()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_click = self._press is not None and not self._is_dragging
        self._press = None
        cell = self.cell_at(event.localPos()) if was_click else None
        if cell is not None and event.button() == Qt.LeftButton:
            self.choose(cell.channel)
            self.channel_chosen.emit(cell.card, cell.channel, cell.y, cell.x)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.cell_at(event.localPos()) is not None:
            self.channel_opened.emit()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        if event.modifiers() & Qt.ShiftModifier:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() - (turned or event.angleDelta().x()))
        elif turned:
            self._zoom(1 if turned > 0 else -1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key_Plus, Qt.Key_Equal, Qt.Key_Minus):
            self._zoom(-1 if key == Qt.Key_Minus else 1)
        elif key == Qt.Key_0:
            self.set_side(None)
        elif key in _MOVES and not event.modifiers() & ~Qt.KeypadModifier:
            self._walk(Qt.Key(key))
        elif key in (Qt.Key_Return, Qt.Key_Enter) and self._channel is not None:
            self.channel_opened.emit()
        elif key == Qt.Key_Space and self._channel is not None:
            self.pin_toggled.emit()
        elif key == Qt.Key_X and not event.modifiers() and self._channel is not None:
            self.off_toggled.emit()
        elif key == Qt.Key_Escape and self._channel is not None:
            self.choose(None)
            self.channel_let_go.emit()
        else:
            super().keyPressEvent(event)

    def _walk(self, key: Qt.Key) -> None:
        """Choose the channel that a key leads to, in the order they stand."""
        order = self.shown
        if not order:
            return
        columns = self._grids[self._drawing.leader].n_columns
        page = columns * max(1, self.viewport().height() // (self.side + 1) - 1)
        at = order.index(self._channel) if self._channel in order else -1
        steps = {
            Qt.Key_Left: -1, Qt.Key_Right: 1, Qt.Key_Up: -columns, Qt.Key_Down: columns,
            Qt.Key_PageUp: -page, Qt.Key_PageDown: page,
        }  # fmt: skip
        if key in (Qt.Key_Home, Qt.Key_End):
            goal = 0 if key == Qt.Key_Home else len(order) - 1
        elif at < 0:
            goal = 0
        else:
            goal = at + steps[key]
            if not 0 <= goal < len(order):
                is_page = key in (Qt.Key_PageUp, Qt.Key_PageDown)
                goal = min(max(goal, 0), len(order) - 1) if is_page else at
        self.choose(order[goal])
        self.channel_chosen.emit(-1, order[goal], -1, -1)

    def _zoom(self, way: int) -> None:
        side = self.side
        step = max(1, round(side * (ZOOM_STEP - 1)))
        self.set_side(side + step if way > 0 else side - max(1, round(side - side / ZOOM_STEP)))

    def _hover(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.cell_hovered.emit(cell)
            self.viewport().update()

    def _order(self, card: int) -> tuple[int, ...]:
        order = self._drawing.orders[card]
        leading = len(self._drawing.orders[self._drawing.leader])
        if self._only is None or len(order) != leading:
            return order
        only = self._only
        return tuple(channel for channel in order if channel in only)

    def _lay_out(self) -> None:
        """Fit the tiles to the room; what was drawn is of no use then."""
        self._rows.clear()
        cards = self._drawing.cards
        view = self.viewport().size()
        across = (view.width() - 2 * PADDING - CARD_GAP * (len(cards) - 1)) // max(1, len(cards))
        room = (max(8, across), max(8, view.height() - self._top() - PADDING))
        grids = []
        for place, card in enumerate(cards):
            height, width = card.stack.maps.shape[1:]
            n = len(self._order(place))
            if self._side is None:
                grids.append(fit_grid(n, (height, width), room))
            else:
                grids.append(grid_of(n, (height, width), room[0], self._side))
        self._grids, self._across = tuple(grids), across
        bar = self.verticalScrollBar()
        bar.setPageStep(view.height())
        bar.setSingleStep(24)
        bar.setRange(0, max(0, self._content_height() - view.height()))
        self._show_channel()
        self.viewport().update()

    def _top(self) -> int:
        return HEADING + 2 if len(self._drawing.cards) > 1 else 2

    def _content_height(self) -> int:
        return self._top() + max((grid.height for grid in self._grids), default=0) + PADDING

    def _corner(self, card: int) -> QPoint:
        x = PADDING + card * (self._across + CARD_GAP)
        return QPoint(x, self._top() - self.verticalScrollBar().value())

    def _show_channel(self) -> None:
        """Scroll as far as the chosen channel asks for."""
        if self._channel is None or not self._grids:
            return
        box = self.tile_rect(self._channel, self._drawing.leader)
        bar = self.verticalScrollBar()
        if box.isEmpty():
            return
        if box.top() < 2:
            bar.setValue(bar.value() + box.top() - 2)
        elif box.bottom() > self.viewport().height() - 2:
            bar.setValue(bar.value() + box.bottom() - self.viewport().height() + 4)

    def _paint_card(self, painter: QPainter, card: int) -> None:
        grid, corner = self._grids[card], self._corner(card)
        pitch = grid.tile_height + grid.gap
        first = max(0, -corner.y() // pitch)
        last = min(grid.n_rows - 1, (self.viewport().height() - corner.y()) // pitch)
        ratio = self.devicePixelRatioF()
        for row in range(first, last + 1):
            image = self._row_image(card, row, ratio)
            painter.drawImage(corner + QPoint(0, row * pitch), image)
        if len(self._grids) > 1:
            theme = self._keeper.theme
            painter.setFont(text_font(11, semibold=card == self._drawing.leader))
            painter.setPen(theme.text)
            place = QRectF(corner.x(), corner.y() - HEADING, self._across, HEADING - 3)
            words = [one.value.words for one in self._drawing.cards]
            shown = elide_names(words, self._across, painter.fontMetrics().horizontalAdvance)
            painter.drawText(place, LEFT, shown[card])

    def _row_image(self, card: int, row: int, ratio: float) -> QImage:
        grid = self._grids[card]
        start = row * grid.n_columns
        channels = self._order(card)[start : start + grid.n_columns]
        return self._rows.image(self._drawing, grid, (card, row), channels, ratio)

    @pyqtSlot()
    def _retint(self) -> None:
        self._rows.clear()
        self.viewport().update()


_MOVES = frozenset((
    Qt.Key_Left, Qt.Key_Right, Qt.Key_Up, Qt.Key_Down,
    Qt.Key_Home, Qt.Key_End, Qt.Key_PageUp, Qt.Key_PageDown,
))  # fmt: skip
