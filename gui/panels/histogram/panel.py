"""The Histogram panel: how one or two values spread, with their exact zeros counted apart."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from core.activations.summary import ValueSummary
from core.net.definition import BlobVersion, Net
from core.net.value_words import value_words
from gui.panels.histogram.bar import HistogramBar
from gui.panels.histogram.legend import SeriesLegend
from gui.panels.histogram.sources import OVER_IMAGE, SeriesSource
from gui.panels.histogram.statistics import StatisticsTable
from gui.panels.histogram.view import HistogramView, view_from
from gui.theme import ThemeKeeper
from gui.widgets.buttons import IconButton
from gui.widgets.empty_state import EmptyState
from gui.widgets.layer_picker import LayerPickerButton
from gui.widgets.layer_rows import LayerRow
from gui.widgets.read_line import ReadLine

if TYPE_CHECKING:
    from gui.panels.histogram.plot import HistogramPlot

FILTERS = "PNG picture (*.png);;SVG drawing (*.svg);;CSV table (*.csv)"
NOTHING = "no second value"
EMPTY_SENTENCE = "Run Forward to see how a layer's values spread."
ValueKey = tuple[str, str]


@dataclass(frozen=True)
class HistogramRequest:
    """What to measure: one or two values, how many bins (None: automatic), full range or not."""

    values: tuple[ValueKey, ...]
    bins: int | None = None
    is_trimmed: bool = False
    over: tuple[str, ...] = ()
    """The key of each value's source; () where all are of the image."""


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
    command_requested = pyqtSignal()
    file_requested = pyqtSignal(int)
    """A file of statistics is wanted for series 0, A, or 1, B."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("histogramPanel")
        self.setAttribute(Qt.WA_StyledBackground)
        self._keeper = keeper
        self._net: Net | None = None
        self._layer: str | None = None
        self._own_blobs: Collection[ValueKey] = ()
        self._chosen: tuple[BlobVersion | None, BlobVersion | None] = (None, None)
        self._offered: tuple[SeriesSource, ...] = (OVER_IMAGE,)
        self._sources = [OVER_IMAGE, OVER_IMAGE]
        self._summaries: tuple[ValueSummary, ...] = ()
        self._view: HistogramView | None = None
        self._source: tuple[str, ...] = ()
        self._plot: HistogramPlot | None = None
        self.bar = HistogramBar(keeper)
        self.offer_line = ReadLine(keeper)
        self.legend = SeriesLegend()
        self.rows_of: Callable[[str], Sequence[LayerRow] | None] = lambda _key: None
        """The values that a source has, by its key; None for those of the net."""
        self._build_pages()
        self._refresh()
        self.bar.a.value_chosen.connect(self._choose_a)
        self.bar.b.value_chosen.connect(self._choose_b)
        for number, button in enumerate(self.bar.sources):
            button.source_chosen.connect(partial(self.choose_source, number))
            button.file_wanted.connect(partial(self.file_requested.emit, number))
        self.bar.pair_button.clicked.connect(self._choose_default)
        self.bar.measuring_changed.connect(self._request)
        self.bar.log_action.toggled.connect(self._refresh)
        self.bar.copy_requested.connect(self._copy)
        self.bar.save_button.clicked.connect(self._save)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 120)

    @property
    def save_button(self) -> IconButton:
        """Asks for a file to save the histogram in."""
        return self.bar.save_button

    @property
    def series_words(self) -> tuple[str, ...]:
        """The values chosen as A and B, as they are spelled."""
        words = [
            (value_words(one), source.words)
            for one, source in zip(self._chosen, self._sources, strict=True)
            if one is not None
        ]
        return tuple(", ".join(one) if self.is_elsewhere else one[0] for one in words)

    @property
    def is_elsewhere(self) -> bool:
        """Whether any series is over something else than the image."""
        return any(one.key != OVER_IMAGE.key for one in self._sources)

    def offer(self, rows: Callable[[], Sequence[LayerRow]]) -> None:
        """Where the lists of A and B take their rows from."""

        def rows_of(number: int) -> Sequence[LayerRow]:
            found = self.rows_of(self._sources[number].key)
            return rows() if found is None else found

        for number, button in enumerate((self.bar.a, self.bar.b)):
            button.rows_wanted = partial(rows_of, number)

    def show_sources(self, offered: Sequence[SeriesSource]) -> None:
        """What a series may be over; one that is not there any more becomes the image."""
        self._offered = tuple(offered)
        by_key = {one.key: one for one in self._offered}
        before = [one.key for one in self._sources]
        if self._put_over([by_key.get(key, self._offered[0]) for key in before]):
            self._choose_default()

    def show_over(self, *keys: str) -> None:
        """Put A and B over these sources, each of the value that tells most."""
        by_key = {one.key: one for one in self._offered}
        if self._put_over([by_key.get(key, self._offered[0]) for key in keys]):
            self._choose_default()

    def choose_source(self, number: int, key: str) -> None:
        """Put A, 0, or B, 1, over another source; the values stay where they were chosen."""
        is_default = self._chosen == self._default()
        by_key = {one.key: one for one in self._offered}
        sources = list(self._sources)
        sources[number] = by_key.get(key, self._offered[0])
        self._put_over(sources)
        first, second = self._default() if is_default else self._chosen
        self._take(first, first if second is None and number == 1 else second)
        self._request()

    def show_choices(
        self,
        net: Net | None,
        layer_name: str | None,
        own_blobs: Collection[ValueKey] = (),
    ) -> None:
        """Take a net and a layer of it; another layer chooses the pair that tells most of it.

        What was chosen for the same layer stays, through renames as well. own_blobs: (layer, top)
        pairs that a rename gave blobs of their own.
        """
        is_same = layer_name == self._layer and self._chosen[0] is not None
        before = self._chosen
        self._net, self._layer, self._own_blobs = net, layer_name, own_blobs
        if net is None:
            self._take(None, None)
        elif is_same and _in(net, before[0]) is not None:
            self._take(_in(net, before[0]), _in(net, before[1]))
        else:
            self._take(*self._default())

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
        sources = zip(self._chosen, self._sources, strict=True)
        keys = [(self._key(one), over.key) for one, over in sources if one is not None]
        if not keys:
            return None
        values, over = zip(*dict.fromkeys(keys), strict=True)
        is_trimmed = self.bar.trimmed_action.isChecked()
        return HistogramRequest(
            values, self.bar.bins, is_trimmed, over if self.is_elsewhere else ()
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

    def _default(self) -> tuple[BlobVersion | None, BlobVersion | None]:
        net, name = self._net, self._layer
        if net is None or not net.versions:
            return None, None
        if name is None or not net.has_layer(name) or not net.written(name):
            return net.versions[0], None
        first, second = default_pair(net, name, self._own_blobs)
        if self._sources[0].key == self._sources[1].key:
            return first, second
        own = first if second is None else second
        return own, own

    def _take(self, first: BlobVersion | None, second: BlobVersion | None) -> None:
        self._chosen = (first, second)
        self._show_value(self.bar.a, first, second)
        self._show_value(self.bar.b, second, first)
        pair = self._default()
        words = ", ".join(value_words(one) for one in pair if one is not None)
        self.bar.offer_pair(words if pair[1] is not None else "", is_shown=self._chosen == pair)

    def _show_value(
        self, button: LayerPickerButton, one: BlobVersion | None, other: BlobVersion | None
    ) -> None:
        near = () if other is None else (value_words(other),)
        if one is None:
            button.show_value(("", ""), NOTHING if button is self.bar.b else "")
        else:
            button.show_value(self._key(one), value_words(one), near)

    def _key(self, version: BlobVersion) -> ValueKey:
        return version.layer, version.blob

    def _version(self, layer: str, top: str) -> BlobVersion | None:
        net = self._net
        written = net.written(layer) if net is not None and net.has_layer(layer) else ()
        found = next((one for one in written if self._key(one)[1] == top), None)
        if found is not None or not layer:
            return found
        return BlobVersion(top, 0, layer, -1, 0, 1, (), None)  # of another net

    def _put_over(self, sources: list[SeriesSource]) -> bool:
        """Take sources; what is drawn of others goes. Returns whether they are others."""
        is_other = [one.key for one in sources] != [one.key for one in self._sources]
        words = self.series_words
        self._sources = sources
        if is_other:
            self._summaries = ()
        for button, source in zip(self.bar.sources, self._sources, strict=True):
            button.show_sources(self._offered, source)
        self.bar.copy_actions["command"].setEnabled(not self.is_elsewhere)
        if is_other or words != self.series_words:  # another image brings its own summaries
            self._refresh()
        return is_other

    def _choose_a(self, layer: str, top: str) -> None:
        chosen = self._version(layer, top)
        if chosen is not None:
            self._take(chosen, self._chosen[1])
            self._request()

    def _choose_b(self, layer: str, top: str) -> None:
        self._take(self._chosen[0], self._version(layer, top))
        self._request()

    def _choose_default(self) -> None:
        self._take(*self._default())
        self._request()

    def _request(self) -> None:
        request = self.request()
        if request is not None:
            self.summaries_requested.emit(request)

    def _refresh(self) -> None:
        words = self.series_words
        self._view = None
        if self._summaries and len(words) >= len(self._summaries):
            is_log = self.bar.log_action.isChecked()
            sizes = {one.statistics.n_values for one in self._summaries}
            self._view = view_from(
                words, self._summaries, is_log=is_log, source=self._source,
                is_share=self.is_elsewhere and len(sizes) > 1,
            )  # fmt: skip
        if self._view is not None or self._plot is not None:
            self.plot.show_view(self._view)
        self.statistics.show_view(self._view)
        self.statistics.setFixedWidth(self.statistics.sizeHint().width())
        self.legend.show_series(() if self._view is None else self._view.series)
        self.legend.setVisible(self._view is not None and self.is_elsewhere)
        self.bar.setVisible(self._view is not None or self.is_elsewhere)
        self._pages.setCurrentIndex(0 if self._view is None else 1)

    def _build_pages(self) -> None:
        self.statistics = StatisticsTable(self._keeper)
        self.empty_state = EmptyState(self._keeper, "bars", EMPTY_SENTENCE)
        self._rule = QFrame()
        self._rule.setObjectName("hairline")
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
        column.addWidget(self.bar)
        column.addWidget(self.offer_line)
        self.legend.setContentsMargins(12, 4, 12, 2)
        column.addWidget(self.legend)
        column.addLayout(self._pages, 1)

    def _copy(self, what: str) -> None:
        """Put the plot, its bins or the command for them on the clipboard."""
        from gui.panels.histogram.export import csv_bytes, plot_image

        clipboard = QGuiApplication.clipboard()
        if what == "command":
            self.command_requested.emit()
        elif clipboard is not None and self._view is not None:
            if what == "picture":
                clipboard.setImage(plot_image(self._view, self._keeper))
            else:
                clipboard.setText(csv_bytes(self._view, self._keeper).decode())

    def _save(self) -> None:
        labels = [one.label for one in self._view.series] if self._view else []
        name = "_".join(label.replace(" · ", "_").replace("/", "_") for label in labels)
        self.save_requested.emit(f"{name}_histogram.png", FILTERS)


def _in(net: Net, version: BlobVersion | None) -> BlobVersion | None:
    """The same top of the same layer in another text of the net."""
    if version is None or not net.has_layer(version.layer):
        return None
    written = net.written(version.layer)
    return next((one for one in written if one.top_index == version.top_index), None)
