"""The row of controls at the top of a panel: labelled fields at the left, buttons at the right."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.labels import ThemedLabel


class PanelBar(QWidget):
    """A flat row over a 1 px line; fields come in the order they are added."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("panelBar")
        self.setAttribute(Qt.WA_StyledBackground)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(8, 5, 8, 5)
        self.row.setSpacing(6)

    def add_field(self, text: str, field: QWidget, *, stretch: int = 0) -> None:
        """A secondary label and the field it names."""
        label = ThemedLabel(text, "secondary")
        label.setBuddy(field)
        if self.row.count():
            self.row.addSpacing(4)
        self.row.addWidget(label)
        self.row.addWidget(field, stretch)

    def add_stretch(self) -> None:
        """Push what follows to the right end."""
        self.row.addStretch(1)
