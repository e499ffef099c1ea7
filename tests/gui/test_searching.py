"""Searching a folder on the fake engine: index, query, cancel, crash, evaluate."""

from __future__ import annotations

import csv
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.host import EngineHost
from core.jobs.evaluate import EvaluateQueriesRequest, evaluate_queries
from core.progress import run_job
from core.retrieval.search import rank_image
from gui.controllers.searching.values import default_choice, layer_choices
from gui.panels.retrieval.tiles import THUMBNAIL_SIDE
from gui.panels.retrieval.view import NOT_RELEVANT, RELEVANT, RecipeChoice
from tests.gui.conftest import COLOURS, N_EACH

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 8 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc8" type: "InnerProduct" bottom: "conv1" top: "fc8"
  inner_product_param { num_output: 6 } }
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


def settle(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=30000)


def read_too(bench, qtbot, choice: RecipeChoice) -> None:
    """Choose a representation that is not read yet, and take what is offered."""
    panel = bench.window.panels.retrieval
    panel.recipe_requested.emit(choice)
    settle(bench, qtbot)
    assert panel.offer_line.isVisible()
    panel.offer_line.button.click()
    settle(bench, qtbot)


def open_net(bench, qtbot, net: Path) -> None:
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.recipe is not None)
    bench.window.show_panel(bench.window.panels.retrieval)


@pytest.fixture
def searched(bench, qtbot, net: Path, photos: Path):
    open_net(bench, qtbot, net)
    bench.opening.open_folder(photos)
    settle(bench, qtbot)
    return bench


def test_a_folder_is_indexed_and_searched_at_once(searched) -> None:
    panel = searched.window.panels.retrieval
    assert len(searched.searching.gallery) == 3 * N_EACH
    assert panel.query_column.name.text() == "blue/0.png"
    assert len(panel.tiles) == 3 * N_EACH - 1
    assert [tile.rank for tile in panel.tiles] == list(range(1, 3 * N_EACH))
    assert panel.query_column.title.note == "5 relevant"
    assert not panel.offer_line.isVisible()
    assert searched.window.subjects.gallery.accessibleName() == "Gallery: photos 18 images"


def test_marks_and_scores_agree_with_the_gallery(searched) -> None:
    gallery = searched.searching.gallery
    ranking = rank_image(gallery, 0)
    tiles = searched.window.panels.retrieval.tiles
    assert [tile.index for tile in tiles] == ranking.index.tolist()
    np.testing.assert_allclose([tile.score for tile in tiles], ranking.score)
    for tile in tiles:
        is_same = tile.path.parent.name == gallery.path(0).parent.name
        assert tile.mark == (RELEVANT if is_same else NOT_RELEVANT)


def test_a_tile_becomes_the_query(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    chosen = panel.tiles[-1]
    panel.grid.tile_activated.emit(chosen)
    settle(searched, qtbot)
    assert panel.query_column.name.text() == f"{chosen.name}.png"
    assert chosen.index not in {tile.index for tile in panel.tiles}


def test_an_outside_image_is_ranked_without_marks(searched, qtbot, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    Image.new("RGB", (20, 20), COLOURS["green"]).save(outside)
    panel = searched.window.panels.retrieval
    panel.image_requested.emit(outside)
    settle(searched, qtbot)
    assert panel.query_column.name.text() == "outside.png"
    assert len(panel.tiles) == 3 * N_EACH
    assert {tile.mark for tile in panel.tiles} == {""}
    assert not panel.query_column.ap.isVisible()


def test_an_image_of_the_folder_opened_from_outside_is_itself(searched, qtbot, photos) -> None:
    panel = searched.window.panels.retrieval
    panel.image_requested.emit(photos / "red" / "3.png")
    settle(searched, qtbot)
    assert panel.query_column.name.text() == "red/3.png"
    assert len(panel.tiles) == 3 * N_EACH - 1


def test_an_image_that_can_not_be_read_is_told(searched, qtbot, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture at all")
    searched.window.panels.retrieval.image_requested.emit(broken)
    settle(searched, qtbot)
    assert searched.notices.has("query")
    assert searched.window.panels.retrieval.query_column.name.text() == "blue/0.png"


def test_another_layer_indexes_anew_and_keeps_the_query(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    searched.searching.query_index(7)
    settle(searched, qtbot)
    name = panel.query_column.name.text()
    read_too(searched, qtbot, RecipeChoice("fc8", "fc8", "gem", 3.0))
    assert searched.searching.gallery.recipe.layer == "fc8"
    assert searched.searching.gallery.recipe.pooling == "flatten"
    assert searched.searching.gallery.dimension == 6
    assert panel.query_column.name.text() == name
    assert ("Pooling", "flatten") in panel.query_column.descriptor.facts


def test_every_layer_tried_gets_its_bar(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    read_too(searched, qtbot, RecipeChoice("fc8", "fc8", "flatten"))
    assert {row.label for row in panel.chart.rows} == {"relu1 · conv1@1, GeM p=3", "fc8, flatten"}
    assert all(row.n_queries == 3 * N_EACH for row in panel.chart.rows)
    panel.evaluate_requested.emit()
    settle(searched, qtbot)
    assert panel.chart.isVisible()


def test_the_same_folder_again_reads_nothing(searched, qtbot, photos: Path) -> None:
    reports = []
    searched.searching.indexed.connect(lambda found: reports.append(found.indexed.report))
    searched.searching.open_folder(photos)
    settle(searched, qtbot)
    assert (reports[0].n_added, reports[0].n_kept) == (0, 3 * N_EACH)


def test_unreadable_files_are_listed_with_the_reason(bench, qtbot, net, photos: Path) -> None:
    (photos / "red" / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    (photos / "notes.txt").write_text("no image")
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    settle(bench, qtbot)
    panel = bench.window.panels.retrieval
    assert panel.query_column.skipped_line.text.text() == "2 images skipped"
    assert len(bench.searching.gallery) == 3 * N_EACH


def test_a_folder_without_images_is_told(bench, qtbot, net: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    open_net(bench, qtbot, net)
    bench.searching.open_folder(empty)
    settle(bench, qtbot)
    assert bench.notices.has("index")
    bench.searching.open_folder(tmp_path / "absent")
    assert "There is no folder" in bench.notices.current[0].title


def many(photos: Path, n_copies: int) -> int:
    """Copies of the pictures, so that an index takes a while; returns how many there are."""
    originals = sorted(photos.rglob("*.png"))
    for path in originals:
        for number in range(n_copies):
            (path.parent / f"{path.stem}_{number}.png").write_bytes(path.read_bytes())
    return len(originals) * (n_copies + 1)


def n_read(bench) -> int:
    """Images that the running index has read."""
    steps = [run.progress for run in bench.lanes.running if run.key == "index"]
    return max((step.done for step in steps if step is not None and step.total), default=0)


def wait_for_progress(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: n_read(bench) > 0, timeout=15000)


def test_cancel_keeps_what_is_done_and_the_next_run_goes_on(
    make_bench, qtbot, net: Path, photos: Path
) -> None:
    n_images = many(photos, 8)
    bench = make_bench(is_shown=True, seconds_per_layer="0.05")
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    wait_for_progress(bench, qtbot)
    bench.status.cancel_job()
    settle(bench, qtbot)
    panel = bench.window.panels.retrieval
    n_done = len(bench.searching.gallery)
    assert 0 < n_done < n_images
    field = bench.window.subjects.gallery
    assert field.accessibleName() == f"Gallery: photos {n_done} of {n_images} images"
    assert panel.offer_line.isVisible()
    assert panel.offer_line.words.text() == f"{n_done} of {n_images} images read"
    assert panel.offer_line.button.text().startswith(("Resume, about 0:", "Resume, under 1 s"))
    bench.searching.evaluate()
    settle(bench, qtbot)
    (row,) = panel.chart.rows
    assert row.is_part
    assert f"unfinished: {n_done} of {n_images} images" in row.label
    reports = []
    bench.searching.indexed.connect(lambda found: reports.append(found.indexed.report))
    panel.offer_line.button.click()
    settle(bench, qtbot)
    assert len(bench.searching.gallery) == n_images
    assert reports[-1].n_kept == n_done
    assert not panel.offer_line.isVisible()
    assert field.accessibleName() == f"Gallery: photos {n_images} images"
    assert [row.is_part for row in panel.chart.rows] == [False]


def test_layers_can_be_looked_at_while_a_folder_is_read(
    make_bench, qtbot, net: Path, photos: Path
) -> None:
    many(photos, 12)
    bench = make_bench(is_shown=True, seconds_per_layer="0.03")
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    wait_for_progress(bench, qtbot)
    bench.opening.open_image(photos / "red" / "0.png")
    bench.window.show_panel(bench.window.panels.activations)
    bench.document.select("conv1")
    qtbot.waitUntil(lambda: bool(bench.window.panels.activations.cards), timeout=15000)
    assert bench.lanes.is_running("index")
    bench.searching.cancel()
    settle(bench, qtbot)


def test_a_killed_engine_is_replaced_and_the_index_goes_on(
    make_bench, qtbot, net: Path, photos: Path
) -> None:
    n_images = many(photos, 8)
    bench = make_bench(is_shown=True, seconds_per_layer="0.03")
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    wait_for_progress(bench, qtbot)
    told = []
    bench.notices.changed.connect(lambda: told.extend(n.title for n in bench.notices.current))
    dead = bench.engine.process_id
    os.kill(dead, signal.SIGKILL)
    qtbot.waitUntil(lambda: bench.searching.gallery is not None, timeout=60000)
    settle(bench, qtbot)
    gallery = bench.searching.gallery
    assert any(title.startswith("The engine stopped") for title in told)
    assert bench.engine.process_id != dead
    assert len(gallery) == n_images
    assert len({image.path for image in gallery.images}) == n_images
    assert np.isfinite(gallery.descriptors).all()


def test_a_net_that_ends_every_engine_is_given_up(make_bench, qtbot, net: Path, photos) -> None:
    bench = make_bench(is_shown=True, crash_at="relu1")
    crashes = []
    bench.engine.crashed.connect(crashes.append)
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    qtbot.waitUntil(lambda: len(crashes) == 2, timeout=30000)
    settle(bench, qtbot)
    assert bench.engine.state == "stopped"
    assert bench.notices.has("engine")
    assert not bench.lanes.is_running("index")


def test_another_net_takes_the_old_results_away(searched, qtbot, tmp_path: Path) -> None:
    other = tmp_path / "other.prototxt"
    other.write_text(NET.replace("conv1", "conv9"))
    searched.opening.open_paths([other])
    qtbot.waitUntil(lambda: searched.document.net.has_layer("conv9"))
    settle(searched, qtbot)
    panel = searched.window.panels.retrieval
    assert searched.searching.gallery is None
    assert not panel.tiles
    assert panel.empty_state.isVisible()
    assert panel.recipe_bar.recipe().layer == "relu1"


def test_a_rename_keeps_layer_and_results(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    searched.renaming.rename_layer("relu1")
    qtbot.waitUntil(lambda: searched.document.is_edited)
    settle(searched, qtbot)
    assert panel.recipe_bar.recipe() == RecipeChoice("relu1", "conv1_relu1", "gem", 3.0)
    assert len(panel.tiles) == 3 * N_EACH - 1


def test_a_rename_leaves_every_representation_read(searched, qtbot) -> None:
    """Of a net that computes the same nothing is read again, by whatever names; undo as well."""
    panel, searching = searched.window.panels.retrieval, searched.searching
    read_too(searched, qtbot, RecipeChoice("conv1", "conv1", "gap"))
    folders = {one.name for one in searching.gallery.folder.parent.iterdir()}
    assert len(panel.chart.rows) == len(folders) == 2
    searched.renaming.rename_layer("relu1")
    qtbot.waitUntil(lambda: searched.document.is_edited)
    settle(searched, qtbot)
    assert searching.choice == RecipeChoice("conv1", "conv1", "gap")
    assert {row.recipe.top for row in panel.chart.rows} == {"conv1", "conv1_relu1"}
    assert {row.label for row in panel.chart.rows} == {
        "conv1, GAP", "relu1 · conv1_relu1, GeM p=3",
    }  # fmt: skip
    assert searched.gallery_list.in_gallery == {("conv1", "conv1"), ("relu1", "conv1_relu1")}
    panel.recipe_requested.emit(RecipeChoice("relu1", "conv1_relu1", "gem"))
    settle(searched, qtbot)
    assert not panel.offer_line.isVisible()
    assert searching.searched.reading.words == "relu1 · conv1_relu1, GeM p=3"
    searching.query_index(3)
    settle(searched, qtbot)
    searched.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: not searched.document.is_edited)
    settle(searched, qtbot)
    assert searching.searched.reading.words == "relu1 · conv1@1, GeM p=3"
    assert {one.name for one in searching.gallery.folder.parent.iterdir()} == folders
    assert len(panel.chart.rows) == 2


def test_another_preprocessing_is_offered_and_the_ranking_stays(searched, qtbot) -> None:
    from dataclasses import replace

    panel = searched.window.panels.retrieval
    before = searched.searching.gallery.folder
    searched.document.set_recipe(replace(searched.document.recipe, scale=0.5))
    settle(searched, qtbot)
    assert searched.searching.gallery.folder == before
    assert "with this preprocessing is not in this gallery" in panel.offer_line.rest.text()
    panel.offer_line.button.click()
    settle(searched, qtbot)
    assert searched.searching.gallery.folder != before
    assert len(searched.searching.gallery) == 3 * N_EACH
    (row,) = panel.chart.rows  # the one of before can't be held beside it
    assert row.recipe == searched.searching.choice


def test_thumbnails_are_decoded_for_what_is_in_view(searched, qtbot) -> None:
    store = searched.window.panels.retrieval.thumbnails
    first = searched.window.panels.retrieval.tiles[0].path
    qtbot.waitUntil(lambda: store.get(first, THUMBNAIL_SIDE) is not None, timeout=15000)
    image = store.get(first, THUMBNAIL_SIDE)
    assert (image.width(), image.height()) == (32, 24)
    settle(searched, qtbot)


def test_the_deepest_map_of_features_is_searched_first(searched) -> None:
    document = searched.document
    assert default_choice(document.net, document.shapes) == RecipeChoice("relu1", "conv1", "gem")
    choices = layer_choices(document.net, document.shapes)
    assert [choice.text for choice in choices] == ["fc8", "relu1 · conv1@1", "conv1 · conv1@0"]
    assert [choice.is_spatial for choice in choices] == [False, True, True]


def test_the_buttons_of_the_panel_ask_for_a_folder_and_an_image(
    bench, qtbot, user, net: Path, photos: Path
) -> None:
    open_net(bench, qtbot, net)
    panel = bench.window.panels.retrieval
    user.files.append((photos,))
    panel.empty_state.clicked.emit()
    settle(bench, qtbot)
    user.files.append((photos / "red" / "2.png",))
    panel.query_column.open_requested.emit()
    settle(bench, qtbot)
    assert panel.query_column.name.text() == "red/2.png"
    assert user.asked == ["Choose a folder of images", "Search with an image"]


def test_a_folder_can_be_opened_with_the_layer_to_search_by(
    bench, qtbot, net: Path, photos: Path
) -> None:
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos, RecipeChoice("fc8", "fc8", "gem"))
    settle(bench, qtbot)
    assert bench.searching.gallery.recipe.layer == "fc8"
    assert bench.searching.gallery.recipe.pooling == "flatten"


def test_an_image_that_changed_since_it_was_read_is_searched_as_it_is(
    searched, qtbot, photos: Path
) -> None:
    panel = searched.window.panels.retrieval
    gallery = searched.searching.gallery
    index = gallery.find(photos / "red" / "1.png")
    (photos / "red" / "1.png").write_bytes((photos / "blue" / "2.png").read_bytes())
    searched.searching.query_index(index)
    settle(searched, qtbot)
    assert panel.query_column.note.text() == "changed since it was indexed"
    assert panel.tiles[0].name == "blue/2"
    assert index not in [tile.index for tile in panel.tiles]


def test_descriptors_that_are_all_equal_are_warned_of(bench, qtbot, net, tmp_path: Path) -> None:
    for i in range(4):
        (tmp_path / "black").mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "black" / f"{i}.png")
    open_net(bench, qtbot, net)
    bench.opening.open_folder(tmp_path / "black")
    settle(bench, qtbot)
    facts = dict(bench.window.panels.retrieval.query_column.descriptor.facts)
    assert facts["Warning"].startswith("all 4 descriptors are equal")


def test_a_pooling_that_can_not_be_leaves_the_choice_as_it_was(searched, qtbot) -> None:
    """Flattened maps of pictures of any size have no one length."""
    from dataclasses import replace

    panel = searched.window.panels.retrieval
    before = panel.recipe_bar.recipe()
    recipe = replace(searched.document.recipe, size_policy="longest side", side=12)
    searched.document.set_recipe(recipe)
    settle(searched, qtbot)
    assert panel.recipe_bar.recipe() == before
    panel.recipe_requested.emit(RecipeChoice("conv1", "conv1", "flatten"))
    settle(searched, qtbot)
    assert searched.notices.has("index")
    assert panel.recipe_bar.recipe() == before
    assert searched.searching.gallery.recipe.pooling == "gem"


def test_a_folder_whose_images_can_not_be_read_names_the_first(
    bench, qtbot, net: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"nothing")
    open_net(bench, qtbot, net)
    bench.searching.open_folder(folder)
    settle(bench, qtbot)
    (notice,) = (one for one in bench.notices.current if one.key == "index")
    assert "a.png" in notice.body


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    folder = tmp_path / "queries"
    for name in ("red", "blue"):
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (20, 20), COLOURS[name]).save(folder / name / "q.png")
    return folder


def test_queries_apart_are_evaluated_as_the_job_does(searched, user, qtbot, queries: Path) -> None:
    user.files.append((queries,))
    with qtbot.waitSignal(searched.gallery_work.evaluated, timeout=30000) as told:
        searched.window.actions_["evaluate_queries"].trigger()
    found = told.args[0]
    assert found.evaluation.n_queries == 2
    with EngineHost() as host:
        request = EvaluateQueriesRequest(
            searched.searching.gallery, (queries,), net=searched.searching.net
        )
        assert run_job(evaluate_queries(request, host)).evaluation == found.evaluation
    (notice,) = [one for one in searched.notices.current if one.key == "evaluate-queries"]
    assert notice.title == "2 queries of queries against the gallery"
    assert f"mAP {100 * found.evaluation.mean_ap:.1f} %" in notice.body


def test_queries_that_can_not_be_read_are_told(searched, user, qtbot, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    user.files.append((tmp_path / "nothing",))
    searched.window.actions_["evaluate_queries"].trigger()
    qtbot.waitUntil(lambda: searched.notices.has("evaluate-queries"), timeout=30000)


def test_descriptors_and_names_are_exported(searched, user, qtbot, tmp_path: Path) -> None:
    user.files.append((tmp_path / "d.npy",))
    with qtbot.waitSignal(searched.gallery_work.exported, timeout=30000):
        searched.window.actions_["export_gallery"].trigger()
    gallery = searched.searching.gallery
    np.testing.assert_array_equal(np.load(tmp_path / "d.npy"), gallery.descriptors)
    with (tmp_path / "d.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [image.path for image in gallery.images]
    assert len(rows) == 3 * N_EACH


def test_without_a_gallery_there_is_nothing_to_do(bench) -> None:
    for name in ("evaluate_queries", "export_gallery"):
        assert not bench.window.actions_[name].isEnabled()
