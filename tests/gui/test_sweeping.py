"""The sweep view: it fills, asks, goes on, comes back, and each cell opens its ranking."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QGuiApplication

from core.retrieval.gallery import open_gallery
from gui.controllers.sweeping import work
from gui.controllers.sweeping.controller import NO_FOLDER, STOPPED
from gui.panels.retrieval.sweep_matrix import SweepMatrix
from gui.panels.retrieval.sweep_table import SweepOptions, SweepTable, SweptLayer, SweptRow
from gui.panels.retrieval.view import RecipeChoice
from tests.gui.conftest import N_EACH

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 8 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc8" type: "InnerProduct" bottom: "conv1" top: "fc8"
  inner_product_param { num_output: 6 } }
"""
CELLS = {
    *(("relu1", "conv1", pooling) for pooling in ("gap", "mac", "rmac")),
    *(("conv1", "conv1", pooling) for pooling in ("gap", "mac", "rmac")),
    ("fc8", "fc8", "flatten"),
}
FIRST = ("relu1", "conv1", "gap")


def settle(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=30000)


@pytest.fixture
def searched(bench, qtbot, tmp_path: Path, photos: Path, monkeypatch):
    monkeypatch.setattr("gui.controllers.searching.index.ASK_SECONDS", 1e9)
    monkeypatch.setattr(work, "ASK_SECONDS", 1e9)
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.recipe is not None)
    bench.window.show_panel(bench.window.panels.retrieval)
    bench.opening.open_folder(photos)
    settle(bench, qtbot)
    bench.window.panels.retrieval.recipe_bar.views.choose("sweep")
    bench.window.panels.retrieval.sweep.bar.layers.setCurrentIndex(1)
    return bench


def sweep(bench, qtbot) -> SweepTable:
    bench.window.panels.retrieval.sweep.bar.start_button.click()
    qtbot.waitUntil(lambda: not bench.retrieval.sweeping.is_running, timeout=30000)
    settle(bench, qtbot)
    return bench.retrieval.sweeping.table


def view_of(bench):
    return bench.window.panels.retrieval.sweep


def test_a_sweep_fills_the_matrix_and_says_which_leads(searched, qtbot) -> None:
    seen = []
    view = view_of(searched)
    show, matrix = view.show_table, view.matrix

    def watch(table: SweepTable, said: str = "") -> None:
        show(table, said)
        seen.append((said or table.headline, [matrix.text_of(cell) for cell in sorted(CELLS)]))

    view.show_table = watch
    table = sweep(searched, qtbot)
    assert {row.place for row in table.rows} == CELLS
    assert table.poolings == ("flatten", "gap", "mac", "rmac")
    assert [layer.text for layer in table.layers] == ["conv1 · conv1@0", "relu1 · conv1@1", "fc8"]
    assert all(0 < row.mean_ap <= 1 and row.n_queries == 3 * N_EACH for row in table.rows)
    said = [words for words, _ in seen]
    assert any(words.startswith("Reading 18 images for 7 descriptors each") for words in said)
    waiting = next(cells for words, cells in seen if words.startswith("Reading"))
    assert waiting == [""] * len(CELLS)
    best = max(table.rows, key=lambda row: row.mean_ap)
    assert view.headline.text().startswith(f"{best.text} with {best.pooling_text} leads: mAP")
    assert matrix.text_of(("fc8", "fc8", "mac")) == "–"
    assert "one place for each channel" in table.why_not(("fc8", "fc8", "mac"))
    assert "After the ReLU mAP is" in view.rest.text()
    assert view.chart.rows[0].mean_ap == best.mean_ap
    assert len(view.chart.rows) == len(CELLS)
    assert matrix.current == best


def test_rows_are_those_of_galleries_of_their_own(searched, qtbot) -> None:
    """The bar of an evaluation and the cell of the sweep are the same number."""
    table = sweep(searched, qtbot)
    searched.searching.choose(RecipeChoice("relu1", "conv1", "gap"))
    settle(searched, qtbot)
    searched.searching.take_offer()
    settle(searched, qtbot)
    searched.searching.evaluate()
    settle(searched, qtbot)
    bars = searched.window.panels.retrieval.chart.rows
    bar = next(row for row in bars if row.recipe.pooling == "gap")
    cell = next(row for row in table.rows if row.place == FIRST)
    assert (bar.mean_ap, bar.low, bar.high) == (cell.mean_ap, cell.low, cell.high)


def test_a_long_sweep_is_asked_about_first(searched, qtbot, user, monkeypatch) -> None:
    monkeypatch.setattr(work, "ASK_SECONDS", -1.0)
    user.answers = ["cancel"]
    assert not sweep(searched, qtbot).rows
    assert user.asked[-1] == "Sweep 18 images for 7 descriptors each?"
    assert not list((searched.searching.places.cache / work.SWEEPS).glob("*/*.npy"))
    user.answers = ["read"]
    assert len(sweep(searched, qtbot).rows) == len(CELLS)


def test_a_cancelled_sweep_says_so_and_ends_the_same(searched, qtbot) -> None:
    view = view_of(searched)
    started = []
    searched.lanes.changed.connect(
        lambda: (
            started.append(1) or searched.retrieval.sweeping.cancel()
            if any(
                run.key == "sweep" and run.progress is not None for run in searched.lanes.running
            )
            else None
        )
    )
    assert not sweep(searched, qtbot).rows
    assert started
    assert view.headline.text() == STOPPED
    assert view.bar.start_button.isEnabled()
    searched.lanes.changed.disconnect()
    whole = sweep(searched, qtbot)
    assert {row.place for row in whole.rows} == CELLS


def test_a_stored_sweep_comes_back_with_its_folder(searched, qtbot, photos, tmp_path) -> None:
    before = sweep(searched, qtbot)
    other = tmp_path / "other" / "a"
    other.mkdir(parents=True)
    Image.new("RGB", (8, 8), "red").save(other / "1.png")
    searched.opening.open_folder(other.parent)
    settle(searched, qtbot)
    assert not searched.retrieval.sweeping.table.rows
    searched.opening.open_folder(photos)
    settle(searched, qtbot)
    after = searched.retrieval.sweeping.table
    assert {row.words for row in after.rows} == {row.words for row in before.rows}
    assert (after.headline, after.is_finished) == (before.headline, True)
    assert "After the ReLU mAP is" in after.rest


def test_a_stored_sweep_comes_back_under_the_names_of_a_rename(searched, qtbot) -> None:
    """A rename of an in-place blob changes no value, so it changes no number of the sweep."""
    table = sweep(searched, qtbot)
    numbers = {(row.layer, row.pooling): row.mean_ap for row in table.rows}
    searched.document.select("relu1")
    searched.window.actions_["rename_chain"].trigger()
    qtbot.waitUntil(lambda: 'top: "conv1_relu1"' in searched.document.text, timeout=15000)
    qtbot.waitUntil(lambda: bool(searched.retrieval.sweeping.table.rows), timeout=15000)
    settle(searched, qtbot)
    found = searched.retrieval.sweeping.table
    assert {(row.layer, row.pooling): row.mean_ap for row in found.rows} == numbers
    renamed = next(row for row in found.rows if row.layer == "relu1")
    assert (renamed.top, renamed.text) == ("conv1_relu1", "relu1 · conv1_relu1")
    view_of(searched).row_opened.emit(renamed)
    settle(searched, qtbot)
    assert searched.searching.choice.top == "conv1_relu1"


def test_marks_are_explained_only_where_there_are_any(searched, qtbot) -> None:
    bar = searched.window.panels.retrieval.recipe_bar
    searched.window.resize(1440, 900)
    bar.views.choose("ranking")
    qtbot.waitUntil(lambda: not bar.legend.isHidden())
    bar.views.choose("sweep")
    assert bar.legend.isHidden()


def test_a_click_on_a_cell_opens_its_ranking_and_reads_nothing(searched, qtbot) -> None:
    table = sweep(searched, qtbot)
    panel, matrix = searched.window.panels.retrieval, view_of(searched).matrix
    row = next(row for row in table.rows if row.place == FIRST)
    centre = matrix.rect_of(FIRST).center()
    place = QPoint(round(centre.x()), round(centre.y()))
    assert matrix.row_at(place) == row
    qtbot.mouseClick(matrix.viewport(), Qt.LeftButton, pos=place)
    settle(searched, qtbot)
    assert panel.recipe_bar.views.current == "ranking"
    assert searched.searching.choice == RecipeChoice("relu1", "conv1", "gap")
    assert searched.searching.gallery.folder == searched.retrieval.sweeping.gallery.folder
    assert not panel.offer_line.isVisible()
    assert searched.searching.gallery.recipe.pooling == "gap"
    assert len(panel.tiles) == 3 * N_EACH - 1
    assert searched.document.selection == "relu1"


def test_the_table_is_copied_and_written_with_what_it_is_of(
    searched, qtbot, user, tmp_path: Path
) -> None:
    table = sweep(searched, qtbot)
    out = tmp_path / "table.csv"
    user.files = [(out,)]
    bar = view_of(searched).bar
    for action in bar.export_menu.actions():
        action.trigger()
    copied = QGuiApplication.clipboard().text().split("\n")
    written = out.read_text(encoding="utf-8-sig").splitlines()
    assert len(copied) == len(written)
    captions = [line for line in written if line.lstrip('"').startswith("# ")]
    assert "18 images of" in captions[0]
    assert "18 queries" in captions[0]
    assert "net.prototxt" in captions[1]
    lines = [line.split(",") for line in written[len(captions) :]]
    assert lines[0][:6] == ["layer", "top", "pooling", "after", "dimension", "mAP"]
    for row, line in zip(table.rows, lines[1:], strict=True):
        assert line[:3] == list(row.place)
        assert float(line[5]) == pytest.approx(row.mean_ap, abs=5e-5)


def test_the_graph_shows_the_best_of_each_layer(searched, qtbot) -> None:
    table = sweep(searched, qtbot)
    view_of(searched).bar.graph_button.click()
    assert searched.window.page == "net"
    overlay = searched.window.panels.graph._overlay
    best = {
        name: max(100 * row.mean_ap for row in table.rows if row.layer == name)
        for name in ("conv1", "relu1", "fc8")
    }
    assert overlay.values == pytest.approx(best)
    assert "data" not in overlay.values


def test_another_folder_ends_a_sweep(searched, qtbot, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (8, 8), "red").save(other / "1.png")
    view_of(searched).bar.start_button.click()
    assert searched.retrieval.sweeping.is_running
    searched.opening.open_folder(other)
    settle(searched, qtbot)
    assert not searched.retrieval.sweeping.is_running
    assert not searched.retrieval.sweeping.table.rows
    assert view_of(searched).headline.text() == ""


def test_labels_that_leave_nothing_to_find_are_said(searched, qtbot, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (8, 8), "red").save(other / "1.png")
    searched.opening.open_folder(other)
    settle(searched, qtbot)
    assert not sweep(searched, qtbot).rows
    (notice,) = [n for n in searched.notices.current if n.key == "sweep"]
    assert notice.title == "No image lies in a folder of its own kind"
    assert view_of(searched).headline.text() == ""


def test_nothing_starts_without_a_folder(bench) -> None:
    button = view_of(bench).bar.start_button
    assert not button.isEnabled()
    assert button.toolTip() == NO_FOLDER


def test_each_choice_of_layers_and_poolings_has_a_gallery_of_its_own(searched, qtbot) -> None:
    sweep(searched, qtbot)
    first = searched.retrieval.sweeping.gallery.folder
    bar = view_of(searched).bar
    bar.poolings.ticks["rmac"].setChecked(False)
    bar.afters.ticks["power"].setChecked(True)
    assert bar.options == SweepOptions("all", ("gap", "mac"), ("l2", "power"))
    table = sweep(searched, qtbot)
    assert searched.retrieval.sweeping.gallery.folder != first
    assert len(open_gallery(first)) == 3 * N_EACH
    assert table.afters == ("l2", "power")
    assert table.poolings == ("flatten", "gap", "mac")
    view = view_of(searched)
    view.after_choice.setCurrentIndex(1)
    view.after_choice.activated.emit(1)
    assert {row.after for row in table.after("power").values()} == {"power"}
    shown = table.after("power")[FIRST]
    assert view.matrix.text_of(FIRST) == shown.percent


def row(pooling: str, mean_ap: float, low: float, high: float) -> SweptRow:
    return SweptRow(
        "fc7", "fc7", "fc7", pooling, "l2", 8, mean_ap, low, high, 0.5, 0.5, 4, 0, 0.1, 2.0, 0.3,
        None, 0,
    )  # fmt: skip


LAYER = SweptLayer("fc7", "fc7", "fc7")
NEAR = (row("gap", 0.5, 0.4, 0.6), row("mac", 0.42, 0.3, 0.5), row("rmac", 0.39, 0.3, 0.45))


def test_the_headline_counts_what_lies_within_the_interval_of_the_best() -> None:
    table = SweepTable((LAYER,), ("gap", "mac", "rmac"), NEAR, is_finished=True)
    assert table.headline == ("fc7 with GAP leads: mAP 50.0 %. 1 other lies within its interval.")
    assert [table.near(one) for one in NEAR] == [True, True, False]
    running = SweepTable((LAYER,), ("gap", "rmac"), (NEAR[0], NEAR[2]))
    assert running.headline.startswith("So far fc7 with GAP leads: mAP 50.0 %. No other")


def test_keys_move_over_the_cells_and_open_one(qtbot, keeper) -> None:
    matrix = SweepMatrix(keeper)
    qtbot.addWidget(matrix)
    planned = frozenset({("fc7", "fc7", "crow")})
    table = SweepTable((LAYER,), ("gap", "mac", "crow", "rmac"), NEAR, planned)
    matrix.show_table(table, "l2")
    assert matrix.current == NEAR[0]
    assert "GAP" in matrix.accessibleDescription()
    with qtbot.waitSignal(matrix.opened) as opened:
        qtbot.keyClick(matrix, Qt.Key_Right)
        qtbot.keyClick(matrix, Qt.Key_Return)
    assert opened.args == [NEAR[1]]
    qtbot.keyClick(matrix, Qt.Key_Right)
    assert matrix.current is None
    assert "Not measured yet" in matrix.accessibleDescription()
    assert matrix.text_of(("fc7", "fc7", "crow")) == ""


def test_the_last_tick_of_a_menu_stays(qtbot, bench) -> None:
    afters = view_of(bench).bar.afters
    afters.ticks["l2"].setChecked(False)
    assert afters.keys == ("l2",)
    assert afters.accessibleName() == "After pooling: L2"
