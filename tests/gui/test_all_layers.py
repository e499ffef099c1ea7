"""The view of all layers: a table from one pass or from a folder, and one row in detail."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor
from PyQt5.QtWidgets import QApplication

from core.activations.spreads import ValueSpread, of_moments
from core.measures.measure import CellCounts, ChannelRange, Moments
from core.net.find import FindRecord
from gui.pages.layer_views import ALL_LAYERS_VIEW, BOTH, FOLDER, IMAGE, VALUES_VIEW, WEIGHTS_VIEW
from gui.panels.spreads.rows import (
    HEAT,
    Column,
    Piece,
    SpreadRow,
    brackets,
    figure_text,
    heat,
    parse_filter,
    sort_rows,
)
from gui.panels.spreads.table import CHOSEN_HEAT
from gui.theme import Theme, contrast
from gui.widgets.figure_table import tinted
from gui.widgets.layer_rows import LayerRow

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc8" type: "InnerProduct" bottom: "conv1" top: "fc8"
  inner_product_param { num_output: 6 } }
"""
VALUES = [("data", "data"), ("conv1", "conv1"), ("relu1", "conv1"), ("fc8", "fc8")]


def spread_of(values: np.ndarray) -> ValueSpread:
    array = np.asarray(values, np.float32)
    return of_moments(Moments().of(array), ChannelRange().of(array), CellCounts().of(array))


def row(index: int, name: str, values: np.ndarray, chain: str = "") -> SpreadRow:
    found = LayerRow(FindRecord(name, "ReLU"), name, name, "", "4×2", chain=chain)
    return SpreadRow(index, found, spread_of(values), 2)


def rows() -> list[SpreadRow]:
    dead = np.zeros((2, 4, 8))
    dead[:, 0] = 3
    return [
        row(0, "first", np.linspace(-8, 4, 64).reshape(2, 4, 8), "b"),
        row(1, "second", dead, "b"),
        row(2, "third", np.full((2, 4, 8), np.nan)),
    ]


def test_a_filter_compares_figures_and_finds_words() -> None:
    def names(words: str) -> list[str]:
        return [one.row.layer for one in rows() if parse_filter(words).holds(one)]

    assert names("") == ["first", "second", "third"]
    assert names("zeros>70") == ["second"]
    assert names("dead>=3 zeros<80") == ["second"]
    assert names("nan>0") == ["third"]
    assert names("min<-7.5 max=4") == ["first"]
    assert names("second") == ["second"]
    assert names("zeros>70 first") == []
    assert parse_filter("params>x").problem


def test_sorting_puts_what_has_nothing_last() -> None:
    by_mean = sort_rows(rows(), Column.MEAN, is_descending=False)
    assert [one.row.layer for one in by_mean] == ["first", "second", "third"]
    by_max = sort_rows(rows(), Column.MAXIMUM, is_descending=True)
    assert [one.row.layer for one in by_max] == ["first", "second", "third"]
    by_dead = sort_rows(rows(), Column.DEAD, is_descending=True)
    assert by_dead[0].row.layer == "second"


def test_heat_has_a_sign_and_no_more_than_all() -> None:
    for column in HEAT:
        assert max(map(abs, heat(rows(), column))) <= 1
    least = heat(rows(), Column.MINIMUM)
    assert least[0] == -1
    assert least[2] == 0
    assert heat(rows(), Column.ZEROS)[1] == 0.75


@pytest.mark.parametrize("theme", [Theme.light(), Theme.dark()], ids=["light", "dark"])
def test_words_on_the_strongest_tint_can_be_read(theme: Theme) -> None:
    grounds = ((theme.panel, 1.0), (theme.alternate_row, 1.0), (theme.selected_row, CHOSEN_HEAT))
    colours = (theme.tile_negative, theme.tile_positive, theme.not_relevant)
    for ground, strength in grounds:
        for colour in colours:
            assert contrast(theme.text, QColor(tinted(ground, colour, strength))) >= 4.5


def test_a_bracket_spans_the_rows_of_a_chain() -> None:
    assert brackets(rows()) == (Piece.FIRST, Piece.LAST, Piece.NONE)


def test_figures_have_as_many_digits_as_a_column_takes() -> None:
    said = [figure_text(v) for v in (0, 6338.29, -250.61, 46.123, 0.2014, 3.21e-5, 3e7, np.nan)]
    assert said == ["0", "6,338", "\u2212250.6", "46.12", "0.201", "3.2e-05", "3.0e+07", "–"]


def test_the_small_histogram_leaves_zeros_out() -> None:
    bars = rows()[1].bars()
    assert np.flatnonzero(bars).tolist() == [len(bars) - 1]
    assert not len(rows()[2].bars())


@pytest.fixture
def shown(bench, qtbot, tmp_path: Path, photos: Path):
    """The view of all layers over an image."""
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    bench.opening.open_paths([net, photos / "red" / "0.png"])
    qtbot.waitUntil(lambda: bench.inspecting.can_run())
    bench.window.show_page("layer")
    bench.window.layer_page.show_view(ALL_LAYERS_VIEW)
    settle(bench, qtbot)
    return bench


def settle(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)


def view_of(bench):
    return bench.layer.all_layers._view


def over(bench, qtbot, photos: Path, key: str) -> None:
    bench.searching.state.choose_folder(photos)
    bench.searching.changed.emit()
    bench.window.layer_page.view_bar.over.choose(key)
    settle(bench, qtbot)


def test_one_pass_fills_a_row_for_every_version(shown, qtbot) -> None:
    table = view_of(shown).panel.table
    assert [one.value for one in table.model_.rows] == VALUES
    assert table.model_.rows[1].row.is_hidden
    assert table.model_.pieces == (Piece.NONE, Piece.FIRST, Piece.LAST, Piece.NONE)
    assert "4 versions, 0.png" in view_of(shown).panel.of_what.text()
    view_of(shown).panel.filter.setText("min<0")
    assert all(one.spread.minimum < 0 for one in table.model_.rows)
    view_of(shown).panel.filter.setText("params>x")
    assert "params" in view_of(shown).panel.of_what.text()


def test_the_table_stands_until_the_next_image_has_run(shown, qtbot, photos: Path) -> None:
    panel = view_of(shown).panel
    shown.document.set_image(photos / "red" / "1.png")
    assert [one.value for one in panel.table.model_.rows] == VALUES
    assert "0.png" in panel.of_what.text()
    settle(shown, qtbot)
    assert "1.png" in panel.of_what.text()


def test_a_row_is_the_layer_of_the_window_and_enter_opens_its_values(shown, qtbot) -> None:
    view, table = view_of(shown), view_of(shown).panel.table
    assert view.side.isHidden()
    table.choose(("relu1", "conv1"))
    assert shown.document.selection == "relu1"
    assert view.side.title.text() == "relu1 · conv1@1"
    (series,) = view.side.plot._view.series
    assert series.statistics.n_values == 4 * 6 * 6
    shown.document.select("fc8")
    assert table.chosen.row.layer == "fc8"
    qtbot.keyClick(table, Qt.Key_Return)
    assert shown.window.layer_page.view == VALUES_VIEW


def test_a_dead_channel_opens_in_values_and_its_weights_are_a_click_away(shown, qtbot) -> None:
    view = view_of(shown)
    view.panel.table.choose(("relu1", "conv1"))
    side = view.side
    side.chips.show_channels((1, 3))
    side.chips.setFocus()
    qtbot.keyClick(side.chips, Qt.Key_Right)
    assert shown.window.layer_page.view == ALL_LAYERS_VIEW
    qtbot.keyClick(side.chips, Qt.Key_Return)
    settle(shown, qtbot)
    assert shown.window.layer_page.view == VALUES_VIEW
    assert shown.document.selection == "relu1"
    activations = shown.window.panels.activations
    assert activations.chosen[0] == 3
    assert [card.value.layer for card in activations.cards] == ["relu1"]
    shown.window.layer_page.show_view(ALL_LAYERS_VIEW)
    qtbot.mouseClick(side.weights_link, Qt.LeftButton)
    assert shown.window.layer_page.view == WEIGHTS_VIEW


def test_a_folder_is_read_on_a_click_alone_and_stays(shown, qtbot, photos: Path) -> None:
    view = view_of(shown)
    assert shown.layer.all_layers.over == IMAGE
    over(shown, qtbot, photos, FOLDER)
    assert view.panel.table.model_.rows == ()
    assert view.panel.offer.isVisible()
    assert view.panel.offer.button.text().startswith("Read 18")
    view.panel.offer.button.click()
    settle(shown, qtbot)
    assert view.panel.offer.isHidden()
    assert [one.n_images for one in view.panel.table.model_.rows] == [18] * 4
    assert "18 images" in view.panel.of_what.text()
    kept = list((shown.searching.places.cache / "statistics").glob("*.npz"))
    assert len(kept) == 1
    shown.layer.folder_statistics._asked = None  # as another window would
    shown.layer.folder_statistics.look()
    settle(shown, qtbot)
    assert shown.layer.folder_statistics.found.n_kept == 18


def test_both_put_the_folder_against_the_image_over_the_same_edges(
    shown, qtbot, photos: Path
) -> None:
    over(shown, qtbot, photos, BOTH)
    view = view_of(shown)
    view.panel.offer.button.click()
    settle(shown, qtbot)
    view.panel.table.choose(("data", "data"))
    a, b = view.side.plot._view.series
    assert a.label == "photos, 18"
    assert b.label == "0.png"
    np.testing.assert_array_equal(a.histogram.edges, b.histogram.edges)
    assert a.statistics.n_values == 18 * b.statistics.n_values
    assert (a.histogram.n_below, a.histogram.n_above) == (0, 0)


def test_the_table_goes_out_as_csv(shown, qtbot, user, tmp_path: Path) -> None:
    view_of(shown).panel.copy_button.click()
    assert QApplication.clipboard().text().startswith("layer,top,version")
    user.files.append((tmp_path / "out.csv",))
    view_of(shown).panel.save_button.click()
    with (tmp_path / "out.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [(one["layer"], one["top"]) for one in found] == VALUES
    assert float(found[2]["minimum"]) == 0


def test_what_was_read_of_a_folder_colours_the_graph(shown, qtbot, photos: Path) -> None:
    overlaying, graph = shown.layer.overlaying, shown.window.panels.graph

    def folder_menu():
        menus = [a.menu() for a in graph.overlay_menu().actions() if a.menu() is not None]
        return menus[0] if menus else None

    assert folder_menu() is None
    over(shown, qtbot, photos, FOLDER)
    assert [(a.text(), a.isEnabled()) for a in folder_menu().actions()] == [
        ("nothing is read of it   Layer, All layers", False)
    ]
    view_of(shown).panel.offer.button.click()
    settle(shown, qtbot)
    assert folder_menu().title() == "over photos, 18 images"
    next(a for a in folder_menu().actions() if a.text().startswith("zeros")).trigger()
    settle(shown, qtbot)
    zeros = shown.layer.folder_statistics.found.spreads[("relu1", "conv1")].sparsity
    assert graph.overlay.values["relu1"] == pytest.approx(100 * zeros)
    assert [a.text()[:5] for a in folder_menu().actions() if a.isChecked()] == ["zeros"]
    shown.opening.open_image(photos / "red" / "1.png")
    settle(shown, qtbot)
    assert overlaying.numbers is not None
    shown.searching.state.choose_folder(photos / "red")
    shown.searching.changed.emit()
    settle(shown, qtbot)
    assert overlaying.numbers is None
