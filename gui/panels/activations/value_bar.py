"""What is known of the value that is shown, in one line, and what can be done with the view."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QCheckBox, QMenu, QToolButton, QWidget

from core.words import plural, shape_text
from gui.panels.activations.channel_switch import ChannelSwitch
from gui.panels.activations.shown import ShownCard
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ThemedLabel
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_caption


class ValueBar(PanelBar):
    """Channels, shape, type, range, mean and zeros; the whole chain, copy and save."""

    chain_toggled = pyqtSignal(bool)
    copy_requested = pyqtSignal(str)
    """What to copy: "picture", "csv" or "command"."""
    save_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self.channels = ThemedLabel("", semibold=True)
        self.shape = ThemedLabel("", "secondary")
        self.numbers = ThemedLabel("", "secondary")
        self.chain_box = QCheckBox()
        self.copy_button = IconButton(keeper, "copy", "Copy the tiles")
        self.save_button = IconButton(keeper, "save", "Save the tiles as PNG or SVG, or the values")
        menu = QMenu(self)
        for what, words in (
            ("picture", "Copy picture"),
            ("csv", "Copy values as CSV"),
            ("command", "Copy as command"),
        ):
            action = menu.addAction(words)
            action.triggered.connect(lambda _checked=False, w=what: self.copy_requested.emit(w))
        self.copy_button.setMenu(menu)
        self.copy_button.setPopupMode(QToolButton.InstantPopup)
        for label in (self.channels, self.shape, self.numbers):
            self.row.addWidget(label)
            self.row.addSpacing(6)
        self.add_stretch()
        self.switch = ChannelSwitch(keeper)
        self.row.addWidget(self.switch)
        self.row.addSpacing(4)
        for widget in (self.chain_box, self.copy_button, self.save_button):
            self.row.addWidget(widget)
        self.setFixedHeight(36)
        self.chain_box.toggled.connect(self.chain_toggled)
        self.save_button.clicked.connect(lambda: self.save_requested.emit())

    def show_cards(self, cards: Sequence[ShownCard], leader: int) -> None:
        """Say what the leading card holds."""
        for button in (self.copy_button, self.save_button):
            button.setEnabled(bool(cards))
        if not cards:
            for label in (self.channels, self.shape, self.numbers):
                label.setText("")
            return
        card = cards[leader]
        n_channels, height, width = card.stack.maps.shape
        noun = "value" if card.stack.is_vector else "channel"
        self.channels.setText(plural(n_channels, noun))
        size = "" if card.stack.is_vector else f"{height}×{width}, "
        whole = "" if not card.stack.axes else f" of {shape_text(card.array.shape)}"
        self.shape.setText(f"{size}{card.array.dtype}{whole}")
        self.numbers.setText(card.numbers)

    def show_chain(self, blob: str, *, is_shown: bool) -> None:
        """Offer to show the whole chain of a blob; "" for a layer in none."""
        self.chain_box.setVisible(bool(blob))
        self.chain_box.setText(plain_caption(f"chain {blob}"))
        self.chain_box.setToolTip("Every layer that shares the blob, side by side")
        self.chain_box.blockSignals(True)
        self.chain_box.setChecked(is_shown)
        self.chain_box.blockSignals(False)
