"""Ranks the query that is shown before and after the interventions."""

from __future__ import annotations

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from core.interventions.effect import Effect
from core.interventions.intervention import Intervention
from core.jobs.intervene_ranking import ChangedRanking, RankChangedRequest, rank_changed
from core.jobs.query import QueryRequest
from core.words import percent_number, plural
from gui.controllers.engine_child import EngineController
from gui.controllers.intervening import InterveningController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.queries import found_view
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.panels.interventions.panel import InterventionsPanel
from gui.panels.interventions.view import RankingWords
from gui.panels.retrieval.moves_canvas import MovesCanvas

JOB = "rank-changed"


class ChangedRankingController(QObject):
    """The query alone is described anew; the gallery too, where that is asked for."""

    two_requested = pyqtSignal(object, object)
    """The ChangedRanking that is shown, with its interventions, is to be opened on its own."""
    ranked = pyqtSignal(object, object)
    """The same, as soon as it is ranked."""
    ended = pyqtSignal()
    """Nothing is changed now that could be ranked."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        searching: SearchingController,
        intervening: InterveningController,
        panel: InterventionsPanel,
        moves: MovesCanvas,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._searching = searching
        self._intervening = intervening
        self._panel = panel
        self._moves = moves
        self._shown: tuple[ChangedRanking, tuple[Intervention, ...]] | None = None
        intervening.found.connect(self._rank)
        searching.ranked.connect(lambda _found: self._rank(intervening.effect))
        panel.both_requested.connect(lambda: self._rank(intervening.effect, changes_gallery=True))
        panel.two_requested.connect(self._open)

    def _open(self) -> None:
        if self._shown is not None:
            self.two_requested.emit(*self._shown)

    def _rank(self, effect: Effect | None, *, changes_gallery: bool = False) -> None:
        self._shown = None
        found, searched = self._searching.found, self._searching.searched
        answer = None if found is None else found.answer
        is_several = answer is not None and bool(answer.others or answer.asked.unlike)
        if effect is None or found is None or answer is None or searched is None or is_several:
            self._panel.show_ranking(None)
            self.ended.emit()
            return
        net = self._engine.adapted(searched.reading.request.net)
        query = QueryRequest(found.gallery, (answer.query.given,), net, box=answer.query.box)
        request = RankChangedRequest(query, effect.interventions, changes_gallery)
        self._lanes.engine.start(
            lambda: rank_changed(request, self._engine.host),
            key=JOB,
            title="Ranking with interventions",
            revision=self._document.revision,
            on_result=lambda ranking: self._show(ranking, effect),
            on_error=self._show_error,
        )

    def _show(self, ranking: ChangedRanking, effect: Effect) -> None:
        if effect is not self._intervening.effect:
            return
        self._shown = ranking, effect.interventions
        two = ranking.rankings
        sides = [found_view(side.gallery, side.answer) for side in (two.first, two.second)]
        self._moves.show_rankings(sides[0].tiles, sides[1].tiles, two.moves)
        layer = two.first.gallery.recipe.layer
        how = (
            "query and gallery changed"
            if ranking.changes_gallery
            else ("query only; the gallery is as read")
        )
        both = ranking.precisions
        words = ["before", "after"]
        if both is not None:
            words = [
                f"{w}   AP {percent_number(one)} %" for w, one in zip(words, both, strict=True)
            ]
        n = len(two.first.gallery)
        seconds = effect.seconds * n
        self._panel.show_ranking(
            RankingWords(
                f"Ranking of {two.first.answer.query.path.name}",
                f"{layer}, {how}",
                words[0],
                f"{words[1]}   {two.sentence.removeprefix('B ')}",
                "" if ranking.changes_gallery else f"Both, {plural(n, 'image')}, {_time(seconds)}",
            )
        )
        self._intervening.add_ranking(ranking)
        self.ranked.emit(ranking, effect.interventions)

    def _show_error(self, error: AppError) -> None:
        self._panel.show_ranking(RankingWords("Ranking", "", error.sentence, ""))
        self.ended.emit()


def _time(seconds: float) -> str:
    """ "at least 0:52": a pass from the image takes longer than one from the change on."""
    whole = max(1, round(seconds))
    return f"at least {whole // 60}:{whole % 60:02d}"
