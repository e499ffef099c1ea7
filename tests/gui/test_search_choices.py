"""How the window's ranking is searched: steps, several images as one query, "not like this"."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt5.QtCore import Qt

from core.retrieval.backends import qdrant_server
from core.retrieval.expansion import Expansion
from core.retrieval.reranking import KReciprocal
from core.retrieval.search_steps import SearchSteps
from gui.controllers.searching import query_choices
from gui.controllers.searching.server import UPLOAD
from gui.dialogs.server_address import ServerAddressDialog
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
    is_whole = len(names(searched)) == len(searched.searching.gallery) - 1
    assert column.ap.isVisibleTo(searched.window) is is_whole  # else nothing is known of the rest
    field = choices_of(searched).fields[AUGMENTED]
    assert not field.model().item(1).isEnabled()
    assert "as they are" in field.itemData(1, Qt.ToolTipRole)
    choose(searched, qtbot, NEAREST, "exact")
    assert not told.isVisibleTo(searched.window)
    assert column.ap.isVisibleTo(searched.window)


@pytest.mark.filterwarnings("ignore:Local mode performs exact")
def test_a_server_is_asked_for_filled_on_request_and_remembered(
    searched, qtbot, monkeypatch
) -> None:
    library = pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")
    client = library.QdrantClient(":memory:")
    monkeypatch.setattr(client, "close", lambda **_: None)
    monkeypatch.setattr(qdrant_server, "make_client", lambda address: client)
    before = names(searched)
    choose(searched, qtbot, NEAREST, "Qdrant server...")
    (dialog,) = searched.window.findChildren(ServerAddressDialog)
    dialog.field.setText("ftp://x")
    assert not dialog.accept_button.isEnabled()
    dialog.field.setText("host:6333")
    dialog.accept_button.click()
    settle(searched, qtbot)
    assert choices_of(searched).fields[NEAREST].currentText() == "exact"  # nothing is there yet
    assert names(searched) == before
    notice = next(one for one in searched.notices.current if one.key == UPLOAD)
    assert notice.title == "The server http://host:6333 does not hold this gallery yet"
    searched.notices.trigger(UPLOAD, "upload")
    settle(searched, qtbot)
    assert choices_of(searched).fields[NEAREST].currentText() == "Qdrant at host:6333"
    assert "finds 100.0 % of the 10 nearest" in choices_of(searched).told.text()
    assert names(searched) == before
    assert searched.settings.search_server == "http://host:6333"
    choose(searched, qtbot, NEAREST, "exact")
    monkeypatch.setattr(qdrant_server, "make_client", lambda address: broken)
    broken = library.QdrantClient(url="http://127.0.0.1:9", check_compatibility=False)
    choose(searched, qtbot, NEAREST, "Qdrant at host:6333")
    assert choices_of(searched).fields[NEAREST].currentText() == "exact"
    assert any("can't be reached" in one.title for one in searched.notices.current)


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


def test_what_is_chosen_is_evaluated_and_named(searched, qtbot, tmp_path: Path) -> None:
    """A bar for each search, each query's AP that of its ranking; the plain one stays."""
    panel, state = searched.window.panels.retrieval, searched.searching.state
    (plain,) = panel.chart.rows
    choose(searched, qtbot, EXPANDED, "average of 5")
    said = "queries expanded by 5 (average)"
    assert {row.search for row in panel.chart.rows} == {"", said}  # quick, and so unasked
    shown = next(row for row in panel.chart.rows if row.search)
    assert shown.label == f"{plain.label}, {said}"
    assert said in panel.queries.sentence.text()
    of_query = {query.index: query.score.average_precision for query in shown.queries}
    assert len(of_query) == 18
    for index in (0, 7, 14):
        panel.query_requested.emit(index)
        settle(searched, qtbot)
        score = searched.searching.found.answer.score
        assert of_query[index] == pytest.approx(score.average_precision, abs=1e-12)
    choose(searched, qtbot, RERANKED, "k-reciprocal")
    assert len(panel.chart.rows) == 2  # it takes its time, and waits to be asked for
    assert panel.queries.n_shown == 0
    panel.recipe_bar.evaluate_button.click()
    settle(searched, qtbot)
    assert [row.search for row in state.rows.values()] == ["", said, state.steps.variant]
    choose(searched, qtbot, RERANKED, "none")
    choose(searched, qtbot, EXPANDED, "none")
    assert state.steps == SearchSteps()
    assert panel.queries.n_shown == 18


def test_queries_apart_are_evaluated_as_they_are_searched(searched, qtbot, tmp_path: Path) -> None:
    """Equal files in the folder are left out, and the search is told in the notice."""
    choose(searched, qtbot, EXPANDED, "average of 5")
    apart = tmp_path / "apart" / "red"
    apart.mkdir(parents=True)
    source = searched.searching.folder / "red" / "1.png"
    (apart / "q.png").write_bytes(source.read_bytes())
    found = []
    searched.gallery_work.evaluated.connect(found.append)
    searched.gallery_work.evaluate_queries(apart.parent)
    settle(searched, qtbot)
    (evaluated,) = found
    assert evaluated.searching.steps.variant == "queries expanded by 5 (average)"
    notice = next(one for one in searched.notices.current if "against the gallery" in one.title)
    assert "Search: queries expanded by 5 (average)." in notice.body


def test_space_pins_the_selected_result_and_takes_it_back(searched, qtbot) -> None:
    """A pinned image is one query with the first; Space or Esc without a selection unpins."""
    grid = searched.window.panels.retrieval.grid
    pinned = choices_of(searched)
    for back in (Qt.Key_Space, Qt.Key_Escape):
        grid.setFocus()
        grid.select(1)
        tile = grid.selected_tile()
        qtbot.keyClick(grid, Qt.Key_Space)
        settle(searched, qtbot)
        assert pinned.shown.together == (tile.path,)
        assert tile.name not in names(searched)
        assert "One query of 2 images" in " ".join(searched.searching.found.answer.notes)
        grid.select(-1)
        qtbot.keyClick(grid, back)
        settle(searched, qtbot)
        assert pinned.shown.together == ()
        assert tile.name in names(searched)
