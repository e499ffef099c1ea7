"""A combo box that ends a text too long for it in dots; its list is as wide as its texts."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QPaintEvent
from PyQt5.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from gui.widgets.choice import Choice
from gui.widgets.plain_text import plain_tip

ARROW_AND_PADDING = 44
MOST_WIDTH = 260


class ElidedChoice(Choice):
    """For texts of any length in a bar of little room."""

    def __init__(self, n_letters: int = 9, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(n_letters)
        self.setMaxVisibleItems(18)
        self.setMaximumWidth(MOST_WIDTH)

    def showPopup(self) -> None:
        view = self.view()
        texts = (self.itemText(index) for index in range(self.count()))
        widest = max((self.fontMetrics().horizontalAdvance(text) for text in texts), default=0)
        view.setMinimumWidth(max(self.width(), widest + 44))
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.CC_ComboBox, option)
        option.currentText = self.fontMetrics().elidedText(
            self.currentText(), Qt.ElideRight, self.width() - ARROW_AND_PADDING
        )
        is_cut = option.currentText != self.currentText()
        self.setToolTip(plain_tip(self.currentText()) if is_cut else "")
        painter.drawControl(QStyle.CE_ComboBoxLabel, option)
