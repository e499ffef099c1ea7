"""Other classes by the same method, in a row; Enter or a double click makes one the target."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from core.attribution.explanation import Explanation
from gui.panels.gradients.methods import small_map
from gui.panels.gradients.shown import OtherMap
from gui.theme import Theme, ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.keyboard import shows_keyboard

SIDE, LOW_SIDE, _GAP, _LINE = 96, 84, 8, 16
_DRAWN = 128


class OtherClasses(QWidget):
    """Small pictures with the name and the share of each class."""

    target_requested = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._maps: tuple[OtherMap, ...] = ()
        self._picture: QImage | None = None
        self._drawn: dict[int, tuple[Explanation, str, QImage]] = {}
        self._current = 0
        self._side = SIDE
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.set_side(SIDE)
        self.setAccessibleName("Other classes")
        keeper.changed.connect(self.update)

    @property
    def maps(self) -> tuple[OtherMap, ...]:
        """What is listed."""
        return self._maps

    def set_side(self, side: int) -> None:
        """Pictures of so many pixels."""
        self._side = side
        self.setFixedHeight(side + _LINE + 6)
        self.update()

    def show_maps(self, maps: Sequence[OtherMap], picture: QImage | None) -> None:
        """Show other classes over a picture."""
        if picture is not self._picture:
            self._drawn.clear()
        self._maps, self._picture = tuple(maps), picture
        self._current = min(self._current, max(0, len(maps) - 1))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(7 * (self._side + _GAP), self._side + _LINE + 6)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._at(event.pos().x())
        if place is not None:
            self._current = place
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._take(self._at(event.pos().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key_Left: -1, Qt.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self._maps and not event.modifiers() & ~Qt.KeypadModifier:
            self._current = min(max(self._current + step, 0), len(self._maps) - 1)
            self.update()
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter):
            self._take(self._current)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        for place, one in enumerate(self._maps):
            box = QRectF(place * (self._side + _GAP) + 0.5, 2.5, self._side, self._side)
            if box.right() > self.width() + 1:
                break
            self._paint_picture(painter, box, place, one, theme)
            is_lit = place == self._current and shows_keyboard(self)
            painter.setPen(theme.accent if is_lit else theme.border)
            painter.setBrush(Qt.NoBrush)
            painter.drawRect(box)
            line = QRectF(box.left(), box.bottom() + 2, box.width(), _LINE)
            painter.setFont(text_font(11))
            painter.setPen(theme.secondary)
            painter.drawText(line, RIGHT, one.share)
            used = painter.fontMetrics().horizontalAdvance(one.share) + 4
            painter.setFont(text_font(11, semibold=True))
            painter.setPen(theme.text)
            room = line.width() - used
            name = painter.fontMetrics().elidedText(one.name, Qt.ElideRight, int(room))
            painter.drawText(line, LEFT, name)
        painter.end()

    def _paint_picture(
        self, painter: QPainter, box: QRectF, place: int, one: OtherMap, theme: Theme
    ) -> None:
        found, picture = one.found, self._picture
        if found is None or picture is None:
            painter.fillRect(box, theme.header)
            return
        kept = self._drawn.get(place)
        if kept is None or kept[0] is not found or kept[1] != theme.name:
            drawn = small_map(picture, found, theme, _DRAWN)
            self._drawn[place] = kept = found, theme.name, drawn
        image = kept[2]
        side = min(image.width(), image.height())
        source = QRectF((image.width() - side) / 2, (image.height() - side) / 2, side, side)
        painter.drawImage(box, image, source)

    def _at(self, x: int) -> int | None:
        place = x // (self._side + _GAP)
        return place if 0 <= place < len(self._maps) else None

    def _take(self, place: int | None) -> None:
        if place is not None and place < len(self._maps) and not self._maps[place].is_difference:
            self.target_requested.emit(self._maps[place].number)
