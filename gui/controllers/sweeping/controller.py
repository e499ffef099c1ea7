"""Runs the layer sweep, asks before a long one, shows a stored one, and opens its rankings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.values import Value
from core.errors import AppError, EngineCrashed
from core.jobs.index import IndexRequest
from core.jobs.sweep import Swept
from core.progress import Progress
from core.representations.after import parse_after
from core.retrieval.finished import finished
from core.retrieval.gallery import Gallery
from core.retrieval.sweep_cost import SweepCost
from core.words import about_text, bytes_text, plural
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.index import Reading, Searched
from gui.controllers.searching.offers import CANCEL, READ
from gui.controllers.searching.values import pool_of, request_of, value_label
from gui.controllers.sweeping.tables import (
    finished_table,
    numbers_of,
    places_of,
    running_table,
    stored_table,
)
from gui.controllers.sweeping.work import (
    Priced,
    StoredSweepFound,
    SweepSeen,
    find_stored,
    run_sweep,
)
from gui.dialogs.questions import Questioner
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notices
from gui.panels.retrieval.panel import RetrievalPanel
from gui.panels.retrieval.sweep_table import SweepTable, SweptRow
from gui.panels.retrieval.view import RecipeChoice

SWEEP, STORED, OPEN = "sweep", "sweep-stored", "sweep-open"
NO_FOLDER = "No folder of images is open. Choose one: Ctrl+G."
STOPPED = "Stopped. What is read is kept: Sweep goes on from there."


class SweepingController(QObject):
    """One sweep at a time, of the folder that is searched."""

    swept = pyqtSignal(object)
    """A sweep of now is finished: Swept."""
    graph_wanted = pyqtSignal(object)
    """The Overlay that the graph is to show."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        searching: SearchingController,
        notices: Notices,
        panel: RetrievalPanel,
        questioner: Callable[[], Questioner],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._searching = searching
        self._notices = notices
        self._panel, self._view = panel, panel.sweep
        self._questioner = questioner
        self._looked: IndexRequest | None = None
        self._running: IndexRequest | None = None
        self._seen = SweepSeen(0, 0, "")
        self.gallery: Gallery | None = None
        """The gallery of the sweep that is shown, where it is finished."""
        view = self._view
        view.bar.start_requested.connect(self.start)
        view.bar.graph_requested.connect(self._want_graph)
        view.row_opened.connect(self.open_row)
        searching.changed.connect(self._follow)
        document.recipe_changed.connect(self._follow)
        document.weights_changed.connect(self._follow)
        document.net_changed.connect(self._follow)
        self._show_state()

    @property
    def table(self) -> SweepTable:
        """What is shown."""
        return self._view.table

    @property
    def is_running(self) -> bool:
        """Whether a sweep is queued or running."""
        return self._running is not None

    def start(self, *, is_agreed: bool = False) -> None:
        """Sweep by what the bar says; asks first where that may take long."""
        index, net = self._request(), self._document.net
        if index is None or net is None or self.is_running:
            return
        options, truth = self._view.bar.options, self._searching.places.truth
        cache, host = self._searching.places.cache, self._engine.host
        self._running, self._seen, self.gallery = index, SweepSeen(0, 0, ""), None
        self._lanes.cancel(STORED)
        self._notices.dismiss(SWEEP)
        self._view.show_table(SweepTable(), "Finding how long the sweep takes …")
        self._show_state()
        self._lanes.engine.start(
            lambda: run_sweep(cache, index, options, truth, host, is_agreed=is_agreed),
            key=SWEEP,
            title="Layer sweep",
            slice_seconds=SLICE_SECONDS,
            on_progress=self._take_step,
            on_result=self._take,
            on_error=self._show_error,
            on_end=self._end,
        )

    def cancel(self) -> None:
        """Stop; what is read stays."""
        self._lanes.cancel(SWEEP)

    def open_row(self, row: SweptRow) -> None:
        """Search by a row: its descriptors are those of the sweep's own gallery."""
        gallery, number, reading = self.gallery, row.number, self._reading(row.choice)
        if gallery is None or number is None or reading is None:
            self._searching.choose(row.choice)
            self._panel.open_ranking()
            return

        places = self._searching.places

        def show(found: Gallery) -> None:
            fit = found.recipe.finish.fit
            choice = replace(reading.choice, found="" if fit is None else fit.image_set)
            self._searching.show_searched(Searched(replace(reading, choice=choice), found, None))
            self._panel.open_ranking()

        self._lanes.compute.start(
            lambda: places.labelled(finished(gallery, (number,), parse_after(row.after)[0])),
            key=OPEN,
            on_result=show,
            on_error=lambda error: self._notices.show_error(error, SWEEP),
        )

    def _request(self) -> IndexRequest | None:
        """The net and the folder as they are now; None without either."""
        document, folder, choice = self._document, self._searching.folder, self._searching.choice
        if document.net is None or document.recipe is None or folder is None or choice is None:
            return None
        value, pool = Value(choice.layer, choice.top), pool_of(choice)
        net = self._engine.request()
        return IndexRequest(
            net, folder, value, pool, Path(), document.chosen_recipe, self._engine.batch
        )

    def _reading(self, choice: RecipeChoice) -> Reading | None:
        request, net = self._request(), self._document.net
        if request is None or net is None:
            return None
        return Reading(request_of(choice, request), choice, value_label(net, choice))

    def _follow(self) -> None:
        """Another folder, net or preprocessing: what was found with the one before goes."""
        index = self._request()
        if self._running is not None:
            if index is None or index.folder != self._running.folder:
                self.cancel()
            self._show_state()
            return
        if not _is_same(index, self._looked):
            self._looked, self.gallery = index, None
            self._view.show_table(SweepTable())
            if index is None:
                self._lanes.cancel(STORED)
            else:
                self._look(index)
        self._show_state()

    def _look(self, index: IndexRequest) -> None:
        cache = self._searching.places.cache
        self._lanes.compute.start(
            lambda: find_stored(cache, index),
            key=STORED,
            on_result=self._show_stored,
            on_error=lambda error: self._notices.show_error(error, SWEEP),
        )

    def _show_stored(self, found: StoredSweepFound | None) -> None:
        net = self._document.net
        if found is None or net is None or self.is_running:
            return
        self.gallery = found.gallery
        self._view.show_table(stored_table(net, found.sweep.table, places_of(found.gallery)))
        self._show_state()

    def _take_step(self, step: Progress) -> None:
        if not isinstance(step, SweepSeen):
            return
        net, before = self._document.net, self._seen
        self._seen = step
        if net is None or step.priced is None:
            return
        if step.rows == before.rows and before.priced is not None:
            return
        said = "" if step.rows else _beginning(step.priced)
        self._view.show_table(running_table(net, step.plan, step.rows), said)
        self._show_state()

    def _take(self, result: Swept | Priced) -> None:
        net, index = self._document.net, self._running
        self._running = None
        if net is None or index is None:
            return
        if isinstance(result, Priced):
            self._view.show_table(SweepTable())
            self._ask(index, result)
            return
        self._looked, self.gallery = index, result.gallery
        self._view.show_table(finished_table(net, self._seen.plan, result))
        self._follow()  # a rename while it ran: shown by the names of now
        self.swept.emit(result)

    def _ask(self, index: IndexRequest, priced: Priced) -> None:
        def take(answer: str) -> None:
            now = self._request()
            if answer == READ and _is_same(index, now):
                self.start(is_agreed=True)
            else:
                self._looked = None
                self._follow()

        title, body = question_of(priced)
        self._questioner().ask(title, body, ((READ, "Sweep"), (CANCEL, "Cancel")), take)

    def _end(self) -> None:
        """Where neither a result nor an error came, the user cancelled or the engine is gone."""
        if self._running is not None and not self._lanes.is_running(SWEEP):
            self._looked, self._running = self._running, None
            if not _is_same(self._request(), self._looked):
                self._follow()
            else:
                self._view.show_table(SweepTable(), STOPPED)
        self._show_state()

    def _show_error(self, error: AppError) -> None:
        if isinstance(error, EngineCrashed):
            return  # has its own notice, and what is read is kept
        self._notices.show_error(error, SWEEP)
        self._running = self._looked = None
        self._follow()

    def _want_graph(self) -> None:
        if self.table.rows:
            self.graph_wanted.emit(numbers_of(self.table))

    def _show_state(self) -> None:
        why_not = NO_FOLDER if self._request() is None else ""
        if self.is_running:
            why_not = "The sweep is running; the line below cancels it."
        self._view.bar.show_state(
            why_not,
            has_rows=bool(self.table.rows),
            is_finished=self.gallery is not None,
            is_running=self.is_running,
        )


def question_of(priced: Priced) -> tuple[str, str]:
    """Title and body of the question before a long sweep."""
    cost = priced.cost
    title = f"Sweep {_amount(cost)}?"
    lines = [
        f"Time: {about_text(priced.seconds)}, decoding and measuring not counted: a pass of "
        f"{plural(cost.batch_size, 'image')} takes {cost.measured_seconds:.2f} s, "
        f"{cost.bare_seconds:.2f} s without measuring ({100 * cost.share:+.0f} %).",
        f"On the disk: about {bytes_text(cost.bytes_an_image * cost.n_images)}.",
        "After Cancel or a crash it goes on from where it was.",
    ]
    if priced.n_kept:
        lines.insert(1, f"Read already: {plural(priced.n_kept, 'image')}.")
    return title, "\n".join(lines)


def _beginning(priced: Priced) -> str:
    """What is done before the first row is there, and what it costs."""
    cost = priced.cost
    return (
        f"Reading {_amount(cost)}, {about_text(priced.seconds)} "
        f"({100 * cost.share:+.0f} % over a bare pass)."
    )


def _amount(cost: SweepCost) -> str:
    """ "18 images for 7 descriptors each"."""
    each = plural(cost.n_representations, "descriptor")
    return f"{plural(cost.n_images, 'image')} for {each} each"


def _is_same(one: IndexRequest | None, other: IndexRequest | None) -> bool:
    """Whether a sweep of one is a sweep of the other; the layer searched by does not matter."""
    if one is None or other is None:
        return one is other
    return (one.folder, one.recipe, one.net.text, one.net.weights, one.net.engine) == (
        other.folder, other.recipe, other.net.text, other.net.weights, other.net.engine,
    )  # fmt: skip
