"""Two graphs side by side for a comparison: what differs stands out, the selection is linked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PyQt5.QtCore import QObject, Qt, pyqtSignal
from PyQt5.QtWidgets import QSplitter

from core.comparison.differences import NetSide
from core.comparison.rows import ComparisonRow
from core.net.definition import Layer
from gui.graph.drawing import Drawing
from gui.graph.panel import GraphPanel
from gui.jobs import Lanes
from gui.theme import ThemeKeeper


class ComparedGraphs(QObject):
    """Holds a graph of each net; shows and selects, and never edits."""

    layer_selected = pyqtSignal(bool, str)
    """Whether it is of the first net, and the layer's name."""

    def __init__(self, keeper: ThemeKeeper, lanes: Lanes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.graphs = (GraphPanel(keeper), GraphPanel(keeper))
        self.widget = QSplitter(Qt.Horizontal)
        self._marked: tuple[frozenset[int] | None, frozenset[int] | None] = (None, None)
        self._rows: tuple[ComparisonRow, ...] = ()
        self._sides: tuple[NetSide | None, NetSide | None] = (None, None)
        for number, graph in enumerate(self.graphs):
            graph.bar.hide()
            graph.legend.hide()
            graph.setContextMenuPolicy(Qt.NoContextMenu)
            graph.setMinimumWidth(200)
            self.widget.addWidget(graph)
            self._draw_elsewhere(graph, lanes, number)
            self._connect(graph, number)
        self.widget.setChildrenCollapsible(False)

    def show_nets(self, first: NetSide, second: NetSide, rows: Sequence[ComparisonRow]) -> None:
        """Draw two nets; the same two again are left as they stand. rows: all, in order."""
        sides, self._rows = (first, second), tuple(rows)
        for graph, side, before in zip(self.graphs, sides, self._sides, strict=True):
            if side is not before:
                graph.expect_net(None)
                graph.show_net(side.net, side.shapes, ())
        self._sides = sides

    def mark(self, rows: Sequence[ComparisonRow] | None) -> None:
        """Let all but these rows step back; None shows all alike."""
        if rows is None:
            self._marked = (None, None)
        else:
            self._marked = (
                _indices(row.pair.before for row in rows),
                _indices(row.pair.after for row in rows),
            )
        for number in range(2):
            self._show_marks(number)

    def select(self, row: ComparisonRow | None) -> None:
        """Select a pair of layers, each in its graph, and glide there.

        A graph without the layer glides to where it would stand.
        """
        if row is None:
            return
        for graph, is_first in zip(self.graphs, (True, False), strict=True):
            record = row.record(is_first=is_first)
            if record is not None:
                graph.show_selection(record.name)
            else:
                graph.show_selection(self._name_above(row, is_first=is_first))
                graph.show_selection("")

    def _name_above(self, row: ComparisonRow, *, is_first: bool) -> str:
        """The last layer of that net which stands above the row."""
        name = ""
        for other in self._rows:
            if other.pair is row.pair:
                break
            record = other.record(is_first=is_first)
            name = record.name if record is not None else name
        return name

    def _connect(self, graph: GraphPanel, number: int) -> None:
        graph.layer_selected.connect(lambda name: self.layer_selected.emit(number == 0, name))
        graph.drawn.connect(lambda: self._show_marks(number))

    def _show_marks(self, number: int) -> None:
        graph = self.graphs[number]
        marked, box_of = self._marked[number], graph.picture.box_of
        hits = None if marked is None else {box_of[i] for i in marked if i in box_of}
        graph.scene.show_hits(hits)
        graph.overview.show_hits(hits)
        for badge in graph.scene.badge_items.values():
            badge.setEnabled(False)  # renaming is for the main window

    @staticmethod
    def _draw_elsewhere(graph: GraphPanel, lanes: Lanes, number: int) -> None:
        def run(work: Callable[[], Drawing], take: Callable[[Drawing], None]) -> None:
            lanes.compute.start(work, key=f"compare-graph-{number}", on_result=take)

        graph.redrawer.run_elsewhere = run


def _indices(layers: Iterable[Layer | None]) -> frozenset[int]:
    return frozenset(layer.index for layer in layers if layer is not None)
