"""Labels of a table in the window: marks, measures and bars are of them until those of folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gui.panels.retrieval.view import NOT_RELEVANT, RELEVANT
from tests.gui.conftest import COLOURS, N_EACH
from tests.gui.test_searching import NET, open_net, settle

ALL = 3 * N_EACH


@pytest.fixture
def searched(bench, qtbot, tmp_path: Path, photos: Path):
    """A folder of images without folders below it."""
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in sorted(photos.rglob("*.png")):
        Image.open(path).save(flat / f"{path.parent.name}_{path.name}")
    open_net(bench, qtbot, net)
    bench.searching.open_folder(flat)
    settle(bench, qtbot)
    return bench


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    rows = [f"{name}_{i}.png,{name}" for name in COLOURS for i in range(N_EACH)]
    path.write_text("file,label\n" + "\n".join(rows[:-1]))
    return path


def choose(bench, qtbot, user, table: Path) -> None:
    user.files.append((table,))
    bench.window.actions_["choose_labels"].trigger()
    settle(bench, qtbot)


def test_the_labels_of_a_table_mark_and_measure(searched, qtbot, user, table: Path) -> None:
    panel = searched.window.panels.retrieval
    assert panel.query.average_precision is None
    assert not panel.recipe_bar.evaluate_button.isEnabled()
    choose(searched, qtbot, user, table)
    assert {tile.mark for tile in panel.tiles} == {RELEVANT, NOT_RELEVANT}
    for tile in panel.tiles:
        assert (tile.mark == RELEVANT) == (tile.label == panel.query.label)
    (notice,) = (one for one in searched.notices.current if one.key == "labels")
    assert notice.title == f"{ALL - 1} of {ALL} images have a label of the table"
    facts = searched.window.subjects.gallery.popup.facts.text()
    assert facts == f"{ALL} images, labels by 3 kinds of labels.csv"
    panel.recipe_bar.evaluate_button.click()
    settle(searched, qtbot)
    (row,) = panel.chart.rows
    assert row.n_queries == ALL - 1
    assert row.mean_ap > 0.9


def test_folders_are_the_labels_again_on_request_and_in_another_folder(
    searched, qtbot, user, table: Path, photos: Path
) -> None:
    panel, actions = searched.window.panels.retrieval, searched.window.actions_
    assert not actions["folder_labels"].isEnabled()
    choose(searched, qtbot, user, table)
    searched.searching.open_folder(photos)
    settle(searched, qtbot)
    assert not actions["folder_labels"].isEnabled()
    assert {tile.label for tile in panel.tiles} == set(COLOURS)
    table.write_text("file,label\nblue/0.png,x\nred/0.png,x\n")
    choose(searched, qtbot, user, table)
    assert panel.query.n_relevant == 1
    actions["folder_labels"].trigger()
    settle(searched, qtbot)
    assert panel.query.n_relevant == N_EACH - 1


def test_a_table_that_fits_nothing_changes_nothing(searched, qtbot, user, tmp_path: Path) -> None:
    panel = searched.window.panels.retrieval
    (tmp_path / "other.csv").write_text("file,label\nnothing.png,x\n")
    choose(searched, qtbot, user, tmp_path / "other.csv")
    (notice,) = (one for one in searched.notices.current if one.key == "labels")
    assert notice.kind == "error"
    assert panel.query.average_precision is None
    assert len(panel.tiles) == ALL - 1


def test_another_layer_keeps_the_table(searched, qtbot, user, table: Path) -> None:
    from gui.panels.retrieval.view import RecipeChoice
    from tests.gui.test_searching import read_too

    choose(searched, qtbot, user, table)
    read_too(searched, qtbot, RecipeChoice("fc8", "fc8", "flatten"))
    assert searched.searching.gallery.truth == str(table)
    assert searched.window.panels.retrieval.query.n_relevant is not None
