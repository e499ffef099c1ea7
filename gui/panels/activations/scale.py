"""The colours of the tiles from end to end, with the values that they stand for."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from core.activations.tiles import MAX_LEVEL
from core.words import MINUS, value_text
from gui.theme import ThemeKeeper, text_font
from gui.widgets.plain_text import plain_tip
from gui.widgets.tile_colours import colour_table

_BAR, _GAP = 60, 5


class ValueScale(QWidget):
    """ "0 [bar] 7.4", or "-7.4 [bar] 7.4" for signed values; says whose scale it is.

    Where values lie beyond it, "≤ 0.1 [bar] ≥ 7.4".
    """

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._high = 1.0
        self._is_diverging = False
        self._low, self._is_clipped = 0.0, False
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    @property
    def ends(self) -> tuple[str, str]:
        """The values at both ends."""
        high = short_value(self._high)
        low = f"{MINUS}{high}" if self._is_diverging else short_value(self._low)
        if not self._is_clipped:
            return low, high
        return (f"≤ {low}" if self._is_diverging or self._low else low), f"≥ {high}"

    def show_scale(
        self,
        high: float,
        whose: str,
        *,
        is_diverging: bool,
        low: float = 0.0,
        is_clipped: bool = False,
    ) -> None:
        """Draw the scale up to a magnitude; whose: "of all 512 channels", for the tooltip."""
        self._high, self._is_diverging = high, is_diverging
        self._low, self._is_clipped = low, is_clipped
        words = f"Colours from {self.ends[0]} to {self.ends[1]}, {whose}"
        self.setAccessibleName(words)
        self.setToolTip(plain_tip(words))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._left() + _BAR + _GAP + self._advance(self.ends[1]), 18)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        table = colour_table(theme, is_diverging=self._is_diverging)
        low, top = self.ends
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        painter.drawText(self.rect(), int(Qt.AlignLeft | Qt.AlignVCenter), low)
        painter.drawText(self.rect(), int(Qt.AlignRight | Qt.AlignVCenter), top)
        left = self._left()
        for x in range(_BAR):
            colour = QColor.fromRgb(table[round(x / (_BAR - 1) * MAX_LEVEL)])
            painter.fillRect(left + x, 4, 1, 10, colour)
        painter.setPen(theme.border)
        painter.drawRect(QRectF(left - 0.5, 3.5, _BAR + 1, 11))

    def _left(self) -> int:
        return self._advance(self.ends[0]) + _GAP

    @staticmethod
    def _advance(text: str) -> int:
        return QFontMetrics(text_font(11)).horizontalAdvance(text)


def short_value(value: float) -> str:
    """Three digits: "7.4", "127", "0.031"; as `value_text` where that is shorter to read."""
    size = abs(value)
    if size and not 1e-3 <= size < 1e6:
        return value_text(value)
    text = f"{size:,.0f}" if size >= 100 else f"{size:.3g}"
    return (MINUS if value < 0 else "") + text
