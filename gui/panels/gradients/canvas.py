"""The picture with its places, large; the mouse or the arrows read a place."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from core.attribution.explanation import Explanation
from core.retrieval.why_picture import heat_of
from core.words import value_text
from gui.theme import Theme, ThemeKeeper, text_font
from gui.widgets.alignment import CENTRE
from gui.widgets.heat import heat_image, paint_heat
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.readout import paint_readout

SHARP_SIDE, SMOOTH_SIDE = 480, 240
_STEPS = {
    Qt.Key_Left: (0, -1), Qt.Key_Right: (0, 1), Qt.Key_Up: (-1, 0), Qt.Key_Down: (1, 0),
}  # fmt: skip
Place = tuple[int, int]


class HeatCanvas(QWidget):
    """Grey and dimmed under its places, as far as those are opaque."""

    def __init__(self, keeper: ThemeKeeper, name: str, parent: QWidget | None = None) -> None:
        """name: for screen readers."""
        super().__init__(parent)
        self._keeper = keeper
        self._picture: QImage | None = None
        self._grey: QImage | None = None
        self._found: Explanation | None = None
        self._heat: tuple[str, QImage] | None = None
        self._words = ""
        self._opacity = 0.7
        self._place: Place | None = None
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setMinimumSize(120, 100)
        keeper.changed.connect(self.update)

    @property
    def found(self) -> Explanation | None:
        """What is drawn over the picture."""
        return self._found

    @property
    def words(self) -> str:
        """What it says in place of places."""
        return self._words

    def show_picture(self, picture: QImage | None) -> None:
        """The photo under it."""
        self._picture = picture
        self._grey = None if picture is None else picture.convertToFormat(QImage.Format_Grayscale8)
        self._heat = None
        self.update()

    def show_found(self, found: Explanation | None, words: str = "") -> None:
        """Draw places; words: what is said where there are none."""
        if found is not self._found:
            self._heat, self._place = None, None
        self._found, self._words = found, words
        self.update()

    def set_opacity(self, opacity: float) -> None:
        """From 0, the picture alone, to 1."""
        self._opacity = opacity
        self.update()

    def readout(self) -> tuple[str, ...]:
        """ "(3, 7)", its value, and its share of the sum of what speaks for the score."""
        found, place = self._found, self._place
        if found is None or place is None:
            return ()
        value = float(found.places[place])
        total = found.total
        share = f", {100 * value / total:.1f} % of the sum" if total > 0 and value > 0 else ""
        return f"({place[0]}, {place[1]})  {value_text(value)}", f"of {found.words}{share}"

    def sizeHint(self) -> QSize:
        return QSize(380, 360)

    def picture_rect(self) -> QRectF:
        """Where the picture is drawn: at the top, in the middle."""
        room = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self._picture is None or self._picture.isNull():
            return room
        width, height = self._picture.width(), self._picture.height()
        scale = min(room.width() / width, room.height() / height)
        box = QRectF(0, 0, width * scale, height * scale)
        box.moveCenter(room.center())
        return box

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        box = self.picture_rect()
        if self._picture is None or self._grey is None:
            painter.fillRect(box, theme.header)
        else:
            painter.drawImage(box, self._picture)
        if self._found is not None and self._grey is not None:
            paint_heat(painter, box, self._grey, self._heated(theme), self._opacity, theme)
        elif self._words:
            self._paint_words(painter, box, theme)
        painter.setPen(theme.accent if shows_keyboard(self) else theme.border)
        painter.setBrush(Qt.NoBrush)
        painter.drawRect(box)
        self._paint_place(painter, box, theme)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._look_at(self._place_at(QPointF(event.pos())))

    def leaveEvent(self, event: QEvent) -> None:
        self._look_at(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._look_at(None)
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or self._found is None or event.modifiers() & ~Qt.KeypadModifier:
            super().keyPressEvent(event)
            return
        rows, columns = self._found.places.shape
        at = self._place
        if at is None:  # begin at the strongest
            strongest = int(np.argmax(np.abs(self._found.places)))
            self._look_at((strongest // columns, strongest % columns))
            return
        self._look_at((
            min(max(at[0] + step[0], 0), rows - 1), min(max(at[1] + step[1], 0), columns - 1)
        ))  # fmt: skip

    def place_rect(self, place: Place) -> QRectF:
        """Where a place lies in the widget."""
        found = self._found
        if found is None:
            return QRectF()
        box, (left, top, right, bottom) = self.picture_rect(), found.grid
        rows, columns = found.places.shape
        across, down = box.width() / found.size[0], box.height() / found.size[1]
        wide, high = (right - left) / columns, (bottom - top) / rows
        return QRectF(
            box.x() + (left + place[1] * wide) * across,
            box.y() + (top + place[0] * high) * down,
            wide * across,
            high * down,
        )

    def _place_at(self, at: QPointF) -> Place | None:
        found, box = self._found, self.picture_rect()
        # a photo that is drawn turned has its places turned, too
        if found is None or found.orientation != 1 or not box.contains(at):
            return None
        x = (at.x() - box.x()) / box.width() * found.size[0]
        y = (at.y() - box.y()) / box.height() * found.size[1]
        left, top, right, bottom = found.grid
        rows, columns = found.places.shape
        row = int((y - top) / (bottom - top) * rows)
        column = int((x - left) / (right - left) * columns)
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None

    def _look_at(self, place: Place | None) -> None:
        if place != self._place:
            self._place = place
            self.setAccessibleDescription(" ".join(self.readout()))
            self.update()

    def _heated(self, theme: Theme) -> QImage:
        """Made anew for other places or another theme."""
        if self._heat is None or self._heat[0] != theme.name:
            found, picture = self._found, self._picture
            if found is None or picture is None:
                return QImage()
            side = SHARP_SIDE if found.is_sharp else SMOOTH_SIDE
            scale = min(1.0, side / max(picture.width(), picture.height()))
            width = max(1, round(picture.width() * scale))
            height = max(1, round(picture.height() * scale))
            heat = heat_of(found, width, height, found.strongest)
            self._heat = theme.name, heat_image(heat, theme.tile_positive, theme.tile_negative)
        return self._heat[1]

    def _paint_words(self, painter: QPainter, box: QRectF, theme: Theme) -> None:
        font = text_font(12)
        painter.setFont(font)
        room = QRectF(box.left() + 12, box.center().y() - 36, box.width() - 24, 72)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.panel)
        painter.setOpacity(0.9)
        painter.drawRoundedRect(room, 4, 4)
        painter.setOpacity(1.0)
        painter.setPen(theme.text)
        painter.drawText(
            room.adjusted(8, 4, -8, -4), int(CENTRE) | int(Qt.TextWordWrap), self._words
        )

    def _paint_place(self, painter: QPainter, box: QRectF, theme: Theme) -> None:
        if self._place is None or self._found is None:
            return
        cell = self.place_rect(self._place)
        if min(cell.width(), cell.height()) < 6:
            cell = QRectF(cell.center().x() - 3, cell.center().y() - 3, 6, 6)
        painter.setClipRect(box.adjusted(-1, -1, 2, 2))
        painter.setPen(QPen(theme.accent, 2))
        painter.drawRect(cell)
        painter.setClipping(False)
        paint_readout(painter, self.readout(), cell, QRectF(self.rect()), theme)
