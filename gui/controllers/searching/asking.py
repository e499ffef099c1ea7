"""Ranks the gallery for a query: one of its own, one from anywhere, a former one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.host import EngineHost
from core.errors import AppError, EngineCrashed
from core.images.box import Box, parse_box
from core.images.finding import find_images
from core.images.thumbnails import part_box, upright_frame
from core.jobs.query import QueryRequest, query
from core.progress import Job
from core.retrieval.benchmarks import WITH_BOXES
from core.retrieval.fusion import Fusion
from core.retrieval.search_steps import SearchSteps
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.queries import Found, History, found_view
from gui.controllers.searching.query_choices import QueryChoices
from gui.controllers.searching.states import Asked, Search
from gui.controllers.searching.values import listed_tiles
from gui.jobs import Lanes
from gui.notices import Notices
from gui.panels.retrieval.panel import RetrievalPanel
from gui.panels.retrieval.view import ResultTile

QUERY = "query"
Part = tuple[float, float, float, float]


class Asker(QObject):
    """Every query that was ranked can be gone back to."""

    ranked = pyqtSignal(object)
    steps_changed = pyqtSignal()
    """The ranking that is shown does something else beside exact search."""

    def __init__(
        self,
        lanes: Lanes,
        engine: EngineController,
        notices: Notices,
        panel: RetrievalPanel,
        search: Search,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._engine = engine
        self._notices = notices
        self._panel = panel
        self._search = search
        self._history = History()
        self._choices = QueryChoices()
        self.found: Found | None = None
        choices = panel.query_column.choices
        choices.steps_requested.connect(self.search_by)
        choices.fusion_requested.connect(self._fuse_by)
        choices.dropped.connect(self._drop)
        panel.selected.member_requested.connect(self._take_member)
        panel.grid.member_wished.connect(self._take_member)
        panel.grid.unpin_wished.connect(self._unpin)
        for shown in (panel.query_column, panel.two):
            shown.picture.part_drawn.connect(self.ask_part)
            shown.part.typed.connect(self.ask_typed)
            shown.part.whole_requested.connect(lambda: self.ask_part(None))

    def list_folder(self, folder: Path) -> None:
        """Show the images at once, while they are being read."""

        def take(paths: tuple[Path, ...]) -> None:
            search = self._search
            if search.searched is None and folder == search.folder:
                search.listed = paths
                self._panel.show_result(None, listed_tiles(folder, paths))

        self._panel.show_result(None, ())
        self._lanes.compute.start(
            lambda: find_images(folder),
            key="list",
            on_result=take,
            on_error=lambda error: None,  # the index says what is wrong with the folder
        )

    def ask_index(self, index: int) -> None:
        """Rank for the image of that number; before the index, note it to be asked then."""
        search = self._search
        if search.searched is None:
            is_listed = 0 <= index < len(search.listed)
            search.query = Asked(search.listed[index]) if is_listed else None
        elif 0 <= index < len(search.searched.gallery):
            gallery = search.searched.gallery
            self.ask(gallery.path(index), gallery.boxes[index] if gallery.boxes else None)

    def ask(
        self,
        path: Path,
        box: Box | None = None,
        *,
        part: Part | None = None,
        then: Callable[[], object] = lambda: None,
        choices: QueryChoices | None = None,
    ) -> None:
        """Rank for one of the gallery's images, or one from anywhere; box: for a part of it.

        part: the same as shares of the picture, left, top, right, bottom, where its size is not
        known yet. then: called when the ranking is shown, and not where there is none. choices: how
        it is to be searched; None as now, another query without the companions of this one.
        """
        searched = self._search.searched
        if searched is None:
            self._search.query = Asked(path, box)
            return
        former = self._search.query
        is_same = former is not None and former.path == path
        wanted = choices or (self._choices if is_same else self._choices.alone())
        gallery, net = searched.gallery, self._engine.adapted(searched.reading.request.net)
        try:
            needs_net = part is not None or wanted.needs_net(gallery, path, box)
            # The boxes of a benchmark are described too, of which only its file tells.
            needs_net |= self._search.benchmark.partition(":")[0] in WITH_BOXES
        except AppError as error:
            self._show_error(error)
            return
        request = replace(
            wanted.request(gallery, path, net),
            box=box,
            benchmark=self._search.benchmark,
            without_copies=self._search.copies_for(gallery),
        )
        lane = self._lanes.engine if needs_net else wanted.lane(self._lanes)

        def show(found: Found) -> None:
            then()
            self._choices = replace(wanted, prepared=found.searching)
            self._show(path, found)
            if self._search.steps != wanted.steps:
                self._search.steps = wanted.steps
                self.steps_changed.emit()
            if found.problems:
                self._notices.show_error(AppError(found.problems[0].reason), QUERY)

        lane.start(
            lambda: _ask(request, part, self._engine.host),
            key=QUERY,
            title=f"Describing {path.name}"
            if needs_net
            else wanted.title(gallery, self._search.left_out),
            on_result=show,
            on_error=self._show_error,
        )

    def ask_again(self, otherwise: Path | None) -> None:
        """Ask the same query in another gallery; at first the open image, else the first one."""
        asked = self._search.query or (None if otherwise is None else Asked(otherwise))
        if asked is not None and asked.path.is_file():
            self.ask(*asked)
        else:
            self.ask_index(0)

    def go(self, step: int) -> None:
        """To the query before (-1) or after (1)."""
        asked = self._history.peek(step)
        if asked is not None:
            self.ask(*asked, then=lambda: self._history.walk(step))

    def ask_part(self, part: Part | None) -> None:
        """Rank for a part of the query that is shown, in shares of it; None for all of it."""
        if self.found is not None:
            self.ask(self.found.query.path, part=part)

    def ask_typed(self, words: str) -> None:
        """Rank for the part of the query that is shown in a box as it was typed."""
        if self.found is None:
            return
        try:
            box = parse_box(words)
        except AppError as error:
            self._show_error(error)
            return
        self.ask(self.found.query.path, box)

    def search_by(self, steps: SearchSteps) -> None:
        """Rank anew with other steps; without a ranking the next one is searched so."""
        choices = replace(self._choices, steps=steps)
        if self._search.query is not None:
            self._ask_with(choices)
            return
        self._choices, self._search.steps = choices, steps
        self._show_choices()

    def has(self, step: int) -> bool:
        """Whether there is a query `step` places on."""
        return self._history.peek(step) is not None

    def clear(self) -> None:
        """Nothing of before holds."""
        self._history.clear()
        self.found = None
        self._choices = replace(self._choices.alone(), prepared=None)
        self._show_choices()
        self._lanes.cancel(QUERY)
        self._panel.show_history(can_go_back=False, can_go_on=False)

    def _show(self, path: Path, found: Found) -> None:
        asked = Asked(path, found.answer.query.box)
        self._search.query = asked
        self.found = found
        self._history.note(asked)
        self._panel.show_result(found.query, found.tiles)
        self._show_choices()
        self._panel.show_history(
            can_go_back=self.has(-1),
            can_go_on=self.has(1),
        )
        self.ranked.emit(found)

    def _show_choices(self) -> None:
        searched = self._search.searched
        view = self._choices.view(None if searched is None else searched.gallery)
        self._panel.query_column.choices.show_search(view)
        self._panel.selected.show_against(view.unlike)
        self._panel.grid.n_pinned = len(view.together)

    def _fuse_by(self, fusion: Fusion) -> None:
        self._ask_with(replace(self._choices, fusion=fusion))

    def _drop(self, path: Path) -> None:
        self._ask_with(self._choices.without(path))

    def _unpin(self) -> None:
        if self._choices.together:
            self._drop(self._choices.together[-1])

    def _take_member(self, tile: ResultTile, is_for: bool) -> None:
        if tile.rank and (is_for or tile.path not in self._choices.unlike):
            self._ask_with(self._choices.with_member(tile.path, is_for=is_for))

    def _ask_with(self, choices: QueryChoices) -> None:
        """The same query, searched otherwise; shown once it is ranked so."""
        if self._search.query is not None:
            self.ask(*self._search.query, choices=choices)

    def _show_error(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self._notices.show_error(error, QUERY)


def _ask(request: QueryRequest, part: Part | None, host: EngineHost) -> Job[Found]:
    """Rank, and for a part of a picture say of how large a one."""
    path, size = request.images[0], (0, 0)
    if part is not None:
        box, size = part_box(path, part)
        request = replace(request, box=box)
    answers = yield from query(request, host)
    answer = answers.answers[0]
    if answer.query.box is not None and part is None:  # typed, kept, or of a benchmark
        size, _ = upright_frame(answer.query.path)
    found = found_view(request.gallery, answer, size)
    return replace(found, searching=answers.searching, problems=answers.problems)
