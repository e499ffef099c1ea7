"""The highest value of each channel, sorted, and the dead ones as chips."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PyQt5.QtWidgets import QToolTip, QWidget

from core.activations.spreads import ValueSpread
from core.words import plural, value_text
from gui.panels.spreads.rows import figure_text
from gui.theme import ThemeKeeper, pale, text_font
from gui.widgets.alignment import CENTRE
from gui.widgets.plain_text import plain_tip

_HEIGHT, _LEFT, _BOTTOM = 84, 52, 18
_CHIP, _GAP, _MOST_ROWS = 20, 5, 3


class ChannelMaxima(QWidget):
    """One curve over all channels, the greatest first; the mouse names a channel."""

    channel_chosen = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._order = np.zeros(0, np.int64)
        self._highest = np.zeros(0)
        self._n_dead = 0
        self._is_rectified = False
        self.setFixedHeight(_HEIGHT)
        self.setMouseTracking(True)
        self.setAccessibleName("Highest value of each channel")
        keeper.changed.connect(self.update)

    def show_spread(self, spread: ValueSpread | None) -> None:
        """The channels of one value; None for nothing."""
        highest = np.zeros(0) if spread is None else spread.greatest.astype(np.float64)
        self._order = np.argsort(-np.nan_to_num(highest, nan=-np.inf), kind="stable")
        self._highest = highest[self._order]
        self._n_dead = 0 if spread is None else len(spread.dead)
        self._is_rectified = spread is not None and spread.minimum >= 0
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self._place(event.x())
        if place is not None:
            words = f"channel {self._order[place]}: {value_text(float(self._highest[place]))}"
            QToolTip.showText(event.globalPos(), plain_tip(words), self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place(event.x())
        if place is not None and event.button() == Qt.LeftButton:
            self.channel_chosen.emit(int(self._order[place]))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self._highest):
            return
        theme, painter = self._keeper.theme, QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        area, finite = self._area(), self._highest[np.isfinite(self._highest)]
        high = float(finite.max(initial=0.0))
        low = min(0.0, float(finite.min(initial=0.0)))
        span = (high - low) or 1.0
        painter.setPen(theme.grid)
        for value in (high, 0.0):
            y = area.bottom() - (value - low) / span * area.height()
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        self._paint_scale(painter, area, (high, low))
        step = area.width() / len(self._highest)
        points = [
            QPointF(area.left() + (place + at) * step,
                    area.bottom() - (value - low) / span * area.height())
            for place, value in enumerate(np.nan_to_num(self._highest, nan=low).tolist())
            for at in (0.0, 1.0)
        ]  # fmt: skip
        zero = area.bottom() - (0.0 - low) / span * area.height()
        ends = [QPointF(area.right(), zero), QPointF(area.left(), zero)]
        painter.setPen(QPen(theme.series_a, 1.0))
        painter.setBrush(pale(theme.series_a))
        painter.drawPolygon(QPolygonF([*points, *ends]))
        self._paint_dead(painter, area, step)
        painter.end()

    def _paint_scale(self, painter: QPainter, area: QRectF, ends: tuple[float, float]) -> None:
        theme = self._keeper.theme
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        right = int(Qt.AlignRight | Qt.AlignVCenter)
        for value, y in ((ends[0], area.top()), (ends[1], area.bottom())):
            painter.drawText(QRectF(0, y - 8, _LEFT - 6, 16), right, figure_text(value))
        below = QRectF(area.left(), area.bottom() + 3, area.width(), 14)
        painter.drawText(below, int(Qt.AlignLeft), f"channel {self._order[0]}")
        n_alive = len(self._highest) - self._n_dead
        words = plural(n_alive, "channel") + (" that fire" if self._is_rectified else "")
        painter.drawText(below, int(Qt.AlignRight), words)

    def _paint_dead(self, painter: QPainter, area: QRectF, step: float) -> None:
        """The dead ones of what never lies below 0 are the last; of others they stand anywhere."""
        if not self._n_dead or not self._is_rectified:
            return
        theme = self._keeper.theme
        width = max(2.0, self._n_dead * step)
        block = QRectF(area.right() - width, area.top(), width, area.height())
        painter.fillRect(block, theme.error_fill)
        painter.setFont(text_font(11, semibold=True))
        painter.setPen(theme.error_text)
        words = f"{self._n_dead:,} dead"
        room = painter.fontMetrics().horizontalAdvance(words) + 6
        left = max(area.left(), min(block.left() - room, area.right() - room))
        painter.drawText(QRectF(left, area.top(), room, 16), int(Qt.AlignLeft), words)

    def _area(self) -> QRectF:
        return QRectF(_LEFT, 10, self.width() - _LEFT - 8, _HEIGHT - 10 - _BOTTOM)

    def _place(self, x: int) -> int | None:
        area, count = self._area(), len(self._highest)
        if not count or not area.left() <= x <= area.right():
            return None
        return min(count - 1, int((x - area.left()) / area.width() * count))


class ChannelChips(QWidget):
    """Numbers of channels in a few rows, "and 11 more" for the rest; a click opens one."""

    channel_chosen = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._channels: tuple[int, ...] = ()
        self._places: list[tuple[QRect, int]] = []
        self._rest = QRect()
        self._current = 0
        self.setFocusPolicy(Qt.StrongFocus)
        keeper.changed.connect(self.update)

    def show_channels(self, channels: tuple[int, ...]) -> None:
        """Show others."""
        self._channels, self._current = channels, 0
        self.setAccessibleName("Dead channels: " + (", ".join(map(str, channels[:50])) or "none"))
        self._lay_out()
        self.update()

    @property
    def shown(self) -> tuple[int, ...]:
        """Those that have a chip."""
        return tuple(channel for _, channel in self._places)

    def sizeHint(self) -> QSize:
        return QSize(200, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for place, (box, channel) in enumerate(self._places):
            if box.contains(event.pos()):
                self._current = place
                self.channel_chosen.emit(channel)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key_Left: -1, Qt.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self._places:
            self._current = min(max(self._current + step, 0), len(self._places) - 1)
            self.update()
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter) and self._places:
            self.channel_chosen.emit(self._places[self._current][1])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._keeper.theme, QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setFont(text_font(11))
        painter.translate(0.5, 0.5)
        for place, (box, channel) in enumerate(self._places):
            is_current = self.hasFocus() and place == self._current
            painter.setPen(theme.accent if is_current else theme.outline)
            painter.setBrush(theme.panel)
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(theme.text)
            painter.drawText(box, CENTRE, str(channel))
        if self._channels and len(self._places) < len(self._channels):
            painter.setPen(theme.secondary)
            left = len(self._channels) - len(self._places)
            painter.drawText(self._rest, int(Qt.AlignLeft | Qt.AlignVCenter), f"and {left:,} more")
        painter.end()

    def _lay_out(self) -> None:
        metrics = QFontMetrics(text_font(11))
        room, x, row = max(80, self.width() - 1), 0, 0
        rest = metrics.horizontalAdvance(f"and {len(self._channels):,} more")
        self._places = []
        for number, channel in enumerate(self._channels):
            width = metrics.horizontalAdvance(str(channel)) + 14
            is_last = number == len(self._channels) - 1
            needed = width if row < _MOST_ROWS - 1 or is_last else width + _GAP + rest
            if x and x + needed > room:
                row, x = row + 1, 0
                if row == _MOST_ROWS:
                    break
            self._places.append((QRect(x, row * (_CHIP + _GAP), width, _CHIP), channel))
            x += width + _GAP
        if row == _MOST_ROWS:
            last = self._places[-1][0]
            row, x = _MOST_ROWS - 1, last.right() + 1 + _GAP
        self._rest = QRect(x, row * (_CHIP + _GAP), room - x, _CHIP)
        self.setFixedHeight((row + 1) * (_CHIP + _GAP) if self._channels else 0)
