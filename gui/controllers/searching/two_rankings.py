"""Ranks the query that is shown by two representations that the folder was read with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from core.engines.host import EngineHost, NetToRun
from core.errors import AppError, EngineCrashed, ImageError
from core.interventions.effect import clauses
from core.interventions.intervention import Intervention
from core.jobs.intervene_ranking import ChangedRanking
from core.jobs.query import QueryRequest
from core.jobs.two_rankings import two_rankings
from core.progress import Job
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.kept_galleries import KeptGallery
from core.retrieval.queries import find_query
from core.retrieval.ranking_caption import ranking_caption
from core.retrieval.ranking_export import ranks_of
from core.retrieval.two_rankings import RankedIn, TwoRankings, export_two_rankings
from gui.controllers.engine_child import EngineController
from gui.controllers.exporting import ExportingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.gallery_list import GalleryListController
from gui.controllers.searching.queries import Found, found_view
from gui.controllers.searching.ranking_files import CSV_FILTER
from gui.controllers.searching.states import Asked
from gui.jobs import Lanes
from gui.notices import Notices
from gui.panels.retrieval.side_line import Readable
from gui.panels.retrieval.two_rankings import (
    MOST_MOVES,
    SideView,
    TwoRankingsView,
    TwoView,
)
from gui.panels.retrieval.view import RecipeChoice

TWO_RANKINGS = "two-rankings"


@dataclass(frozen=True, eq=False)
class _Side:
    """One of both: what is kept of it, how its value is spelled, the net that gives the same."""

    kept: KeptGallery
    readable: Readable
    net: NetToRun


@dataclass(frozen=True, eq=False)
class _Compared:
    """captions: of the files of it. sides: () where it is of a net that is changed."""

    two: TwoRankings
    view: TwoView
    captions: tuple[str, ...]
    sides: tuple[_Side, ...] = ()


class TwoRankingsController(QObject):
    """What is chosen here is read already; nothing is ranked while the view is not in front."""

    ranked = pyqtSignal(object)

    def __init__(
        self,
        lanes: Lanes,
        engine: EngineController,
        searching: SearchingController,
        gallery_list: GalleryListController,
        notices: Notices,
        exporting: ExportingController,
        view: TwoRankingsView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._engine = engine
        self._searching = searching
        self._gallery_list = gallery_list
        self._notices = notices
        self._exporting = exporting
        self._view = view
        self._choices: tuple[RecipeChoice | None, RecipeChoice | None] = (None, None)
        self._compared: _Compared | None = None
        self._asked: object = None
        self._changed: Found | None = None  # whose ranking by a changed net is shown
        searching.ranked.connect(lambda _found: self._refresh())
        searching.changed.connect(self._refresh)
        gallery_list.changed.connect(self._refresh)
        view.shown.connect(self._refresh)
        view.choices_requested.connect(self._choose)
        view.csv_requested.connect(self.choose_csv)
        view.back_requested.connect(self.end_changed)

    @property
    def sides(self) -> tuple[tuple[RankedIn, NetToRun], ...] | None:
        """Both rankings that are shown, each with its net; None while there are none to explain."""
        compared = self._compared
        if compared is None or not compared.sides:
            return None
        both = zip((compared.two.first, compared.two.second), compared.sides, strict=True)
        return tuple((ranked, side.net) for ranked, side in both)

    def choose_csv(self) -> None:
        """Ask where both rankings go."""
        compared = self._compared
        if compared is None:
            return
        self._exporting.choose(
            "Save both rankings",
            "two_rankings.csv",
            CSV_FILTER,
            lambda path: export_two_rankings(path, compared.two, compared.captions),
        )

    def show_changed(self, ranking: ChangedRanking, interventions: Sequence[Intervention]) -> None:
        """Show the query before and after interventions, and so for the next query."""
        found, net = self._searching.found, self._searching.net
        if found is None or net is None:
            return
        two, recipe = ranking.rankings, ranking.rankings.first.gallery.recipe
        how = clauses(interventions)
        scope = "query and gallery" if ranking.changes_gallery else "query only"
        words = f"{recipe.layer}, untouched", f"{how}, {scope}"
        captions = [
            f"{letter}: {line}"
            for letter, ranked in zip("AB", (two.first, two.second), strict=True)
            for line in ranking_caption(
                ranked.gallery, ranked.answer, recipe.layer, net.path, net.weights
            )
        ]
        self._changed, self._asked = found, None
        self._compared = _Compared(
            two, _two_view(two, found.query.size), (*captions, f"B: {words[1]}")
        )
        self._view.show_words(words)
        self._view.show_result(self._compared.view)
        self.ranked.emit(two)

    def follow_changed(
        self, ranking: ChangedRanking, interventions: Sequence[Intervention]
    ) -> None:
        """Show this one where another such is shown."""
        if self._changed is not None:
            self.show_changed(ranking, interventions)

    @pyqtSlot()
    def end_changed(self) -> None:
        """Go back to two representations; nothing where these are shown."""
        if self._changed is not None:
            self._changed, self._compared, self._asked = None, None, None
            self._view.show_words(None)
            self._view.show_result(None)
            self._refresh()

    def _choose(self, first: RecipeChoice | None, second: RecipeChoice | None) -> None:
        self._choices = (first, second)
        self._refresh()

    def _refresh(self) -> None:
        """Offer what there is; rank anew where another query, gallery or choice is shown."""
        if self._changed is not None:
            if self._searching.found is None:
                self.end_changed()
            elif self._searching.found is not self._changed:  # the next comes by `follow_changed`
                self._compared = None
                self._view.show_result(None)
            return
        read = self._gallery_list.read
        shown = self._searching.searched
        choice = None if shown is None else shown.reading.choice.settled
        self._choices = _fitting(read, self._choices, choice)
        offered = [readable for readable, _ in read]
        self._view.show_choices(offered, *self._choices)
        sides = tuple(side for choice in self._choices if (side := self._side(choice)) is not None)
        found = self._searching.found
        wanted = (
            None if found is None else (found.query.path, found.query.box),
            tuple((side.kept.folder, side.kept.n_images) for side in sides),
            self._searching.places.truth,
            self._searching.state.benchmark,
            self._searching.state.steps,
            self._searching.state.left_out,
            found if found is None else found.gallery.folder,
        )
        if wanted != self._asked:
            self._compared = None
            self._view.show_result(None)
        if found is None or len(sides) < 2 or wanted == self._asked:
            return
        if not self._view.isVisible():
            self._asked = None
            return
        self._asked = wanted
        self._rank((sides[0], sides[1]))

    def _side(self, choice: RecipeChoice | None) -> _Side | None:
        for readable, kept in self._gallery_list.read:
            if readable.choice == choice:
                shown, net = self._searching.gallery, self._searching.net
                is_shown = shown is not None and shown.folder == kept.folder
                request = net if is_shown and net is not None else self._engine.request()
                return _Side(kept, readable, request)
        return None

    def _rank(self, sides: tuple[_Side, _Side]) -> None:
        found, host, places = self._searching.found, self._engine.host, self._searching.places
        if found is None:
            return
        shown, query = found.gallery, found.query.path
        own, needs_net = found.answer.query, found.answer.query.needs_net
        asked, size = Asked(own.given, own.box), found.query.size
        state = self._searching.state

        def request_of(gallery: Gallery, net: NetToRun) -> QueryRequest:
            return QueryRequest(
                gallery,
                (asked.path,),
                net,
                search=state.steps,
                without_copies=state.copies_for(gallery),
                box=asked.box,
                benchmark=state.benchmark,
            )

        def opened(side: _Side) -> Gallery:
            return (
                shown
                if side.kept.folder == shown.folder
                else places.labelled(open_gallery(side.kept.folder))
            )

        def work() -> Job[_Compared]:
            return _rank_both(sides, opened, request_of, size, host, needs_net=needs_net)

        lane = self._lanes.engine if needs_net else self._lanes.compute
        lane.start(
            work,
            key=TWO_RANKINGS,
            title=f"Describing {query.name}" if needs_net else "",
            on_result=self._take,
            on_error=self._show_error,
        )

    def _take(self, compared: _Compared) -> None:
        if self._changed is not None:
            return
        self._compared = compared
        self._notices.dismiss(TWO_RANKINGS)
        self._view.show_result(compared.view)
        self.ranked.emit(compared.two)

    def _show_error(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self._notices.show_error(error, TWO_RANKINGS)


def _rank_both(
    sides: tuple[_Side, _Side],
    opened: Callable[[_Side], Gallery],
    request_of: Callable[[Gallery, NetToRun], QueryRequest],
    size: tuple[int, int],
    host: EngineHost,
    *,
    needs_net: bool,
) -> Job[_Compared]:
    requests = []
    for side, letter in zip(sides, "AB", strict=True):
        request = request_of(opened(side), side.net)
        path = request.images[0]
        if not needs_net and find_query(request.gallery, path).needs_net:
            raise ImageError(
                f"{path} is not described in {letter}, {_words(side.readable)}.",
                hint="Read the folder with it once more.",
            )
        requests.append(request)
    two = yield from two_rankings(requests[0], requests[1], host)
    captions = tuple(
        f"{letter}: {line}"
        for letter, side, ranked in zip("AB", sides, (two.first, two.second), strict=True)
        for line in _caption(side, ranked)
    )
    return _Compared(two, _two_view(two, size), captions, sides)


def _two_view(two: TwoRankings, size: tuple[int, int]) -> TwoView:
    sides = _side_view(two.first, size), _side_view(two.second, size)
    return TwoView(*sides, two.moves, two.sentence, two.moves.greatest(MOST_MOVES), two.notes)


def _side_view(ranked: RankedIn, size: tuple[int, int]) -> SideView:
    found = found_view(ranked.gallery, ranked.answer, size)
    score, verdicts = ranked.answer.score, ranked.answer.verdicts
    found_at = np.arange(0) if score is None or verdicts is None else np.flatnonzero(verdicts)
    return SideView(
        found.tiles,
        found.query,
        ranked.gallery.dimension,
        None if score is None else score.first_wrong,
        int(ranks_of(ranked.answer)[found_at[-1]]) if found_at.size else None,
        ranked.answer.ap_variant,
    )


def _caption(side: _Side, ranked: RankedIn) -> tuple[str, ...]:
    net = side.net
    return ranking_caption(
        ranked.gallery, ranked.answer, side.readable.value, net.path, net.weights
    )


def _words(readable: Readable) -> str:
    return f"{readable.value}, {readable.choice.pooling_text}"


def _fitting(
    read: tuple[tuple[Readable, KeptGallery], ...],
    chosen: tuple[RecipeChoice | None, RecipeChoice | None],
    shown: RecipeChoice | None,
) -> tuple[RecipeChoice | None, RecipeChoice | None]:
    """What was chosen where it is there; else A as the ranking is, and B the next one."""
    there = [readable.choice for readable, _ in read]
    first, second = chosen
    if first not in there:
        first = shown if shown in there else next(iter(there), None)
    if second not in there:
        second = next((choice for choice in there if choice != first), None)
    return first, second
