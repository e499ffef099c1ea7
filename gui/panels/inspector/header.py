"""The inspector's first line: glyph, name, type and place in the net."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from core.net.elision import elide_name
from gui.icons import family_glyph, paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT
from gui.widgets.plain_text import plain_tip

_HEIGHT = 40
_SQUARE = 26
_NAME_HEIGHT = 23
_NAME_PIXELS = (16, 13)
"""A name that does not fit is written smaller before it loses a letter."""


class InspectorHeader(QWidget):
    """Painted: a long name is told from its neighbours; type and place stand below it."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.name = self.type = self.note = self.family = ""
        self._near: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    def show_words(
        self, name: str, type_: str, note: str, family: str, near: Sequence[str] = ()
    ) -> None:
        """Show a layer; without a family there is no glyph. near: names to tell it from."""
        self.name, self.type, self.note, self.family = name, type_, note, family
        self._near = tuple(near)
        self.setToolTip(plain_tip(f"{name} ({type_})" if type_ else name))
        self.setAccessibleName(f"{name} {type_} {note}")
        self.updateGeometry()
        self.update()

    @property
    def second_line(self) -> str:
        """ "ReLU, layer 37 of 40"."""
        return ", ".join(filter(None, (self.type, self.note)))

    @property
    def least_width(self) -> int:
        """Pixels that glyph and second line take whole."""
        words = QFontMetrics(text_font(11)).horizontalAdvance(self.second_line)
        return words + 4 + (_SQUARE + 8 if self.family else 0)

    def sizeHint(self) -> QSize:
        return QSize(220, _HEIGHT if self.second_line else _NAME_HEIGHT + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        left = self._paint_glyph(painter) if self.family else 0.0
        room = self.width() - left - 4
        for pixels in _NAME_PIXELS:
            painter.setFont(text_font(pixels, semibold=True))
            measure = painter.fontMetrics().horizontalAdvance
            if measure(self.name) <= room:
                break
        painter.setPen(theme.text)
        name = elide_name(self.name, room, measure, self._near)
        painter.drawText(QRectF(left, 0, room, _NAME_HEIGHT), LEFT, name)
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        second = QRectF(left, _NAME_HEIGHT - 2, room, _HEIGHT - _NAME_HEIGHT)
        fits = painter.fontMetrics().horizontalAdvance(self.second_line) <= room
        painter.drawText(second, LEFT, self.second_line if fits else self.note)
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
