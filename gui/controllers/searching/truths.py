"""Judges rankings by a published ground truth: chosen here, and held by for every layer after."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.host import EngineHost, NetToRun
from core.errors import AppError, EngineCrashed
from core.jobs.evaluate import EvaluateProtocolRequest, evaluate_by_protocol
from core.retrieval.benchmarks import WORDS
from core.retrieval.protocols import ProtocolScores
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.evaluating import EVALUATE
from gui.controllers.searching.index import Searched
from gui.controllers.searching.values import benchmark_row
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notice, Notices
from gui.panels.retrieval.controls import QUERIES_VIEW
from gui.panels.retrieval.panel import RetrievalPanel

TRUTH = "truth"


class TruthController(QObject):
    """A ground truth that does not fit the folder changes nothing but says so."""

    scored = pyqtSignal(object)

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
        self._has_told = False
        searching.evaluator.by_benchmark = self._start
        searching.changed.connect(self._untell)
        searching.evaluator.describes = self._describes

    def choose(self, protocol: str, where: Path | None = None) -> None:
        """Judge by a benchmark from now on; where: the folder or file of its ground truth."""
        searched = self._searching.searched
        if searched is not None:
            named = protocol if where is None else f"{protocol}:{where}"
            self._start(searched, named, is_asked=True)

    def _describes(self, searched: Searched) -> tuple[NetToRun, EngineHost]:
        return self._engine.adapted(searched.reading.request.net), self._engine.host

    def _start(self, searched: Searched, named: str, is_asked: bool) -> None:
        net = self._engine.adapted(searched.reading.request.net)
        steps = self._searching.state.steps
        request = EvaluateProtocolRequest(searched.gallery, named, net=net, search=steps)
        words = WORDS.get(named.partition(":")[0], named)
        self._lanes.engine.start(
            lambda: evaluate_by_protocol(request, self._engine.host),
            key=EVALUATE,
            title=f"Evaluating {searched.reading.words} by {words}" if is_asked else "",
            slice_seconds=SLICE_SECONDS,
            on_result=lambda found: self._take(searched, named, found, steps.variant, is_asked),
            on_error=self._show_error,
        )

    def _take(
        self, searched: Searched, named: str, found: ProtocolScores, search: str, is_asked: bool
    ) -> None:
        now = self._searching.searched
        if now is None or now.gallery.folder != searched.gallery.folder:
            return
        if named != self._searching.state.benchmark:
            self._searching.take_labels(now.gallery, named)
        self._searching.evaluator.keep(now, benchmark_row(found, now.reading, now.gallery, search))
        if is_asked:
            self._panel.expect_view(QUERIES_VIEW)
            words = WORDS[found.protocol]
            body = " ".join(found.notes)
            self._has_told = True
            self._notices.show(Notice("ok", f"Judged by {words}", body, key=TRUTH))
        self.scored.emit(found)

    def _untell(self) -> None:
        """Labels judge again, or another folder is searched."""
        if self._has_told and not self._searching.state.benchmark:
            self._has_told = False
            self._notices.dismiss(TRUTH)

    def _show_error(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):  # has its own notice
            self._notices.show_error(error, TRUTH)
