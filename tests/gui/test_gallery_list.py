"""The Gallery field: what the folder was read with, how far, and what a click on it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from gui.panels.retrieval.view import RecipeChoice
from gui.widgets.buttons import Button
from tests.gui.conftest import N_EACH
from tests.gui.test_searching import NET, many, open_net, read_too, settle, wait_for_progress

FC8 = RecipeChoice("fc8", "fc8", "flatten", 3.0)
ALL = 3 * N_EACH


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


@pytest.fixture
def searched(bench, qtbot, net: Path, photos: Path):
    open_net(bench, qtbot, net)
    bench.opening.open_folder(photos)
    settle(bench, qtbot)
    return bench


def popup(bench):
    return bench.window.subjects.gallery.popup


def rows(bench) -> list[str]:
    return [row.accessibleName() for row in popup(bench).rows]


def test_what_was_read_is_listed_and_a_click_shows_it(searched, qtbot) -> None:
    read_too(searched, qtbot, FC8)
    assert rows(searched) == [
        f"fc8, flatten, images: {ALL}, shown now",
        f"relu1 · conv1@1, GeM p=3, images: {ALL}",
    ]
    assert popup(searched).facts.text() == f"{ALL} images, labels by 3 folder names"
    popup(searched).rows[1].click()
    settle(searched, qtbot)
    assert searched.searching.gallery.recipe.layer == "relu1"
    assert rows(searched)[1].endswith("shown now")


def test_the_list_of_layers_marks_all_that_was_read(searched, qtbot) -> None:
    button = searched.window.panels.retrieval.recipe_bar.layer_button
    read_too(searched, qtbot, FC8)
    for rows_wanted in (button.rows_wanted, searched.window.subjects.layer.rows_wanted):
        assert [row.words for row in rows_wanted() if row.is_in_gallery] == [
            "relu1 · conv1@1",
            "fc8",
        ]


def test_a_cancelled_one_says_how_far_it_came_and_resumes(
    make_bench, qtbot, net: Path, photos: Path
) -> None:
    n_images = many(photos, 8)
    bench = make_bench(is_shown=True, seconds_per_layer="0.05")
    open_net(bench, qtbot, net)
    bench.opening.open_folder(photos)
    wait_for_progress(bench, qtbot)
    bench.searching.cancel()
    settle(bench, qtbot)
    n_read = len(bench.searching.gallery)
    (row,) = rows(bench)
    assert row == f"relu1 · conv1@1, GeM p=3, images: {n_read} of {n_images}, shown now"
    (resume,) = popup(bench).resume_buttons
    resume.click()
    settle(bench, qtbot)
    assert len(bench.searching.gallery) == n_images
    assert rows(bench) == [f"relu1 · conv1@1, GeM p=3, images: {n_images}, shown now"]


def test_of_another_preprocessing_only_the_shown_one_is_listed(searched, qtbot) -> None:
    from dataclasses import replace

    read_too(searched, qtbot, FC8)
    assert len(rows(searched)) == 2
    searched.document.set_recipe(replace(searched.document.recipe, scale=0.5))
    settle(searched, qtbot)
    assert rows(searched) == [f"fc8, flatten, images: {ALL}, shown now"]


def test_folders_of_before_are_offered(searched, qtbot, tmp_path: Path, photos: Path) -> None:
    other = photos / "red"
    searched.opening.open_folder(other)
    settle(searched, qtbot)
    searched.window.subjects.gallery.open_list()
    offered = [button.toolTip() for button in popup(searched).findChildren(Button)]
    assert str(photos) in offered
    popup(searched).folder_chosen.emit(photos)
    settle(searched, qtbot)
    assert searched.searching.folder == photos
    popup(searched).hide()


def test_absent_images_are_forgotten_on_request(searched, qtbot, photos: Path) -> None:
    for path in sorted((photos / "red").iterdir()):
        path.unlink()
    (photos / "red").rmdir()
    searched.window.actions_["forget_absent"].trigger()
    settle(searched, qtbot)
    assert len(searched.searching.gallery) == ALL - N_EACH
    assert rows(searched) == [f"relu1 · conv1@1, GeM p=3, images: {ALL - N_EACH}, shown now"]
