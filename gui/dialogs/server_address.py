"""Where a server is: its address, checked as it is typed."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QLineEdit, QWidget

from core.errors import AppError
from core.retrieval.backends.contract import KEY_VARIABLE, default_server, server_address
from gui.dialogs.frame import FramedDialog
from gui.theme import ThemeKeeper
from gui.widgets.labels import ThemedLabel


class ServerAddressDialog(FramedDialog):
    """`chosen` carries the address as it is to be remembered."""

    chosen = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, known: str, parent: QWidget | None = None) -> None:
        super().__init__(keeper, "Search on a Qdrant server", accept_text="Search", parent=parent)
        words = "Address of the server's REST port:"
        self.body.addWidget(ThemedLabel(keeper, words))
        self.field = QLineEdit(known or default_server())
        self.field.setAccessibleName(words)
        self.body.addWidget(self.field)
        note = ThemedLabel(
            keeper,
            f"An API key is read from the variable {KEY_VARIABLE} and written nowhere. The gallery "
            "is uploaded only after you say so.",
            "secondary",
        )
        note.setWordWrap(True)
        self.body.addWidget(note)
        self.body.addStretch(1)
        self.resize(480, 230)  # with room for what is wrong, in two lines
        self.field.textChanged.connect(lambda _text: self._check())
        self.accepted.connect(lambda: self.chosen.emit(server_address(self.field.text())))
        self._check()

    def _check(self) -> None:
        try:
            server_address(self.field.text())
            self.show_problem("")
        except AppError as error:
            self.show_problem(str(error))
