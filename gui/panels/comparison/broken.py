"""What a comparison shows in place of its layers where a file can't be read, or none is chosen."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.labels import ThemedLabel
from gui.widgets.notice_card import Notice, NoticeCard


class BrokenPanel(QWidget):
    """A card for each file that can't be read, as wide as is good to read."""

    choose_requested = pyqtSignal(bool)
    """True for the first file."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.notices: tuple[Notice | None, Notice | None] = (None, None)
        self._cards: list[NoticeCard] = []
        self.sentence = ThemedLabel("", "secondary")
        self.first = Button(keeper, "Choose another A", "open")
        self.second = Button(keeper, "Choose another B", "open")
        self.first.clicked.connect(lambda: self.choose_requested.emit(True))
        self.second.clicked.connect(lambda: self.choose_requested.emit(False))
        buttons = QHBoxLayout()
        buttons.addWidget(self.first)
        buttons.addWidget(self.second)
        buttons.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setSpacing(10)
        self._column.addWidget(self.sentence)
        self._column.addLayout(buttons)
        self._column.addStretch(1)

    def show_notices(self, notices: tuple[Notice | None, Notice | None]) -> None:
        """Say what is wrong with either file."""
        self.notices = notices
        for card in self._cards:
            self._column.removeWidget(card)
            card.deleteLater()
        self._cards = []
        for letter, notice in zip("AB", notices, strict=True):
            if notice is not None:
                card = NoticeCard(self._keeper, notice, is_closable=False)
                card.setAccessibleName(f"What is wrong with {letter}")
                card.setMaximumWidth(820)
                self._column.insertWidget(len(self._cards), card, 0, Qt.AlignLeft)
                self._cards.append(card)
        self.sentence.setText("Mend the file, or choose another.")
