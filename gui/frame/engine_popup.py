"""Engine and device, chosen in a small window over the status line."""

from __future__ import annotations

from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtWidgets import QAction, QComboBox, QFrame, QGridLayout, QHBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_tip
from gui.widgets.precision_choice import PrecisionChoice

WIDTH = 340
_BATCHES = (
    ("8", "8 images, the usual"),
    ("auto", "as many as free memory holds"),
    *((str(size), f"{size} images") for size in (1, 2, 4, 16, 32, 64, 128, 256)),
)


class EnginePopup(QFrame):
    """Boxes, filled and followed by their owner, how the engine stands, and its actions."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.Popup)
        self._keeper = keeper
        self.setObjectName("enginePopup")
        self.engine_box, self.device_box = Choice(), Choice()
        self.precision_box, self.batch_box = PrecisionChoice(), Choice()
        for size, words in _BATCHES:
            self.batch_box.addItem(words, size)
        self.batch_box.setToolTip(
            plain_tip("Images that share a pass of an index, a sweep or an extraction")
        )
        self.state = ThemedLabel("", "secondary", pixels=11)
        self.state.setWordWrap(True)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 12, 12, 12)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnMinimumWidth(1, WIDTH - 90)
        for row, (text, box) in enumerate(
            (
                ("Engine", self.engine_box),
                ("Device", self.device_box),
                ("Precision", self.precision_box),
                ("Batch", self.batch_box),
            )
        ):
            self._add(row, text, box)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        self._grid.addWidget(self.state, 4, 0, 1, 2)
        self._grid.addLayout(self._buttons, 5, 0, 1, 2)

    def add_button(self, action: QAction, text: str, icon_name: str | None = None) -> None:
        """A button that closes the popup and does what the action does."""
        button = Button(self._keeper, text, icon_name)
        button.clicked.connect(self.hide)
        button.clicked.connect(lambda: action.trigger())
        self._buttons.addWidget(button)

    def show_state(self, words: str, kind: str) -> None:
        """How the engine stands; kind: "ok", "warning" or "error"."""
        self.state.setText(words)
        self.state.set_role(f"{kind}_text")

    def open_above(self, place: QPoint) -> None:
        """Open with its lower left corner at a place of the screen."""
        self.adjustSize()
        self.move(place - QPoint(0, self.height()))
        self.show()
        self.engine_box.setFocus(Qt.PopupFocusReason)

    def _add(self, row: int, text: str, box: QComboBox) -> None:
        label = ThemedLabel(text, "secondary")
        label.setBuddy(box)
        box.setAccessibleName(text)
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(box, row, 1)
