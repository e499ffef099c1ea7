"""One number for each channel, such as gain and shift, as bars; each array a row of its own."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from core.words import plural, value_text
from gui.panels.weights.shown import ShownWeights
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.readout import paint_readout

_LEFT, _HEAD, _MOST_BAR = 12, 26, 18.0
_MOST_TALL = 220


class ChannelBars(QWidget):
    """A click or the arrows choose a channel."""

    filter_chosen = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._shown: ShownWeights | None = None
        self._filter: int | None = None
        self._hovered: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Numbers by channel")
        keeper.changed.connect(self.update)

    def show_weights(self, shown: ShownWeights) -> None:
        """Draw every array of the layer, in the order of the first."""
        self._shown, self._hovered = shown, None
        self.update()

    def choose(self, index: int | None) -> None:
        """Mark a channel."""
        self._filter = index
        self.update()

    def picture(self) -> QImage:
        """What shows, at twice the size."""
        image = QImage(self.size() * 2, QImage.Format_RGB32)
        image.setDevicePixelRatio(2.0)
        image.fill(self._keeper.theme.panel)
        painter = QPainter(image)
        self._paint(painter)
        painter.end()
        return image

    def readout(self, channel: int) -> tuple[str, ...]:
        """A channel and its numbers."""
        if self._shown is None:
            return ()
        lines = (
            f"{one.array.name} {value_text(float(one.array.values[channel, 0, 0, 0]))}"
            for one in self._shown.read.arrays
            if channel < one.array.n_filters
        )
        return f"channel {channel}", *lines

    def sizeHint(self) -> QSize:
        return QSize(520, 320)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint(painter)
        if self._hovered is not None and self._shown is not None:
            place = self._shown.place_of(self._hovered) or 0
            x = _LEFT + (place + 0.5) * self._bar_width()
            anchor = QRectF(x, _HEAD, 1, 1)
            lines = self.readout(self._hovered)
            paint_readout(painter, lines, anchor, QRectF(self.rect()), self._keeper.theme)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.localPos())
        if found != self._hovered:
            self._hovered = found
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.localPos())
        if found is not None and event.button() == Qt.LeftButton:
            self.choose(found)
            self.filter_chosen.emit(found)

    def leaveEvent(self, event: object) -> None:
        self._hovered = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key_Left: -1, Qt.Key_Right: 1}.get(Qt.Key(event.key()))
        shown = self._shown
        if step is None or shown is None:
            super().keyPressEvent(event)
            return
        index = shown.stepped(self._filter, step)
        if index is not None:
            self.choose(index)
            self.filter_chosen.emit(index)

    def _bar_width(self) -> float:
        n = len(self._shown.places) if self._shown is not None else 1
        return min(_MOST_BAR, (self.width() - 2 * _LEFT) / max(1, n))

    def _at(self, point: QPointF) -> int | None:
        shown, place = self._shown, int((point.x() - _LEFT) // self._bar_width())
        if shown is None or not 0 <= place < len(shown.places) or point.x() < _LEFT:
            return None
        return int(shown.places[place])

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), self._keeper.theme.panel)
        if self._shown is None:
            return
        arrays = self._shown.read.arrays
        tall = min(_MOST_TALL, (self.height() - 8) / max(1, len(arrays)))
        for row, one in enumerate(arrays):
            values = np.asarray(one.array.values, np.float64).ravel()
            box = QRectF(_LEFT, row * tall, self.width() - 2 * _LEFT, tall)
            self._paint_row(painter, box, one.array.name, values)

    def _paint_row(self, painter: QPainter, box: QRectF, name: str, values: np.ndarray) -> None:
        theme, shown = self._keeper.theme, self._shown
        if shown is None:
            return
        finite = values[np.isfinite(values)]
        low, high = min(0.0, finite.min(initial=0.0)), max(0.0, finite.max(initial=0.0))
        painter.setFont(text_font(12, semibold=True))
        painter.setPen(theme.text)
        head = QRectF(box.left(), box.top(), box.width(), _HEAD)
        painter.drawText(head, LEFT, f"{name}")
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        ends = f"{value_text(float(finite.min(initial=0)) if len(finite) else 0.0)}"
        if len(finite):
            ends = f"{value_text(float(finite.min()))} to {value_text(float(finite.max()))}"
        painter.drawText(head, RIGHT, f"{plural(len(values), 'channel')}, {ends}")
        plot = box.adjusted(0, _HEAD, 0, -8)
        per = plot.height() / (high - low) if high > low else 0.0
        zero = plot.bottom() + low * per
        wide, gap = self._bar_width(), 1.0 if self._bar_width() > 3 else 0.0
        same = len(values) == len(shown.places)
        order = shown.places.tolist() if same else range(len(values))
        for place, index in enumerate(order):
            value = float(values[index])
            if not np.isfinite(value):
                continue
            bar = QRectF(plot.left() + place * wide, zero, max(1.0, wide - gap), -value * per)
            is_chosen = index == self._filter
            negative, positive = theme.tile_negative, theme.tile_positive
            colour = theme.accent if is_chosen else negative if value < 0 else positive
            painter.fillRect(bar.normalized(), colour)
        painter.setPen(QPen(theme.secondary, 1))
        painter.drawLine(QPointF(plot.left(), zero), QPointF(plot.right(), zero))
