"""What the Compare page shows before there are two files: what is missing, and files that fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from gui.pages.recent_list import WIDTH, RecentFile, RecentRow
from gui.theme import ThemeKeeper
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ThemedLabel

_NO_FILES = "Choose two prototxts to see what differs between them: A, then B."
_NO_FILES_BUTTON = "Choose two files…"


class UnchosenPanel(QWidget):
    """A sentence, a button that asks for files, and under it files to hold against the open net."""

    clicked = pyqtSignal()
    path_chosen = pyqtSignal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.state = EmptyState(keeper, "compare", _NO_FILES, _NO_FILES_BUTTON)
        self.state.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Maximum)
        self.head = ThemedLabel("Opened before, with the same layers", semibold=True)
        self.rows: list[RecentRow] = []
        self._list = QWidget()
        self._list.setFixedWidth(WIDTH)
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 12, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.head)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(self.state)
        column.addWidget(self._list, 0, Qt.AlignHCenter)
        column.addStretch(1)
        self.state.clicked.connect(self.clicked)
        self.show_akin(())

    @property
    def sentence(self) -> str:
        """What it says now."""
        return self.state.sentence

    def show_open(self, path: Path | None) -> None:
        """Ask for B where a net is open, which is A; else for both."""
        if path is None:
            self.state.set_sentence(_NO_FILES)
            self.state.set_button(_NO_FILES_BUTTON)
            self.show_akin(())
        else:
            self.state.set_sentence(f"A is {path.name}. Choose B to see what differs.")
            self.state.set_button("Choose B…")

    def show_akin(self, files: Sequence[RecentFile]) -> None:
        """Offer files to hold against the open net."""
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for file in files:
            row = RecentRow(self._keeper, file)
            row.setAccessibleName(f"Compare with {file.path.name}")
            row.clicked.connect(lambda _on=False, p=file.path: self.path_chosen.emit(p))
            self._column.addWidget(row)
            self.rows.append(row)
        self._list.setVisible(bool(files))
