"""How the window's ranking is searched: steps, several images as one query, "not like this"."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt5.QtCore import Qt

from core.retrieval.expansion import Expansion
from core.retrieval.reranking import KReciprocal
from core.retrieval.search_steps import SearchSteps
from gui.controllers.searching import query_choices
from gui.panels.retrieval.search_choices import (
    AUGMENTED,
    EXPANDED,
    NEAREST,
    RERANKED,
    SearchChoices,
    SearchView,
)
from gui.panels.retrieval.view import NOT_RELEVANT
from tests.gui.test_searching import net, searched, settle

__all__ = ["net", "searched"]  # fixtures


def choices_of(bench) -> SearchChoices:
    choices: SearchChoices = bench.window.panels.retrieval.query_column.choices
    return choices


def choose(bench, qtbot, key: str, words: str) -> None:
    field = choices_of(bench).fields[key]
    place = field.findText(words)
    assert field.model().item(place).isEnabled(), field.itemData(place, Qt.ToolTipRole)
    field.setCurrentIndex(place)
    field.activated.emit(place)
    settle(bench, qtbot)


def names(bench) -> list[str]:
    return [tile.name for tile in bench.window.panels.retrieval.tiles]


def test_expansion_and_re_ranking_are_of_the_ranking_shown(searched, qtbot) -> None:
    asker = searched.searching
    choose(searched, qtbot, EXPANDED, "average of 5")
    choose(searched, qtbot, RERANKED, "k-reciprocal")
    steps = SearchSteps(expansion=Expansion(5), reranking=KReciprocal())
    assert choices_of(searched).shown.steps == steps
    assert choices_of(searched).fields[RERANKED].currentText() == "k-reciprocal"
    assert asker.found.search_notes[0] == f"Search: {steps.describe()}."
    # another query is searched in the same way
    searched.window.panels.retrieval.query_requested.emit(9)
    settle(searched, qtbot)
    assert choices_of(searched).shown.steps == steps
    assert any("k-reciprocal" in note for note in asker.found.search_notes)


def test_approximate_search_tells_what_it_finds(searched, qtbot) -> None:
    pytest.importorskip("faiss", reason="faiss-cpu is not installed")
    choose(searched, qtbot, NEAREST, "approximate")
    told = choices_of(searched).told
    assert told.isVisibleTo(searched.window)
    assert told.text().startswith("Approximate (faiss IVF-Flat, ")
    assert "of the 10 nearest" in told.text()
    column = searched.window.panels.retrieval.query_column
    assert not column.ap.isVisibleTo(searched.window)  # of what is not listed nothing is known
    field = choices_of(searched).fields[AUGMENTED]
    assert not field.model().item(1).isEnabled()
    assert "as they are" in field.itemData(1, Qt.ToolTipRole)
    choose(searched, qtbot, NEAREST, "exact")
    assert not told.isVisibleTo(searched.window)
    assert column.ap.isVisibleTo(searched.window)


def test_what_can_not_be_chosen_says_why(searched, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(query_choices, "why_no_faiss", lambda: "faiss is not installed")
    monkeypatch.setattr(query_choices, "MOST_AUGMENTED", 10)
    choose(searched, qtbot, EXPANDED, "10 by rank")
    for key, said in ((NEAREST, "faiss is not installed"), (AUGMENTED, "main.py query")):
        field = choices_of(searched).fields[key]
        assert not field.model().item(1).isEnabled()
        assert said in field.itemData(1, Qt.ToolTipRole)


def test_several_images_are_one_query(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    assert panel.query_column.name.text() == "blue/0.png"
    panel.grid.setFocus()
    panel.grid.select(2)
    added = panel.grid.selected_tile()
    panel.selected.add_button.click()
    settle(searched, qtbot)
    assert added.name not in names(searched)
    assert len(panel.tiles) == 16
    assert choices_of(searched).shown.together == (added.path,)
    (answer,) = [searched.searching.found.answer]
    assert answer.asked.fusion == "mean"
    assert [one.path for one in answer.others] == [added.path]
    choices_of(searched).fusion_requested.emit("max")
    settle(searched, qtbot)
    assert searched.searching.found.answer.asked.fusion == "max"
    choices_of(searched).dropped.emit(added.path)
    settle(searched, qtbot)
    assert added.name in names(searched)
    assert choices_of(searched).shown == SearchView(fusion="max")


def test_not_like_this_sinks_an_image_and_another_query_forgets_it(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    wrong = next(tile.rank for tile in panel.tiles if tile.mark == NOT_RELEVANT)
    panel.grid.select(wrong - 1)
    nearest = panel.grid.selected_tile()
    panel.grid.setFocus()
    qtbot.keyClicks(panel.grid, "-")
    settle(searched, qtbot)
    assert choices_of(searched).shown.unlike == (nearest.path,)
    now = panel.tiles[names(searched).index(nearest.name)]
    assert now.score < nearest.score - 0.01
    panel.grid.select(now.rank - 1)
    assert not panel.selected.unlike_button.isEnabled()
    assert panel.selected.unlike_button.toolTip().count("already")
    assert panel.selected.add_button.isEnabled()
    panel.query_requested.emit(7)
    settle(searched, qtbot)
    assert choices_of(searched).shown == SearchView()


def test_a_file_of_the_ranking_names_the_search(searched, qtbot, tmp_path: Path) -> None:
    choose(searched, qtbot, RERANKED, "diffusion")
    panel = searched.window.panels.retrieval
    panel.grid.select(0)
    qtbot.keyClicks(panel.grid, "+")
    settle(searched, qtbot)
    caption = searched.retrieval.ranking_files.caption()
    assert any("re-ranked by diffusion" in line for line in caption)
    assert any("One query of 2 images" in line for line in caption)
