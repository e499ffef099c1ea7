"""The channels that were pinned: a row above the tiles that stays over layers and images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from core.net.elision import elide_name
from core.words import value_text
from gui.panels.activations.shown import Pin, PinnedValue
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.plain_text import plain_tip
from gui.widgets.tile_colours import colour_table, map_image

HEIGHT = 54
_SIDE, _WIDTH = 40, 150


@dataclass(frozen=True, eq=False)
class PinnedMap:
    """A pinned channel of the image of now; `map` is None where the net has it no more."""

    pinned: PinnedValue
    map: np.ndarray | None


class PinTile(QAbstractButton):
    """One pinned channel: a click goes to it, Space or Delete lets it go."""

    let_go = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, shown: PinnedMap, near: Sequence[str]) -> None:
        super().__init__()
        self._keeper = keeper
        self._shown = shown
        self._near = tuple(near)
        self.setFixedSize(_WIDTH, HEIGHT - 6)
        self.setFocusPolicy(Qt.StrongFocus)
        words = shown.pinned.words
        self.setAccessibleName(", ".join((f"Pinned {words}", self.maximum, *self.more)))
        self.setToolTip(plain_tip(f"{words}\nClick: go to it. Space: let it go"))
        keeper.changed.connect(self.update)

    @property
    def maximum(self) -> str:
        """The greatest value, in words."""
        one = self._shown.map
        if one is None:
            return "not in this net"
        return f"{'' if one.size == 1 else 'max '}{value_text(float(one.max()))}"

    @property
    def more(self) -> tuple[str, ...]:
        """The mean of a map, in words; nothing more of a single value."""
        one = self._shown.map
        if one is None or one.size == 1:
            return ()
        return (f"mean {value_text(float(one.mean(dtype=np.float64)))}",)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Space, Qt.Key_Delete):
            self.let_go.emit()
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, one = QPainter(self), self._keeper.theme, self._shown.map
        top = (self.height() - _SIDE) / 2
        place = QRectF(4, top, _SIDE, _SIDE)
        if one is not None:
            is_diverging = bool((one < 0).any())
            high = float(np.nan_to_num(np.abs(one), posinf=0.0).max()) or 1.0
            height, width = one.shape
            scale = _SIDE / max(height, width)
            part = QRectF(0, 0, max(3.0, width * scale), max(3.0, height * scale))
            part.moveCenter(place.center())
            ratio = self.devicePixelRatioF()
            size = (round(part.width() * ratio), round(part.height() * ratio))
            table = colour_table(theme, is_diverging=is_diverging)
            image = map_image(one, high, table, size, is_diverging=is_diverging)
            painter.drawImage(part, image)
        painter.setBrush(Qt.NoBrush)
        painter.setPen(theme.accent if shows_keyboard(self) or self.underMouse() else theme.border)
        painter.drawRect(place.adjusted(-1, -1, 0, 0))
        painter.setFont(text_font(11, semibold=True))
        painter.setPen(theme.text)
        room = self.width() - _SIDE - 16
        advance = painter.fontMetrics().horizontalAdvance
        words = elide_name(self._shown.pinned.words, room, advance, self._near)
        painter.drawText(QRectF(_SIDE + 10, top - 2, room + 6, 16), LEFT, words)
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        for line, text in enumerate((self.maximum, *self.more)):
            painter.drawText(QRectF(_SIDE + 10, top + 13 + 14 * line, room + 6, 16), LEFT, text)


class PinRow(QWidget):
    """As many pinned channels as there is room for, the latest first; hidden without any."""

    pin_chosen = pyqtSignal(object)
    pin_let_go = pyqtSignal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.tiles: list[PinTile] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 2, 8, 2)
        self._row.setSpacing(4)
        self._row.addStretch(1)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.setAccessibleName("Pinned channels")
        self.hide()

    def show_pins(self, pins: Sequence[PinnedMap]) -> None:
        """Show these, the latest last."""
        for tile in self.tiles:
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self.tiles = []
        names = [one.pinned.words for one in pins]
        for place, shown in enumerate(reversed(pins)):
            near = [name for name in names if name != shown.pinned.words]
            tile = PinTile(self._keeper, shown, near)
            pin: Pin = shown.pinned.pin
            tile.clicked.connect(lambda _checked=False, p=pin: self.pin_chosen.emit(p))
            tile.let_go.connect(lambda p=pin: self.pin_let_go.emit(p))
            self._row.insertWidget(place, tile)
            self.tiles.append(tile)
        self.setVisible(bool(pins))

    def minimumSizeHint(self) -> QSize:
        return QSize(_WIDTH, HEIGHT)
