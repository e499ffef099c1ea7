"""No choice starts long work: what is read is shown, the rest is offered, asked and resumed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor, QGuiApplication, QImage

from gui.panels.retrieval.view import NOT_RELEVANT, RELEVANT, RecipeChoice
from tests.gui.conftest import COLOURS, N_EACH
from tests.gui.test_searching import (
    NET,
    many,
    open_net,
    read_too,
    settle,
    wait_for_progress,
)
from tests.gui.test_wheel import turn_wheel

RELU1 = RecipeChoice("relu1", "conv1", "gem", 3.0)
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
    bench.searching.open_folder(photos)
    settle(bench, qtbot)
    return bench


@pytest.fixture
def everything_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.controllers.searching.index.ASK_SECONDS", 0.0)


def offer(bench):
    return bench.window.panels.retrieval.offer_line


def reads(bench) -> list[str]:
    """The keys of the index runs begun from now on."""
    started: list[str] = []
    start = bench.lanes.engine.start

    def note(*args, key: str, **options):
        if key != "sanity":
            started.append(key)
        return start(*args, key=key, **options)

    bench.lanes.engine.start = note
    return started


def follow(bench, qtbot, layer: str) -> None:
    """Select a layer as on another page, and let the page follow."""
    bench.document.select(layer)
    qtbot.waitUntil(lambda: not bench.searching._follow_soon.isActive())
    settle(bench, qtbot)


def test_a_layer_selected_anywhere_is_offered_and_the_ranking_stays(searched, qtbot) -> None:
    panel, started = searched.window.panels.retrieval, reads(searched)
    before = [tile.index for tile in panel.tiles]
    follow(searched, qtbot, "fc8")
    assert offer(searched).words.text() == "fc8, flatten"
    assert offer(searched).rest.text() == (
        "is not in this gallery; the ranking is still relu1 · conv1@1, GeM p=3."
    )
    times = (f"Read {ALL}, about 0:0", f"Read {ALL}, under 1 s")
    assert offer(searched).button.text().startswith(times)
    assert "An estimate" in offer(searched).button.toolTip()
    assert panel.recipe_bar.layer_button.words == "relu1 · conv1@1"
    assert panel.recipe_bar.recipe() == RELU1
    assert [tile.index for tile in panel.tiles] == before
    assert "index" not in started
    follow(searched, qtbot, "relu1")
    assert not offer(searched).isVisible()


def test_what_is_read_already_is_shown_at_once(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    read_too(searched, qtbot, FC8)
    assert searched.document.selection == "fc8"  # one selection on all pages
    started = reads(searched)
    follow(searched, qtbot, "relu1")
    assert panel.recipe_bar.recipe() == RELU1
    assert searched.searching.gallery.recipe.layer == "relu1"
    assert not offer(searched).isVisible()
    assert started == []


def test_what_is_chosen_meanwhile_stays_when_an_index_ends(
    make_bench, qtbot, net: Path, photos: Path
) -> None:
    bench = make_bench(is_shown=True, seconds_per_layer="0.05")
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    settle(bench, qtbot)
    read_too(bench, qtbot, FC8)
    conv1 = RecipeChoice("conv1", "conv1", "gap")
    bench.searching.choose(conv1)
    qtbot.waitUntil(lambda: offer(bench).words.text() == "conv1 · conv1@0, GAP", timeout=15000)
    offer(bench).button.click()
    wait_for_progress(bench, qtbot)
    bench.searching.choose(RELU1)
    settle(bench, qtbot)
    assert bench.searching.gallery.recipe.layer == "relu1"
    started = reads(bench)
    bench.searching.choose(conv1)
    settle(bench, qtbot)
    assert bench.searching.gallery.recipe.layer == "conv1"  # it was read to its end
    assert started == []


def test_the_wheel_over_any_control_of_the_page_changes_nothing(searched, qtbot) -> None:
    bar, started = searched.window.panels.retrieval.recipe_bar, reads(searched)
    for control in (bar.views, bar.layer_button, bar.pooling_choice, bar.p_field):
        for steps in (1, -3):
            turn_wheel(control, steps)
    settle(searched, qtbot)
    assert bar.recipe() == RELU1
    assert not offer(searched).isVisible()
    assert started == []


def test_a_choice_on_a_page_that_is_not_shown_waits_for_it(searched, qtbot) -> None:
    searched.window.show_page("net")
    follow(searched, qtbot, "fc8")
    assert searched.searching.choice == RELU1
    assert not offer(searched).isVisibleTo(searched.window.panels.retrieval)
    searched.window.show_page("retrieval")
    qtbot.waitUntil(lambda: offer(searched).isVisible(), timeout=15000)
    settle(searched, qtbot)


def test_an_offer_can_be_left(searched, qtbot) -> None:
    searched.searching.choose(FC8)
    settle(searched, qtbot)
    qtbot.mouseClick(offer(searched).close_button, Qt.LeftButton)
    assert not offer(searched).isVisible()
    assert len(searched.window.panels.retrieval.tiles) == ALL - 1


def test_a_long_index_is_asked_once_and_nothing_is_read_before(
    bench, qtbot, user, net: Path, photos: Path, everything_is_long
) -> None:
    open_net(bench, qtbot, net)
    user.answers.append("cancel")
    bodies = []
    ask = user.ask
    user.ask = lambda title, body, *rest: (bodies.append(body), ask(title, body, *rest))
    bench.searching.open_folder(photos)
    settle(bench, qtbot)
    assert user.asked == [f"Read {ALL} images for relu1 · conv1@1, GeM p=3?"]
    for words in ("an estimate", "images a second", "On the disk: about", "goes on from where"):
        assert words in bodies[0]
    panel = bench.window.panels.retrieval
    assert bench.searching.gallery is None
    assert [tile.rank for tile in panel.tiles] == [0] * ALL  # the images stand there, not ranked
    assert offer(bench).rest.text() == "no image is read yet."
    user.answers.append("read")
    offer(bench).button.click()
    settle(bench, qtbot)
    assert len(bench.searching.gallery) == ALL
    assert len(user.asked) == 2


def test_what_a_cancelled_index_left_is_there_again_in_the_next_session(
    make_bench, qtbot, user, net: Path, photos: Path, monkeypatch
) -> None:
    n_images = many(photos, 8)
    bench = make_bench(is_shown=True, seconds_per_layer="0.05")
    open_net(bench, qtbot, net)
    bench.searching.open_folder(photos)
    wait_for_progress(bench, qtbot)
    bench.status.cancel_job()
    settle(bench, qtbot)
    n_done = len(bench.searching.gallery)
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.searching.folder is None)
    settle(bench, qtbot)
    assert bench.window.subjects.gallery.value == ""
    monkeypatch.setattr("gui.controllers.searching.index.ASK_SECONDS", 0.0)
    bench.window.show_page("retrieval")
    bench.searching.open_folder(photos)
    settle(bench, qtbot)
    assert user.asked == []
    assert len(bench.searching.gallery) == n_done
    assert bench.window.panels.retrieval.query is not None  # and can be searched
    field = bench.window.subjects.gallery.accessibleName()
    assert field == f"Gallery: photos {n_done} of {n_images} images"
    assert offer(bench).words.text() == f"{n_done} of {n_images} images read"
    assert offer(bench).button.text().startswith("Resume, about ")


def test_an_image_of_the_folder_that_is_not_read_yet_is_said_to_be_that(
    searched, qtbot, photos: Path
) -> None:
    late = photos / "red" / "late.png"
    Image.new("RGB", (32, 24), COLOURS["red"]).save(late)
    panel = searched.window.panels.retrieval
    panel.image_requested.emit(late)
    settle(searched, qtbot)
    column = panel.query_column
    assert column.name.text() == "red/late.png"
    assert column.note.text() == "in the folder, not read yet"
    assert {tile.mark for tile in panel.tiles} == {RELEVANT, NOT_RELEVANT}
    assert column.title.note == f"{N_EACH} relevant"
    assert panel.query.average_precision is not None
    assert offer(searched).words.text() == "1 image new or changed"
    assert offer(searched).button.text().startswith("Read 1")
    offer(searched).button.click()
    settle(searched, qtbot)
    assert len(searched.searching.gallery) == ALL + 1
    assert panel.query.name == "red/late.png"
    assert column.note.text() == "32 × 24 px"
    assert not offer(searched).isVisible()


def test_former_queries_can_be_gone_back_to(searched, qtbot) -> None:
    panel, actions = searched.window.panels.retrieval, searched.window.actions_
    names = [panel.query.name]
    assert not actions["query_before"].isEnabled()
    for place in (3, 5):
        panel.query_requested.emit(panel.tiles[place].index)
        settle(searched, qtbot)
        names.append(panel.query.name)
    assert len(set(names)) == 3
    for action, name in (
        ("query_before", names[1]),
        ("query_before", names[0]),
        ("query_after", names[1]),
    ):
        actions[action].trigger()
        settle(searched, qtbot)
        assert panel.query.name == name
    panel.query_column.back_button.click()
    settle(searched, qtbot)
    assert panel.query.name == names[0]
    panel.query_requested.emit(panel.tiles[7].index)
    settle(searched, qtbot)
    assert not actions["query_after"].isEnabled()
    assert panel.query_column.back_button.isEnabled()


def test_a_query_that_can_not_be_read_is_not_asked_again_elsewhere(
    searched, qtbot, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture at all")
    panel = searched.window.panels.retrieval
    panel.image_requested.emit(broken)
    settle(searched, qtbot)
    searched.notices.dismiss("query")
    read_too(searched, qtbot, FC8)
    assert panel.query.name == "blue/0.png"
    assert not searched.notices.has("query")


def test_an_image_pasted_or_dropped_on_the_page_is_a_query(searched, qtbot, tmp_path: Path) -> None:
    picture = QImage(40, 30, QImage.Format_RGB32)
    picture.fill(QColor(*COLOURS["green"]))
    QGuiApplication.clipboard().setImage(picture)
    panel = searched.window.panels.retrieval
    searched.window.actions_["paste"].trigger()
    qtbot.waitUntil(lambda: panel.query.name.startswith("pasted "), timeout=15000)
    settle(searched, qtbot)
    assert panel.tiles[0].name.startswith("green/")
    assert searched.document.image_path is None
    outside = tmp_path / "outside.png"
    picture.save(str(outside))
    assert searched.dropping.words([outside]).title == "Search with outside.png"
    searched.window.files_dropped.emit([outside])
    settle(searched, qtbot)
    assert panel.query.name == "outside.png"
    searched.window.show_page("net")
    searched.window.files_dropped.emit([outside])
    settle(searched, qtbot)
    assert searched.document.image_path == outside


def test_a_pooling_that_can_not_be_says_that_the_ranking_is_still_the_former(
    searched, qtbot
) -> None:
    from dataclasses import replace

    free = replace(searched.document.recipe, size_policy="longest side", side=12)
    searched.document.set_recipe(free)
    settle(searched, qtbot)
    panel = searched.window.panels.retrieval
    panel.recipe_requested.emit(RecipeChoice("relu1", "conv1", "flatten"))
    settle(searched, qtbot)
    (notice,) = (one for one in searched.notices.current if one.key == "index")
    assert "another length for each picture size" in notice.title
    assert "The ranking is still relu1 · conv1@1, GeM p=3." in notice.body
    assert panel.recipe_bar.pooling_choice.currentText() == "GeM"
    model = panel.recipe_bar.pooling_choice.model()
    assert not model.item(model.rowCount() - 1).isEnabled()


def test_an_evaluation_stays_with_the_layer_that_it_was_of(searched, qtbot) -> None:
    panel = searched.window.panels.retrieval
    read_too(searched, qtbot, FC8)
    rows = {row.recipe: row for row in panel.chart.rows}
    assert rows[FC8].dimension == 6
    assert rows[RELU1].dimension == 8
    searched.searching._search.rows.clear()
    searched.searching.evaluate()
    searched.searching.choose(RELU1)
    settle(searched, qtbot)
    rows = {row.recipe: row for row in panel.chart.rows}
    assert rows[FC8].dimension == 6
    assert all(row.recipe == recipe for recipe, row in rows.items())


def test_without_labels_evaluate_says_why_it_can_not(bench, qtbot, net: Path, tmp_path) -> None:
    folder = tmp_path / "flat"
    folder.mkdir()
    for i in range(3):
        Image.new("RGB", (8, 8), (i * 80, 0, 0)).save(folder / f"{i}.png")
    open_net(bench, qtbot, net)
    bench.searching.open_folder(folder)
    settle(bench, qtbot)
    button = bench.window.panels.retrieval.recipe_bar.evaluate_button
    assert not button.isEnabled()
    assert button.toolTip().startswith("No image lies in a folder of its own kind")
    bench.searching.evaluate()
    assert any("no table of labels" in notice.title for notice in bench.notices.current)


def test_evaluate_works_after_any_sequence(searched, qtbot, tmp_path: Path) -> None:
    """A rename, another engine device asked for, a new index: the button still gives a bar."""
    panel = searched.window.panels.retrieval

    def evaluate() -> None:
        panel.recipe_bar.views.choose("ranking")
        panel.recipe_bar.evaluate_button.click()
        settle(searched, qtbot)
        assert panel.chart.isVisible()
        assert panel.recipe_bar.recipe().layer in {row.recipe.layer for row in panel.chart.rows}

    evaluate()
    searched.renaming.rename_layer("relu1")
    settle(searched, qtbot)
    evaluate()
    searched.renaming.history.undo()
    settle(searched, qtbot)
    searched.searching.index()
    settle(searched, qtbot)
    evaluate()
    read_too(searched, qtbot, FC8)
    evaluate()


def test_the_layer_that_is_read_is_not_offered_under_another_pooling(searched, qtbot) -> None:
    """The page follows the selected layer while it is read: that is no other choice."""
    mac = RecipeChoice("conv1", "conv1", "mac")
    searched.searching.choose(mac)
    searched.searching._follow_soon.timeout.emit()  # while it is looked up
    settle(searched, qtbot)
    assert offer(searched).isVisible()
    searched.searching.take_offer()
    searched.searching._follow_soon.timeout.emit()
    searched.searching.choose(mac)
    settle(searched, qtbot)
    assert searched.searching.searched.reading.choice == mac
    assert not offer(searched).isVisible()


def test_a_look_of_before_offers_nothing_once_something_else_is_read(searched, qtbot) -> None:
    searched.searching.choose(RecipeChoice("conv1", "conv1", "mac"))
    settle(searched, qtbot)
    searched.searching.choose(RecipeChoice("conv1", "conv1", "gap"))  # it is looked up
    searched.searching.take_offer()
    settle(searched, qtbot)
    assert searched.searching.searched.reading.choice.pooling == "mac"
    assert not offer(searched).isVisible()
