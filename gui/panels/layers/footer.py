"""The legend under the layer table."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, QSize
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT

HEIGHT = 28
_GAP = 16


class LayerFooter(QWidget):
    """Explains bracket and eyes; what has no room is left out from the right."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setFixedHeight(HEIGHT)
        keeper.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.fillRect(self.rect(), theme.panel)
        painter.setPen(QPen(theme.border, 1))
        painter.drawLine(0, 0, self.width(), 0)
        font = text_font(11)
        painter.setFont(font)
        painter.setPen(theme.secondary)
        metrics = QFontMetrics(font)
        room = self.width() - 10
        left = 12.0
        for name, words in (
            ("", "shared blob"),
            ("eye-off", "overwritten"),
            ("eye", "readable after forward"),
        ):
            width = 20 + metrics.horizontalAdvance(words)
            if left + width > room:
                break
            self._paint_sign(painter, name, left)
            painter.setPen(theme.secondary)
            painter.drawText(QRectF(left + 20, 0, width, HEIGHT), LEFT, words)
            left += width + _GAP
        painter.end()

    def _paint_sign(self, painter: QPainter, name: str, left: float) -> None:
        theme = self._keeper.theme
        middle = HEIGHT / 2
        if name:
            colour = theme.mark_text if name == "eye-off" else theme.secondary
            paint_icon(painter, name, colour, QRectF(left, middle - 7, 14, 14))
            return
        painter.setPen(QPen(theme.mark, 1.5))
        x = left + 4
        painter.drawLine(int(x), int(middle - 6), int(x), int(middle + 6))
        painter.drawLine(int(x), int(middle - 6), int(x + 6), int(middle - 6))
        painter.drawLine(int(x), int(middle + 6), int(x + 6), int(middle + 6))
