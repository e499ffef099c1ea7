"""Explains the selected result, while the user wants that: which places carry its similarity."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from core.engines.host import EngineHost
from core.errors import AppError
from core.jobs.why import WhyRequest, why
from core.progress import Job
from core.retrieval.why_maps import Why
from core.retrieval.why_words import compared_words
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.two_rankings import TwoRankingsController
from gui.jobs import Lanes
from gui.panels.retrieval.controls import RANKING_VIEW, TWO_VIEW
from gui.panels.retrieval.panel import RetrievalPanel
from gui.panels.retrieval.view import ResultTile

WHY, WHY_TWO = "why", "why-two"
SOON_MILLISECONDS = 150
"""After the last step of a walk through results, so that none of those on the way is explained."""
_MOST_KEPT = 24
_WAITING = "Query and result go through the net."


@dataclass(frozen=True)
class _Pair:
    """What was explained: the gallery, query and result by their files."""

    gallery: Path
    query: Path
    box: object
    result: Path


class WhyController(QObject):
    """One pair at a time, for the ranking or for both of two; what was found is kept a while."""

    explained = pyqtSignal(object)

    def __init__(
        self,
        lanes: Lanes,
        engine: EngineController,
        searching: SearchingController,
        two_rankings: TwoRankingsController,
        panel: RetrievalPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._engine = engine
        self._searching = searching
        self._two_rankings = two_rankings
        self._panel = panel
        self._section = panel.selected.why
        self._kept: OrderedDict[object, tuple[Why, ...]] = OrderedDict()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MILLISECONDS)
        self._soon.timeout.connect(self._explain)
        self._section.toggled.connect(self._begin)
        self._section.opacity_changed.connect(self._set_opacity)
        self._set_opacity(self._section.opacity.opacity)
        panel.selected.tile_shown.connect(self._begin)
        panel.two.why_wanted.connect(self._begin)
        searching.ranked.connect(self._begin)
        two_rankings.ranked.connect(self._begin)
        searching.changed.connect(self._kept.clear)
        panel.destroyed.connect(self._soon.stop)

    def toggle(self) -> None:
        """Explain what is selected in the view in front, or no more; the ranking's from others."""
        if self._panel.view == TWO_VIEW:
            self._panel.two.toggle_why()
            return
        self._panel.open_ranking()
        if not self._section.is_on and self._panel.side.is_folded:
            self._panel.side.strip.click()
        self._section.button.toggle()

    def _begin(self, _: object = None) -> None:
        """Another result, query or wish: what was shown is not of it."""
        for key in (WHY, WHY_TWO):
            self._lanes.cancel(key)
        self._show_nothing()
        self._panel.two.show_why(None)
        if self._wants_one() or self._wants_both():
            self._soon.start()
        else:
            self._soon.stop()

    def _wants_one(self) -> bool:
        return self._section.is_on and self._panel.view == RANKING_VIEW

    def _wants_both(self) -> bool:
        return self._panel.two.wants_why

    def _explain(self) -> None:
        if self._wants_one():
            self._explain_one()
        if self._wants_both():
            self._explain_both()

    def _explain_one(self) -> None:
        tile, found, net = self._panel.selected.tile, self._searching.found, self._searching.net
        if tile is None or not tile.rank or found is None or net is None:
            return
        query = found.answer.query
        request = WhyRequest(found.gallery, query.given, tile.path, query.box, net)
        self._run(
            WHY,
            (request,),
            self._section.show_nothing,
            lambda both: self._show_one(tile, both[0]),
        )

    def _explain_both(self) -> None:
        sides, tiles = self._two_rankings.sides, self._panel.two.selected_tiles
        tile = next((one for one in tiles if one is not None), None)
        if sides is None or tile is None:
            return
        requests = tuple(
            WhyRequest(
                ranked.gallery, ranked.answer.query.given, tile.path, ranked.answer.query.box, net
            )
            for ranked, net in sides
        )
        self._run(
            WHY_TWO,
            requests,
            self._panel.two.why.show_nothing,
            lambda both: self._show_both(tile, both),
        )

    def _run(
        self,
        key: str,
        requests: tuple[WhyRequest, ...],
        say: Callable[[str], None],
        show: Callable[[tuple[Why, ...]], None],
    ) -> None:
        pairs = tuple(_Pair(r.gallery.folder, r.query, r.box, r.result) for r in requests)
        kept = self._kept.get(pairs)
        if kept is not None:
            show(kept)
            return
        say(_WAITING)

        def take(found: tuple[Why, ...]) -> None:
            self._kept[pairs] = found
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            show(found)
            self.explained.emit(found)

        self._lanes.engine.start(
            partial(_explain_each, requests, self._engine.host),
            key=key,
            on_result=take,
            on_error=lambda error: say(_problem(error)),
        )

    def _show_one(self, tile: ResultTile, found: Why) -> None:
        if tile is not self._panel.selected.tile:
            return
        self._section.show_why(found)
        self._panel.query_column.picture.show_heat(found.query, found.strongest)
        self._panel.selected.picture.show_heat(found.result, found.strongest)

    def _show_both(self, tile: ResultTile, both: tuple[Why, ...]) -> None:
        first, second = both
        self._panel.two.show_why((tile, first, second), compared_words(first, second))

    def _show_nothing(self) -> None:
        self._section.show_nothing()
        for picture in (self._panel.query_column.picture, self._panel.selected.picture):
            picture.show_heat(None)

    def _set_opacity(self, opacity: float) -> None:
        for picture in (self._panel.query_column.picture, self._panel.selected.picture):
            picture.set_opacity(opacity)


def _explain_each(requests: tuple[WhyRequest, ...], host: EngineHost) -> Job[tuple[Why, ...]]:
    found = []
    for request in requests:
        found.append((yield from why(request, host)))
    return tuple(found)


def _problem(error: AppError) -> str:
    return f"{error.sentence} {error.hint}".rstrip()
