"""An address that is checked as it is typed, with what is to be known of it below."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QLineEdit, QWidget

from core.errors import AppError
from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper
from gui.widgets.labels import ThemedLabel


class AddressDialog(FramedDialog):
    """`chosen` carries the address as it is to be remembered."""

    chosen = pyqtSignal(str)

    def __init__(
        self,
        keeper: ThemeKeeper,
        title: str,
        accept_text: str,
        words: str,
        known: str,
        note: str,
        read: Callable[[str], str],
        parent: QWidget | None = None,
    ) -> None:
        """words: what the field asks for; read: the address of what is typed, or AppError."""
        super().__init__(keeper, title, accept_text=accept_text, parent=parent)
        self._read = read
        self.body.addWidget(ThemedLabel(words))
        self.field = QLineEdit(known)
        self.field.setAccessibleName(words)
        self.body.addWidget(self.field)
        below = ThemedLabel(note, "secondary")
        below.setWordWrap(True)
        self.body.addWidget(below)
        self.body.addStretch(1)
        self.resize(480, 230)  # with room for what is wrong, in two lines
        self.field.textChanged.connect(lambda _text: self._check())
        self.accepted.connect(lambda: self.chosen.emit(read(self.field.text())))
        self._check()

    def _check(self) -> None:
        try:
            self._read(self.field.text())
            self.show_problem("")
        except AppError as error:
            self.show_problem(str(error))
