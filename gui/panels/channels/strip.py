"""The strip of the top images of the chosen channel, under its map on the Layer page."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.panels.channels.pictures import PictureRows
from gui.panels.channels.values import ReadOffer, TopPicture
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.labels import ElidedLabel, LinkLabel, ThemedLabel
from gui.widgets.plain_text import plain_tip

N_SHOWN = 8
SIZE, SMALL = (82, 66), (56, 42)
NO_FOLDER = "Choose a folder of images (Gallery) to see which of them fire a channel most."
NO_CHANNEL = "Choose a channel to see which images fire it most."
NO_LAYER = "Select a layer to see which images fire its channels most."


class TopStrip(QWidget):
    """A heading, and under it pictures, an offer to read the folder, or what is missing."""

    read_requested = pyqtSignal()
    read_all_requested = pyqtSignal()
    """Not this layer alone: all of them in one pass."""
    least_toggled = pyqtSignal(bool)
    all_requested = pyqtSignal()
    image_opened = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_least = False
        self.setObjectName("topStrip")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.heading = ThemedLabel("TOP IMAGES", "secondary", pixels=11, semibold=True)
        self.note = ElidedLabel()
        self.note.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self.least_link = LinkLabel("Least")
        self.all_link = LinkLabel("All")
        self.pictures = PictureRows(keeper)
        self.sentence = ElidedLabel()
        self.read_button = Button(keeper, "Read")
        self.read_all_button = Button(keeper, "All layers")
        self._line = QFrame()
        self._line.setObjectName("hairline")
        self._line.setFixedHeight(1)
        self._lay_out()
        self.read_button.clicked.connect(lambda: self.read_requested.emit())
        self.read_all_button.clicked.connect(lambda: self.read_all_requested.emit())
        self.least_link.clicked.connect(self._toggle)
        self.all_link.clicked.connect(lambda: self.all_requested.emit())
        self.pictures.image_opened.connect(self.image_opened)
        self.show_sentence(NO_LAYER)

    @property
    def is_least(self) -> bool:
        """Whether the least values are asked for."""
        return self._is_least

    def set_small(self, *, is_small: bool) -> None:
        """Smaller pictures, where a low window leaves the histogram no room."""
        self.pictures.set_picture_size(*(SMALL if is_small else SIZE))

    def show_sentence(self, sentence: str) -> None:
        """Say what is missing, or what is under way."""
        self._show(sentence=sentence)

    def show_offer(self, offer: ReadOffer) -> None:
        """Offer to read the folder, in one line."""
        self.read_button.setText(offer.button)
        self.read_button.setToolTip(plain_tip(offer.tip))
        self.read_all_button.setToolTip(plain_tip(offer.all_tip))
        self._show(sentence=offer.words, has_button=True)

    def show_pictures(
        self, heading: str, note: str, n_images: int, pictures: Sequence[TopPicture]
    ) -> None:
        """Show the top images; note: of which folder; n_images: of how many."""
        self.note.setText(note)
        self.all_link.setText(f"All {n_images:,}")
        self.pictures.show_pictures(pictures)
        self._show(heading=heading)

    def _toggle(self) -> None:
        self._is_least = not self._is_least
        self.least_link.setText("Greatest" if self._is_least else "Least")
        self.least_toggled.emit(self._is_least)

    def _show(self, *, heading: str = "", sentence: str = "", has_button: bool = False) -> None:
        self.heading.setText((heading or "Top images").upper())
        for widget in (self.note, self.least_link, self.all_link, self.pictures):
            widget.setVisible(bool(heading))
        self.sentence.setVisible(not heading)
        self.sentence.setText(sentence)
        for button in (self.read_button, self.read_all_button):
            button.setVisible(has_button)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.heading)
        head.addWidget(self.note, 1)
        head.addWidget(self.least_link)
        head.addWidget(self.all_link)
        missing = QHBoxLayout()
        missing.setSpacing(10)
        missing.addWidget(self.sentence, 1)
        missing.addWidget(self.read_button)
        missing.addWidget(self.read_all_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 12, 4)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._line)
        column.addWidget(self.pictures)
        column.addLayout(missing)
