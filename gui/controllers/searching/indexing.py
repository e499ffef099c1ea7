"""Runs the index on the engine's lane: start, cancel, crash, and what an ended run has left."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.host import NetToRun
from core.errors import AppError, EngineCrashed
from core.progress import Progress
from core.retrieval.cluster.indexing import ClusterWish
from core.words import plural
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.index import (
    GalleryPlaces,
    Looked,
    Reading,
    Searched,
    open_what_is_there,
    read_folder,
)
from gui.controllers.searching.states import Event, Search
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notice, Notices
from gui.panels.retrieval.view import RecipeChoice
from gui.runs import Run

INDEX, KEPT = "index", "index-kept"


class Rates:
    """Images a second by net, folder and cluster, as the last run of each had them."""

    def __init__(self) -> None:
        self._known: dict[tuple[NetToRun, Path, ClusterWish | None], float] = {}

    def of(self, reading: Reading) -> float:
        """The rate; 0.0 where none is known."""
        return self._known.get(_rate_key(reading), 0.0)

    def note(self, reading: Reading, rate: float) -> None:
        """Remember a rate that was measured."""
        if rate > 0:
            self._known[_rate_key(reading)] = rate


def _rate_key(reading: Reading) -> tuple[NetToRun, Path, ClusterWish | None]:
    request = reading.request
    return request.net, request.folder, request.cluster


class Indexer(QObject):
    """One run at a time; its outcome is one of the signals, in the window's thread."""

    read = pyqtSignal(object)
    """The folder is read: Searched."""
    is_long = pyqtSignal(object)
    """Nothing was read, for it may take long: Looked."""
    part_found = pyqtSignal(object, object)
    """The user cancelled: the Reading, and Searched or None."""
    failed = pyqtSignal(object)
    """It can't be read so: AppError."""
    ended = pyqtSignal()
    """No run is under way any more, whatever came of it."""

    def __init__(
        self,
        lanes: Lanes,
        engine: EngineController,
        notices: Notices,
        places: GalleryPlaces,
        search: Search,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._engine = engine
        self._notices = notices
        self._places = places
        self._search = search
        self.rates = Rates()
        self.has_agreed = False
        self.choice: RecipeChoice | None = None
        """What the last run reads by, whatever is chosen by now."""

    def start(self, reading: Reading, *, is_agreed: bool = False) -> None:
        """Read what the folder lacks; is_agreed: however long it takes."""
        self._search.ask()
        self.has_agreed, self.choice = is_agreed, reading.choice
        rate = self.rates.of(reading)
        runs: list[Run] = []
        run = self._lanes.engine.start(
            lambda: read_folder(
                self._places, reading, self._engine.host, is_agreed=is_agreed, rate=rate
            ),
            key=INDEX,
            title=f"Reading {reading.request.folder.name}",
            slice_seconds=SLICE_SECONDS,
            on_progress=self._note_progress,
            on_result=partial(self._take, reading),
            on_error=self._stop,
            on_end=lambda: self._end(reading, runs[0]),
        )
        runs.append(run)

    def cancel(self) -> None:
        """Stop; what is read stays."""
        self._lanes.cancel(INDEX)

    def drop(self) -> None:
        """Stop for good: nobody waits for what an ended run has left."""
        self._lanes.cancel(KEPT)
        self._lanes.cancel(INDEX)

    def _note_progress(self, step: Progress) -> None:
        if step.total:
            self._search.n_done = step.done

    def _take(self, reading: Reading, result: Searched | Looked) -> None:
        if isinstance(result, Looked):
            self.rates.note(reading, result.rate)
            self._search.happens(Event.CANCELLED)
            self.is_long.emit(result)
            return
        if result.indexed is not None and result.indexed.report.n_added >= 8:
            self.rates.note(reading, result.indexed.report.images_per_second)
        self.read.emit(result)

    def _end(self, reading: Reading, run: Run) -> None:
        """Where neither a result nor an error came, the user cancelled or the engine is gone."""
        if self._search.is_indexing and not self._lanes.is_running(INDEX):
            if run.cancelled.is_set():
                self._search.happens(Event.CANCELLED)
                self._bring_back(reading)
            else:
                self._search.happens(Event.ENGINE_GONE)
        if not self._lanes.is_running(INDEX):
            self.ended.emit()

    def _bring_back(self, reading: Reading) -> None:
        self._lanes.compute.start(
            lambda: open_what_is_there(self._places, reading),
            key=KEPT,
            on_result=lambda found: self.part_found.emit(reading, found),
            on_error=lambda error: self._notices.show_error(error, INDEX),
        )

    def _stop(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self._search.fail()
            self._notices.show_error(error, INDEX)
            self.failed.emit(error)
            return
        self.has_agreed = self.has_agreed or self._search.n_done > 0
        if not self._search.crash():
            self._notices.dismiss(INDEX)  # this net ends every engine: the user decides
            return
        n_done = self._search.n_done
        kept = f"The {plural(n_done, 'image')} of this run are kept. " if n_done else ""
        title = "The engine stopped while reading images"
        body = f"{kept}A new engine starts, and the index goes on from there."
        self._notices.show(Notice("warning", title, body, key=INDEX))
        self._engine.restart()
