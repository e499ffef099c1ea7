"""Where a search stands: every transition, and what is remembered over them. No Qt."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gui.controllers.searching.index import Searched
from gui.controllers.searching.states import TRANSITIONS, Event, Search, Stage
from gui.panels.retrieval.view import RecipeChoice

S, E = Stage, Event
CHOICE = RecipeChoice("fc7", "fc7", "gap")
SEARCHED, OTHER = (
    cast(Searched, SimpleNamespace(reading=SimpleNamespace(choice=CHOICE))) for _ in range(2)
)
ALWAYS = {E.NET_OPENED: S.NO_FOLDER, E.FOLDER_CHOSEN: S.CHOSEN, E.ASKED: S.INDEXING}
FOUND = {E.PART_FOUND: S.PART, E.WHOLE_FOUND: S.SEARCHABLE}
EXPECTED = {
    S.NO_FOLDER: {},
    S.CHOSEN: FOUND,
    S.INDEXING: {
        E.INDEXED: S.SEARCHABLE,
        E.CANCELLED: S.STOPPED,
        E.ENGINE_GONE: S.INTERRUPTED,
        E.FAILED: S.FAILED,
    },
    S.SEARCHABLE: FOUND,
    S.STOPPED: FOUND,
    S.PART: FOUND,
    S.INTERRUPTED: {E.CANCELLED: S.STOPPED},
    S.FAILED: FOUND,
}


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("event", Event)
def test_every_event_in_every_stage(stage: Stage, event: Event) -> None:
    search = Search(stage)
    follows = {**ALWAYS, **EXPECTED[stage]}.get(event)
    assert search.happens(event) is (follows is not None)
    assert search.stage is (stage if follows is None else follows)


def test_every_stage_can_be_left_and_reached() -> None:
    assert {stage for stage, _ in TRANSITIONS} == set(Stage)
    assert set(TRANSITIONS.values()) == set(Stage)


def test_a_result_that_comes_too_late_is_not_taken(tmp_path: Path) -> None:
    search = Search()
    search.choose_folder(tmp_path)
    search.ask()
    search.happens(E.CANCELLED)
    assert not search.finish(SEARCHED)
    assert search.searched is None
    search.ask()
    assert not search.take_part(SEARCHED)  # of the run before
    assert search.finish(OTHER)
    assert search.searched is OTHER


def test_two_crashes_without_an_image_give_up(tmp_path: Path) -> None:
    search = Search()
    search.choose_folder(tmp_path)
    search.ask()
    assert search.crash()
    assert search.goes_on_with_next_engine
    search.ask()
    assert not search.crash()
    assert search.stage is S.FAILED
    assert search.may_work_now


def test_crashes_with_images_between_them_go_on(tmp_path: Path) -> None:
    search = Search()
    search.choose_folder(tmp_path)
    for _ in range(5):
        search.ask()
        search.n_done = 3
        assert search.crash()


def test_another_folder_forgets_and_the_same_one_remembers(tmp_path: Path) -> None:
    search = Search()
    search.choose_folder(tmp_path)
    search.ask()
    search.finish(SEARCHED)
    search.query = tmp_path / "q.png"
    search.choose_folder(tmp_path)
    assert search.searched is SEARCHED
    assert search.query is not None
    search.choose_folder(tmp_path / "other")
    assert search.searched is None
    assert search.query is None
    assert not search.listed


def test_only_a_search_without_a_result_is_tried_again(tmp_path: Path) -> None:
    search = Search()
    assert not search.may_work_now
    search.choose_folder(tmp_path)
    search.ask()
    assert search.may_work_now
    search.finish(SEARCHED)
    assert not search.may_work_now
    search.ask()
    search.happens(E.FAILED)
    assert not search.may_work_now  # the layer before is there to search with


def test_a_gallery_that_is_there_is_shown_beside_a_running_index(tmp_path: Path) -> None:
    search = Search()
    assert not search.show(SEARCHED, is_whole=True)  # without a folder nothing is
    search.choose_folder(tmp_path)
    assert search.show(SEARCHED, is_whole=False)
    assert search.stage is S.PART
    search.ask()
    assert search.show(OTHER, is_whole=True)
    assert search.stage is S.INDEXING
    assert search.searched is OTHER
    assert search.choice == CHOICE


def test_what_was_read_of_a_folder_left_behind_is_not_taken(tmp_path: Path) -> None:
    search = Search()
    search.choose_folder(tmp_path)
    search.ask()
    search.choose_folder(tmp_path / "other")
    assert not search.finish(SEARCHED)
    assert search.searched is None


def test_an_index_that_a_rename_went_through_is_still_the_chosen_one(tmp_path: Path) -> None:
    search = Search()
    search.choose_folder(tmp_path)
    search.ask()
    search.choice = RecipeChoice("fc7", "fc7_own", "gap")
    assert search.finish(SEARCHED)
    search.ask()
    search.choice = RecipeChoice("fc6", "fc6", "gap")
    assert not search.finish(OTHER)
    assert search.searched is SEARCHED
