"""The one list of layers: how a value is spelled, found, ticked, taken and drawn."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import QPoint, Qt

from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from gui.dialogs.extract import ExtractDialog
from gui.widgets.layer_list import MOST_ROWS, ROW_HEIGHT, LayerList
from gui.widgets.layer_picker import LayerPicker, LayerPickerButton
from gui.widgets.layer_rows import layer_rows

NET = """layer { name: "data" type: "Input" top: "data" input_param {
  shape { dim: 1 dim: 3 dim: 7 dim: 7 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"
  inner_product_param { num_output: 8 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7" }
layer { name: "halves" type: "Slice" bottom: "fc7" top: "left" top: "right" }
layer { name: "end" type: "Silence" bottom: "left" bottom: "right" }
"""


@pytest.fixture
def rows():
    net = read_net(NET)
    return layer_rows(net, infer_shapes(net), {("relu7", "fc7")})


@pytest.fixture
def picker(keeper, qtbot) -> LayerPicker:
    picker = LayerPicker(keeper)
    qtbot.addWidget(picker)
    return picker


def test_every_value_is_a_row_in_its_one_spelling(rows) -> None:
    assert [(row.words, row.shape, row.is_hidden) for row in rows] == [
        ("data", "3×7×7", False),
        ("fc7 · fc7@0", "8", True),
        ("relu7 · fc7@1", "8", True),
        ("drop7 · fc7@2", "8", False),
        ("halves · left", "4", False),
        ("halves · right", "4", False),
        ("end", "", False),
    ]
    assert [row.layer for row in rows if row.is_in_gallery] == ["relu7"]
    assert [row.layer for row in rows if row.chain] == ["fc7", "relu7", "drop7"]


def test_names_come_before_what_has_only_the_shape(picker, rows) -> None:
    """The mock's case: 7 finds fc7, relu7 and drop7, and then data for its 7 x 7."""
    picker.open_at(QPoint(0, 0), rows)
    picker.field.setText("7")
    listed = [picker.layers.list.item(place) for place in range(picker.layers.list.count())]
    assert picker.shown == (
        "fc7 · fc7@0", "relu7 · fc7@1", "drop7 · fc7@2", "halves · left", "halves · right", "data"
    )  # fmt: skip
    assert listed[5].text() == "Also matching: shape, 7"
    assert picker.count.text() == "6 of 7"


def test_the_keyboard_passes_over_headings(picker, rows, qtbot) -> None:
    picker.open_at(QPoint(0, 0), rows)
    picker.field.setText("7")
    for _ in range(5):
        qtbot.keyClick(picker.field, Qt.Key_Down)
    with qtbot.waitSignal(picker.value_chosen) as chosen:
        qtbot.keyClick(picker.field, Qt.Key_Return)
    assert chosen.args == ["data", "data"]
    assert not picker.isVisible()


def test_one_of_several_tops_can_be_chosen(picker, rows, qtbot) -> None:
    picker.open_at(QPoint(0, 0), rows, ("halves", "right"))
    with qtbot.waitSignal(picker.value_chosen) as chosen:
        qtbot.keyClick(picker.field, Qt.Key_Return)
    assert chosen.args == ["halves", "right"]


def test_it_never_fills_the_screen(picker, rows) -> None:
    picker.open_at(QPoint(0, 0), rows * 40)
    assert picker.layers.list.height() == MOST_ROWS * ROW_HEIGHT + 2


def test_no_value_is_a_row_where_it_may_be_chosen(keeper, rows, qtbot) -> None:
    button = LayerPickerButton(keeper, "Series B", nothing="no second value")
    qtbot.addWidget(button)
    button.rows_wanted = lambda: rows
    button.show_value(("relu7", "fc7"), "relu7 · fc7@1")
    button.show()
    assert button.accessibleName() == "Series B: relu7 · fc7@1"
    qtbot.keyClick(button, Qt.Key_Down)
    assert button.picker.isVisible()
    qtbot.keyClick(button.picker.field, Qt.Key_PageUp)
    with qtbot.waitSignal(button.value_chosen) as chosen:
        qtbot.keyClick(button.picker.field, Qt.Key_Return)
    assert chosen.args == ["", ""]


def test_chains_and_signs_are_drawn_where_they_belong(keeper, rows, picker) -> None:
    """The bracket runs along the three rows of fc7 and along no other."""
    picker.open_at(QPoint(0, 0), rows)
    view = picker.layers.list
    image = view.viewport().grab().toImage()
    mark = keeper.theme.mark.rgb()
    marked = {y // ROW_HEIGHT for y in range(image.height()) if image.pixel(4, y) == mark}
    assert marked == {1, 2, 3}


def test_rows_that_a_search_hides_stay_ticked(keeper, rows, qtbot) -> None:
    layers = LayerList(keeper, is_checkable=True)
    qtbot.addWidget(layers)
    layers.show_rows(rows, ticked=[("data", "data")])
    qtbot.keyClicks(layers.field, "type:relu")
    qtbot.keyClick(layers.field, Qt.Key_Return)
    layers.field.clear()
    assert layers.ticked == (("data", "data"), ("relu7", "fc7"))
    qtbot.keyClicks(layers.field, "blob:fc7")
    layers.tick_shown(False)
    assert layers.ticked == (("data", "data"),)


def test_the_extract_dialog_lists_layers_as_all_others_do(keeper, rows, qtbot, tmp_path) -> None:
    dialog = ExtractDialog(
        keeper, rows, "relu7", tmp_path / "cat.png", tmp_path / "out.npz",
        choose_out=lambda *_: None, choose_folder=lambda *_: None,
    )  # fmt: skip
    qtbot.addWidget(dialog)
    assert dialog.choice().values == (("relu7", "fc7"),)
    dialog.layers.field.setText("halves")
    dialog.check_all(True)
    assert dialog.choice().values == (
        ("relu7", "fc7"), ("halves", "left"), ("halves", "right")
    )  # fmt: skip
    assert dialog.count.text() == "3 of 7 chosen, 64 B an image"  # 8, 4 and 4 float32
