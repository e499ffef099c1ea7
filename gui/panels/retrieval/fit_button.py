"""What follows pooling, and the images that PCA, whitening and encodings are fitted on."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtWidgets import QActionGroup, QMenu, QWidget

from gui.panels.retrieval.sweep_table import AFTER_NAMES, AFTER_TIPS
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.plain_text import plain_caption, plain_tip

OWN = "the searched images"
_MOST_FOLDERS = 6


class AfterChoice(Choice):
    """The steps behind pooling, in the words of the command."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("After pooling")
        for key, words in AFTER_NAMES.items():
            self.addItem(words, key)
            self.setItemData(self.count() - 1, plain_tip(AFTER_TIPS[key]), Qt.ToolTipRole)

    def show_after(self, after: str) -> None:
        """Say what the ranking is by."""
        with QSignalBlocker(self):
            keys = list(AFTER_NAMES)
            self.setCurrentIndex(keys.index(after) if after in keys else -1)
        self.setToolTip(plain_tip(AFTER_TIPS.get(after, "What follows pooling")))


class FitButton(Button):
    """Says what fits are made on; its menu has the images themselves, folders of before, others."""

    fit_chosen = pyqtSignal(str)
    """A folder; "" for the images that are searched."""
    folder_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, "", parent=parent)
        self._folders: tuple[str, ...] = ()
        self._is_short = False
        self.fit_on = ""
        self.fit_menu = QMenu(self)
        self.fit_menu.setToolTipsVisible(True)
        self.setMenu(self.fit_menu)
        self.show_fit("")

    def show_fit(self, fit_on: str) -> None:
        """Say what is fitted on, and offer it again."""
        self.fit_on = fit_on
        if fit_on and fit_on not in self._folders:
            self._folders = (fit_on, *self._folders)[:_MOST_FOLDERS]
        name = Path(fit_on).name if fit_on else OWN
        self.setText("Fit" if self._is_short else plain_caption(f"Fit: {name} "))
        self.setAccessibleName(f"Fitted on {name}")
        tip = f"PCA, whitening and encodings are fitted on {fit_on or OWN}."
        if not fit_on:
            tip += " Other images may gain less: choose another set to fit on."
        self.setToolTip(plain_tip(tip))
        self._fill()

    def set_short(self, *, is_short: bool) -> None:
        """Leave the name to the tip, in little room."""
        if is_short != self._is_short:
            self._is_short = is_short
            self.show_fit(self.fit_on)

    def _fill(self) -> None:
        self.fit_menu.clear()
        group = QActionGroup(self.fit_menu)
        for folder in ("", *self._folders):
            words = Path(folder).name if folder else "The searched images"
            action = self.fit_menu.addAction(plain_caption(words))
            action.setToolTip(plain_tip(folder or "Whitening then flatters itself on them"))
            action.setCheckable(True)
            action.setChecked(folder == self.fit_on)
            group.addAction(action)
            action.triggered.connect(lambda _checked=False, f=folder: self.fit_chosen.emit(f))
        self.fit_menu.addSeparator()
        other = self.fit_menu.addAction("Other images…")
        other.triggered.connect(lambda _checked=False: self.folder_requested.emit())


def needs_fit(after: str, pooling: str = "") -> bool:
    """Whether something is fitted for these words."""
    return "white" in after or "pca" in after or pooling.startswith(("rmac-white", "vlad"))
