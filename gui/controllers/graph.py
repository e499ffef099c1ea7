"""Draws the graph off the window's thread, remembers how it was left, writes graph and table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from core.files import write_file
from gui.controllers.opening import OpeningController
from gui.dialogs.files import FileChooser
from gui.document import ModelDocument
from gui.graph.drawing import Drawing
from gui.graph.export import FILTERS, ExportReport, ExportRequest, PaintedGraph, paint_graph
from gui.graph.memory import memory_from_json, memory_to_json
from gui.graph.panel import GraphPanel
from gui.jobs import Lanes
from gui.notices import Notices
from gui.panels.layers.table import LayerTable
from gui.settings import Settings
from gui.theme import Theme


class GraphController(QObject):
    """Joins the graph and the layer table to lanes, settings and files."""

    written = pyqtSignal(object)
    """The path of a file that is there now."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        graph: GraphPanel,
        table: LayerTable,
        opening: OpeningController,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._graph = graph
        self._table = table
        self._notices = notices
        self._settings = settings
        self._chooser = chooser
        self._shown_path: Path | None = None
        graph.redrawer.run_elsewhere = self._run
        document.opened.connect(self._begin)
        document.saved_changed.connect(self._follow_path)
        graph.state_requested.connect(opening.choose_state)
        graph.export_requested.connect(self.choose_and_export)
        table.csv_requested.connect(self.choose_and_write_table)

    def remember(self) -> None:
        """Keep folds, options and place of the net that shows."""
        if self._shown_path is not None and self._graph.picture.boxes:
            self._settings.set_graph_of(self._shown_path, memory_to_json(self._graph.memory))

    def choose_and_export(self) -> None:
        """Ask where, then write the graph in the light theme, which is for paper."""
        path = self._document.path
        if path is not None and self._graph.picture.boxes:
            self._chooser().save_file(
                "Export the graph", path.with_suffix(".svg"), FILTERS, self.export
            )

    def export(self, path: Path) -> None:
        """Write the graph as it is folded now, all of it."""
        request = ExportRequest(self._graph.drawing, Theme.light(), path, self._graph.overlay)
        self._lanes.window.start(
            lambda: paint_graph(request),
            key="export-graph",
            title="Drawing the graph",
            on_result=self._write,
            on_error=self._fail,
        )

    def choose_and_write_table(self) -> None:
        """Ask where, then write the rows that the table shows."""
        path = self._document.path
        if path is not None and self._document.net is not None:
            self._chooser().save_file(
                "Save the table", path.with_suffix(".csv"), "CSV table (*.csv)", self.write_table
            )

    def write_table(self, path: Path) -> None:
        """Write the rows that the table shows, as CSV."""
        content = self._table.as_csv()
        self._lanes.files.start(
            lambda: write_file(path, content),
            key="write-table",
            on_result=lambda _: self.written.emit(path),
            on_error=lambda error: self._notices.show_error(error, "export"),
        )

    def _write(self, painted: PaintedGraph) -> None:
        self._lanes.files.start(
            painted.write,
            key="export-graph",
            title="Writing the graph",
            on_result=self._tell_written,
            on_error=self._fail,
            on_end=painted.discard,
        )

    def _tell_written(self, report: ExportReport) -> None:
        self._notices.dismiss("export")
        self.written.emit(report.path)

    def _fail(self, error: AppError) -> None:
        self._notices.show_error(error, "export")

    def _run(self, work: Callable[[], Drawing], on_drawn: Callable[[Drawing], None]) -> None:
        self._lanes.compute.start(work, key="draw-graph", on_result=on_drawn)

    def _begin(self) -> None:
        """Another file: keep how the one before was left, show this one as it was."""
        self.remember()
        self._shown_path = self._document.path
        if not self._graph.has_waiting_memory:
            path = self._shown_path
            kept = self._settings.graph_of(path) if path is not None else ""
            self._graph.expect_net(memory_from_json(kept) if kept else None)

    def _follow_path(self) -> None:
        """The net goes by its new name once it is saved."""
        self._shown_path = self._document.path
