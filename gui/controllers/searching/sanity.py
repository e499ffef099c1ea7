"""The sanity gate in the window: a few images of the gallery that is shown are described anew."""

from __future__ import annotations

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from core.evaluation.sanity import MISALIGNED
from core.jobs.alignment import AlignmentRequest, alignment
from core.retrieval.alignment import Alignment
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.index import Searched
from gui.jobs import Lanes
from gui.notices import Notice, NoticeAction, Notices
from gui.panels.retrieval.panel import RetrievalPanel

SANITY = "sanity"
_CHECK = NoticeAction("check", "Check the gallery", closes=True)


class SanityController(QObject):
    """Three passes for each gallery and number of images; what came out stands in the column."""

    found = pyqtSignal(object)
    check_requested = pyqtSignal()

    def __init__(
        self,
        lanes: Lanes,
        engine: EngineController,
        searching: SearchingController,
        notices: Notices,
        panel: RetrievalPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._engine = engine
        self._searching = searching
        self._notices = notices
        self._panel = panel
        self._known: dict[object, Alignment] = {}
        searching.indexed.connect(self._look)

    def _look(self, searched: Searched) -> None:
        key = _key(searched)
        known = self._known.get(key)
        self._show(known)
        if known is not None or not len(searched.gallery):
            return
        net = self._engine.adapted(searched.reading.request.net)
        request = AlignmentRequest(searched.gallery, net)
        self._lanes.engine.start(
            lambda: alignment(request, self._engine.host),
            key=SANITY,
            on_result=lambda found: self._take(key, found),
            on_error=self._pass_over,
        )

    def _take(self, key: object, found: Alignment) -> None:
        self._known[key] = found
        searched = self._searching.searched
        if searched is not None and _key(searched) == key:
            self._show(found)
        self.found.emit(found)

    def _pass_over(self, _error: AppError) -> None:
        """Where nothing can be described anew a query from outside says why."""

    def _show(self, found: Alignment | None) -> None:
        if found is None:
            self._panel.query_column.show_sanity("")
            self._notices.dismiss(SANITY)
            return
        n, lost = found.n_checked, len(found.lost)
        words = f"{n - lost} of {n} at rank 1" if n else "nothing to check"
        self._panel.query_column.show_sanity(words)
        if not lost:
            self._notices.dismiss(SANITY)
            return
        notice = Notice("error", MISALIGNED, found.sentence, actions=(_CHECK,), key=SANITY)
        self._notices.show(notice, {"check": self.check_requested.emit})


def _key(searched: Searched) -> tuple[object, ...]:
    gallery = searched.gallery
    return gallery.folder, len(gallery), gallery.recipe.digest
