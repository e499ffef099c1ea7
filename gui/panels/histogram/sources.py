"""Over what a series of the histogram is: the image, a folder, or statistics that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QActionGroup, QMenu, QToolButton, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.plain_text import add_plain, plain_tip


@dataclass(frozen=True)
class SeriesSource:
    """key: "image", "folder" or the name of another; name: in the menu, words: beside a value."""

    key: str
    name: str
    words: str


OVER_IMAGE = SeriesSource("image", "This image", "this image")


class SourceButton(IconButton):
    """The letter of a series; a click lists what it may be over."""

    source_chosen = pyqtSignal(str)
    """The key of the source."""
    file_wanted = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, letter: str, parent: QWidget | None = None) -> None:
        super().__init__(
            keeper, "image", f"Over what {letter} is", text=f"{letter} ▾", parent=parent
        )
        self._letter = letter
        self.setToolButtonStyle(Qt.ToolButtonTextOnly)
        self.setPopupMode(QToolButton.InstantPopup)
        self.setMenu(QMenu(self))
        self.show_sources((OVER_IMAGE,), OVER_IMAGE)

    def show_sources(self, offered: Sequence[SeriesSource], chosen: SeriesSource) -> None:
        """Offer these, and a file of statistics."""
        menu = self.menu()
        menu.clear()
        group = QActionGroup(menu)
        for one in offered:
            action = add_plain(menu, one.name)
            action.setCheckable(True)
            action.setChecked(one.key == chosen.key)
            action.triggered.connect(lambda _on=False, key=one.key: self.source_chosen.emit(key))
            group.addAction(action)
        menu.addSeparator()
        menu.addAction("Statistics of another model or folder…").triggered.connect(
            lambda _on=False: self.file_wanted.emit()
        )
        words = f"{self._letter} is over {chosen.words}"
        self.setToolTip(plain_tip(words))
        self.setAccessibleName(words)
