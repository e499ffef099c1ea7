"""The part of the query in numbers, and the way back to all of it."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from core.images.box import BOX_CONVENTION, BOX_HELP, Box
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.plain_text import plain_tip


class PartRow(QWidget):
    """A field of four numbers, taken with Enter, and a button for the whole picture."""

    typed = pyqtSignal(str)
    whole_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit()
        self.field.setPlaceholderText("part: x1,y1,x2,y2")
        self.field.setAccessibleName("Part of the query")
        self.field.setToolTip(plain_tip(f"{BOX_HELP}. It is {BOX_CONVENTION}."))
        self.whole_button = IconButton(keeper, "crop", "Search with the whole picture again")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.field, 1)
        row.addWidget(self.whole_button)
        self.show_box(None)
        self.field.returnPressed.connect(self._take)
        self.whole_button.clicked.connect(lambda: self.whole_requested.emit())

    def show_box(self, box: Box | None) -> None:
        """Write what is searched with; the button is there where it is a part."""
        self.field.setText("" if box is None else box.word)
        self.field.setCursorPosition(0)
        self.whole_button.setVisible(box is not None)

    def _take(self) -> None:
        words = self.field.text().strip()
        if words:
            self.typed.emit(words)
        else:
            self.whole_requested.emit()
