"""The Histogram panel: how one or two values spread, with their exact zeros counted apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QSignalBlocker, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QAction,
    QActionGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QMenu,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.activations.summary import ValueSummary
from core.net.definition import BlobVersion, Net
from gui.panels.histogram.colours import swatch
from gui.panels.histogram.statistics import StatisticsTable
from gui.panels.histogram.view import HistogramView, view_from
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.choice import Choice
from gui.widgets.elided_choice import ElidedChoice
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import PictureLabel, ThemedLabel
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip

if TYPE_CHECKING:
    from gui.panels.histogram.plot import HistogramPlot

FILTERS = "PNG picture (*.png);;SVG drawing (*.svg);;CSV table (*.csv)"
BIN_CHOICES = (None, 10, 20, 30, 50, 100, 200, 300, 500)
EMPTY_SENTENCE = "Run Forward to see how a layer's values spread."
ValueKey = tuple[str, str]


@dataclass(frozen=True)
class HistogramRequest:
    """What to measure: one or two values, how many bins (None: automatic), full range or not."""

    values: tuple[ValueKey, ...]
    bins: int | None = None
    is_trimmed: bool = False


def version_text(net: Net, version: BlobVersion) -> str:
    """ "fc7@0, before ReLU" inside an in-place chain, else "fc8, InnerProduct"."""
    if version.n_versions < 2:
        return f"{version.label}, {net.layers[version.layer_index].type}"
    if version.version == 0 and version.overwritten_by:
        return f"{version.label}, before {net.layer(version.overwritten_by).type}"
    return f"{version.label}, after {net.layers[version.layer_index].type}"


def default_pair(
    net: Net, layer_name: str, own_blobs: Collection[tuple[str, str]] = ()
) -> tuple[BlobVersion, BlobVersion | None]:
    """A and B for a selected layer: before and after when it works in place, else one series.

    own_blobs: (layer, top) pairs that a rename gave blobs of their own; they worked in place too.
    """
    layer = net.layer(layer_name)
    written, read = net.written(layer), net.read(layer)
    changed = [i for i, top in enumerate(layer.tops) if (layer.name, top) in own_blobs]
    pairs = [*layer.in_place_tops(), *(i for i in changed if i < len(read))]
    if not pairs:
        return written[0], None
    before, after = read[pairs[0]], written[pairs[0]]
    return (after, None) if before is None else (before, after)


class HistogramPanel(QWidget):
    """Toolbar, plot and statistics; asks for summaries and shows the ones it is given."""

    summaries_requested = pyqtSignal(object)
    save_requested = pyqtSignal(str, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("histogramPanel")
        self.setAttribute(Qt.WA_StyledBackground)
        self._keeper = keeper
        self._net: Net | None = None
        self._summaries: tuple[ValueSummary, ...] = ()
        self._view: HistogramView | None = None
        self._source: tuple[str, ...] = ()
        self._plot: HistogramPlot | None = None
        self._build_toolbar()
        self._build_pages()
        self._dress()
        self._refresh()
        keeper.changed.connect(self._dress)
        self.a_choice.activated.connect(self._request)
        self.b_choice.activated.connect(self._request)
        self.bins_choice.activated.connect(self._request)
        self.range_group.triggered.connect(self._request)
        self.log_box.toggled.connect(self._refresh)
        self.save_button.clicked.connect(self._save)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 120)

    def show_choices(
        self,
        net: Net | None,
        layer_name: str | None,
        own_blobs: Collection[tuple[str, str]] = (),
    ) -> None:
        """Offer every blob version of `net`, and choose the pair that tells most of a layer.

        own_blobs: (layer, top) pairs that a rename gave blobs of their own.
        """
        blockers = [QSignalBlocker(self.a_choice), QSignalBlocker(self.b_choice)]
        if net is not self._net:
            self._net = net
            self._offer_versions()
        if net is not None and self.a_choice.count():
            self.a_choice.setCurrentIndex(0)
            self.b_choice.setCurrentIndex(0)
            if layer_name is not None and net.has_layer(layer_name) and net.written(layer_name):
                self._choose_pair(*default_pair(net, layer_name, own_blobs))
        del blockers

    def _offer_versions(self) -> None:
        """Fill both choices; a long net takes a moment, so only when the net is another."""
        self.a_choice.clear()
        self.b_choice.clear()
        if self._net is None:
            return
        self.b_choice.addItem("no second value", None)
        for version in self._net.versions:
            top = self._net.layers[version.layer_index].tops[version.top_index]
            text = version_text(self._net, version)
            for choice in (self.a_choice, self.b_choice):
                choice.addItem(text, (version.layer, top, version.label))
                tip = f"written by {version.layer}"
                choice.setItemData(choice.count() - 1, plain_tip(tip), Qt.ToolTipRole)

    def show_source(self, source: Sequence[str]) -> None:
        """Which net, weights, image and recipe the values are of, for what is saved."""
        self._source = tuple(source)

    def show_summaries(self, summaries: Sequence[ValueSummary]) -> None:
        """Draw the answer to the last request: one summary for each value, with shared edges."""
        self._summaries = tuple(summaries)
        self._refresh()

    def show_empty(self, sentence: str = EMPTY_SENTENCE) -> None:
        """Take the plot away and say in one sentence what brings it back."""
        self._summaries = ()
        self.empty_state.set_sentence(sentence)
        self._refresh()

    def request(self) -> HistogramRequest | None:
        """What the controls ask for now; None before there is a net."""
        first = self.a_choice.currentData()
        if first is None:
            return None
        second = self.b_choice.currentData()
        chosen = [first] if second is None or second[:2] == first[:2] else [first, second]
        return HistogramRequest(
            tuple((layer, top) for layer, top, _ in chosen),
            self.bins_choice.currentData(),
            self.trimmed_action.isChecked(),
        )

    def view(self) -> HistogramView | None:
        """What is drawn now."""
        return self._view

    @property
    def plot(self) -> HistogramPlot:
        """What draws; pyqtgraph takes long to import, so only once there is something to draw."""
        if self._plot is None:
            from gui.panels.histogram.plot import HistogramPlot

            self._plot = HistogramPlot(self._keeper)
            self._row.insertWidget(0, self._plot, 1)
        return self._plot

    def save_to(self, path: Path) -> None:
        """Write the plot (.png, .svg) or its bins (.csv)."""
        from gui.panels.histogram.export import write_histogram

        if self._view is not None:
            write_histogram(path, self._view, self._keeper)

    def _request(self) -> None:
        request = self.request()
        if request is not None:
            self.summaries_requested.emit(request)

    def _refresh(self) -> None:
        values = [
            (choice.currentData()[2], choice.currentData()[0])
            for choice in (self.a_choice, self.b_choice)
            if choice.currentData() is not None
        ]
        self._view = None
        if self._summaries and len(values) >= len(self._summaries):
            is_log = self.log_box.isChecked()
            self._view = view_from(values, self._summaries, is_log=is_log, source=self._source)
        if self._view is not None or self._plot is not None:
            self.plot.show_view(self._view)
        self.statistics.show_view(self._view)
        self.save_button.setEnabled(self._view is not None)
        self.statistics.setFixedWidth(self.statistics.sizeHint().width())
        self._bar.setVisible(self._view is not None)
        self._pages.setCurrentIndex(0 if self._view is None else 1)

    def _choose_pair(self, first: BlobVersion, second: BlobVersion | None) -> None:
        self.a_choice.setCurrentIndex(self._index_of(self.a_choice, first))
        index = 0 if second is None else self._index_of(self.b_choice, second)
        self.b_choice.setCurrentIndex(index)

    @staticmethod
    def _index_of(choice: QComboBox, version: BlobVersion) -> int:
        for index in range(choice.count()):
            entry = choice.itemData(index)
            if entry is not None and (entry[0], entry[2]) == (version.layer, version.label):
                return index
        return -1

    def _build_toolbar(self) -> None:
        self.a_swatch, self.b_swatch = PictureLabel(), PictureLabel()
        self.a_choice, self.b_choice = ElidedChoice(6), ElidedChoice(6)
        self.a_choice.setAccessibleName("Series A")
        self.b_choice.setAccessibleName("Series B")
        self.bins_choice = Choice()
        for bins in BIN_CHOICES:
            self.bins_choice.addItem("Auto" if bins is None else str(bins), bins)
        self.bins_choice.setToolTip("Auto: Freedman-Diaconis, 10 to 500 bins")
        self._build_range_menu()
        self.log_box = QCheckBox("Log y")
        self.save_button = IconButton(self._keeper, "save", "Save the histogram as PNG, SVG or CSV")

    def _toolbar(self) -> QWidget:
        bar = PanelBar(self._keeper)
        for square, letter, choice in (
            (self.a_swatch, "A", self.a_choice),
            (self.b_swatch, "B", self.b_choice),
        ):
            label = ThemedLabel(self._keeper, letter, semibold=True)
            label.setBuddy(choice)
            for widget in (square, label):
                bar.row.addWidget(widget)
            bar.row.addWidget(choice, 20)
        bar.add_field("Bins", self.bins_choice)
        bar.row.addWidget(self.log_box)
        bar.add_stretch()
        bar.row.addWidget(self.range_button)
        bar.row.addWidget(self.save_button)
        return bar

    def _build_range_menu(self) -> None:
        menu = QMenu(self)
        self.range_group = QActionGroup(menu)
        self.full_action = QAction("Full range", self.range_group)
        self.trimmed_action = QAction("p0.1 to p99.9: leave the tails out", self.range_group)
        for action in (self.full_action, self.trimmed_action):
            action.setCheckable(True)
            menu.addAction(action)
        self.full_action.setChecked(True)
        self.range_button = IconButton(self._keeper, "sliders", "Range of values")
        self.range_button.setMenu(menu)
        self.range_button.setPopupMode(QToolButton.InstantPopup)

    def _build_pages(self) -> None:
        self.statistics = StatisticsTable(self._keeper)
        self.empty_state = EmptyState(self._keeper, "bars", EMPTY_SENTENCE)
        self._rule = QFrame()
        self._rule.setFixedWidth(1)
        page = QWidget()
        self._row = QHBoxLayout(page)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(self._rule)
        self._row.addWidget(self.statistics)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.empty_state)
        self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._bar = self._toolbar()
        column.addWidget(self._bar)
        column.addLayout(self._pages, 1)

    @pyqtSlot()
    def _dress(self) -> None:
        theme = self._keeper.theme
        self.a_swatch.setPixmap(swatch("A", theme, self.devicePixelRatioF()))
        self.b_swatch.setPixmap(swatch("B", theme, self.devicePixelRatioF()))
        self.setStyleSheet(f"#histogramPanel {{ background: {theme.panel.name()}; }}")
        self._rule.setStyleSheet(f"background: {theme.border.name()};")

    def _save(self) -> None:
        name = (
            "_".join(one.label.replace("/", "_") for one in self._view.series) if self._view else ""
        )
        self.save_requested.emit(f"{name}_histogram.png", FILTERS)
