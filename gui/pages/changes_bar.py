"""The line under the graph that always says what was changed, and offers the next step."""

from __future__ import annotations

from collections.abc import Collection

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QResizeEvent, QShowEvent
from PyQt5.QtWidgets import QAction, QHBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.chip_label import Chip, ChipLabel
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip

HEIGHT = 40


class ChangesBar(QWidget):
    """Words at the left, buttons of the window's actions at the right; the next step is filled.

    Where room is short, the number of names goes first, then words of chip and buttons.
    """

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("changesBar")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._title = ThemedLabel("Changes", semibold=True)
        self._words = ThemedLabel("none", "text")
        self._names = ThemedLabel("", "secondary")
        self._chip = ChipLabel(keeper)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 0, 8, 1)
        self._row.setSpacing(8)
        for widget in (self._title, self._words, self._names, self._chip):
            self._row.addWidget(widget)
        self._row.addStretch(1)
        self._buttons: dict[str, tuple[QAction, Button]] = {}
        self._texts: dict[str, tuple[str, ...]] = {}
        self._of_changes: set[str] = set()
        self._without: frozenset[str] = frozenset()
        self._chips: tuple[Chip | None, Chip | None] = (None, None)
        self._has_changes = False
        self.show_changes("", "", None)

    @property
    def words(self) -> str:
        """What it says of the changes."""
        return self._words.text()

    @property
    def names(self) -> str:
        """How many names changed, as it says it where there is room."""
        return self._names.text()

    @property
    def chip(self) -> Chip | None:
        """What it says of their proof."""
        return self._chips[0]

    def add_button(
        self, name: str, action: QAction, text: str, icon_name: str, *, of_changes: bool = True
    ) -> None:
        """A button that does what the action does; grey with its reason where that can't act.

        of_changes: there only while there are changes. The others go while they can't act.
        """
        if of_changes:
            self._of_changes.add(name)
        button = Button(self._keeper, plain_caption(text), icon_name)
        button.clicked.connect(lambda: action.trigger())
        self._row.addWidget(button)
        self._buttons[name] = action, button
        self._texts[name] = (text,)
        action.changed.connect(lambda: self._follow_action(name))
        self._show_button(name)

    def button(self, name: str) -> Button:
        """One of the buttons, by the name it was added by."""
        return self._buttons[name][1]

    def show_changes(
        self,
        words: str,
        names: str,
        chip: Chip | None,
        short_chip: Chip | None = None,
        *,
        next_step: str = "",
        without: Collection[str] = (),
    ) -> None:
        """Say what was changed and whether it is proved.

        words: "" for no changes. short_chip: for where room is short. next_step: the button that
        is filled. without: buttons that have no place beside these changes.
        """
        self._words.setText(words or "none")
        self._words.set_role("text" if words else "secondary")
        self._names.setText(names)
        self._chips = (chip, short_chip or chip)
        self._has_changes = bool(words)
        self._without = frozenset(without)
        for name, (_, button) in self._buttons.items():
            self._show_button(name)
            button.set_primary(bool(words) and name == next_step)
        self._fit()

    def set_text(self, name: str, *texts: str) -> None:
        """Change what stands on a button; shorter texts for where room is short."""
        self._texts[name] = texts
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _follow_action(self, name: str) -> None:
        self._show_button(name)
        self._fit()

    def _show_button(self, name: str) -> None:
        action, button = self._buttons[name]
        is_of_changes = name in self._of_changes
        has_place = self._has_changes if is_of_changes else action.isEnabled()
        button.setVisible(has_place and name not in self._without)
        button.setEnabled(action.isEnabled())
        button.setToolTip(plain_tip(action.toolTip()))

    def _fit(self) -> None:
        """As many words as there is room for."""
        last = max(2, *(len(texts) for texts in self._texts.values())) if self._texts else 2
        for level in range(last + 1):
            self._names.setVisible(bool(self._names.text()) and level == 0)
            self._chip.show_chip(self._chips[min(1, max(0, level - 1))])
            self._chip.setMinimumWidth(self._chip.sizeHint().width() if level < last else 0)
            for name, texts in self._texts.items():
                text = texts[min(max(0, level - 1), len(texts) - 1)]
                self.button(name).setText(plain_caption(text))
            if self._row.minimumSize().width() <= self.width():
                return
