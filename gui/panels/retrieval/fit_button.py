"""What follows pooling, and the images that PCA, whitening and encodings are fitted on."""

from __future__ import annotations

from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtWidgets import QActionGroup, QMenu, QWidget

from core.representations.titles import AFTER_TITLES
from gui.panels.retrieval.sweep_table import AFTER_TIPS
from gui.panels.retrieval.view import OWN_SET, OWN_WORDS, fit_set_name
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.plain_text import add_plain, plain_caption, plain_tip

OTHER = "another set"
OTHER_TIP = (
    "The largest other gallery that is read by the same recipe; without one a sweep fits on half "
    "of the labels, a ranking on the searched images."
)
_MOST_FOLDERS = 6


class AfterChoice(Choice):
    """The steps behind pooling, in the words of the command."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("After pooling")
        for key, words in AFTER_TITLES.items():
            self.addItem(words, key)
            self.setItemData(self.count() - 1, plain_tip(AFTER_TIPS[key]), Qt.ToolTipRole)

    def show_after(self, after: str) -> None:
        """Say what the ranking is by."""
        with QSignalBlocker(self):
            keys = list(AFTER_TITLES)
            self.setCurrentIndex(keys.index(after) if after in keys else -1)
        self.setToolTip(plain_tip(AFTER_TIPS.get(after, "What follows pooling")))


class FitButton(Button):
    """Says what fits are made on; its menu has another set, the images themselves, folders."""

    fit_chosen = pyqtSignal(str)
    """A folder, OWN_SET, or "" for what is found by itself."""
    folder_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, "", parent=parent)
        self._folders: tuple[str, ...] = ()
        self._is_short = False
        self.fit_on = self.found = ""
        self.fit_menu = QMenu(self)
        self.fit_menu.setToolTipsVisible(True)
        self.setMenu(self.fit_menu)
        self.show_fit("")

    def show_fit(self, fit_on: str, found: str = "") -> None:
        """Say what is fitted on, and offer it again; found: what "" came to."""
        self.fit_on, self.found = fit_on, found
        if fit_on not in ("", OWN_SET, *self._folders):
            self._folders = (fit_on, *self._folders)[:_MOST_FOLDERS]
        shown = fit_on or found
        name = fit_set_name(shown) if shown else OTHER
        self.setText("Fit" if self._is_short else plain_caption(f"Fit: {name} "))
        self.setAccessibleName(f"Fitted on {name}")
        self.setToolTip(plain_tip(self._tip(shown)))
        self._fill()

    def set_short(self, *, is_short: bool) -> None:
        """Leave the name to the tip, in little room."""
        if is_short != self._is_short:
            self._is_short = is_short
            self.show_fit(self.fit_on, self.found)

    def _tip(self, shown: str) -> str:
        if not shown:
            return f"PCA, whitening and encodings are fitted on {OTHER}. {OTHER_TIP}"
        where = OWN_WORDS if shown == OWN_SET else shown
        said = f"PCA, whitening and encodings are fitted on {where}."
        if not self.fit_on:
            known = "no other set is known by this recipe" if shown == OWN_SET else "this was found"
            said = f"{said} No images to fit on were named: {known}."
        if shown == OWN_SET:
            said += " Other images may gain less: choose another set to fit on."
        return said

    def _fill(self) -> None:
        self.fit_menu.clear()
        group = QActionGroup(self.fit_menu)
        offered = {"": OTHER_TIP, OWN_SET: "Whitening then flatters itself on them"}
        for fit_on in (*offered, *self._folders):
            words = fit_set_name(fit_on) if fit_on else OTHER
            named = f"{words[0].upper()}{words[1:]}" if fit_on in offered else words
            action = add_plain(self.fit_menu, named, offered.get(fit_on, fit_on))
            action.setCheckable(True)
            action.setChecked(fit_on == self.fit_on)
            group.addAction(action)
            action.triggered.connect(lambda _checked=False, f=fit_on: self.fit_chosen.emit(f))
        self.fit_menu.addSeparator()
        other = self.fit_menu.addAction("Other images…")
        other.triggered.connect(lambda _checked=False: self.folder_requested.emit())


def needs_fit(after: str, pooling: str = "") -> bool:
    """Whether something is fitted for these words."""
    return "white" in after or "pca" in after or pooling.startswith(("rmac-white", "vlad"))
