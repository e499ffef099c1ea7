"""One channel, enlarged, and the picture that the net saw, with the same place marked on both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PyQt5.QtWidgets import QSizePolicy, QWidget

from core.attribution.explanation import Explanation
from core.retrieval.why_picture import heat_of
from core.words import value_text
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import CENTRE
from gui.widgets.heat import heat_image, paint_heat
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.readout import paint_readout
from gui.widgets.tile_colours import colour_table, map_image

Place = tuple[int, int]
"""Row and column of a cell."""
MARGIN = 7
"""Pixels around the picture in which what a field reads of the padding shows."""
_DIM = QColor(0, 0, 0, 130)
_STEPS = {
    Qt.Key_Left: (0, -1), Qt.Key_Right: (0, 1), Qt.Key_Up: (-1, 0), Qt.Key_Down: (1, 0),
}  # fmt: skip


@dataclass(frozen=True)
class FieldMarks:
    """A receptive field over the picture, each part from 0 to 1 of its width and height.

    outer: with the padding, which lies beyond 0 and 1; inner: pixels that are read; effective: the
    part of `outer` that holds most of the gradient, None where nobody asked.
    """

    outer: QRectF
    inner: QRectF
    effective: QRectF | None = None


_HEAT_OPACITY = 0.75


class Square(QWidget):
    """A square of a fixed side that shows something at its own aspect."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._side = 248
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    def set_side(self, side: int) -> None:
        """Be a square of so many pixels."""
        self._side = side
        self.setFixedSize(side, side)

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _picture_rect(self, width: int, height: int, margin: int = 1) -> QRectF:
        """The largest place, in the middle, for a picture of these proportions."""
        room = QRectF(self.rect()).adjusted(margin, margin, -margin, -margin)
        scale = min(room.width() / max(1, width), room.height() / max(1, height))
        place = QRectF(0, 0, max(3.0, width * scale), max(3.0, height * scale))
        place.moveCenter(room.center())
        return place


class EnlargedMap(Square):
    """The map of one channel; the mouse or the arrows read its cells."""

    place_chosen = pyqtSignal(object)
    place_hovered = pyqtSignal(object)
    """The cell under the mouse, None where there is none any more."""
    left = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self._map: np.ndarray | None = None
        self._low, self._high = 0.0, 1.0
        self._is_diverging = False
        self._place: Place | None = None
        self._hovered: Place | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("The channel, enlarged")

    def show_map(
        self, one: np.ndarray | None, high: float, *, is_diverging: bool, low: float = 0.0
    ) -> None:
        """Show a map, (height, width), with colours up to a magnitude; None for none."""
        self._map, self._low, self._high, self._is_diverging = one, low, high, is_diverging
        self._hovered = None
        self.update()

    def mark(self, place: Place | None) -> None:
        """Mark a cell."""
        self._place = place
        self.setAccessibleDescription(" ".join(self.readout()))
        self.update()

    @property
    def place(self) -> Place | None:
        """The marked cell."""
        return self._place

    def readout(self) -> tuple[str, ...]:
        """ "(4, 7)" and its value, of the cell under the mouse, else of the marked one."""
        place = self._hovered or self._place
        if place is None or self._map is None:
            return ()
        height, width = self._map.shape
        if not (place[0] < height and place[1] < width):
            return ()
        return f"({place[0]}, {place[1]})", value_text(float(self._map[place]))

    def cell_rect(self, place: Place) -> QRectF:
        """Where a cell is drawn."""
        if self._map is None:
            return QRectF()
        height, width = self._map.shape
        whole = self._picture_rect(width, height)
        across, down = whole.width() / width, whole.height() / height
        return QRectF(whole.x() + place[1] * across, whole.y() + place[0] * down, across, down)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.fillRect(self.rect(), theme.panel)
        if self._map is None:
            painter.setPen(theme.border)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            painter.setPen(theme.secondary)
            painter.setFont(text_font(11))
            painter.drawText(QRectF(self.rect()), CENTRE | Qt.TextWordWrap, "Choose a channel")
            return
        height, width = self._map.shape
        place, ratio = self._picture_rect(width, height), self.devicePixelRatioF()
        size = (round(place.width() * ratio), round(place.height() * ratio))
        table = colour_table(theme, is_diverging=self._is_diverging)
        image = map_image(
            self._map, self._high, table, size, is_diverging=self._is_diverging, low=self._low
        )
        painter.drawImage(place, image)
        painter.setBrush(Qt.NoBrush)
        painter.setPen(QPen(theme.accent if shows_keyboard(self) else theme.border, 1))
        painter.drawRect(place.adjusted(-1, -1, 0, 0))
        marked = self._hovered or self._place
        if marked is not None and marked[0] < height and marked[1] < width:
            box = self.cell_rect(marked)
            painter.setPen(QPen(theme.accent, 2))
            painter.drawRect(box.adjusted(-1, -1, 1, 1))
            paint_readout(painter, (" ".join(self.readout()),), box, QRectF(self.rect()), theme)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hovered = self._place_at(event.localPos())
        self._hover(hovered)

    def _hover(self, hovered: Place | None) -> None:
        if hovered != self._hovered:
            self._hovered = hovered
            self.place_hovered.emit(hovered)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.localPos())
        if place is not None:
            self.place_chosen.emit(place)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if event.key() == Qt.Key_Escape:
            self.left.emit()
        elif (
            step is not None
            and self._map is not None
            and not event.modifiers() & ~Qt.KeypadModifier
        ):
            height, width = self._map.shape
            y, x = self._place or (0, 0)
            moved = (y + step[0], x + step[1]) if self._place else (0, 0)
            y, x = min(max(moved[0], 0), height - 1), min(max(moved[1], 0), width - 1)
            self.place_chosen.emit((y, x))
        else:
            super().keyPressEvent(event)

    def _place_at(self, point: QPointF) -> Place | None:
        if self._map is None:
            return None
        height, width = self._map.shape
        whole = self._picture_rect(width, height)
        if not whole.contains(point):
            return None
        y = int((point.y() - whole.y()) * height / whole.height())
        x = int((point.x() - whole.x()) * width / whole.width())
        return min(y, height - 1), min(x, width - 1)


class SeenPicture(Square):
    """What the net saw, with the part of it that stands where the marked cell does."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self._picture = QImage()
        self._part: QRectF | None = None
        self._field: FieldMarks | None = None
        self._has_margin = False
        self._heat: Explanation | None = None
        self._heated: tuple[str, QImage, QImage] | None = None
        self.setAccessibleName("What the net sees")
        self.setToolTip("What the net sees: the picture as its input has it")

    def show_picture(self, picture: QImage | None) -> None:
        """Show a picture, None for none."""
        self._picture = QImage() if picture is None else picture
        self._heat, self._heated = None, None
        self.update()

    def mark(self, part: QRectF | None) -> None:
        """Mark a part, from 0 to 1 of width and height; None for none."""
        self._part = part
        self.update()

    def show_field(self, field: FieldMarks | None, *, has_margin: bool) -> None:
        """Lay a receptive field over it, None for none; has_margin: keep room for padding."""
        self._field, self._has_margin = field, has_margin
        self.update()

    def show_heat(self, found: Explanation | None) -> None:
        """Lay places that explain a score over it, None for none."""
        self._heat, self._heated = found, None
        self.update()

    @property
    def heat(self) -> Explanation | None:
        """The places that are drawn."""
        return self._heat

    @property
    def field(self) -> FieldMarks | None:
        """The receptive field that is drawn."""
        return self._field

    @property
    def part(self) -> QRectF | None:
        """The marked part."""
        return self._part

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.fillRect(self.rect(), theme.panel)
        if self._picture.isNull():
            painter.setPen(theme.border)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            painter.setPen(theme.secondary)
            painter.setFont(text_font(11))
            painter.drawText(QRectF(self.rect()), CENTRE, "No picture")
            return
        margin = MARGIN if self._has_margin else 1
        place = self._picture_rect(self._picture.width(), self._picture.height(), margin)
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.drawImage(place, self._picture)
        if self._heat is not None:
            _, grey, heat = self._drawn_heat(self._heat)
            paint_heat(painter, place, grey, heat, _HEAT_OPACITY, theme)
        painter.setRenderHint(QPainter.SmoothPixmapTransform, False)
        if self._field is not None:
            self._paint_field(painter, self._field, place)
        if self._part is not None:
            box = _within(place, self._part)
            grow = max(1.0, (8 - box.width()) / 2)
            for colour, width in ((theme.panel, 4), (theme.accent, 2)):
                painter.setPen(QPen(colour, width))
                painter.drawRect(box.adjusted(-grow, -grow, grow, grow))

    def _drawn_heat(self, found: Explanation) -> tuple[str, QImage, QImage]:
        """The theme, the picture in grey and the heat; made anew for another theme."""
        theme = self._keeper.theme
        if self._heated is None or self._heated[0] != theme.name:
            width, height = self._picture.width(), self._picture.height()
            heat = heat_of(found.on_input(width, height), width, height, found.strongest)
            image = heat_image(heat, theme.tile_positive, theme.tile_negative)
            grey = self._picture.convertToFormat(QImage.Format_Grayscale8)
            self._heated = theme.name, grey, image
        return self._heated

    def _paint_field(self, painter: QPainter, field: FieldMarks, place: QRectF) -> None:
        """Dim what is not read, hatch what is read of the padding."""
        theme = self._keeper.theme
        read = _within(place, field.inner)
        around = QPainterPath()
        around.addRect(place)
        around.addRect(read)  # a hole, by the rule of odd and even
        painter.fillPath(around, _DIM)
        box = _within(place, field.outer).intersected(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        padding = QPainterPath()
        padding.addRect(box)
        beyond = QPainterPath()
        beyond.addRect(place)
        painter.fillPath(padding.subtracted(beyond), QBrush(theme.accent, Qt.BDiagPattern))
        painter.setBrush(Qt.NoBrush)
        painter.setPen(QPen(theme.accent, 2))
        painter.drawRect(box)
        if field.effective is not None:
            painter.setPen(QPen(theme.accent, 1, Qt.DashLine))
            painter.drawRect(_within(place, field.effective).intersected(box))


def _within(place: QRectF, part: QRectF) -> QRectF:
    """Where a part, from 0 to 1 of width and height, lies."""
    return QRectF(
        place.x() + part.x() * place.width(), place.y() + part.y() * place.height(),
        part.width() * place.width(), part.height() * place.height(),
    )  # fmt: skip
