"""The inspector's first line: glyph, name, type and place in the net."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from gui.icons import family_glyph, paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.plain_text import plain_tip

_HEIGHT = 30
_SQUARE = 22


class InspectorHeader(QWidget):
    """Painted, so that a long name gives way in its middle and the rest stays."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.name = self.type = self.note = self.family = ""
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    def show_words(self, name: str, type_: str, note: str, family: str) -> None:
        """Show a layer; without a family there is no glyph."""
        self.name, self.type, self.note, self.family = name, type_, note, family
        self.setToolTip(plain_tip(f"{name} ({type_})" if type_ else name))
        self.setAccessibleName(f"{name} {type_} {note}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(220, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        left = self._paint_glyph(painter) if self.family else 0.0
        small = text_font(12)
        note_font = text_font(11)
        note_width = QFontMetrics(note_font).horizontalAdvance(self.note)
        type_width = QFontMetrics(small).horizontalAdvance(self.type)
        right = self.width() - note_width
        painter.setFont(note_font)
        painter.setPen(theme.secondary)
        painter.drawText(QRectF(right, 2, note_width, _HEIGHT), RIGHT, self.note)
        font = text_font(16, semibold=True)
        painter.setFont(font)
        painter.setPen(theme.text)
        metrics = QFontMetrics(font)
        room = int(right - left - 10)
        has_type = metrics.horizontalAdvance(self.name) + 8 + type_width <= room
        name = metrics.elidedText(self.name, Qt.ElideMiddle, room)
        painter.drawText(QRectF(left, 0, room, _HEIGHT), LEFT, name)
        if has_type:
            left += metrics.horizontalAdvance(name) + 8
            painter.setFont(small)
            painter.setPen(theme.secondary)
            painter.drawText(QRectF(left, 2, type_width + 2, _HEIGHT), LEFT, self.type)
        painter.end()

    def _paint_glyph(self, painter: QPainter) -> float:
        theme = self._keeper.theme
        square = QRectF(0.5, (_HEIGHT - _SQUARE) / 2 + 0.5, _SQUARE - 1, _SQUARE - 1)
        painter.setPen(QPen(theme.outline, 1))
        painter.setBrush(theme.family(self.family))
        painter.drawRoundedRect(square, 3, 3)
        inner = square.adjusted(2.5, 2.5, -2.5, -2.5)
        paint_icon(painter, family_glyph(self.family), theme.family_glyph(self.family), inner)
        return _SQUARE + 8.0
