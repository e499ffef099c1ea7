"""The bar of the sweep view: what is to be swept, and what can be done with the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtWidgets import QAction, QMenu, QWidget

from core.representations.titles import AFTER_TITLES, ENCODED_TITLES, POOLING_TITLES
from gui.panels.retrieval.controls import POOLING_TIPS
from gui.panels.retrieval.fit_button import FitButton, needs_fit
from gui.panels.retrieval.sweep_table import AFTER_TIPS, LAYER_NAMES, LAYER_TIPS, SweepOptions
from gui.theme import ThemeKeeper
from gui.widgets.buttons import Button
from gui.widgets.choice import Choice
from gui.widgets.kept import keep
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip

FITTED_FIRST = (
    "It is fitted on all parts of other images before a pass can pool by it: choose it for one "
    "layer in Ranking."
)


class SweepBar(PanelBar):
    """Layers, poolings and what follows them; the last tick of a menu can't be taken away."""

    start_requested = pyqtSignal()
    options_changed = pyqtSignal()
    graph_requested = pyqtSignal()
    copy_requested = pyqtSignal()
    csv_requested = pyqtSignal()
    fit_folder_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self.layers = Choice()
        self.layers.setAccessibleName("Layers to sweep")
        for key, words in LAYER_NAMES.items():
            self.layers.addItem(words, key)
            place = self.layers.count() - 1
            self.layers.setItemData(place, plain_tip(LAYER_TIPS[key]), Qt.ToolTipRole)
        first = SweepOptions()
        self.poolings = TickButton(keeper, "Poolings", POOLING_TITLES, POOLING_TIPS, first.poolings)
        self.poolings.add_impossible(ENCODED_TITLES.values(), FITTED_FIRST)
        self.afters = TickButton(keeper, "After pooling", AFTER_TITLES, AFTER_TIPS, first.afters)
        self.fit_button = FitButton(keeper)
        self.start_button = Button(keeper, "Sweep", "bars", is_primary=True)
        self.graph_button = Button(keeper, "Show on the graph", "layout")
        self.export_button = Button(keeper, "Save table", "save")
        menu = QMenu(self)
        for words, wish in (
            ("Copy the table", self.copy_requested),
            ("Table as CSV…", self.csv_requested),
        ):
            action = QAction(words, self)
            action.triggered.connect(lambda _checked=False, w=wish: w.emit())
            menu.addAction(action)
        self.export_menu = menu
        self.export_button.setMenu(menu)
        self.add_field("Layers", self.layers)
        keep("sweep", layers=self.layers, poolings=self.poolings, after=self.afters)
        for widget in (self.poolings, self.afters, self.fit_button, self.start_button):
            self.row.addWidget(widget)
        self.add_stretch()
        self.row.addWidget(self.graph_button)
        self.row.addWidget(self.export_button)
        self.layers.activated.connect(lambda _place: self._on_options())
        self.poolings.ticked.connect(self._on_options)
        self.afters.ticked.connect(self._on_options)
        self.fit_button.fit_chosen.connect(self.set_fit_folder)
        self.fit_button.folder_requested.connect(self.fit_folder_requested)
        self.start_button.clicked.connect(lambda: self.start_requested.emit())
        self.graph_button.clicked.connect(lambda: self.graph_requested.emit())
        self._on_options()
        self.show_state(
            "No folder of images is open.", has_rows=False, is_finished=False, is_running=False
        )

    @property
    def options(self) -> SweepOptions:
        """What is chosen."""
        layers = str(self.layers.currentData())
        return SweepOptions(layers, self.poolings.keys, self.afters.keys, self.fit_button.fit_on)

    def set_fit_folder(self, folder: str) -> None:
        """Fit on these images from now on, as a choice has them."""
        self.fit_button.show_fit(folder)
        self._on_options()

    def show_state(
        self, why_not: str, *, has_rows: bool, is_finished: bool, is_running: bool
    ) -> None:
        """Whether a sweep can start, else why not; what there is to show, and to write."""
        self.start_button.setEnabled(not why_not)
        tip = why_not or "One pass over the folder measures every layer under every pooling"
        self.start_button.setToolTip(plain_tip(tip))
        for button, tip, is_there in (
            (self.graph_button, "Colour each layer by its best mAP", has_rows),
            (self.export_button, "The table with what it is of", has_rows and is_finished),
        ):
            button.setEnabled(is_there)
            unready = "The sweep is not finished." if has_rows else "Nothing is measured yet."
            button.setToolTip(plain_tip(tip if is_there else unready))
        for widget in (self.layers, self.poolings, self.afters, self.fit_button):
            widget.setEnabled(not is_running)

    def _on_options(self) -> None:
        tip = LAYER_TIPS[str(self.layers.currentData())]
        self.layers.setToolTip(plain_tip(tip))
        self.fit_button.setVisible(any(needs_fit(after) for after in self.afters.keys))
        self.options_changed.emit()


class TickButton(Button):
    """A button whose menu has ticks, and which says what is ticked."""

    ticked = pyqtSignal()

    def __init__(
        self,
        keeper: ThemeKeeper,
        title: str,
        names: Mapping[str, str],
        tips: Mapping[str, str],
        first: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(keeper, "", parent=parent)
        self._title = title
        self.ticks: dict[str, QAction] = {}
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for key, words in names.items():
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(key in first)
            action.setToolTip(plain_tip(tips[key]))
            action.toggled.connect(lambda is_on, a=action: self._on_toggled(a, is_on))
            self.ticks[key] = action
        self.setMenu(menu)
        self._say()

    def add_impossible(self, names: Iterable[str], why_not: str) -> None:
        """Entries that can't be ticked, and say why."""
        menu = self.menu()
        for words in names if menu is not None else ():
            action = menu.addAction(words)
            action.setEnabled(False)
            action.setToolTip(plain_tip(why_not))

    @property
    def keys(self) -> tuple[str, ...]:
        """What is ticked, in the order of the menu."""
        return tuple(key for key, action in self.ticks.items() if action.isChecked())

    def kept_word(self) -> str:
        """What is ticked, with commas."""
        return ",".join(self.keys)

    def take_word(self, word: str) -> None:
        """Tick what is named, if anything of it can be ticked."""
        wanted = [key for key in word.split(",") if key in self.ticks]
        for is_on in (True, False) if wanted else ():  # first on: one at least stays ticked
            for key, action in self.ticks.items():
                if (key in wanted) == is_on:
                    action.setChecked(is_on)

    def _on_toggled(self, action: QAction, is_on: bool) -> None:
        if not is_on and not self.keys:
            with QSignalBlocker(action):
                action.setChecked(True)
            return
        self._say()
        self.ticked.emit()

    def _say(self) -> None:
        names = [self.ticks[key].text() for key in self.keys]
        listed = ", ".join(names)
        shown = listed if len(names) <= 3 else f"{', '.join(names[:2])} + {len(names) - 2}"
        self.setText(f"{shown} ")
        self.setAccessibleName(f"{self._title}: {listed}")
        self.setToolTip(plain_tip(f"{self._title}: {listed}"))
