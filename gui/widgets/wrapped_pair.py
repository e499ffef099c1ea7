"""Two texts that stay whole: side by side where both fit on a line, else one below the other."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QBoxLayout, QLabel, QSizePolicy, QWidget

_SPACING = 12


class WrappedPair(QWidget):
    """The second at the right; each wraps where it is wider than all of the line."""

    def __init__(self, first: QLabel, second: QLabel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = (first, second)
        for label in self._labels:
            label.setWordWrap(True)
            label.setMinimumWidth(1)
        self._row = QBoxLayout(QBoxLayout.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self._row.addWidget(first, 1)
        self._row.addWidget(second)
        policy = QSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_texts(self, first: str, second: str) -> None:
        """Show these; "" for nothing."""
        for label, text in zip(self._labels, (first, second), strict=True):
            label.setText(text)
            label.setVisible(bool(text))
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        wide = [label.fontMetrics().horizontalAdvance(label.text()) for label in self._labels]
        is_row = all(wide) and sum(wide) + 2 * _SPACING <= self.width()
        first, second = self._labels
        for label in (first, second):
            label.setWordWrap(not is_row)
        second.setAlignment((Qt.AlignRight if is_row else Qt.AlignLeft) | Qt.AlignVCenter)
        self._row.setDirection(QBoxLayout.LeftToRight if is_row else QBoxLayout.TopToBottom)
