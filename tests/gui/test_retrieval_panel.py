"""The retrieval panel: query, ranking, index bar, evaluated layers, and its wishes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QColor, QDropEvent, QImage, QTextDocument
from PyQt5.QtWidgets import QVBoxLayout, QWidget

from gui.panels.retrieval.panel import LAYERS, LEAST, MISSED, RANKING, WRONG, RetrievalPanel
from gui.panels.retrieval.progress import SkippedDialog
from gui.panels.retrieval.thumbnails import BATCH, ThumbnailStore
from gui.panels.retrieval.view import (
    NOT_RELEVANT,
    RELEVANT,
    EvaluationRow,
    GalleryView,
    IndexingView,
    LayerChoice,
    QueryView,
    RecipeChoice,
    ResultTile,
    Tiles,
    clock_text,
    evaluation_note,
    first_wrong,
    least_similar,
    missed,
)
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
    Path("/no/q.jpg"), "a/q.jpg", "4 × 3 px", 0.8333, ((1, 1.0), (5, 0.4), (10, 0.2)), 2
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
    model = panel.grid.model()
    return [model.index(i, 0).data() for i in range(model.rowCount())]


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
        ("P@1", "1.00"),
        ("P@5", "0.40"),
        ("P@10", "0.20"),
        ("First wrong", "rank 2"),
        ("Last relevant", "rank 3"),
    )
    assert column.descriptor.facts[0] == ("Layer", "pool5")
    assert ("Ground truth", "2 folder names") in column.gallery.facts
    assert column.skipped_line.text.text() == "1 image skipped"


def test_without_labels_there_is_no_ap_and_no_mark(filled) -> None:
    tiles = [ResultTile(t.rank, t.index, t.path, t.name, t.score) for t in TILES]
    filled.show_result(QueryView(Path("/q.jpg"), "q.jpg", "not in the folder"), tiles)
    assert not filled.query_column.ap.isVisible()
    assert not filled.tabs.isTabVisible(WRONG)
    assert not filled.tabs.isTabVisible(MISSED)
    assert filled.tabs.isTabVisible(LEAST)


def test_of_a_ranking_of_a_million_only_what_is_looked_at_is_made(panel) -> None:
    made = []

    def tile(place: int) -> ResultTile:
        made.append(place)
        mark = RELEVANT if place % 1000 == 0 else NOT_RELEVANT
        return ResultTile(place + 1, place, Path(f"/no/{place}.jpg"), f"a/{place}", 0.5, mark)

    n = 1_000_000
    panel.show_gallery(GALLERY)
    panel.show_result(QUERY, Tiles(tile, np.arange(n), np.arange(n) % 1000 == 0))
    assert panel.tabs.tabText(RANKING) == "Ranking  1,000,000"
    assert panel.tabs.tabText(MISSED) == "Missed  999"
    facts = dict(panel.query_column.measures.facts)
    assert (facts["First wrong"], facts["Last relevant"]) == ("rank 2", "rank 999,001")
    assert panel.selected_words.text() == "The first 10,000 of 1,000,000 images are shown."
    assert panel.tiles[-1].rank == n
    panel.tabs.setCurrentIndex(LEAST)
    assert grid_names(panel)[:2] == ["a/999999", "a/999998"]
    assert len(set(made)) <= 20_001
    panel.tabs.setCurrentIndex(MISSED)
    assert grid_names(panel)[0] == "a/1000"
    assert panel.selected_words.text() == ""


def test_tabs_select_from_the_ranking(filled) -> None:
    assert filled.tabs.tabText(RANKING) == "Ranking  4"
    assert filled.tabs.tabText(MISSED) == "Missed  1"
    shown = {}
    for tab in (RANKING, WRONG, MISSED, LEAST):
        filled.tabs.setCurrentIndex(tab)
        shown[tab] = grid_names(filled)
    assert shown == {
        RANKING: ["a/0", "a/1", "a/2", "a/3"],
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
    grid = filled.grid
    place = grid.visualRect(grid.model().index(2, 0)).center()
    qtbot.mouseClick(grid.viewport(), Qt.LeftButton, pos=place)
    assert filled.selected_words.text() == "Selected: rank 3, a/2, cosine 0.700"
    with qtbot.waitSignal(filled.query_requested) as asked:
        qtbot.mouseDClick(grid.viewport(), Qt.LeftButton, pos=place)
    assert asked.args == [12]
    with qtbot.waitSignal(filled.query_requested) as asked:
        qtbot.mouseClick(filled.use_button, Qt.LeftButton)
    assert asked.args == [12]


def test_the_keyboard_does_the_same(filled, qtbot) -> None:
    filled.grid.setCurrentIndex(filled.grid.model().index(0, 0))
    qtbot.keyClick(filled.grid, Qt.Key_Right)
    with qtbot.waitSignal(filled.query_requested) as asked:
        qtbot.keyClick(filled.grid, Qt.Key_Return)
    assert asked.args == [11]


def test_tiles_say_rank_mark_and_score_to_every_reader(filled) -> None:
    index = filled.grid.model().index(1, 0)
    told = index.data(Qt.AccessibleTextRole)
    assert told.startswith("Rank 2, not relevant, cosine 0.8000")


def test_borders_have_the_colour_of_the_mark(filled, keeper) -> None:
    image = filled.grid.viewport().grab().toImage()
    for row_number, colour in ((0, keeper.theme.relevant), (1, keeper.theme.not_relevant)):
        box = filled.grid.visualRect(filled.grid.model().index(row_number, 0))
        assert image.pixelColor(box.left() + 5, box.top() + 60) == colour


def test_the_pooling_follows_the_shape_of_the_layer(filled, qtbot) -> None:
    bar = filled.recipe_bar
    offered = [bar.pooling_choice.itemText(i) for i in range(bar.pooling_choice.count())]
    assert offered == ["GAP", "MAC", "GeM", "flatten"]
    assert bar.p_field.isVisible()
    with qtbot.waitSignal(filled.recipe_requested) as asked:
        bar.layer_choice.setCurrentIndex(1)
        bar.layer_choice.activated.emit(1)
    assert asked.args[0].pooling == "flatten"
    assert not bar.pooling_choice.isEnabled()
    assert not bar.p_field.isVisible()
    with qtbot.waitSignal(filled.recipe_requested) as asked:
        bar.layer_choice.setCurrentIndex(0)
        bar.layer_choice.activated.emit(0)
    assert asked.args[0].layer == "pool5"


def test_the_exponent_asks_for_another_descriptor(filled, qtbot) -> None:
    with qtbot.waitSignal(filled.recipe_requested) as asked:
        filled.recipe_bar.p_field.setValue(4.5)
    assert asked.args[0] == RecipeChoice("pool5", "pool5", "gem", 4.5)


def test_the_index_bar_tells_rate_and_time_left(panel, qtbot) -> None:
    panel.show_indexing(IndexingView("Reading 120 images, pool5 GAP", 60, 120, 10.0))
    bar = panel.index_bar
    assert bar.isVisible()
    assert bar.count.text() == "60 of 120"
    assert bar.pace.text() == "6.0 images/s, about 0:10 left"
    assert bar.note.text() == "Cancel keeps the 60 done; the next run goes on from there."
    with qtbot.waitSignal(panel.cancel_requested):
        qtbot.mouseClick(bar.cancel_button, Qt.LeftButton)
    panel.show_indexing(None)
    assert panel.empty_state.isVisible()


def test_skipped_files_are_listed_with_the_reason(qtbot) -> None:
    dialog = SkippedDialog((("a.jpg", "'a.jpg' is cut off."), ("b.txt", "no image")))
    qtbot.addWidget(dialog)
    assert dialog.windowTitle() == "2 images skipped"
    cells = [dialog.table.item(i, j).text() for i in range(2) for j in range(2)]
    assert cells == ["a.jpg", "'a.jpg' is cut off.", "b.txt", "no image"]


def test_evaluated_layers_are_bars_to_click(filled, qtbot) -> None:
    assert not filled.tabs.isTabVisible(LAYERS)
    filled.show_evaluations([row(FLAT, "fc7 flatten", 0.70), row(GEM, "pool5 GeM p=3", 0.86)])
    assert filled.tabs.tabText(LAYERS) == "Layers  2"
    filled.open_evaluations()
    assert [one.label for one in filled.chart.rows] == ["pool5 GeM p=3", "fc7 flatten"]
    with qtbot.waitSignal(filled.recipe_requested) as asked:
        qtbot.mouseClick(filled.chart, Qt.LeftButton, pos=QPoint(300, 46 + 24 + 12))
    assert asked.args[0] == FLAT
    assert filled.tabs.currentIndex() == RANKING
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


def drop(panel: RetrievalPanel, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    where = QPoint(20, 20)
    event = QDropEvent(where, Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier)
    panel.dropEvent(event)


def test_folders_and_images_can_be_dropped(filled, qtbot, tmp_path: Path) -> None:
    image = tmp_path / "photo.jpg"
    image.touch()
    with qtbot.waitSignal(filled.folder_requested) as asked:
        drop(filled, tmp_path)
    assert asked.args[0] == tmp_path
    with qtbot.waitSignal(filled.image_requested) as asked:
        drop(filled, image)
    assert asked.args[0] == image


@pytest.mark.parametrize(("width", "height"), [(560, 230), (648, 262), (1440, 820)])
def test_every_size_has_room_for_the_ranking(filled, width: int, height: int) -> None:
    filled.window().resize(width, height)
    assert filled.width() == width
    assert filled.grid.isVisible()
    assert filled.grid.height() > 100
    assert filled.query_column.ap.isVisible()


def test_clocks() -> None:
    assert [clock_text(s) for s in (9.4, 480, 3723)] == ["0:09", "8:00", "1:02:03"]


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
    monkeypatch.setattr("gui.panels.retrieval.thumbnails.MOST_KEPT", 3)
    store = ThumbnailStore()
    keys = [(Path(f"/{i}.jpg"), 160) for i in range(4)]
    store.put([(key, picture()) for key in keys[:3]])
    assert store.get(*keys[0]) is not None
    store.put([(keys[3], picture())])
    assert keys[1] not in store._kept
    monkeypatch.setattr("gui.panels.retrieval.thumbnails.MOST_BYTES", 2 * 64)
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
