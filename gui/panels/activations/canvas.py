"""The surface the tiles are drawn on: one picture a card, zoom, scroll, readout and pin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt5.QtWidgets import QAbstractScrollArea, QWidget

from core.words import value_text
from gui.panels.activations.colours import colour_table, mosaic_image
from gui.panels.activations.painting import (
    CAPTION_HEIGHT,
    LEAST_CARD_WIDTH,
    TITLE_HEIGHT,
    paint_card,
    paint_mark,
)
from gui.panels.activations.tiles import TileCard
from gui.theme import ThemeKeeper
from gui.widgets.readout import paint_readout

PADDING, CARD_GAP = 12, 20
ZOOM_STEP, MOST_ZOOM = 1.25, 40.0
MOST_CELL_PIXELS = 24.0


@dataclass(frozen=True)
class Cell:
    """One cell of a mosaic: which card, which map, which row and column of it."""

    card: int
    map_index: int
    y: int
    x: int


@dataclass(frozen=True)
class PlacedCard:
    """Where a card's picture lies, in content pixels before scrolling."""

    picture: QRectF
    scale: float


class TileCanvas(QAbstractScrollArea):
    """Draws TileCards side by side; Ctrl+wheel zooms, drag scrolls, a click pins a cell."""

    pinned_changed = pyqtSignal(object)
    zoom_changed = pyqtSignal(float)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._cards: tuple[TileCard, ...] = ()
        self._images: list[QImage] = []
        self._selected_layer = ""
        self._zoom = 1.0
        self._hovered: Cell | None = None
        self._pinned: Cell | None = None
        self._press: tuple[QPointF, int, int] | None = None
        self._is_dragging = False
        self.setFrameShape(QAbstractScrollArea.NoFrame)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Channel tiles")
        self.viewport().setMouseTracking(True)
        self._tables: dict[bool, list[int]] = {}
        keeper.changed.connect(self._retint)

    def show_cards(self, cards: Sequence[TileCard], selected_layer: str = "") -> None:
        """Draw `cards`; the one of `selected_layer` gets the accent outline."""
        same_place = [_shape(card) for card in cards] == [_shape(card) for card in self._cards]
        self._cards = tuple(cards)
        self._selected_layer = selected_layer
        self._hovered = None
        if not same_place:
            self._pinned = None
            self._zoom = 1.0
        self._recolour()
        self._update_bars()

    @property
    def pinned(self) -> Cell | None:
        """The cell a click fixed, if any."""
        return self._pinned

    @property
    def zoom(self) -> float:
        """1 fits every card into the view."""
        return self._zoom

    def set_zoom(self, zoom: float, about: QPointF | None = None) -> None:
        """Zoom, keeping the content under `about` (viewport pixels) where it is."""
        zoom = min(MOST_ZOOM, max(1.0, zoom))
        if zoom == self._zoom:
            return
        about = about or QPointF(self.viewport().rect().center())
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        ratio = zoom / self._zoom
        x, y = across.value() + about.x(), down.value() + about.y()
        self._zoom = zoom
        self._update_bars()
        across.setValue(round(x * ratio - about.x()))
        down.setValue(round(y * ratio - about.y()))
        self.zoom_changed.emit(zoom)

    def room_aspect(self, n_cards: int, view: QSize) -> float:
        """Width over height of the room one of `n_cards` pictures has in a view of that size."""
        room = _room(max(1, n_cards), view)
        return max(0.2, min(12.0, room.width() / max(1, room.height())))

    def readout(self) -> tuple[str, ...]:
        """Place and value of the hovered or pinned cell, a line for each card that has it."""
        cell = self._hovered or self._pinned
        return () if cell is None else self._lines(cell)

    def cell_at(self, point: QPointF) -> Cell | None:
        """The cell under a viewport pixel."""
        content = point + QPointF(
            self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        )
        for index, placed in enumerate(self._placed()):
            if not placed.picture.contains(content):
                continue
            inside = (content - placed.picture.topLeft()) / placed.scale
            found = self._cards[index].mosaic.layout.cell_at(int(inside.x()), int(inside.y()))
            if found and self._cards[index].value_at(*found) is not None:
                return Cell(index, *found)
        return None

    def sizeHint(self) -> QSize:
        return QSize(480, 200)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        theme = self._keeper.theme
        painter.fillRect(self.viewport().rect(), theme.panel)
        painter.translate(-self.horizontalScrollBar().value(), -self.verticalScrollBar().value())
        for index, placed in enumerate(self._placed()):
            card = self._cards[index]
            is_selected = len(self._cards) > 1 and card.value.layer == self._selected_layer
            paint_card(
                painter, card, self._images[index], placed.picture, theme, is_selected=is_selected
            )
        if self._pinned is not None:
            for box in self._cell_boxes(self._pinned):
                paint_mark(painter, box, theme)
        cell = self._hovered or self._pinned
        anchor = None if cell is None else self._cell_box(cell, cell.card)
        if anchor is not None:
            view = painter.transform().inverted()[0].mapRect(QRectF(self.viewport().rect()))
            paint_readout(painter, self.readout(), anchor, view, theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_bars()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton:
            across, down = self.horizontalScrollBar(), self.verticalScrollBar()
            self._press = (event.localPos(), across.value(), down.value())
            self._is_dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is not None and event.buttons() & Qt.LeftButton:
            start, x, y = self._press
            moved = event.localPos() - start
            self._is_dragging = self._is_dragging or moved.manhattanLength() > 4
            if self._is_dragging:
                self.horizontalScrollBar().setValue(round(x - moved.x()))
                self.verticalScrollBar().setValue(round(y - moved.y()))
                return
        self._hover(self.cell_at(event.localPos()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_click = self._press is not None and not self._is_dragging
        self._press = None
        if was_click and event.button() == Qt.LeftButton:
            cell = self.cell_at(event.localPos())
            self.pin(None if cell == self._pinned else cell)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.ControlModifier:
            step = ZOOM_STEP if event.angleDelta().y() > 0 else 1 / ZOOM_STEP
            self.set_zoom(self._zoom * step, event.position())
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key_Plus, Qt.Key_Equal):
            self.set_zoom(self._zoom * ZOOM_STEP)
        elif key == Qt.Key_Minus:
            self.set_zoom(self._zoom / ZOOM_STEP)
        elif key == Qt.Key_0:
            self.set_zoom(1.0)
        elif key == Qt.Key_Escape and self._pinned is not None:
            self.pin(None)
        elif self._pinned is not None and key in _STEPS:
            self._step_pin(*_STEPS[Qt.Key(key)])
        else:
            super().keyPressEvent(event)

    def pin(self, cell: Cell | None) -> None:
        """Fix the readout to `cell`, or let it go."""
        self._pinned = cell
        self.pinned_changed.emit(cell)
        self.viewport().update()

    def whole_picture(self) -> QImage:
        """Every card's mosaic side by side at its own size, for saving."""
        gap = 8
        width = sum(image.width() + gap for image in self._images) - gap
        height = max((image.height() for image in self._images), default=0)
        whole = QImage(max(1, width), max(1, height), QImage.Format_RGB32)
        whole.fill(self._keeper.theme.panel)
        painter = QPainter(whole)
        left = 0
        for image in self._images:
            painter.drawImage(left, 0, image)
            left += image.width() + gap
        painter.end()
        return whole

    def _hover(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.viewport().update()

    def _step_pin(self, dx: int, dy: int) -> None:
        pinned = self._pinned
        if pinned is None:
            return
        _, height, width = self._cards[pinned.card].channels.maps.shape
        y, x = min(max(pinned.y + dy, 0), height - 1), min(max(pinned.x + dx, 0), width - 1)
        if self._cards[pinned.card].value_at(pinned.map_index, y, x) is not None:
            self.pin(Cell(pinned.card, pinned.map_index, y, x))

    def _recolour(self) -> None:
        self._images = [
            mosaic_image(card.mosaic, self._table(card.mosaic.is_diverging)) for card in self._cards
        ]
        self.viewport().update()

    @pyqtSlot()
    def _retint(self) -> None:
        self._tables.clear()
        self._recolour()

    def _table(self, is_diverging: bool) -> list[int]:
        """The 256 colours of one kind of mosaic, made once for a theme."""
        if is_diverging not in self._tables:
            self._tables[is_diverging] = colour_table(self._keeper.theme, is_diverging=is_diverging)
        return self._tables[is_diverging]

    def _placed(self) -> list[PlacedCard]:
        room = _room(max(1, len(self._cards)), self.viewport().size())
        placed: list[PlacedCard] = []
        left = float(PADDING)
        for card in self._cards:
            width, height = card.mosaic.layout.width, card.mosaic.layout.height
            fit = min(room.width() / max(1, width), room.height() / max(1, height))
            scale = min(fit, MOST_CELL_PIXELS) * self._zoom
            picture = QRectF(left, PADDING / 2 + TITLE_HEIGHT, width * scale, height * scale)
            placed.append(PlacedCard(picture, scale))
            left = max(picture.right(), picture.left() + LEAST_CARD_WIDTH) + CARD_GAP
        return placed

    def _update_bars(self) -> None:
        placed = self._placed()
        right = max((one.picture.right() for one in placed), default=0.0) + PADDING
        bottom = max((one.picture.bottom() for one in placed), default=0.0) + CAPTION_HEIGHT
        view = self.viewport().size()
        is_fit = self._zoom == 1.0 and len(placed) < 2
        for bar, content, page in (
            (self.horizontalScrollBar(), right, view.width()),
            (self.verticalScrollBar(), bottom, view.height()),
        ):
            bar.setPageStep(page)
            bar.setSingleStep(24)
            bar.setRange(0, 0 if is_fit else max(0, round(content) - page))
        self.viewport().update()

    def _cell_box(self, cell: Cell, card: int) -> QRectF | None:
        layout = self._cards[card].mosaic.layout
        if cell.map_index not in layout.order:
            return None
        placed = self._placed()[card]
        left, top = layout.origin(layout.order.index(cell.map_index))
        corner = QPointF(left + cell.x, top + cell.y) * placed.scale
        return QRectF(placed.picture.topLeft() + corner, QSizeF(placed.scale, placed.scale))

    def _cell_boxes(self, cell: Cell) -> list[QRectF]:
        boxes = []
        for index, card in enumerate(self._cards):
            box = self._cell_box(cell, index)
            if box is not None and card.value_at(cell.map_index, cell.y, cell.x) is not None:
                boxes.append(box)
        return boxes

    def _lines(self, cell: Cell) -> tuple[str, ...]:
        first = self._cards[cell.card]
        place = first.place(cell.map_index, cell.y, cell.x)
        if len(self._cards) == 1:
            value = first.value_at(cell.map_index, cell.y, cell.x)
            return place, "" if value is None else value_text(value)
        lines = [place]
        for card in self._cards:
            value = card.value_at(cell.map_index, cell.y, cell.x)
            if value is not None:
                lines.append(f"{card.value.title}: {value_text(value)}")
        return tuple(lines)


_STEPS = {
    Qt.Key_Left: (-1, 0),
    Qt.Key_Right: (1, 0),
    Qt.Key_Up: (0, -1),
    Qt.Key_Down: (0, 1),
}


def _room(n_cards: int, view: QSize) -> QSize:
    width = (view.width() - 2 * PADDING - CARD_GAP * (n_cards - 1)) / n_cards
    height = view.height() - TITLE_HEIGHT - CAPTION_HEIGHT - PADDING
    return QSize(max(24, int(width)), max(24, height))


def _shape(card: TileCard) -> tuple[object, ...]:
    return (card.value.layer, card.value.top, card.mosaic.layout)
