"""What every dialog shares: theme, a body, a row of buttons, Esc to close."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_title


class FramedDialog(QDialog):
    """A dialog with `body` to fill and an optional filled button; open it with `open()`."""

    def __init__(
        self, keeper: ThemeKeeper, title: str, *, accept_text: str = "", parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.keeper = keeper
        self.setWindowTitle(plain_title(title))
        self.setWindowFlag(Qt.WindowContextHelpButtonHint, False)
        self.setAttribute(Qt.WA_DeleteOnClose)
        self.problem = ThemedLabel("", "error_text")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        self.buttons.addStretch(1)
        self.accept_button: Button | None = None
        if accept_text:
            self.accept_button = Button(keeper, accept_text, is_primary=True)
            self.accept_button.setDefault(True)
            self.accept_button.clicked.connect(self.accept)
            self.buttons.addWidget(self.accept_button)
        self.close_button = Button(keeper, "Cancel" if accept_text else "Close")
        self.close_button.clicked.connect(self.reject)
        self.buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(12)
        column.addLayout(self.body, 1)
        column.addWidget(self.problem)
        column.addLayout(self.buttons)

    def show_problem(self, sentence: str) -> None:
        """Say beside the fields what is wrong with them; "" takes it away."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        if self.accept_button is not None:
            self.accept_button.setEnabled(not sentence)
