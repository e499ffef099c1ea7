"""The line over the ranking that offers to read what it does not have."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from gui.icons import pixmap
from gui.panels.retrieval.view import Offer
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button, IconButton
from gui.widgets.labels import ElidedLabel, PictureLabel, ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip

HEIGHT = 34


class OfferLine(QWidget):
    """What it is about, how that stands, a button for what helps, and one to leave it."""

    taken = pyqtSignal()
    dropped = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("offerLine")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._picture = PictureLabel()
        self.words = ThemedLabel("", semibold=True)
        self.rest = ElidedLabel()
        self.button = Button(keeper, "", is_primary=True)
        self.close_button = IconButton(keeper, "cross", "Leave it")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 1)
        row.setSpacing(8)
        row.addWidget(self._picture)
        row.addWidget(self.words)
        row.addWidget(self.rest, 1)
        row.addWidget(self.button)
        row.addWidget(self.close_button)
        self.button.clicked.connect(lambda: self.taken.emit())
        self.close_button.clicked.connect(lambda: self.dropped.emit())
        keeper.changed.connect(self._tint)
        self._tint()
        self.hide()

    def show_offer(self, offer: Offer | None) -> None:
        """Show an offer; None takes the line away."""
        self.setVisible(offer is not None)
        if offer is None:
            return
        self.words.setText(offer.words)
        self.rest.setText(offer.rest)
        self.button.setText(plain_caption(offer.button))
        self.button.setToolTip(plain_tip(offer.tip))

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self._picture.setPixmap(pixmap("info", theme.accent, 16, self.devicePixelRatioF()))
