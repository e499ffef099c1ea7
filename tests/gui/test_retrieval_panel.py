"""The retrieval panel: query, ranking, index bar, evaluated layers, and its wishes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QColor, QImage, QTextDocument
from PyQt5.QtWidgets import QApplication, QVBoxLayout, QWidget

from gui.panels.retrieval.controls import LAYERS_VIEW, RANKING_VIEW
from gui.panels.retrieval.panel import ALL, LEAST, MISSED, WRONG, RetrievalPanel
from gui.panels.retrieval.picture import SIDE
from gui.panels.retrieval.skipped import SkippedDialog
from gui.panels.retrieval.tiles import TEXT_HEIGHT
from gui.panels.retrieval.view import (
    NOT_RELEVANT,
    RELEVANT,
    EvaluationRow,
    GalleryView,
    LayerChoice,
    Offer,
    QueryView,
    RecipeChoice,
    ResultTile,
    Tiles,
    evaluation_note,
    first_wrong,
    least_similar,
    missed,
)
from gui.thumbnails import BATCH, ThumbnailStore
from gui.widgets.labels import ElidedLabel

POOL5 = LayerChoice("pool5", "pool5", "pool5", (512, 7, 7))
FC7 = LayerChoice("fc7", "fc7", "fc7", (4096,))
GEM = RecipeChoice("pool5", "pool5", "gem", 3.0)
FLAT = RecipeChoice("fc7", "fc7", "flatten")
MARKS = ("relevant", "not relevant", "relevant", "not relevant")
TILES = tuple(
    ResultTile(i + 1, 10 + i, Path(f"/no/{i}.jpg"), f"a/{i}", 0.9 - i / 10, mark)
    for i, mark in enumerate(MARKS)
)
QUERY = QueryView(
    Path("/no/q.jpg"), "a/q.jpg", "4 × 3 px", 0.8333, ((1, 1.0), (5, 0.4), (10, 0.2)), 2, label="a"
)
GALLERY = GalleryView(
    Path("/photos"), 5, 2, (("Layer", "pool5"), ("Pooling", "GeM p=3")), (("x.jpg", "cut off"),)
)


def row(recipe: RecipeChoice, label: str, value: float, spread: float = 0.02) -> EvaluationRow:
    return EvaluationRow(recipe, label, 512, value, value - spread, value + spread, 0.9, 120)


@pytest.fixture
def host(qtbot) -> QWidget:
    """A window without a minimum size of its own."""
    window = QWidget()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def panel(keeper, host: QWidget) -> RetrievalPanel:
    panel = RetrievalPanel(keeper, host)
    layout = QVBoxLayout(host)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(panel)
    host.resize(1100, 700)
    host.show()
    return panel


@pytest.fixture
def filled(panel: RetrievalPanel) -> RetrievalPanel:
    panel.show_layers([POOL5, FC7], GEM)
    panel.show_gallery(GALLERY)
    panel.show_result(QUERY, TILES)
    return panel


def grid_names(panel: RetrievalPanel) -> list[str]:
    return [tile.name for tile in panel.grid.tiles]


def test_an_empty_panel_waits_for_a_net_then_for_a_folder(panel) -> None:
    assert panel.empty_state.isVisible()
    assert not panel.empty_state.isEnabled()
    panel.show_layers([POOL5], GEM)
    assert panel.empty_state.isEnabled()


def test_the_query_column_tells_how_well_it_does(filled) -> None:
    column = filled.query_column
    assert column.ap.text() == "83.3"
    assert column.ap_words.text() == "AP, %\nnon-interpolated AP"
    assert column.measures.facts == (
        ("P@1, 5, 10", "1.00 0.40 0.20"),
        ("First wrong", "rank 2"),
        ("Last relevant", "rank 3"),
    )
    assert column.descriptor.facts[0] == ("Layer", "pool5")
    assert column.skipped_line.text.text() == "1 image skipped"


def test_without_labels_there_is_no_ap_and_no_mark(filled) -> None:
    tiles = [ResultTile(t.rank, t.index, t.path, t.name, t.score) for t in TILES]
    filled.show_result(QueryView(Path("/q.jpg"), "q.jpg", "not in the folder"), tiles)
    assert not filled.query_column.ap.isVisible()
    assert list(filled.selections.shown) == [ALL, LEAST]
    assert not filled.cells.isVisible()
    assert not filled.recipe_bar.legend.isVisible()


def test_of_a_ranking_of_a_million_only_what_is_looked_at_is_made(panel) -> None:
    made = []

    def tile(place: int) -> ResultTile:
        made.append(place)
        mark = RELEVANT if place % 1000 == 0 else NOT_RELEVANT
        return ResultTile(place + 1, place, Path(f"/no/{place}.jpg"), f"a/{place}", 0.5, mark)

    n = 1_000_000
    panel.show_gallery(GALLERY)
    panel.show_result(QUERY, Tiles(tile, np.arange(n), np.arange(n) % 1000 == 0))
    assert panel.selections.shown[ALL] == "All 1,000,000"
    assert panel.selections.shown[MISSED] == "Missed 999"
    facts = dict(panel.query_column.measures.facts)
    assert (facts["First wrong"], facts["Last relevant"]) == ("rank 2", "rank 999,001")
    panel.grab()
    bar = panel.grid.verticalScrollBar()
    bar.setValue(bar.maximum())
    panel.grab()
    assert panel.grid.places_in_view.stop == n
    assert panel.grid.tiles[panel.grid.places_in_view.start].rank > n - 100
    panel.selections.choose(LEAST)
    assert panel.grid.tiles[0].name == "a/999999"
    panel.selections.choose(MISSED)
    assert panel.grid.tiles[0].name == "a/1000"
    assert len(set(made)) < 400


def test_selections_choose_from_the_ranking(filled) -> None:
    assert filled.selections.shown[ALL] == "All 4"
    assert filled.selections.shown[MISSED] == "Missed 1"
    shown = {}
    for key in (ALL, WRONG, MISSED, LEAST):
        filled.selections.choose(key)
        shown[key] = grid_names(filled)
    assert shown == {
        ALL: ["a/0", "a/1", "a/2", "a/3"],
        WRONG: ["a/1", "a/3"],
        MISSED: ["a/2"],
        LEAST: ["a/3", "a/2", "a/1", "a/0"],
    }


def test_selections_of_a_ranking() -> None:
    assert [tile.rank for tile in first_wrong(TILES)] == [2, 4]
    assert [tile.rank for tile in missed(TILES)] == [3]
    assert not missed(TILES[:1])
    assert [tile.rank for tile in least_similar(TILES)] == [4, 3, 2, 1]


def test_a_click_selects_and_a_double_click_asks(filled, qtbot) -> None:
    grid, selected = filled.grid, filled.selected
    place = grid.tile_rect(2).center()
    qtbot.mouseClick(grid.viewport(), Qt.LeftButton, pos=place)
    assert selected.title.note == "rank 3 of 4"
    assert (selected.name.text(), selected.score.text()) == ("a/2", "0.700")
    with qtbot.waitSignal(filled.query_requested) as asked:
        qtbot.mouseDClick(grid.viewport(), Qt.LeftButton, pos=place)
    assert asked.args == [12]
    filled.selected.use_button.click()
    with qtbot.waitSignal(filled.reveal_requested) as asked:
        filled.selected.reveal_button.click()
    assert asked.args == [Path("/no/2.jpg")]


def test_the_selected_result_says_why_it_is_wrong(filled) -> None:
    tile = replace(TILES[1], label="b", width=40, height=30, n_bytes=2048)
    filled.show_result(QUERY, (TILES[0], tile))
    filled.grid.select(1)
    assert filled.selected.verdict.text().endswith("b, not a")
    facts = dict(filled.selected.facts.facts)
    assert facts["Size"] == "40 × 30 px"
    assert facts["File"] == "2 KiB"
    assert facts["Folder"] == "/no"
    filled.grid.select(-1)
    assert filled.selected.nothing.isVisibleTo(filled.selected)


def test_the_keyboard_walks_asks_and_leaves(filled, qtbot) -> None:
    grid = filled.grid
    grid.setFocus(Qt.TabFocusReason)
    assert grid.current == 0
    for key, place in (
        (Qt.Key_Right, 1), (Qt.Key_End, 3), (Qt.Key_Right, 3), (Qt.Key_Home, 0), (Qt.Key_Left, 0)
    ):  # fmt: skip
        qtbot.keyClick(grid, key)
        assert grid.current == place
    qtbot.keyClick(grid, Qt.Key_Right)
    with qtbot.waitSignal(filled.query_requested) as asked:
        qtbot.keyClick(grid, Qt.Key_Return)
    assert asked.args == [11]
    assert grid.accessibleDescription().startswith("Rank 2, not relevant, cosine 0.8000")
    qtbot.keyClick(grid, Qt.Key_Escape)
    assert grid.current == -1


def test_arrows_go_down_and_up_a_row_and_bring_it_into_view(panel, qtbot) -> None:
    many = tuple(replace(TILES[0], rank=i + 1, index=i) for i in range(400))
    panel.show_gallery(GALLERY)
    panel.show_result(QUERY, many)
    grid = panel.grid
    grid.select(0)
    n_columns = len([i for i in range(400) if grid.tile_rect(i).top() == grid.tile_rect(0).top()])
    for _ in range(20):
        qtbot.keyClick(grid, Qt.Key_Down)
    assert grid.current == 20 * n_columns
    assert grid.viewport().rect().contains(grid.tile_rect(grid.current))
    qtbot.keyClick(grid, Qt.Key_Up)
    assert grid.current == 19 * n_columns


def test_marks_stand_in_the_corner_and_only_the_first_wrong_is_red(filled, keeper) -> None:
    image = filled.grid.viewport().grab().toImage()

    def has(place: int, colour: QColor) -> bool:
        box = filled.grid.tile_rect(place)
        corner = (
            (x, y)
            for x in range(box.right() - 24, box.right())
            for y in range(box.top(), box.top() + 24)
        )
        return any(image.pixelColor(x, y) == colour for x, y in corner)

    theme = keeper.theme
    assert [has(place, theme.relevant) for place in range(4)] == [True, False, True, False]
    assert [has(place, theme.not_relevant) for place in range(4)] == [False, True, False, False]
    box = filled.grid.tile_rect(0)  # no frame around what is not selected
    for x, y in ((box.left(), box.center().y()), (box.center().x(), box.bottom() - TEXT_HEIGHT)):
        assert image.pixelColor(x, y) not in (theme.relevant, theme.not_relevant)


def test_images_that_are_not_ranked_have_no_marks(filled, keeper) -> None:
    listed = [ResultTile(0, i, Path(f"/no/{i}.jpg"), f"a/{i}", 0.0) for i in range(4)]
    filled.show_result(None, listed)
    image = filled.grid.viewport().grab().toImage()
    box = filled.grid.tile_rect(0)
    corner = [image.pixelColor(box.right() - 12, y) for y in range(box.top(), box.top() + 24)]
    assert keeper.theme.not_relevant not in corner
    assert keeper.theme.relevant not in corner


def test_cells_show_the_ranks_at_a_glance(filled, qtbot, keeper) -> None:
    cells = filled.cells
    assert cells.isVisible()
    assert cells.n_cells == 4
    assert cells.accessibleDescription() == "2 of the first 4 ranks are relevant"
    cells.place_chosen.emit(2)
    assert filled.grid.current == 2
    filled.selections.choose(WRONG)
    cells.place_chosen.emit(0)
    assert filled.selections.current == ALL
    assert filled.grid.current == 0


def test_poolings_that_can_not_be_are_grey_and_say_why(filled, qtbot) -> None:
    bar = filled.recipe_bar
    model = bar.pooling_choice.model()

    def offered() -> list[str]:
        items = [model.item(i) for i in range(model.rowCount())]
        return [item.text() for item in items if item.isEnabled()]

    pooled = ["GAP", "MAC", "GeM", "SPoC", "CroW", "R-MAC", "MAC + R-MAC"]
    assert offered() == [*pooled, "R-MAC, whitened regions", "VLAD", "flatten"]
    assert bar.p_field.isVisible()
    wide = replace(POOL5, shape=(1024, 56, 56))
    filled.show_layers([wide], GEM)
    assert "flatten" not in offered()
    tip = model.item(model.rowCount() - 1).toolTip()
    assert tip == "3,211,264 numbers an image; the limit is 262,144."
    filled.show_layers([replace(POOL5, is_free_size=True)], GEM)
    assert "flatten" not in offered()
    filled.show_layers([POOL5, FC7], FLAT)
    assert offered() == ["flatten"]
    assert not bar.p_field.isVisible()


def test_a_choice_goes_out_as_a_wish_and_the_fields_stay_true(filled, qtbot) -> None:
    bar = filled.recipe_bar
    with qtbot.waitSignal(filled.recipe_requested) as asked:
        bar.layer_button.value_chosen.emit("fc7", "fc7")
    assert asked.args[0] == RecipeChoice("fc7", "fc7", "flatten", 3.0)
    assert bar.layer_button.value == ("pool5", "pool5")
    assert bar.recipe() == GEM
    filled.show_layers([POOL5, FC7], FLAT)
    assert bar.layer_button.words == "fc7"
    with qtbot.waitSignal(filled.recipe_requested) as asked:
        bar.layer_button.value_chosen.emit("pool5", "pool5")
    assert asked.args[0].pooling == "gem"


def test_the_exponent_asks_for_another_descriptor(filled, qtbot) -> None:
    with qtbot.waitSignal(filled.recipe_requested) as asked:
        filled.recipe_bar.p_field.setValue(4.5)
    assert asked.args[0] == RecipeChoice("pool5", "pool5", "gem", 4.5)


def test_an_offer_is_one_line_with_one_button(panel, qtbot) -> None:
    panel.show_offer(Offer("fc7", "is not in this gallery.", "Read 387, about 1:05", "An estimate"))
    line = panel.offer_line
    assert line.isVisible()
    assert (line.words.text(), line.button.text()) == ("fc7", "Read 387, about 1:05")
    assert line.button.toolTip() == "An estimate"
    with qtbot.waitSignal(panel.offer_taken):
        qtbot.mouseClick(line.button, Qt.LeftButton)
    with qtbot.waitSignal(panel.offer_dropped):
        qtbot.mouseClick(line.close_button, Qt.LeftButton)
    panel.show_offer(None)
    assert panel.empty_state.isVisible()


def test_a_button_that_can_not_act_says_why(panel) -> None:
    panel.show_gallery(GALLERY, "No image lies in a folder of its own kind.")
    button = panel.recipe_bar.evaluate_button
    assert not button.isEnabled()
    assert button.toolTip() == "No image lies in a folder of its own kind."
    panel.show_gallery(GALLERY)
    assert button.isEnabled()
    assert not panel.recipe_bar.export_button.isEnabled()
    panel.show_result(QUERY, TILES)
    assert panel.recipe_bar.export_button.isEnabled()


def test_the_way_back_is_open_once_there_is_one(filled, qtbot) -> None:
    column = filled.query_column
    assert not column.back_button.isEnabled()
    filled.show_history(can_go_back=True, can_go_on=False)
    assert (column.back_button.isEnabled(), column.on_button.isEnabled()) == (True, False)
    with qtbot.waitSignal(filled.history_requested) as asked:
        column.back_button.click()
    assert asked.args == [-1]


def test_in_little_room_the_selected_result_is_a_strip(filled, host) -> None:
    host.resize(1400, 800)
    assert not filled.side.is_folded
    host.resize(1224, 620)
    assert filled.side.is_folded
    filled.side.strip.click()
    assert not filled.side.is_folded
    host.resize(1400, 800)
    host.resize(1224, 620)
    assert not filled.side.is_folded  # as the user left it in windows of this width
    filled.selected.fold_button.click()
    assert filled.side.is_folded


def test_skipped_files_are_listed_with_the_reason(qtbot) -> None:
    dialog = SkippedDialog((("a.jpg", "'a.jpg' is cut off."), ("b.txt", "no image")))
    qtbot.addWidget(dialog)
    assert dialog.windowTitle() == "2 images skipped"
    cells = [dialog.table.item(i, j).text() for i in range(2) for j in range(2)]
    assert cells == ["a.jpg", "'a.jpg' is cut off.", "b.txt", "no image"]


def test_evaluated_layers_are_bars_to_click(filled, qtbot) -> None:
    views = filled.recipe_bar.views
    assert LAYERS_VIEW not in views.shown
    filled.show_evaluations([row(FLAT, "fc7 flatten", 0.70), row(GEM, "pool5 GeM p=3", 0.86)])
    assert views.shown[LAYERS_VIEW] == "Evaluated 2"
    filled.open_evaluations()
    assert filled.chart.isVisible()
    assert [one.label for one in filled.chart.rows] == ["pool5 GeM p=3", "fc7 flatten"]
    with qtbot.waitSignal(filled.recipe_requested) as asked:
        qtbot.mouseClick(filled.chart, Qt.LeftButton, pos=QPoint(300, 46 + 24 + 12))
    assert asked.args[0] == FLAT
    assert views.current == RANKING_VIEW
    filled.open_evaluations()
    with qtbot.waitSignal(filled.recipe_requested) as asked:
        qtbot.keyClick(filled.chart, Qt.Key_Up)
        qtbot.keyClick(filled.chart, Qt.Key_Return)
    assert asked.args[0] == GEM


def test_overlapping_intervals_are_told() -> None:
    rows = [row(GEM, "pool5", 0.86), row(FLAT, "fc7", 0.84), row(FLAT, "fc6", 0.5)]
    assert evaluation_note(rows) == "pool5 leads, but its interval overlaps the next one."
    assert evaluation_note(rows[::2]) == "pool5 leads, and no interval overlaps its own."
    assert evaluation_note(rows[:1]) == ""


@pytest.mark.parametrize(("width", "height"), [(1044, 540), (1224, 621), (1384, 801)])
def test_every_size_has_room_for_the_ranking(filled, width: int, height: int) -> None:
    filled.window().resize(width, height)
    assert filled.width() == width
    assert filled.grid.isVisible()
    assert filled.grid.height() > 100
    assert filled.query_column.ap.isVisible()


@pytest.mark.parametrize("shape", [(300, 10), (10, 300), (100, 100), (100, 90)])
def test_a_picture_of_any_shape_comes_to_rest_at_any_height(filled, qtbot, shape) -> None:
    """A height that followed the width, which a scroll bar changes, never came to an end."""
    image = QImage(*shape, QImage.Format_RGB32)
    image.fill(QColor("red"))
    filled.query_column.picture._store.put([((QUERY.path, SIDE), image)])
    asked = []
    for height in range(330, 800, 7):
        filled.window().resize(1384, height)
        QApplication.processEvents()
        asked.append(filled.query_column.picture.height())
    assert len(set(asked)) == 1
    assert 40 < asked[0] < 260


def picture(colour: str = "red") -> QImage:
    image = QImage(4, 4, QImage.Format_RGB32)
    image.fill(QColor(colour))
    return image


def test_thumbnails_are_asked_for_once_and_in_order(qtbot) -> None:
    store = ThumbnailStore()
    batches = []
    store.requested.connect(batches.append)
    paths = [Path(f"/{i}.jpg") for i in range(2 * BATCH + 3)]
    for path in paths:
        assert store.get(path, 272) is None
        assert store.get(path, 272) is None
    qtbot.waitUntil(lambda: len(batches) == 2)
    asked = [key[0] for batch in batches for key in batch]
    assert asked == paths[: 2 * BATCH]
    store.put([(key, picture()) for key in batches[0]])
    store.end_batch(batches[0])
    assert store.get(paths[0], 272) is not None
    assert [key[0] for key in batches[2]] == paths[2 * BATCH :]


def test_what_scrolled_away_is_not_decoded(qtbot) -> None:
    store = ThumbnailStore()
    batches = []
    store.requested.connect(batches.append)
    store.get(Path("/away.jpg"), 272)
    store.get(Path("/query.jpg"), 440)
    store.begin_wishes(272)
    store.get(Path("/here.jpg"), 272)
    qtbot.waitUntil(lambda: len(batches) == 1)
    assert [key[0].name for key in batches[0]] == ["query.jpg", "here.jpg"]


def test_the_oldest_thumbnails_go_first(monkeypatch) -> None:
    monkeypatch.setattr("gui.thumbnails.MOST_KEPT", 3)
    store = ThumbnailStore()
    keys = [(Path(f"/{i}.jpg"), 160) for i in range(4)]
    store.put([(key, picture()) for key in keys[:3]])
    assert store.get(*keys[0]) is not None
    store.put([(keys[3], picture())])
    assert keys[1] not in store._kept
    monkeypatch.setattr("gui.thumbnails.MOST_BYTES", 2 * 64)
    store.put([(keys[1], picture("blue"))])
    assert list(store._kept) == [keys[3], keys[1]]
    assert store._n_bytes == 2 * 64


def test_a_name_that_looks_like_html_is_shown_as_it_is(panel: RetrievalPanel) -> None:
    name = "<h1>big<br>1 & &amp; x.jpg"
    panel.show_result(QUERY, TILES)
    (label,) = (one for one in panel.findChildren(ElidedLabel) if one.text() == QUERY.name)
    plain_height = label.sizeHint().height()
    panel.show_result(replace(QUERY, name=name), TILES)
    assert label.text() == name
    assert label.sizeHint().height() == plain_height
    tip = QTextDocument()
    tip.setHtml(label.toolTip())
    assert tip.toPlainText() == name


def test_the_ranks_in_view_follow_the_size_of_the_page(filled, host, qtbot) -> None:
    many = [replace(TILES[0], rank=place + 1, index=place) for place in range(60)]
    filled.show_result(QUERY, many)
    host.resize(700, 330)
    qtbot.wait(10)
    few = len(filled.grid.places_in_view)
    host.resize(1500, 900)
    qtbot.wait(10)
    assert len(filled.grid.places_in_view) > few
    assert filled.cells._in_view == filled.grid.places_in_view
