"""Interventions and slide shows with undo, status, sessions and the menu."""

from __future__ import annotations

from core.interventions.intervention import Intervention
from core.jobs.intervene_ranking import ChangedRanking
from gui.controllers.searching.two_rankings import TwoRankingsController
from gui.controllers.sessions import SessionController
from gui.controllers.slides import SlidesController
from gui.controllers.status import StatusController
from gui.intervention_bench import InterventionBench
from gui.interventions import Listed
from gui.main_window import MainWindow
from gui.panels.retrieval.controls import TWO_VIEW

Rows = tuple[tuple[Intervention, bool], ...]


def connect_slides(window: MainWindow, slides: SlidesController, status: StatusController) -> None:
    """What plays pictures, and Esc that ends it."""
    actions = window.actions_

    def end() -> bool:
        """Esc ends a slide show before it cancels a job of it."""
        is_on = slides.source is not None
        slides.end()
        return is_on

    actions.on("slide_show", slides.choose_folder)
    actions.on("camera", slides.play_camera)
    actions.before("cancel", end)
    status.extra_facts.append(lambda: {"job": ""} if slides.source is not None else {})
    slides.ended.connect(status.refresh)
    slides.begun.connect(status.refresh)


def connect_interventions(
    window: MainWindow,
    bench: InterventionBench,
    status: StatusController,
    sessions: SessionController,
    two_rankings: TwoRankingsController,
) -> None:
    """On the Layer page undo and redo are of interventions first, wherever there are any."""
    history, actions = bench.model.history, window.actions_

    def is_here(*, can: bool) -> bool:
        return window.page == "layer" and can

    def undo() -> bool:
        can = is_here(can=history.canUndo())
        if can:
            bench.model.undo()
        return can

    def redo() -> bool:
        can = is_here(can=history.canRedo())
        if can:
            bench.model.redo()
        return can

    def facts() -> dict[str, str]:
        found = {}
        if is_here(can=history.canUndo()):
            found["undoable"] = ""
        if is_here(can=history.canRedo()):
            found["redoable"] = ""
        return found

    def keep() -> Rows:
        return tuple((row.intervention, row.is_active) for row in bench.model.rows)

    def take(rows: Rows) -> None:
        bench.running.take_session(tuple(Listed(*row) for row in rows))

    def open_two(ranking: ChangedRanking, interventions: tuple[Intervention, ...]) -> None:
        two_rankings.show_changed(ranking, interventions)
        window.show_page("retrieval")
        window.panels.retrieval.expect_view(TWO_VIEW)

    bench.ranking.two_requested.connect(open_two)
    bench.ranking.ranked.connect(two_rankings.follow_changed)
    bench.ranking.ended.connect(two_rankings.end_changed)
    actions.before("undo", undo)
    actions.before("redo", redo)
    connect_slides(window, bench.slides, status)
    actions.on("open_interventions", bench.running.choose_and_open)
    actions.on("rank_channels", bench.running.rank)
    status.extra_facts.append(facts)
    bench.model.stepped.connect(status.refresh)
    window.page_shown.connect(lambda _page: status.refresh())
    bench.running.told.connect(status.say)
    sessions.interventions, sessions.take_interventions = keep, take
