"""What judges in the window: published ground truths with junk, and labels by a pattern."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gui.dialogs.label_pattern import LabelPatternDialog
from gui.panels.retrieval.panel import WRONG
from gui.panels.retrieval.view import JUNK
from tests.gui.test_searching import net, open_net, searched, settle

__all__ = ["net", "searched"]


@pytest.fixture
def oxford(photos: Path, tmp_path: Path) -> Path:
    """One query, red/0 under a name of its own, with a good, an ok and two junk images."""
    (photos / "red" / "0.png").rename(photos / "red" / "hall.png")
    for number in (1, 2, 3):
        (photos / "red" / f"{number}.png").rename(photos / "red" / f"red{number}.png")
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "hall_1_query.txt").write_text("oxc1_hall 2 2 30 20\n")
    names = {"good": "hall\nred1\n", "ok": "red2\n", "junk": "red3\n4\n"}
    for kind, found in names.items():
        (truth / f"hall_1_{kind}.txt").write_text(found)
    return truth


@pytest.fixture
def judged(bench, qtbot, net: Path, photos: Path, oxford: Path, user):
    open_net(bench, qtbot, net)
    bench.opening.open_folder(photos)
    settle(bench, qtbot)
    user.files.append((oxford,))
    bench.window.actions_["truth_oxford"].trigger()
    settle(bench, qtbot)
    return bench


def test_a_ground_truth_lists_its_queries_and_says_what_it_is(judged) -> None:
    view = judged.window.panels.retrieval.queries
    assert judged.window.panels.retrieval.view == "queries"
    assert view.n_shown == 1
    assert "Judged by Oxford or Paris" in view.truth_button.text()
    assert "trapezoid, junk left out; Oxford or Paris" in view.sentence.text()
    model = view.table.rows
    assert model.headerData(1, 1) == "Name"
    assert model.data(model.index(0, 1)) == "hall_1"


def test_its_query_opens_a_ranking_with_dashes_for_junk(judged, qtbot) -> None:
    panel = judged.window.panels.retrieval
    panel.queries.table.taken.emit(0)
    settle(judged, qtbot)
    marks = {tile.path.stem: tile for tile in panel.tiles}
    assert marks["hall"].mark == "relevant"  # its own image is one of its positives
    junk = [tile for tile in panel.tiles if tile.mark == JUNK]
    assert sorted(tile.path.stem for tile in junk) == ["4", "4", "4", "red3"]  # in any folder
    assert not any(tile.rank for tile in junk)
    ranked = [tile.rank for tile in panel.tiles if tile.rank]
    assert ranked == list(range(1, len(panel.tiles) - len(junk) + 1))
    column = panel.query_column
    assert column.title.note.endswith(f"{len(junk)} junk")
    assert "trapezoid AP" in column.ap_words.text()
    assert "junk left out" in column.ap_words.text()
    assert dict(column.measures.facts)["Truth"] == "Oxford or Paris"
    assert (
        column.note.text().replace("\N{MULTIPLICATION SIGN}", "x") == "crop 28 x 18 of 32 x 24 px"
    )
    panel.selections.choose(WRONG)
    assert all(tile.mark == "not relevant" for tile in panel.grid.tiles)


def test_a_ground_truth_of_other_images_changes_nothing(judged, qtbot, user, tmp_path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x_1_query.txt").write_text("nowhere 1 1 2 2\n")
    for kind in ("good", "ok", "junk"):
        (other / f"x_1_{kind}.txt").write_text("")
    user.files.append((other,))
    judged.window.actions_["truth_oxford"].trigger()
    settle(judged, qtbot)
    assert judged.notices.has("truth")
    assert "truth" in judged.searching.state.benchmark


def test_labels_by_folder_bring_the_labels_back(judged, qtbot) -> None:
    judged.window.actions_["folder_labels"].trigger()
    settle(judged, qtbot)
    panel = judged.window.panels.retrieval
    assert judged.searching.state.benchmark == ""
    assert not judged.notices.has("truth")
    assert panel.queries.n_shown == 18
    assert not panel.tiles.n_junk


def test_ukbench_counts_of_four(bench, qtbot, net: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ukbench"
    folder.mkdir()
    for number in range(8):
        shade = (number // 4) * 200 + 5 * number
        Image.new("RGB", (20, 20), (shade, 0, 255 - shade)).save(folder / f"{number:05}.png")
    open_net(bench, qtbot, net)
    bench.opening.open_folder(folder)
    settle(bench, qtbot)
    bench.window.actions_["truth_ukbench"].trigger()
    settle(bench, qtbot)
    view = bench.window.panels.retrieval.queries
    assert view.n_shown == 8
    assert "N-S 4.00 of 4 (UKBench)" in view.sentence.text()


def test_a_pattern_of_the_names_gives_labels(searched, qtbot) -> None:
    searched.window.actions_["label_pattern"].trigger()
    (dialog,) = searched.window.findChildren(LabelPatternDialog)
    dialog.field.setText("no group")
    qtbot.waitUntil(lambda: "no group for the label" in dialog.said.text())
    assert not dialog.apply_button.isEnabled()
    dialog.field.setText(r"/(\d)")
    qtbot.waitUntil(dialog.apply_button.isEnabled)
    assert "blue/0.png" in dialog.said.text()
    dialog.apply_button.click()
    settle(searched, qtbot)
    assert set(searched.searching.gallery.labels) == set("012345")
    button = searched.window.panels.retrieval.queries.truth_button
    assert button.text() == r"Judged by the pattern /(\d)"
