"""Every filter as a tile with its number and a figure under it."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
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
from PyQt5.QtWidgets import QAbstractScrollArea, QWidget

from core.filters.pictures import FilterTiles
from core.words import value_text
from gui.panels.weights.shown import ShownWeights, tile_image
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.readout import paint_readout

PADDING, CAPTION, GAP = 10, 15, 10
_FITTING_SIDE, _LEAST_SIDE, _MOST_SIDE = 62, 44, 320
_PLANES = ("B", "G", "R")


class FilterTileCanvas(QAbstractScrollArea):
    """The wheel zooms, a click or the arrows choose a filter."""

    filter_chosen = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._shown: ShownWeights | None = None
        self._tiles: FilterTiles | None = None
        self._image = QImage()
        self._size = (1, 1)
        self._scale: int | None = None
        self._filter: int | None = None
        self._hovered: tuple[int, int, int] | None = None
        self.setFrameShape(QAbstractScrollArea.NoFrame)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Filters")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        keeper.changed.connect(self._retint)

    def show_tiles(self, shown: ShownWeights, tiles: FilterTiles) -> None:
        """Draw the filters of a layer; tiles: by number."""
        is_other = self._shown is None or self._shown.array is not shown.array
        self._shown, self._tiles, self._hovered = shown, tiles, None
        pixels = tiles.rgb if tiles.rgb is not None else tiles.levels
        self._size = (1, 1) if pixels is None else (pixels.shape[1], pixels.shape[2])
        self._scale = None if is_other else self._scale
        self._retint()
        self._lay_out()

    def choose(self, index: int | None) -> None:
        """Mark a filter, and scroll to it."""
        self._filter = index
        self.setAccessibleDescription("" if index is None else f"filter {index}")
        if index is not None:
            box, bar = self.tile_rect(index), self.verticalScrollBar()
            if box.top() < 2:
                bar.setValue(bar.value() + box.top() - 4)
            elif box.bottom() + CAPTION > self.viewport().height():
                bar.setValue(bar.value() + box.bottom() + CAPTION + 4 - self.viewport().height())
        self.viewport().update()

    @property
    def scale(self) -> int:
        """Pixels of the side of a weight."""
        if self._scale is not None:
            return self._scale
        height, width = self._size
        return max(1, _FITTING_SIDE // max(1, height), _LEAST_SIDE // max(1, width))

    def tile_rect(self, index: int) -> QRect:
        """Where a filter is drawn in the viewport, without its caption."""
        place = self._shown.place_of(index) if self._shown is not None else None
        return QRect() if place is None else self._rect_at(place)

    def whole_picture(self) -> QImage:
        """Every tile with its caption, at twice the size drawn."""
        size = QSize(self.viewport().width(), self._content_height())
        image = QImage(size * 2, QImage.Format_RGB32)
        image.setDevicePixelRatio(2.0)
        image.fill(self._keeper.theme.panel)
        painter = QPainter(image)
        painter.translate(0, self.verticalScrollBar().value())
        self._paint(painter, QRect(0, -self.verticalScrollBar().value(), 1 << 20, 1 << 24))
        painter.end()
        return image

    def sizeHint(self) -> QSize:
        return QSize(520, 320)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self.viewport()), self._keeper.theme
        painter.fillRect(event.rect(), theme.panel)
        self._paint(painter, self.viewport().rect())
        if shows_keyboard(self) and self._filter is None:
            painter.setPen(theme.accent)
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))
        if self._hovered is not None:
            box, area = self.tile_rect(self._hovered[0]), QRectF(self.viewport().rect())
            paint_readout(painter, self.readout(), QRectF(box), area, theme)
        painter.end()

    def readout(self) -> tuple[str, ...]:
        """The filter and the weights under the mouse."""
        shown = self._shown
        if shown is None or self._hovered is None:
            return ()
        index, y, x = self._hovered
        values = shown.array.values[index]
        names = _PLANES if shown.order == "BGR" else _PLANES[::-1]
        if len(values) == 1:
            return f"filter {index}, ({y}, {x})", value_text(float(values[0, y, x]))
        lines = (
            f"{names[plane] if shown.can_be_colour else f'input {plane}'}"
            f" {value_text(float(values[plane, y, x]))}"
            for plane in range(len(values))
        )
        return f"filter {index}, ({y}, {x})", *lines

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.localPos())
        if event.button() == Qt.LeftButton and found is not None:
            self.choose(found[0])
            self.filter_chosen.emit(found[0])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.localPos())
        if found != self._hovered:
            self._hovered = found
            self.viewport().update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = None
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
        key, columns = event.key(), self._columns()
        steps = {
            Qt.Key_Left: -1, Qt.Key_Right: 1, Qt.Key_Up: -columns, Qt.Key_Down: columns,
            Qt.Key_Home: -(1 << 30), Qt.Key_End: 1 << 30,
        }  # fmt: skip
        if key in (Qt.Key_Plus, Qt.Key_Equal, Qt.Key_Minus):
            self._zoom(-1 if key == Qt.Key_Minus else 1)
        elif key == Qt.Key_0:
            self._scale = None
            self._lay_out()
        elif key in steps and self._shown is not None:
            self._walk(steps[Qt.Key(key)])
        else:
            super().keyPressEvent(event)

    def _walk(self, step: int) -> None:
        index = self._shown.stepped(self._filter, step) if self._shown is not None else None
        if index is not None:
            self.choose(index)
            self.filter_chosen.emit(index)

    def _zoom(self, way: int) -> None:
        height, width = self._size
        most = max(1, _MOST_SIDE // max(1, height, width))
        self._scale = min(most, max(1, self.scale + way * max(1, self.scale // 5)))
        self._lay_out()

    def _cell(self) -> tuple[int, int]:
        """Width and height of a tile with its caption and the gap behind."""
        height, width = self._size
        tile = max(self.scale * width, _LEAST_SIDE)
        return tile + GAP, self.scale * height + CAPTION + GAP // 2

    def _columns(self) -> int:
        return max(1, (self.viewport().width() - 2 * PADDING + GAP) // self._cell()[0])

    def _rect_at(self, place: int) -> QRect:
        row, column = divmod(place, self._columns())
        wide, tall = self._cell()
        top = 2 + row * tall - self.verticalScrollBar().value()
        height, width = self._size
        return QRect(PADDING + column * wide, top, self.scale * width, self.scale * height)

    def _at(self, point: QPointF) -> tuple[int, int, int] | None:
        """Filter, row and column of the weight under a pixel of the viewport."""
        shown, (wide, tall) = self._shown, self._cell()
        if shown is None:
            return None
        column = int(point.x() - PADDING) // wide
        row = int(point.y() - 2 + self.verticalScrollBar().value()) // tall
        place = row * self._columns() + column
        if not 0 <= column < self._columns() or not 0 <= place < len(shown.places):
            return None
        box = self._rect_at(place)
        y, x = (int((point.y() - box.y()) // self.scale), int((point.x() - box.x()) // self.scale))
        _, _, height, width = shown.array.values.shape
        x = x % (width + 1) if self._size[1] > width else x
        return int(shown.places[place]), min(max(y, 0), height - 1), min(max(x, 0), width - 1)

    def _content_height(self) -> int:
        shown = self._shown
        n = len(shown.places) if shown is not None else 0
        return 2 + -(-n // self._columns()) * self._cell()[1] + PADDING

    def _lay_out(self) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(height)
        bar.setSingleStep(24)
        bar.setRange(0, max(0, self._content_height() - height))
        self.viewport().update()

    def _retint(self) -> None:
        if self._tiles is not None:
            self._image = tile_image(self._tiles, self._keeper.theme)
        self.viewport().update()

    def _paint(self, painter: QPainter, area: QRect) -> None:
        shown = self._shown
        if shown is None or self._image.isNull():
            return
        height, width = self._size
        dead = set(shown.figures.dead.tolist())
        for place, index in enumerate(shown.places.tolist()):
            box = self._rect_at(place)
            if box.bottom() + CAPTION < area.top() or box.top() > area.bottom():
                continue
            painter.drawImage(box, self._image, QRect(0, index * height, width, height))
            self._paint_caption(painter, box, index, is_dead=index in dead)

    def _paint_caption(self, painter: QPainter, box: QRect, index: int, *, is_dead: bool) -> None:
        theme, shown = self._keeper.theme, self._shown
        if shown is None:
            return
        is_chosen = index == self._filter
        if is_chosen:
            painter.setPen(QPen(theme.accent, 2))
            painter.setBrush(Qt.NoBrush)
            painter.drawRect(box.adjusted(-2, -2, 2, 2))
        wide = self._cell()[0] - GAP
        row = QRectF(box.left(), box.bottom() + 2, wide, CAPTION)
        painter.setFont(text_font(10.5, semibold=is_chosen))
        painter.setPen(theme.text if is_chosen else theme.secondary)
        painter.drawText(row, LEFT, str(index))
        painter.setFont(text_font(10.5, semibold=is_dead))
        painter.setPen(theme.warning_text if is_dead else theme.secondary)
        painter.drawText(row, RIGHT, shown.caption_of(index))
