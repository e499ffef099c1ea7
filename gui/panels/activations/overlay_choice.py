"""What is laid over the picture that the net saw: a few words, of which one is chosen."""

from __future__ import annotations

from functools import partial

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from gui.widgets.labels import LinkLabel, ThemedLabel
from gui.widgets.plain_text import plain_tip

FIELD, NONE = "field", "none"


class OverlayChoice(QWidget):
    """Whoever draws another overlay adds its word and listens to `chosen`."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._links: dict[str, LinkLabel] = {}
        self._current = FIELD
        self.setAccessibleName("What is laid over the picture")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(10)
        self._row.addWidget(ThemedLabel("Overlay", "secondary", pixels=11))
        self._row.addStretch(1)
        self.add(FIELD, "field", "The pixels that can move the value: its receptive field")
        self.add(NONE, "none", "The picture as it is, with the place marked")

    @property
    def current(self) -> str:
        """The key of the chosen overlay."""
        return self._current

    @property
    def words(self) -> dict[str, str]:
        """What is offered, by key, in order."""
        return {key: link.text() for key, link in self._links.items()}

    def add(self, key: str, words: str, tip: str) -> None:
        """Offer one more, before "none"."""
        link = LinkLabel(words)
        link.setToolTip(plain_tip(tip))
        link.clicked.connect(partial(self.choose, key))
        others = len(self._links) - (NONE in self._links)
        self._row.insertWidget(1 + others, link)
        self._links[key] = link
        self._show_current()

    def choose(self, key: str) -> None:
        """Lay another one over the picture."""
        if key != self._current and key in self._links:
            self._current = key
            self._show_current()
            self.chosen.emit(key)

    def _show_current(self) -> None:
        for key, link in self._links.items():
            font = link.font()
            font.setPixelSize(11)
            font.setBold(key == self._current)
            link.setFont(font)
            link.setAccessibleName(
                f"{link.text()}, chosen" if key == self._current else link.text()
            )
