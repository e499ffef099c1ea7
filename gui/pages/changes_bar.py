"""The line under the graph that always says what was changed, and offers the next step."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QAction, QHBoxLayout, QWidget

from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.chip_label import Chip, ChipLabel
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_caption, plain_tip

HEIGHT = 40


class ChangesBar(QWidget):
    """Words at the left, buttons of the window's actions at the right; the next step is filled."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.setObjectName("changesBar")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._title = ThemedLabel(keeper, "Changes", semibold=True)
        self._words = ThemedLabel(keeper, "none", "secondary")
        self._chip = ChipLabel(keeper)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 0, 8, 1)
        self._row.setSpacing(8)
        for widget in (self._title, self._words, self._chip):
            self._row.addWidget(widget)
        self._row.addStretch(1)
        self._buttons: dict[str, tuple[QAction, Button]] = {}
        self._of_changes: set[str] = set()
        self._has_changes = False
        keeper.changed.connect(self._tint)
        self._tint()
        self.show_changes("", None)

    @property
    def words(self) -> str:
        """What it says of the changes."""
        return self._words.text()

    @property
    def chip(self) -> Chip | None:
        """What it says of their proof."""
        return self._chip.chip

    def add_button(
        self, name: str, action: QAction, text: str, icon_name: str, *, of_changes: bool = True
    ) -> None:
        """A button that does what the action does, and is there while the action can be done.

        of_changes: only while there are changes.
        """
        if of_changes:
            self._of_changes.add(name)
        button = Button(self._keeper, plain_caption(text), icon_name)
        button.setToolTip(plain_tip(action.toolTip()))
        button.clicked.connect(lambda: action.trigger())
        self._row.addWidget(button)
        self._buttons[name] = action, button
        action.changed.connect(lambda: self._show_button(name))
        self._show_button(name)

    def button(self, name: str) -> Button:
        """One of the buttons, by the name it was added by."""
        return self._buttons[name][1]

    def show_changes(self, words: str, chip: Chip | None, next_step: str = "") -> None:
        """Say what was changed and whether it is proved; next_step: the button that is filled."""
        self._words.setText(words or "none")
        self._chip.show_chip(chip)
        self._has_changes = bool(words)
        for name, (_, button) in self._buttons.items():
            self._show_button(name)
            button.set_primary(bool(words) and name == next_step)

    def _show_button(self, name: str) -> None:
        action, button = self._buttons[name]
        has_place = self._has_changes or name not in self._of_changes
        button.setVisible(action.isEnabled() and has_place)

    def set_text(self, name: str, text: str, tip: str = "") -> None:
        """Change what stands on a button."""
        action, button = self._buttons[name]
        button.setText(plain_caption(text))
        button.setToolTip(plain_tip(tip or action.toolTip()))

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self.setStyleSheet(
            f"#changesBar {{ background: {theme.header.name()};"
            f" border-top: 1px solid {theme.border.name()}; }}"
        )
