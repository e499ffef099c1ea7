"""Labels by a pattern of the names: a regular expression, and what it finds as it is typed."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, QTimer, pyqtSignal
from PyQt5.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_tip

PATTERN = "pattern:"
EXAMPLES = (
    (r"(.+)_\d+", "what stands before the last _ and a number"),
    (r"([^/]+)__", "what stands before __"),
    (r"^([a-z]+)", "the letters that the path begins with"),
)
_PREVIEW_MILLISECONDS = 150


class LabelPatternDialog(QDialog):
    """`preview_wanted` asks for what a truth finds; `chosen` carries it out."""

    preview_wanted = pyqtSignal(str)
    chosen = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Labels by a pattern")
        self.setAttribute(Qt.WA_DeleteOnClose)
        self.field = QLineEdit(EXAMPLES[0][0])
        self.field.setAccessibleName("Pattern: a regular expression with one group")
        self.said = ThemedLabel("", "secondary")
        self.said.setWordWrap(True)
        self.said.setMinimumHeight(96)
        self.said.setAlignment(Qt.AlignTop | Qt.AlignLeft)
        self.apply_button = Button(keeper, "Take these labels", "check", is_primary=True)
        self.cancel_button = Button(keeper, "Cancel")
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PREVIEW_MILLISECONDS)
        self._lay_out(keeper)
        self.apply_button.setEnabled(False)
        self.field.textChanged.connect(lambda _text: self._wait())
        self._soon.timeout.connect(lambda: self.preview_wanted.emit(self.truth))
        self.apply_button.clicked.connect(self._take)
        self.cancel_button.clicked.connect(self.reject)
        self._wait()

    @property
    def truth(self) -> str:
        """The labels that the field names, as `choose_labels` takes them."""
        return f"{PATTERN}{self.field.text()}"

    def show_preview(self, truth: str, found: Sequence[tuple[str, str]], why_not: str) -> None:
        """Show (name, label) of some images, or why there are none; a late answer is not shown."""
        if truth != self.truth:
            return
        lines = [f"{name}  \N{RIGHTWARDS ARROW}  {label}" for name, label in found]
        self.said.setText(why_not or "\n".join(lines))
        self.said.set_role("error_text" if why_not else "secondary")
        self.apply_button.setEnabled(not why_not)
        self.apply_button.setToolTip(plain_tip(why_not))

    def _lay_out(self, keeper: ThemeKeeper) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        words = "The first group of a regular expression, looked for in each image's path:"
        column.addWidget(ThemedLabel(words))
        column.addWidget(self.field)
        row = QHBoxLayout()
        row.setSpacing(6)
        for pattern, tip in EXAMPLES:
            button = Button(keeper, pattern)
            button.setToolTip(plain_tip(tip))
            button.setAccessibleName(f"{pattern}: {tip}")
            button.clicked.connect(lambda _checked=False, p=pattern: self.field.setText(p))
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.said, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.apply_button)
        column.addLayout(buttons)
        self.resize(560, 280)

    def _wait(self) -> None:
        self.apply_button.setEnabled(False)
        self._soon.start()

    def _take(self) -> None:
        self.chosen.emit(self.truth)
        self.accept()
