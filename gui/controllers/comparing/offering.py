"""Makes the open net A of a Compare page without files, and offers what it can be held against."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject

from core.comparison.differences import NetSide
from core.comparison.rows import ComparedFile
from core.jobs.akin import AkinFile, akin_files
from core.words import plural
from gui.controllers.comparing.controller import ComparingController
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.pages.recent_list import RecentFile
from gui.settings import Settings

KEY = "akin-files"


class OfferedFiles(QObject):
    """Looks for them when the page comes into view, once for each net."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        window: MainWindow,
        settings: Settings,
        comparing: ComparingController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._window = window
        self._page = window.compare_page
        self._settings = settings
        self._comparing = comparing
        window.page_shown.connect(lambda _page: self._refresh())
        document.net_changed.connect(self._refresh)
        self._page.empty.path_chosen.connect(self._compare)

    def _refresh(self) -> None:
        """Say what A is and look for files; nothing where two were chosen, or nobody looks."""
        if self._window.page != "compare" or self._page.comparison is not None:
            return
        document, net, shapes = self._document, self._document.net, self._document.shapes
        path = document.path
        if net is None or shapes is None or path is None:
            self._page.show_open(None)
            return
        self._page.show_open(ComparedFile(path, True, document.is_edited, NetSide(net, shapes)))
        recent = [one for one in self._settings.recent("models") if one != path.absolute()]
        self._lanes.files.start(lambda: akin_files(net, recent), key=KEY, on_result=self._offer)

    def _offer(self, files: tuple[AkinFile, ...]) -> None:
        rows = []
        for one in files:
            detail = f"{one.n_alike:,} of {plural(one.n_layers, 'layer')} alike"
            rows.append(RecentFile(one.path, True, detail))
        self._page.empty.show_akin(rows if self._document.net is not None else ())

    def _compare(self, path: Path) -> None:
        opened = self._document.path
        if opened is not None:
            self._comparing.compare(opened, path)
