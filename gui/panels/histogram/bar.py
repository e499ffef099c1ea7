"""What the histogram compares and how it is measured: A, B, bins, range, logarithm."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QAction, QActionGroup, QMenu, QToolButton, QWidget

from gui.panels.histogram.colours import swatch
from gui.panels.histogram.sources import SourceButton
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.labels import PictureLabel
from gui.widgets.layer_picker import LayerPickerButton
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip

BIN_CHOICES = (None, 10, 20, 30, 50, 100, 200, 300, 500)


class HistogramBar(PanelBar):
    """A and B with their colours, one click for before and after, options, copy and save."""

    measuring_changed = pyqtSignal()
    copy_requested = pyqtSignal(str)
    """What to copy: "picture", "csv" or "command"."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self._swatches = {"A": PictureLabel(), "B": PictureLabel()}
        self.a = LayerPickerButton(keeper, "Series A")
        self.b = LayerPickerButton(keeper, "Series B", nothing="no second value")
        self.sources = (SourceButton(keeper, "A"), SourceButton(keeper, "B"))
        for letter, source, button in zip("AB", self.sources, (self.a, self.b), strict=True):
            self.row.addWidget(self._swatches[letter])
            self.row.addWidget(source)
            self.row.addWidget(button, 20)
        self.pair_button = IconButton(keeper, "before-after", "Before and after")
        self.options_button = IconButton(keeper, "bars", "Bins, range and scale", text="Options")
        self.options_button.setToolButtonStyle(Qt.ToolButtonTextOnly)
        self.options_button.setMenu(self._options_menu())
        self.options_button.setPopupMode(QToolButton.InstantPopup)
        self.copy_button = IconButton(keeper, "copy", "Copy the histogram")
        self.copy_button.setMenu(self._copy_menu())
        self.copy_button.setPopupMode(QToolButton.InstantPopup)
        self.save_button = IconButton(keeper, "save", "Save the histogram as PNG, SVG or CSV")
        self.row.addWidget(self.pair_button)
        self.add_stretch()
        for tool in (self.options_button, self.copy_button, self.save_button):
            self.row.addWidget(tool)
        keeper.changed.connect(self._dress)
        self._dress()

    @property
    def bins(self) -> int | None:
        """How many bins; None for as many as the values suggest."""
        checked = self.bins_group.checkedAction()
        bins: int | None = None if checked is None else checked.data()
        return bins

    def choose_bins(self, bins: int | None) -> None:
        """Measure with so many bins, as its entry of the menu does."""
        next(one for one in self.bins_group.actions() if one.data() == bins).trigger()

    def offer_pair(self, words: str, *, is_shown: bool) -> None:
        """Offer the two values of an in-place layer; "" where there are none to tell apart."""
        self.pair_button.setEnabled(bool(words) and not is_shown)
        if not words:
            tip = "Before and after: the layer does not work in place"
        elif is_shown:
            tip = f"Before and after are shown: {words}"
        else:
            tip = f"Before and after: {words}"
        self.pair_button.setToolTip(plain_tip(tip))

    def _options_menu(self) -> QMenu:
        menu = QMenu(self)
        bins_menu = menu.addMenu("Bins")
        self.bins_group = QActionGroup(menu)
        for bins in BIN_CHOICES:
            words = "automatic: Freedman-Diaconis, 10 to 500" if bins is None else str(bins)
            action = QAction(words, self.bins_group)
            action.setData(bins)
            action.setCheckable(True)
            action.setChecked(bins is None)
            bins_menu.addAction(action)
        menu.addSeparator()
        self.range_group = QActionGroup(menu)
        self.full_action = QAction("Full range", self.range_group)
        self.trimmed_action = QAction("p0.1 to p99.9: leave the tails out", self.range_group)
        for action in (self.full_action, self.trimmed_action):
            action.setCheckable(True)
            menu.addAction(action)
        self.full_action.setChecked(True)
        menu.addSeparator()
        self.log_action = menu.addAction("Logarithm of the counts")
        self.log_action.setCheckable(True)
        for group in (self.bins_group, self.range_group):
            group.triggered.connect(lambda _action: self.measuring_changed.emit())
        return menu

    def _copy_menu(self) -> QMenu:
        menu = QMenu(self)
        self.copy_actions: dict[str, QAction] = {}
        for what, words in (
            ("picture", "Copy picture"),
            ("csv", "Copy bins as CSV"),
            ("command", "Copy as command"),
        ):
            action = menu.addAction(words)
            action.triggered.connect(lambda _checked=False, w=what: self.copy_requested.emit(w))
            self.copy_actions[what] = action
        return menu

    @pyqtSlot()
    def _dress(self) -> None:
        for letter, label in self._swatches.items():
            label.setPixmap(swatch(letter, self._keeper.theme, self.devicePixelRatioF()))
