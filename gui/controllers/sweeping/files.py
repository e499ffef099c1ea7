"""Copies the table of the sweep that is shown, or writes it, with what it is of."""

from __future__ import annotations

from PyQt5.QtCore import QObject
from PyQt5.QtGui import QGuiApplication

from core.errors import AppError
from core.retrieval.gallery import Gallery
from core.retrieval.sweep_export import export_sweep, sweep_caption, sweep_text
from core.retrieval.sweep_file import StoredSweep, open_sweep
from gui.controllers.engine_child import EngineController
from gui.controllers.exporting import ExportingController
from gui.controllers.searching.ranking_files import CSV_FILTER
from gui.controllers.sweeping.controller import SWEEP, SweepingController
from gui.notices import Notices
from gui.panels.retrieval.panel import RetrievalPanel


class SweepFiles(QObject):
    """What is written is the table that lies beside the gallery, so it is one that is finished."""

    def __init__(
        self,
        engine: EngineController,
        sweeping: SweepingController,
        panel: RetrievalPanel,
        exporting: ExportingController,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._sweeping = sweeping
        self._exporting = exporting
        self._notices = notices
        panel.sweep.bar.copy_requested.connect(self.copy)
        panel.sweep.bar.csv_requested.connect(self.choose_csv)

    def copy(self) -> None:
        """The whole table to the clipboard."""
        found = self._stored()
        if found is not None:
            gallery, sweep = found
            text = sweep_text(sweep.rows, self._caption(gallery, sweep))
            QGuiApplication.clipboard().setText(text)

    def choose_csv(self) -> None:
        """Ask where the table goes."""
        found = self._stored()
        if found is None:
            return
        gallery, sweep = found
        caption = self._caption(gallery, sweep)
        self._exporting.choose(
            "Save the table of the sweep",
            f"sweep_{gallery.root.name}.csv",
            CSV_FILTER,
            lambda path: export_sweep(path, sweep.rows, caption),
        )

    def _stored(self) -> tuple[Gallery, StoredSweep] | None:
        gallery = self._sweeping.gallery
        if gallery is None:
            return None
        try:
            return gallery, open_sweep(gallery.folder).table
        except AppError as error:
            self._notices.show_error(error, SWEEP)
            return None

    def _caption(self, gallery: Gallery, sweep: StoredSweep) -> tuple[str, ...]:
        net = self._engine.request()
        return sweep_caption(gallery, sweep, net.path, net.weights)
