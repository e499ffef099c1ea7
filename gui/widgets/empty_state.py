"""What an empty panel shows: an icon, one sentence and at most one button."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QVBoxLayout, QWidget

from gui.icons import pixmap
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.labels import PictureLabel, ThemedLabel


class EmptyState(QWidget):
    """Centred icon, sentence and optional button; `clicked` is the button's."""

    clicked = pyqtSignal()

    def __init__(
        self,
        keeper: ThemeKeeper,
        icon: str,
        sentence: str,
        button_text: str | None = None,
        *,
        button_icon: str = "open",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._icon_name = icon
        self._picture = PictureLabel()
        self._sentence = ThemedLabel(sentence, "secondary")
        self._sentence.setWordWrap(True)
        for label in (self._picture, self._sentence):
            label.setAlignment(Qt.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addStretch(1)
        layout.addWidget(self._picture)
        layout.addWidget(self._sentence)
        self._button = Button(keeper, button_text or "", button_icon)
        self._button.setVisible(button_text is not None)
        layout.addWidget(self._button, 0, Qt.AlignHCenter)
        self._button.clicked.connect(lambda: self.clicked.emit())
        layout.addStretch(1)
        keeper.changed.connect(self._repaint)
        self._repaint()

    def add_below(self, widget: QWidget) -> None:
        """Another way to go on, under the button."""
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):
            layout.insertWidget(layout.count() - 1, widget, 0, Qt.AlignHCenter)

    @property
    def sentence(self) -> str:
        """What it says now."""
        return self._sentence.text()

    @property
    def offers_button(self) -> bool:
        """Whether it has a button now."""
        return not self._button.isHidden()

    def set_sentence(self, sentence: str) -> None:
        """Say something else."""
        self._sentence.setText(sentence)

    def set_button(self, text: str, icon_name: str | None = "open") -> None:
        """Call the button otherwise, with another icon or none."""
        self._button.setText(text)
        self._button.set_icon(icon_name)

    def show_button(self, is_shown: bool) -> None:
        """Offer the button, or not where it would not help."""
        self._button.setVisible(is_shown)

    @pyqtSlot()
    def _repaint(self) -> None:
        theme = self._keeper.theme
        ratio = self.devicePixelRatioF()
        self._picture.setPixmap(pixmap(self._icon_name, theme.placeholder, 28, ratio))
