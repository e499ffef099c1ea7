"""The rename dialog: scopes, names edited with live checks, warnings, and what it carries out."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt5.QtCore import QItemSelectionModel, Qt
from PyQt5.QtWidgets import QAbstractItemView, QLineEdit

from core.net.rename_plan import Top
from gui.dialogs.rename_names import LAYER_NAME, NEW, OLD

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "fc6" type: "InnerProduct" bottom: "data" top: "fc6"
  inner_product_param { num_output: 4 } }
layer { name: "relu6" type: "ReLU" bottom: "fc6" top: "fc6" }
layer { name: "drop6" type: "Dropout" bottom: "fc6" top: "fc6" }
layer { name: "fc7" type: "InnerProduct" bottom: "fc6" top: "fc7"
  inner_product_param { num_output: 4 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
"""


@pytest.fixture
def opened(bench, qtbot, tmp_path: Path):
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    (tmp_path / "read.py").write_text("net.forward()\nx = net.blobs['fc7'].data\n")
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    return bench


def ask(bench, qtbot, *layers: str):
    table = bench.window.panels.layer_table
    selection = table.view.selectionModel()
    for number, name in enumerate(layers):
        index = table.model.index(table.model.place_of(name), 2)
        select = QItemSelectionModel.Select | QItemSelectionModel.Rows
        clear = QItemSelectionModel.ClearAndSelect | QItemSelectionModel.Rows
        selection.setCurrentIndex(index, select if number else clear)
    bench.window.actions_["plan_rename"].trigger()
    dialog = bench.rename_dialog.dialog
    wait_for_plan(bench, qtbot, dialog)
    return dialog


def wait_for_plan(bench, qtbot, dialog) -> None:
    """The fields' wish has been planned: as asked, or refused in words."""
    qtbot.waitUntil(
        lambda: (
            not dialog._settle.isActive()
            and bench.lanes.is_idle
            and (dialog.view is not None or bool(dialog.problem.text()))
        )
    )


def names(dialog) -> list[tuple[str, str]]:
    return [
        (dialog.table.item(row, OLD).text(), dialog.table.item(row, NEW).text())
        for row in range(dialog.table.rowCount())
    ]


def choose(bench, qtbot, dialog, scope: str) -> None:
    if dialog.scope.currentData() != scope:
        dialog._view = None
    dialog.scope.setCurrentIndex(dialog.scope.findData(scope))
    wait_for_plan(bench, qtbot, dialog)


def test_several_selected_layers_are_renamed_together(opened, qtbot) -> None:
    dialog = ask(opened, qtbot, "relu6", "relu7")
    assert "the 2 selected layers" in dialog.scope.currentText()
    assert names(dialog) == [("fc6", "fc6_relu6"), ("fc6", "fc6_drop6"), ("fc7", "fc7_relu7")]
    assert dialog.accept_button.text() == "Rename 3 blobs"
    assert '+ layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7_relu7" }' in (
        dialog.difference.rows.plain_text()
    )
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: len(opened.document.renames) == 3)
    opened.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: opened.document.text == NET)


def test_a_name_is_checked_while_it_is_typed(opened, qtbot) -> None:
    dialog = ask(opened, qtbot, "relu7")
    cell = dialog.table.item(0, NEW)
    cell.setText("fc6")
    assert "The name 'fc6' is taken" in dialog.problem.text()
    assert not dialog.accept_button.isEnabled()
    cell.setText("features")
    assert dialog.problem.text() == ""
    wait_for_plan(opened, qtbot, dialog)
    qtbot.waitUntil(lambda: 'top: "features"' in dialog.difference.rows.plain_text())
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: 'top: "features"' in opened.document.text)
    assert opened.notices.has("rename")


def test_an_emptied_name_gets_its_default_back(opened, qtbot) -> None:
    dialog = ask(opened, qtbot, "relu7")
    dialog.table.item(0, NEW).setText("mine")
    wait_for_plan(opened, qtbot, dialog)
    dialog.table.item(0, NEW).setText("")
    qtbot.waitUntil(lambda: dialog.table.item(0, NEW).text() == "fc7_relu7")
    assert dialog.wish().names == ()


def test_accepting_at_once_takes_what_was_typed_last(opened, qtbot) -> None:
    dialog = ask(opened, qtbot, "relu7")
    dialog.table.item(0, NEW).setText("late")
    dialog.accept()
    qtbot.waitUntil(lambda: 'top: "late"' in opened.document.text)


def test_needed_only_gives_the_fewest_new_names(opened, qtbot) -> None:
    dialog = ask(opened, qtbot, "fc6")
    choose(opened, qtbot, dialog, "needed")
    assert names(dialog) == [("fc6", "fc6_relu6")]
    assert dialog.note.text() == "After a full forward pass: fc6 in fc6."


def test_layers_can_be_called_so_too_and_the_selection_follows(opened, qtbot) -> None:
    dialog = ask(opened, qtbot, "relu7")
    dialog.layers_too.setChecked(True)
    wait_for_plan(opened, qtbot, dialog)
    qtbot.waitUntil(lambda: not dialog.table.isColumnHidden(LAYER_NAME))
    assert dialog.table.item(0, LAYER_NAME).text() == "fc7_relu7"
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: 'name: "fc7_relu7"' in opened.document.text)
    assert opened.document.selection == "fc7_relu7"
    assert opened.document.own_blobs() == {("fc7_relu7", "fc7_relu7")}
    assert opened.settings.renames_layers


def test_warnings_name_the_output_and_the_python_code(opened, qtbot) -> None:
    dialog = ask(opened, qtbot, "relu7")
    text = dialog.warnings.text()
    assert "The net output fc7 is called fc7_relu7 from now on" in text
    assert "read.py, line 2, has the name 'fc7'" in text
    assert "read.py:2: x = net.blobs['fc7'].data" in dialog.warnings.toolTip()


def test_a_blob_is_given_back(opened, qtbot) -> None:
    opened.renaming.rename_all()
    qtbot.waitUntil(lambda: len(opened.document.renames) == 3)
    dialog = ask(opened, qtbot, "relu7")
    assert dialog.scope.model().item(dialog.scope.findData("layers")).isEnabled() is False
    assert dialog.scope.currentData() is None
    assert dialog.problem.text().startswith("Every layer has a blob of its own.")
    assert not dialog.accept_button.isEnabled()
    choose(opened, qtbot, dialog, "give back")
    assert names(dialog) == [("fc7_relu7", "fc7")]
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: len(opened.document.renames) == 2)
    dialog = ask(opened, qtbot, "relu7")
    choose(opened, qtbot, dialog, "give back all")
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: opened.document.text == NET)


def test_a_preview_of_the_inspector_opens_the_dialog_with_its_name(opened, qtbot) -> None:
    opened.window.panels.inspector.preview_requested.emit("relu7", "mine")
    dialog = opened.rename_dialog.dialog
    wait_for_plan(opened, qtbot, dialog)
    assert dialog.wish().names == ((Top("relu7", 0), "mine"),)
    assert names(dialog) == [("fc7", "mine")]
    dialog.close()
    assert opened.document.text == NET


def test_the_text_difference_stands_side_by_side(opened, qtbot) -> None:
    opened.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: opened.document.is_edited)
    opened.window.panels.changes.side_by_side_link.clicked.emit()
    dialog = opened.dialogs.dialog
    assert dialog.windowTitle() == "Text difference"
    changed = [row for row in dialog.difference.rows.shown if not row.is_equal]
    assert [(row.old_number, row.new_number) for row in changed] == [(9, 9)]
    dialog.close()


def test_enter_in_a_name_keeps_the_dialog_open_and_escape_takes_the_typing_back(
    opened, qtbot
) -> None:
    dialog = ask(opened, qtbot, "relu6")
    table = dialog.table
    place = table.visualItemRect(table.item(0, NEW)).center()
    qtbot.mouseClick(table.viewport(), Qt.LeftButton, Qt.NoModifier, place)
    editor = table.findChild(QLineEdit)
    assert editor is not None
    editor.selectAll()
    qtbot.keyClicks(editor, "mine")
    qtbot.keyClick(editor, Qt.Key_Return)
    qtbot.waitUntil(lambda: names(dialog)[0] == ("fc6", "mine"))
    wait_for_plan(opened, qtbot, dialog)
    assert dialog.isVisible()
    table.editItem(table.item(0, NEW))
    editor = table.findChild(QLineEdit)
    qtbot.keyClicks(editor, "other")
    qtbot.keyClick(editor, Qt.Key_Escape)
    qtbot.waitUntil(lambda: table.state() != QAbstractItemView.EditingState)
    assert dialog.isVisible()
    assert names(dialog)[0] == ("fc6", "mine")
    qtbot.keyClick(dialog, Qt.Key_Return)
    qtbot.waitUntil(lambda: opened.document.is_edited and opened.lanes.is_idle)
    assert 'top: "mine"' in opened.document.text


def test_words_of_the_dialog_are_a_caffe_users(opened, qtbot) -> None:
    """Faults 29 and 47."""
    dialog = ask(opened, qtbot, "relu7")
    assert dialog.scope.currentText() == "Give relu7 a blob of its own"
    headings = [dialog.table.horizontalHeaderItem(c).text() for c in range(4)]
    assert headings == ["Layer", "Blob", "New blob", "New layer name"]
    assert dialog.layers_too.text() == "Also rename layers without weights, like their blobs"
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: len(opened.document.renames) == 1)
    dialog = ask(opened, qtbot, "relu7")
    assert dialog.scope.currentData() == "all"
    choose(opened, qtbot, dialog, "give back")
    assert dialog.note.text() == "Saves 16 B of activations in a forward pass."
    dialog.close()


def test_ctrl_r_asks_with_scope_and_names(opened, qtbot) -> None:
    opened.document.select("relu7")
    qtbot.keyClick(opened.window, Qt.Key_R, Qt.ControlModifier)
    qtbot.waitUntil(lambda: opened.rename_dialog.dialog is not None)
    dialog = opened.rename_dialog.dialog
    wait_for_plan(opened, qtbot, dialog)
    assert names(dialog) == [("fc7", "fc7_relu7")]
    dialog.close()


def test_undo_and_redo_say_what_they_do(opened, qtbot) -> None:
    """Fault 54: a fix was "Undo rename"."""
    actions = opened.window.actions_
    assert actions["undo"].text() == "Undo"
    opened.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: opened.document.is_edited)
    assert actions["undo"].text() == "Undo: rename relu7's blob"
    actions["undo"].trigger()
    assert (actions["undo"].text(), actions["redo"].text()) == (
        "Undo",
        "Redo: rename relu7's blob",
    )
