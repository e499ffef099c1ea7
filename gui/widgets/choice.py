"""A combo box that the wheel never changes, and whose text is shortened where it does not fit."""

from __future__ import annotations

from PyQt5.QtCore import QEvent
from PyQt5.QtGui import QHelpEvent, QPaintEvent, QWheelEvent
from PyQt5.QtWidgets import (
    QComboBox,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolTip,
    QWidget,
)

from gui.dressing import when_dressed
from gui.widgets.elided import elided
from gui.widgets.plain_text import plain_tip

_INNER_MARGIN = 2
"""Pixels that the style keeps free at both sides of the text."""


class Choice(QComboBox):
    """The wheel passes over it, for one notch on the way down a panel may start minutes of work."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hidden_text = ""

    def keep_to_contents(self, room: int) -> None:
        """Grow by no more than `room` pixels beyond what its longest entry takes."""
        when_dressed(lambda: self.setMaximumWidth(self.sizeHint().width() + room))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.CC_ComboBox, option)
        whole = self.currentText()
        room = self.style().subControlRect(
            QStyle.CC_ComboBox, option, QStyle.SC_ComboBoxEditField, self
        )
        near = [self.itemText(self.currentIndex() + step) for step in (-1, 1)]
        shown = elided(whole, room.width() - _INNER_MARGIN, self.fontMetrics(), near)
        self._hidden_text = whole if shown != whole else ""
        option.currentText = shown
        painter.drawControl(QStyle.CE_ComboBoxLabel, option)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.ToolTip and self._hidden_text:
            QToolTip.showText(event.globalPos(), plain_tip(self._hidden_text), self)
            return True
        return super().event(event)
