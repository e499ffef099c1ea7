"""A combo box for texts of any length in a bar of little room; its list is as wide as they are."""

from __future__ import annotations

from PyQt5.QtWidgets import QComboBox, QWidget

from gui.widgets.choice import Choice

ARROW_AND_PADDING = 44
MOST_WIDTH = 260


class ElidedChoice(Choice):
    """As wide as some letters; the list opens wide enough for all."""

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
        view.setMinimumWidth(max(self.width(), widest + ARROW_AND_PADDING))
        super().showPopup()
