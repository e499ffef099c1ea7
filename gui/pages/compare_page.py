"""The Compare page: two nets as layers, text, values and weights, and one net in two engines."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.comparison.rows import ComparedFile, Comparison
from core.words import join_names
from gui.graph.pair_graph import PairGraph
from gui.pages.unchosen import UnchosenPanel
from gui.panels.comparison.bar import ComparisonBar
from gui.panels.comparison.broken import BrokenPanel
from gui.panels.comparison.engines import EnginesPanel
from gui.panels.comparison.layers import LayersPanel
from gui.panels.comparison.sources import SourcesRow
from gui.panels.comparison.text import TextPanel
from gui.panels.comparison.values import ValuesPanel
from gui.panels.comparison.weights import WeightsPanel
from gui.theme import ThemeKeeper
from gui.widgets.figure_table import FigureModel
from gui.widgets.notice_card import Notice

OF_FILES = ("layers", "text", "values", "weights")
"""The views that need two files."""

_SIDE, _VALUES = 456, 430


class ComparePage(QWidget):
    """Holds the views; files, runs and exports are asked for by their panels."""

    view_changed = pyqtSignal(str)

    def __init__(
        self,
        keeper: ThemeKeeper,
        engines: Sequence[tuple[str, str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("comparePage")
        self.setAttribute(Qt.WA_StyledBackground)
        self.comparison: Comparison | None = None
        self._view = "layers"
        self._said: dict[str, tuple[str, str]] = {}
        self.bar = ComparisonBar(keeper)
        self.layers = LayersPanel(keeper)
        self.graph = PairGraph(keeper)
        self.values = ValuesPanel(keeper)
        self.text = TextPanel(keeper)
        self.weights = WeightsPanel(keeper)
        self.engines = EnginesPanel(keeper, engines)
        self.values_sources = SourcesRow(keeper, "Run both")
        self.weights_sources = SourcesRow(keeper, "Compare")
        self.broken = BrokenPanel(keeper)
        self.empty = UnchosenPanel(keeper)
        self._lay_out()
        self.bar.view_chosen.connect(self.show_view)
        self.layers.row_selected.connect(self.text.show_row)
        self.layers.row_selected.connect(self.graph.select)
        self.graph.layer_selected.connect(
            lambda is_first, name: self.layers.choose_layer(name, is_first=is_first)
        )
        self.layers.shown_changed.connect(self._redraw)
        for table in (self.values.table, self.weights.table, self.engines.table):
            table.figures.modelReset.connect(self._offer_export)
        self.show_view("layers")

    @property
    def view(self) -> str:
        """The view that is shown: layers, text, values, weights or engines."""
        return self._view

    def show_view(self, view: str) -> None:
        """Show a view; what is chosen stays."""
        self._view = view
        self.bar.show_view(view)
        is_values = view == "values"
        self.layers.setVisible(view == "layers")
        self.values.setVisible(is_values)
        self.values_sources.setVisible(is_values and self._is_read)
        self.weights_sources.setVisible(view == "weights" and self._is_read)
        self.graph.show_signs(view == "layers")
        self._stack.setCurrentWidget(self._page_of(view))
        self.bar.show_sentence(*self._said.get(view, ("", "")))
        self._offer_export()
        self.view_changed.emit(view)

    def show_open(self, file: ComparedFile | None) -> None:
        """The open net, if any, is A as long as no two files were chosen."""
        self.bar.show_files(file, None)
        self.empty.show_open(None if file is None else file.path)

    def show_comparison(
        self, comparison: Comparison, notices: tuple[Notice | None, Notice | None] = (None, None)
    ) -> None:
        """Show two files as read; notices: why the first, or the second, can't be."""
        self.comparison = comparison
        first, second = comparison.first, comparison.second
        self.bar.show_files(first, second)
        self.bar.show_changed("")
        self.broken.show_notices(notices)
        if first.side is not None and second.side is not None:
            self.graph.show_names(first.title, second.title)
            self.text.show_comparison(comparison)
            self.layers.show_comparison(comparison)
        else:
            names = [file.path.name for file in (first, second) if file.side is None]
            said = f"{join_names(names)} can't be read, so nothing is compared."
            self._said = dict.fromkeys(OF_FILES, (said, "")) | {
                "engines": self._said.get("engines", ("", ""))
            }
        self.show_view(self._view)

    @property
    def figures(self) -> FigureModel | None:
        """The table of figures of the view shown; None where there is none, or nothing in it."""
        tables = {
            "values": self.values.table,
            "weights": self.weights.table,
            "engines": self.engines.table,
        }
        table = tables.get(self._view)
        return table.figures if table is not None and table.figures.rows else None

    def _offer_export(self) -> None:
        can = self._is_read if self._view == "layers" else self.figures is not None
        self.bar.export.setEnabled(can)

    def focus_filter(self) -> None:
        """Go to the filter of the layers; what was typed stays."""
        self.show_view("layers")
        self.layers.filter.setFocus(Qt.ShortcutFocusReason)
        self.layers.filter.selectAll()

    def say(self, view: str, sentence: str, hint: str = "") -> None:
        """What a view shows, in a sentence, and more in small."""
        self._said[view] = (sentence, hint)
        if view == self._view:
            self.bar.show_sentence(sentence, hint)

    def said(self, view: str) -> tuple[str, str]:
        """The sentence of a view, and what stands beside it."""
        return self._said.get(view, ("", ""))

    @property
    def _is_read(self) -> bool:
        return self.comparison is not None and self.comparison.nets is not None

    def _page_of(self, view: str) -> QWidget:
        if view == "engines":
            return self.engines
        if self.comparison is None:
            return self.empty
        if not self._is_read:
            return self.broken
        return {"text": self.text, "weights": self.weights}.get(view, self._nets)

    def _redraw(self) -> None:
        comparison = self.comparison
        if comparison is None or comparison.first.side is None or comparison.second.side is None:
            return
        self.graph.show_nets(comparison.first.side, comparison.second.side, self.layers.list.rows)

    def _lay_out(self) -> None:
        self._nets = QSplitter(Qt.Horizontal)
        self._nets.setChildrenCollapsible(False)
        self._nets.setHandleWidth(1)
        for widget in (self.layers, self.graph, self.values):
            self._nets.addWidget(widget)
        self._nets.setStretchFactor(1, 1)
        self._nets.setSizes([_SIDE, 900, _VALUES])
        for panel, least in ((self.layers, 380), (self.values, 340), (self.graph, 320)):
            panel.setMinimumWidth(least)
        self._stack = QStackedWidget()
        for page in (self._nets, self.text, self.weights, self.engines, self.broken, self.empty):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.values_sources)
        column.addWidget(self.weights_sources)
        column.addWidget(self._stack, 1)
