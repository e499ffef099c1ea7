"""The map view of a whole window: PCA at once, t-SNE offered, lasso and grid, layers, files."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QGuiApplication

from core.retrieval.gallery import open_gallery
from gui.panels.retrieval.controls import MAP_VIEW, RANKING_VIEW
from gui.panels.retrieval.maps.view import MapView
from gui.panels.retrieval.view import RecipeChoice
from tests.gui.conftest import N_EACH
from tests.gui.test_searching import NET, open_net, read_too, settle

FC8 = RecipeChoice("fc8", "fc8", "flatten")


@pytest.fixture
def searched(bench, qtbot, tmp_path: Path, photos: Path):
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    settle(bench, qtbot)
    return bench


@pytest.fixture
def view(searched, qtbot) -> MapView:
    searched.window.panels.retrieval.recipe_bar.views.choose(MAP_VIEW)
    settle(searched, qtbot)
    return searched.window.panels.retrieval.map


def lasso(view: MapView, *indices: int) -> None:
    view.canvas.lasso_drawn.emit(np.array(indices))


def test_nothing_is_mapped_until_the_view_is_in_front(searched, qtbot) -> None:
    assert searched.retrieval.mapping.shown is None
    assert not (searched.searching.gallery.folder / "maps").exists()
    searched.window.panels.retrieval.recipe_bar.views.choose(MAP_VIEW)
    settle(searched, qtbot)
    assert searched.retrieval.mapping.shown.settings.method == "pca"


def test_pca_comes_at_once_with_what_it_keeps(searched, view) -> None:
    shown = searched.retrieval.mapping.shown
    assert len(shown) == 3 * N_EACH
    share = round(100 * shown.kept.share)
    assert view.kept.text() == f"PCA keeps {share} % of the 10 nearest neighbours"
    assert [look.label for look in view.legend.looks] == ["blue", "green", "red"]
    assert view.offer_line.isHidden()
    assert view.side.heading.text() == "18 images"


def test_tsne_is_offered_then_computed_and_kept(searched, view, qtbot) -> None:
    pytest.importorskip("openTSNE")
    view.bar.methods.choose("tsne")
    assert view.offer_line.words.text() == "t-SNE of 18 images"
    times = ("about 0:", "under 1 s")
    assert view.offer_line.button.text().removeprefix("Compute t-SNE, ").startswith(times)
    assert "Shown: PCA." in view.rest.text()
    assert not searched.retrieval.mapping.is_computing
    view.offer_line.button.click()
    assert view.offer_line.isHidden()
    qtbot.waitUntil(lambda: not searched.retrieval.mapping.is_computing, timeout=60000)
    settle(searched, qtbot)
    assert searched.retrieval.mapping.shown.settings.method == "tsne"
    assert view.kept.text().startswith("PCA keeps ")
    assert ", t-SNE " in view.kept.text()
    read_too(searched, qtbot, FC8)  # another map, then back to the one that is kept
    assert searched.retrieval.mapping.shown.settings.method == "pca"
    assert not view.offer_line.isHidden()
    searched.searching.choose(searched.gallery_list.read[0][0].choice)
    settle(searched, qtbot)
    searched.searching.choose(FC8)
    settle(searched, qtbot)
    assert searched.retrieval.mapping.shown.settings.method == "pca"


def test_other_settings_of_tsne_are_another_map_and_each_is_kept(searched, view, qtbot) -> None:
    pytest.importorskip("openTSNE")
    mapping = searched.retrieval.mapping

    def compute() -> None:
        view.offer_line.button.click()
        qtbot.waitUntil(lambda: not mapping.is_computing, timeout=60000)
        settle(searched, qtbot)

    assert view.bar.tsne.isHidden()
    view.bar.methods.choose("tsne")
    assert not view.bar.tsne.isHidden()
    compute()
    first = mapping.shown
    assert (first.settings.perplexity, first.settings.seed) == (30, 1)
    view.bar.perplexity.setValue(3)
    view.bar.seed.setValue(7)
    settle(searched, qtbot)
    assert mapping.shown.settings.method == "pca"  # and t-SNE is offered with these
    assert not view.offer_line.isHidden()
    compute()
    second = mapping.shown
    assert (second.settings.perplexity, second.settings.seed) == (3, 7)
    assert "perplexity 3, 500 iterations, seed 7" in view.bar.settings.text()
    assert not np.array_equal(first.points, second.points)
    view.bar.seed.setValue(1)
    view.bar.perplexity.setValue(30)
    settle(searched, qtbot)
    assert mapping.shown.settings == first.settings
    assert mapping.shown.was_stored
    np.testing.assert_array_equal(mapping.shown.points, first.points)


def test_a_cancelled_tsne_leaves_pca_and_the_offer(searched, view, qtbot) -> None:
    view.bar.methods.choose("tsne")
    view.offer_line.button.click()
    searched.retrieval.mapping.cancel()
    settle(searched, qtbot)
    assert searched.retrieval.mapping.shown.settings.method == "pca"
    assert not view.offer_line.isHidden()


def test_a_lasso_fills_the_grid_and_both_are_linked(searched, view, qtbot) -> None:
    lasso(view, 1, 2, 8)
    assert view.side.heading.text() == "3 images chosen"
    assert [tile.index for tile in view.side.grid.tiles] == [1, 2, 8]
    counts = {look.label: look.n_images for look in view.side.counts.looks}
    assert counts == {"blue": 2, "green": 1}
    view.canvas.image_selected.emit(8)
    assert view.side.grid.selected_tile().index == 8
    view.side.grid.setFocus(Qt.OtherFocusReason)
    qtbot.keyClick(view.side.grid, Qt.Key_Home)
    assert view.canvas.current == 1
    qtbot.keyClick(view.canvas, Qt.Key_Escape)
    assert view.chosen is None
    assert len(view.side.grid.tiles) == 3 * N_EACH


def test_a_label_of_the_legend_chooses_its_images(view) -> None:
    view.legend.chosen.emit(2)
    assert view.chosen.tolist() == list(range(2 * N_EACH, 3 * N_EACH))


def test_the_query_and_its_first_results_are_marked(searched, view, qtbot) -> None:
    view.canvas.image_activated.emit(7)
    settle(searched, qtbot)
    assert searched.searching.found.answer.query.index == 7
    ranked = searched.searching.found.answer.ranking.index[:10].tolist()
    assert (view.canvas._query, list(view.canvas._results)) == (7, ranked)


def test_small_maps_of_every_layer_light_the_same_images(searched, view, qtbot) -> None:
    read_too(searched, qtbot, FC8)
    view.canvas.image_selected.emit(5)
    view.bar.kinds.choose("layers")
    settle(searched, qtbot)
    maps = view.small.maps
    assert [small.canvas.current for small in maps] == [5, 5]
    assert len(maps) == 2
    assert {small.words.text() for small in maps} >= {"fc8, flatten"}
    assert all(small.kept.text().startswith("PCA keeps ") for small in maps)
    assert not view.kept.text()  # each says its own
    maps[1].canvas.lasso_drawn.emit(np.array([3, 4]))
    for small in maps:
        assert np.flatnonzero(small.canvas._chosen).tolist() == [3, 4]
    assert [tile.index for tile in view.side.grid.tiles] == [3, 4]
    other = next(small for small in maps if small.canvas.layer.choice != FC8)
    other.open_button.click()
    settle(searched, qtbot)
    assert searched.searching.searched.reading.choice == other.canvas.layer.choice


def test_tsne_of_every_layer_is_offered_and_made(searched, view, qtbot) -> None:
    pytest.importorskip("openTSNE")
    read_too(searched, qtbot, FC8)
    view.bar.kinds.choose("layers")
    view.bar.methods.choose("tsne")
    settle(searched, qtbot)
    assert view.offer_line.words.text() == "t-SNE of 2 layers, 18 images each"
    view.offer_line.button.click()
    settle(searched, qtbot)
    assert [small.canvas.layer.method for small in view.small.maps] == ["tsne", "tsne"]
    assert view.offer_line.isHidden()
    view.bar.methods.choose("pca")
    settle(searched, qtbot)
    assert [small.canvas.layer.method for small in view.small.maps] == ["pca", "pca"]


def test_the_table_of_the_chosen_images_and_the_command(
    searched, view, user, tmp_path: Path
) -> None:
    lasso(view, 0, 17)
    user.files.append((tmp_path / "some.csv",))
    view.side.list_button.click()
    with (tmp_path / "some.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if not row[0].startswith("#")]
    assert [row[2:] for row in rows] == [
        ["file", "label"],
        ["blue/0.png", "blue"],
        ["red/5.png", "red"],
    ]
    view.bar.copy_command_requested.emit()
    words = QGuiApplication.clipboard().text().split()
    assert words[:2] == ["main.py", "map"]
    assert len(open_gallery(Path(words[2]))) == 3 * N_EACH
    user.files.append((tmp_path / "map.png",))
    view.bar.picture_requested.emit()
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_two_images_have_no_map_and_it_says_so(searched, view, qtbot, tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for number in range(2):
        (few / f"{number}.png").write_bytes((tmp_path / f"photos/red/{number}.png").read_bytes())
    searched.searching.open_folder(few)
    settle(searched, qtbot)
    assert view.canvas.layer is None
    assert "4 images or more, not 2" in view.canvas._words
    assert view.offer_line.isHidden()
    assert not view.bar.export_button.isEnabled()


def test_the_ranking_has_its_own_export_again(searched, view) -> None:
    bar = searched.window.panels.retrieval.recipe_bar
    assert not bar.export_button.isVisible()
    bar.views.choose(RANKING_VIEW)
    assert bar.export_button.isVisible()
