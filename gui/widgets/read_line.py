"""One line that offers a long read: what there is of a folder, and a button for the rest."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from gui.icons import pixmap
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.labels import ElidedLabel, PictureLabel
from gui.widgets.plain_text import plain_caption

_LINE = 36


class ReadLine(QWidget):
    """What a folder would take to be read, and a button for it."""

    taken = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("readLine")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedHeight(_LINE)
        self._picture = PictureLabel()
        self.words = ElidedLabel(mode=Qt.ElideRight)
        self.button = Button(keeper, "", is_primary=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 1)
        row.setSpacing(8)
        row.addWidget(self._picture)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.button.clicked.connect(lambda: self.taken.emit())
        keeper.changed.connect(self._tint)
        self._tint()
        self.hide()

    def show_offer(self, words: str, button: str = "") -> None:
        """Offer something; "" takes the line away, and without a button it only says so."""
        self.setVisible(bool(words))
        self.words.setText(words)
        self.button.setVisible(bool(button))
        self.button.setText(plain_caption(button))

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self._picture.setPixmap(pixmap("info", theme.accent, 16, self.devicePixelRatioF()))
