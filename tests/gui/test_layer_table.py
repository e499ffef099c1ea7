"""The layer table: rows and brackets, filter, order, selection, wishes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QFontMetrics
from PyQt5.QtWidgets import QApplication

from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename
from core.weights.binding import Binding
from core.words import bytes_text, join_names, plural, shape_text, short_count
from gui.panels.layers.model import GUTTER_ROLE
from gui.panels.layers.rows import COLUMNS, Column, Gutter, gutter_marks, layer_rows
from gui.panels.layers.table import LayerTable
from gui.panels.layers.widths import LEAVING, Least, fitted
from gui.theme import text_font
from tests.gui.legible.recorder import record_texts


@pytest.fixture
def vgg(repository: Path):
    return load_net(repository / "prototxt" / "vgg16_deploy.prototxt")


@pytest.fixture
def table(qtbot, keeper, vgg) -> LayerTable:
    table = LayerTable(keeper)
    qtbot.addWidget(table)
    table.resize(462, 800)
    table.show()
    table.show_net(vgg, infer_shapes(vgg))
    return table


def shown(table: LayerTable) -> list[str]:
    return [row.record.name for row in table.model.shown]


def cell(table: LayerTable, name: str, column: Column) -> str:
    place = table.model.place_of(name)
    return str(table.model.index(place, COLUMNS.index(column)).data())


def selected(table: LayerTable) -> str:
    rows = table.view.selectionModel().selectedRows()
    return table.model.row_at(rows[0]).record.name if rows else ""


def test_without_a_net_it_offers_to_open_one(qtbot, keeper) -> None:
    table = LayerTable(keeper)
    qtbot.addWidget(table)
    table.show()
    assert table.empty.isVisible()
    with qtbot.waitSignal(table.open_requested):
        table.empty.clicked.emit()


def test_cells_say_what_a_layer_is_and_costs(table: LayerTable) -> None:
    assert len(table.model.shown) == 40
    assert cell(table, "fc6", Column.TYPE) == "InnerProduct"
    assert cell(table, "fc6", Column.BLOB) == "fc6@0"
    assert cell(table, "fc6", Column.SHAPE) == "4096"
    assert cell(table, "conv5_3", Column.SHAPE) == "512×14×14"
    assert cell(table, "fc6", Column.PARAMS) == "102,764,544"
    assert cell(table, "fc6", Column.MACS) == "103 M"
    assert cell(table, "relu6", Column.MEMORY) == "0 B"
    assert cell(table, "pool5", Column.BLOB) == "pool5"
    assert table.totals.words[Column.PARAMS] == "138,357,544"


def test_chains_are_bracketed_from_first_to_last(table: LayerTable) -> None:
    marks = {
        row.record.name: table.model.index(place, 0).data(GUTTER_ROLE)
        for place, row in enumerate(table.model.shown)
    }
    assert [marks[name] for name in ("fc7", "relu7", "drop7")] == [
        Gutter.FIRST,
        Gutter.MEMBER,
        Gutter.LAST,
    ]
    assert marks["pool5"] is Gutter.NONE
    rows = {row.record.name: row for row in table.model.rows}
    assert rows["relu7"].is_overwritten
    assert rows["relu7"].tooltip == "drop7 overwrites fc7@1."
    assert not rows["drop7"].is_overwritten


def test_a_bracket_passes_layers_that_are_not_in_the_chain() -> None:
    net = read_net(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n'
        'layer { name: "a" type: "Power" bottom: "data" top: "a" }\n'
        'layer { name: "b" type: "Power" bottom: "data" top: "b" }\n'
        'layer { name: "ra" type: "ReLU" bottom: "a" top: "a" }\n'
    )
    rows = layer_rows(net, infer_shapes(net))
    assert gutter_marks(rows) == (Gutter.NONE, Gutter.FIRST, Gutter.PAST, Gutter.LAST)
    assert gutter_marks(rows[:3]) == (Gutter.NONE,) * 3


def test_the_filter_speaks_the_words_of_the_find_bar(qtbot, table: LayerTable) -> None:
    qtbot.keyClicks(table.filter, "type:ReLU fc")
    assert shown(table) == ["relu6", "relu7"]
    table.filter.setText("params>10M")
    assert shown(table) == ["fc6", "fc7"]
    table.filter.setText("params>soon")
    assert table.problem.isVisible()
    assert "needs a number" in table.problem.text()
    table.filter.setText("nothing is called so")
    assert table.no_match.isVisible()
    table.no_match.clicked.emit()
    assert len(shown(table)) == 40


@pytest.mark.parametrize("width", [462, 700])
def test_the_names_drawn_are_those_of_the_rows_that_show(table: LayerTable, width: int) -> None:
    table.resize(width, 800)
    for words in ("", "relu", "pool", ""):
        table.filter.setText(words)
        drawn = [one.text for one in record_texts(table.view.viewport())]
        assert set(shown(table)[:15]) <= set(drawn), words


def test_in_place_only_shows_the_layers_of_chains(table: LayerTable) -> None:
    table.in_place_only.click()
    assert len(shown(table)) == 32
    assert "pool1" not in shown(table)


def test_a_header_click_orders_and_the_third_brings_the_file_back(table: LayerTable) -> None:
    header = table.view.horizontalHeader()
    section = COLUMNS.index(Column.PARAMS)
    header.sectionClicked.emit(section)
    assert shown(table)[:3] == ["fc6", "fc7", "fc8"]
    header.sectionClicked.emit(section)
    assert shown(table)[-1] == "fc6"
    header.sectionClicked.emit(section)
    assert shown(table)[0] == "input"
    assert table.model.sorted_by is None


def test_selection_goes_both_ways_without_an_echo(qtbot, table: LayerTable) -> None:
    heard: list[str] = []
    table.layer_selected.connect(heard.append)
    table.show_selection("relu7")
    assert selected(table) == "relu7"
    assert heard == []
    place = table.view.visualRect(table.model.index(table.model.place_of("fc7"), 2)).center()
    qtbot.mouseClick(table.view.viewport(), Qt.LeftButton, Qt.NoModifier, place)
    assert heard == ["fc7"]
    qtbot.keyClick(table.view, Qt.Key_Down)
    assert heard == ["fc7", "relu7"]
    table.filter.setText("pool")
    assert selected(table) == ""
    table.filter.clear()
    assert selected(table) == "relu7"


def test_the_mouse_on_a_row_lights_the_layer(qtbot, table: LayerTable) -> None:
    heard: list[str] = []
    table.layer_hovered.connect(heard.append)
    index = table.model.index(3, 2)
    qtbot.mouseMove(table.view.viewport(), table.view.visualRect(index).center())
    qtbot.waitUntil(lambda: heard == [table.model.shown[3].record.name])
    QApplication.sendEvent(table.view, leave_event())
    assert heard[-1] == ""


def leave_event():
    from PyQt5.QtCore import QEvent

    return QEvent(QEvent.Leave)


def test_f2_and_the_menu_ask_for_renames_of_shared_layers_only(qtbot, table: LayerTable) -> None:
    heard: list[tuple[str, ...]] = []
    table.rename_requested.connect(heard.append)
    table.show_selection("relu7")
    qtbot.keyClick(table.view, Qt.Key_F2)
    table.show_selection("pool5")
    qtbot.keyClick(table.view, Qt.Key_F2)
    assert heard == [("relu7",)]
    row = next(row for row in table.model.rows if row.record.name == "drop7")
    menu = table.menu_of(row)
    actions = {action.text(): action for action in menu.actions()}
    actions["Give drop7 a blob of its own\tF2"].trigger()
    assert heard == [("relu7",), ("drop7",)]
    pooling = next(row for row in table.model.rows if row.record.name == "pool5")
    offered = [action.text() for action in table.menu_of(pooling).actions()]
    assert not any("blob of its own" in words for words in offered)


def test_a_rename_changes_the_cells_and_keeps_the_place(table: LayerTable, vgg) -> None:
    table.show_selection("relu7")
    scrolled = table.view.verticalScrollBar().value()
    plan = plan_rename(vgg, ["relu7"])
    after = read_net(plan.new_text)
    own = {(rename.layer, rename.new_blob) for rename in plan.renames}
    table.show_net(after, infer_shapes(after), own_blobs=own)
    assert cell(table, "relu7", Column.BLOB) == "fc7_relu7"
    assert next(row for row in table.model.rows if row.record.name == "relu7").is_own
    assert table.view.verticalScrollBar().value() == scrolled
    assert selected(table) == "relu7"


def test_layers_without_weights_are_told(table: LayerTable, vgg) -> None:
    binding = Binding(("conv1_1",), ("fc8",), (), (), 2, 4, 10)
    table.show_net(vgg, infer_shapes(vgg), binding)
    row = next(row for row in table.model.rows if row.record.name == "fc8")
    assert row.is_unbound
    assert "filler values" in row.tooltip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_cell_paints_in_both_themes(qtbot, table: LayerTable, keeper, theme: str) -> None:
    keeper.choose(theme)
    table.show_selection("relu7")
    shot = table.view.viewport().grab().toImage()
    place = table.view.visualRect(table.model.index(table.model.place_of("relu7"), 2))
    corner = QPoint(place.right() - 1, place.top() + 2)
    assert shot.pixelColor(corner).name() == keeper.theme.selected_row.name()


def test_words() -> None:
    assert shape_text((1, 3, 224, 224)) == "1×3×224×224"
    assert shape_text(None) == "?"
    assert shape_text(()) == "scalar"
    counts = [short_count(n) for n in (0, 999, 1500, 15_470_264_320)]
    assert counts == ["0", "999", "1.50 k", "15.5 G"]
    sizes = [bytes_text(n) for n in (0, 16384, 12_845_056, 500)]
    assert sizes == ["0 B", "16 KiB", "12.2 MiB", "500 B"]
    assert join_names(["a", "b", "c"]) == "a, b and c"
    assert plural(1, "layer") == "1 layer"


def test_shares_are_parts_of_the_whole(table: LayerTable) -> None:
    """fc6 of VGG16: 25088 x 4096 + 4096 of 138,357,544 parameters."""
    assert cell(table, "fc6", Column.SHARE) == "74.3 %"
    assert cell(table, "relu6", Column.SHARE) == "0"
    place = table.model.place_of("fc6")
    index = table.model.index(place, COLUMNS.index(Column.PARAMS))
    assert "74.27 % of the net's Params" in index.data(Qt.ToolTipRole)


def test_only_hidden_versions_is_the_find_operator_as_a_button(qtbot, table: LayerTable) -> None:
    qtbot.mouseClick(table.hidden_only, Qt.LeftButton)
    by_button = [row.record.name for row in table.model.shown]
    qtbot.mouseClick(table.hidden_only, Qt.LeftButton)
    table.filter.setText("hidden:yes")
    assert [row.record.name for row in table.model.shown] == by_button
    assert len(by_button) == 17
    assert {"fc7", "relu7"} <= set(by_button)
    assert "drop7" not in by_button


def test_totals_follow_the_filter(table: LayerTable) -> None:
    assert table.totals.words[Column.NAME] == "40 layers"
    table.filter.setText("name:fc")
    assert table.totals.words[Column.NAME] == "3 of 40 layers"
    assert table.totals.words[Column.PARAMS] == "123,642,856"


def test_what_is_shared_by_name_counts_once(qtbot, keeper) -> None:
    text = 'input: "d" input_shape { dim: 1 dim: 4 }' + "".join(
        f'layer {{ name: "ip{i}" type: "InnerProduct" bottom: "d" top: "ip{i}" '
        'param { name: "w" } param { name: "b" } inner_product_param { num_output: 3 } }'
        for i in range(2)
    )
    net = read_net(text)
    table = LayerTable(keeper)
    qtbot.addWidget(table)
    table.show_net(net, infer_shapes(net))
    assert table.totals.words[Column.PARAMS] == "15"
    assert [row.record.params for row in table.model.rows][1:] == [15, 15]


def test_the_csv_holds_the_rows_that_show_and_their_sums(table: LayerTable) -> None:
    table.filter.setText("name:fc")
    lines = list(csv.DictReader(io.StringIO(table.as_csv().decode())))
    assert [line["layer"] for line in lines] == ["fc6", "fc7", "fc8", "total"]
    assert lines[0]["parameters"] == "102764544"
    assert lines[0]["output shapes"] == "1x4096"
    assert lines[0]["overwritten"] == "yes"
    assert float(lines[0]["parameters share"]) == pytest.approx(102764544 / 123642856, abs=1e-6)
    assert lines[-1]["parameters"] == "123642856"
    assert lines[-1]["memory bytes"] == str(4 * (4096 + 4096 + 1000))


ALWAYS = tuple(column for column in COLUMNS if column is not Column.NUMBER)
"""The columns of a table without numbers of its own."""
ALL_SIXTY = dict.fromkeys(ALWAYS, 60) | {Column.GUTTER: 15, Column.FAMILY: 15}
LEAST = {Column.NAME: Least(108, 90), Column.BLOB: Least(104, 80)}
SHORT = {Column.NAME: Least(60, 60), Column.BLOB: Least(60, 60)}


def test_names_give_way_before_a_column_leaves(qapp) -> None:
    wide = ALL_SIXTY | {Column.NAME: 170, Column.BLOB: 170}
    assert set(fitted(wide, LEAST, 2000)) == set(ALWAYS)
    shrunk = fitted(wide, LEAST, 680)
    assert set(shrunk) == set(ALWAYS)
    assert 108 <= shrunk[Column.NAME] < 170
    assert 104 <= shrunk[Column.BLOB] < 170


def test_columns_leave_whole_the_costs_first_and_the_shape_last(qapp) -> None:
    rooms = (520, 500, 440, 380, 320, 264, 224, 150)
    left = [ALWAYS[len(fitted(ALL_SIXTY, SHORT, room)) :] for room in rooms]
    assert [len(those) for those in left] == list(range(8))
    for room, n_out in zip(rooms, range(8), strict=True):
        assert set(ALWAYS) - set(fitted(ALL_SIXTY, SHORT, room)) == set(LEAVING[:n_out])


@pytest.mark.parametrize("room", range(260, 900, 7))
def test_no_number_is_ever_cut(qapp, room: int) -> None:
    wide = ALL_SIXTY | {Column.NAME: 170, Column.BLOB: 170, Column.SHAPE: 95}
    shown = fitted(wide, LEAST, room)
    assert sum(shown.values()) <= room
    for column in set(shown) - {Column.NAME, Column.BLOB}:
        assert shown[column] == wide[column]


def test_what_the_user_put_away_stays_away(qapp) -> None:
    assert Column.TYPE not in fitted(ALL_SIXTY, LEAST, 2000, {Column.TYPE})


def show_real_net(table: LayerTable, material, name: str, width: int) -> None:
    net = load_net(material(f"prototxts/{name}"))
    table.show_net(None, None)
    table.resize(width, 700)
    table.show_net(net, infer_shapes(net))


@pytest.mark.parametrize("width", [230, 316, 420, 640])
@pytest.mark.parametrize("name", [
    "BVLC__caffe__models__bvlc_googlenet__train_val.prototxt",
    "KaimingHe__deep-residual-networks__prototxt__ResNet-152-deploy.prototxt",
    "chuanqi305__MobileNet-SSD__deploy.prototxt",
    "forresti__SqueezeNet__SqueezeNet_v1.0__deploy.prototxt",
])  # fmt: skip
def test_names_of_real_nets_can_be_told_apart_and_numbers_are_whole(
    table: LayerTable, material, name: str, width: int
) -> None:
    """What once read inceptio…3_reduce, res2a_…ch2a@0 and 1×512×38×3."""
    show_real_net(table, material, name, width)
    model, view = table.model, table.view
    for place, column in enumerate(COLUMNS[2:], 2):
        metrics = QFontMetrics(text_font(11 if column is Column.TYPE else 12))
        if view.isColumnHidden(place):
            continue
        width = view.columnWidth(place) - 4
        cells = [model.index(row, place) for row in range(model.rowCount())]
        texts = [table.delegate.shown_text(cell, width) for cell in cells]
        whole = [str(cell.data()) for cell in cells]
        assert all(metrics.horizontalAdvance(text) <= width for text in texts), column
        if column in (Column.NAME, Column.BLOB):
            assert len(set(texts)) == len(set(whole))
        else:
            assert texts == whole


def test_end_and_home_go_to_the_last_and_first_row(qtbot, table: LayerTable) -> None:
    heard: list[str] = []
    table.layer_selected.connect(heard.append)
    table.show_selection("relu7")
    qtbot.keyClick(table.view, Qt.Key_End)
    qtbot.keyClick(table.view, Qt.Key_Home)
    qtbot.keyClick(table.view, Qt.Key_Right)
    assert heard == ["prob", "input"]
    assert table.view.horizontalScrollBar().value() == 0


def test_a_column_without_room_asks_for_the_width_it_needs(table: LayerTable) -> None:
    table.resize(316, 700)
    assert table.left_out == (Column.TYPE, Column.PARAMS, Column.MACS, Column.MEMORY)
    assert table.view.header.more.text() == "+ 4"
    menu = table.columns_menu()
    wish = next(a for a in menu.actions() if a.text() == "Widen to show Params")
    table.width_requested.connect(lambda width: table.resize(width, 700))
    wish.trigger()
    assert table.left_out == (Column.MACS, Column.MEMORY)


def test_several_selected_rows_are_told_renamed_and_copied(qtbot, table: LayerTable) -> None:
    heard: list[tuple[str, ...]] = []
    wishes: list[tuple[str, ...]] = []
    table.layers_selected.connect(heard.append)
    table.rename_requested.connect(wishes.append)
    table.show_selection("relu6")
    for _ in range(3):
        qtbot.keyClick(table.view, Qt.Key_Down, Qt.ShiftModifier)
    assert heard[-1] == ("relu6", "drop6", "fc7", "relu7")
    qtbot.keyClick(table.view, Qt.Key_F2)
    assert wishes == [("relu6", "drop6", "fc7", "relu7")]
    row = next(row for row in table.model.rows if row.record.name == "fc7")
    actions = {action.text(): action for action in table.menu_of(row).actions()}
    assert "Give 4 layers blobs of their own\tF2" in actions
    actions["Copy blob@version"].trigger()
    assert QApplication.clipboard().text().splitlines() == ["fc6@1", "fc6@2", "fc7@0", "fc7@1"]
    qtbot.keyClick(table.view, Qt.Key_Down)
    assert heard[-1] == ()


def test_only_the_chosen_chain_stands_out(table: LayerTable) -> None:
    table.show_selection("relu7")
    assert table.delegate.chosen_chains == {"fc7"}
    table.show_selection("pool5")
    assert table.delegate.chosen_chains == frozenset()


def test_the_count_in_the_status_line_filters_to_hidden_versions(bench, qtbot, repository) -> None:
    bench.opening.open_paths([repository / "prototxt" / "vgg16_deploy.prototxt"])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    table, link = bench.window.panels.layer_table, bench.window.status_line.hidden_link
    assert link.text() == "17 in-place layers hide 17 blob versions"
    qtbot.mouseClick(link, Qt.LeftButton)
    assert len(table.model.shown) == 17
    assert all(row.is_overwritten for row in table.model.shown)
    qtbot.keyClick(link, Qt.Key_Return)
    assert len(table.model.shown) == len(table.model.rows)
