"""What a rename would change in the prototxt, before it is done."""

from __future__ import annotations

from PyQt5.QtWidgets import QScrollArea, QWidget

from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper
from gui.widgets.labels import ThemedLabel


class PreviewDialog(FramedDialog):
    """Holds the widget that draws the difference; nothing is changed from here."""

    def __init__(
        self, keeper: ThemeKeeper, difference: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(keeper, "Preview of the text", parent=parent)
        note = ThemedLabel(keeper, "Nothing is changed yet. Comments and layout stay.", "secondary")
        self.body.addWidget(note)
        area = QScrollArea()
        area.setWidget(difference)
        area.setWidgetResizable(True)
        self.body.addWidget(area, 1)
        self.resize(480, min(640, difference.sizeHint().height() + 130))
