"""The comparison window: what it marks, says, filters, follows and takes along."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import pytest
from PyQt5.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PyQt5.QtTest import QTest

from gui.panels.comparison.model import ROW_ROLE, SIGN_COLUMN, WORDS_COLUMN

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"
  inner_product_param { num_output: 5 } }
"""
OTHER = (
    NET.replace("num_output: 4 kernel_size: 3", "num_output: 6 kernel_size: 3")
    .replace(
        'layer { name: "pool"',
        'layer { name: "norm" type: "LRN" bottom: "conv" top: "norm" }\nlayer { name: "pool"',
    )
    .replace('type: "Pooling" bottom: "conv"', 'type: "Pooling" bottom: "norm"')
    .replace('name: "fc" type', 'name: "fc_new" type')
)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "one.prototxt", tmp_path / "two.prototxt"
    first.write_text(NET)
    second.write_text(OTHER)
    return first, second


@pytest.fixture
def compare(bench, qtbot, user):
    """Chooses files as a user does, and waits for the window."""

    def run(first: Path, second: Path):
        user.files.append((first, second))
        bench.window.actions_["compare"].trigger()
        wait(bench, qtbot)
        return bench.comparing.panel

    return run


def wait(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle and bench.comparing.comparison is not None)


def lines(panel) -> list[tuple[str, str, str]]:
    """(sign, name of the row's layer, words) of what the table shows."""
    model = panel.model
    return [
        (
            model.index(row, SIGN_COLUMN).data(),
            model.index(row, 0).data(ROW_ROLE).name,
            model.index(row, WORDS_COLUMN).data(),
        )
        for row in range(model.rowCount())
    ]


def details(panel) -> list[tuple[str, ...]]:
    model = panel.details.model
    return [
        tuple(model.index(row, column).data() for column in range(5))
        for row in range(model.rowCount())
    ]


def test_two_files_show_what_differs_with_signs_and_words(compare, files) -> None:
    panel = compare(*files)
    assert lines(panel) == [
        ("~", "conv", "num_output 4 → 6"),
        ("+", "norm", "only in the second"),
        ("~", "pool", "reads norm, not conv"),
        ("~", "fc", "renamed"),
    ]
    assert panel.summary.text() == "2 layers are the same, 3 differ, 1 only in the second."
    assert panel.counts.text() == "~ 3 differ\u2003+ 1 second only\u2003= 2 equal, hidden (≈ 1)"
    assert [head.name.text() for head in panel.heads] == ["one.prototxt", "two.prototxt"]


def test_totals_are_those_worked_out_by_hand(compare, files) -> None:
    panel = compare(*files)
    # conv: 3*3*3*4+4 = 112 and 168; fc: 4*3*3*5+5 = 185 and 275
    # MACs: 27*4*36 + 180 = 4068 and 27*6*36 + 270, plus 5 x 216 of LRN where it counts
    words = panel.totals.words.splitlines()
    assert words[0] == "Layers 5, 6: +1, +20 %"
    assert words[1] == "Parameters 297, 443: +146, +49 %"
    assert words[2].startswith("MACs 4.07 k, ")


def test_all_layers_show_with_equal_ones_marked_so(compare, files, qtbot) -> None:
    panel = compare(*files)
    qtbot.mouseClick(panel.only_differences, Qt.LeftButton)
    signs = {name: sign for sign, name, _ in lines(panel)}
    assert signs == {"data": "=", "conv": "~", "relu": "≈", "norm": "+", "pool": "~", "fc": "~"}
    words = {name: said for _, name, said in lines(panel)}
    assert words["data"] == ""
    assert words["relu"] == "same text, other shape"
    assert "hidden" not in panel.counts.text()


def test_a_selected_layer_says_before_and_after(compare, files, qtbot) -> None:
    panel = compare(*files)
    qtbot.keyClick(panel.table, Qt.Key_Home)
    assert panel.details.heading.text() == "conv: 1 parameter differs."
    assert details(panel)[0] == (
        "Parameter", "num_output", "4", "6", "changes what the layer computes",
    )  # fmt: skip
    assert ("Output shape", "top 0", "1×4×6×6", "1×6×6×6", "a consequence") in details(panel)
    qtbot.keyClick(panel.table, Qt.Key_Down)
    assert panel.details.heading.text() == "norm, LRN, is only in the second."
    assert details(panel)[1] == ("Wiring", "bottom 0", "", "conv", "only in the second")
    assert details(panel)[-1] == ("Output shape", "top 0", "", "1×6×6×6", "only in the second")
    qtbot.keyClick(panel.table, Qt.Key_Down)
    assert details(panel)[0][:4] == (
        "Wiring", "bottom 0", "conv, written by relu", "norm, written by norm",
    )  # fmt: skip
    qtbot.keyClick(panel.table, Qt.Key_Down)
    assert panel.details.heading.text() == "fc (second: fc_new): the name differs."


def test_a_renamed_net_differs_in_names_only(compare) -> None:
    folder = Path(__file__).parents[2] / "prototxt"
    panel = compare(folder / "vgg16_deploy.prototxt", folder / "vgg16_deploy_renamed.prototxt")
    assert panel.summary.text().endswith("Both are wired alike: only names differ.")
    words = {name: said for _, name, said in lines(panel)}
    assert words["relu7"] == "other top names"  # fc7 to fc7_relu7, and it still reads fc7
    assert words["drop7"] == "other blob names"
    assert words["fc8"] == "other bottom names"
    names = panel.ignore_menu().actions()[0]
    names.setChecked(True)
    assert panel.pages.currentWidget() is panel.equal


def test_the_same_net_in_the_old_format_is_equal(compare, files, tmp_path: Path) -> None:
    old = tmp_path / "old.prototxt"
    old.write_text(
        NET.replace("layer {", "layers {")
        .replace('type: "Input" top: "data"\n  input_param { shape {', "type: DUMMY_DATA")
        .replace('"Convolution"', "CONVOLUTION")
        .replace('"ReLU"', "RELU")
        .replace('"Pooling"', "POOLING")
        .replace('"InnerProduct"', "INNER_PRODUCT")
        .replace("type: DUMMY_DATA dim: 1 dim: 3 dim: 8 dim: 8 } } }",
                 'type: DUMMY_DATA top: "data" dummy_data_param { num: 1 channels: 3 '
                 "height: 8 width: 8 } }")
    )  # fmt: skip
    panel = compare(files[0], old)
    assert [(sign, name) for sign, name, _ in lines(panel)] == [("~", "data")]
    assert [head.facts.text() for head in panel.heads] == [
        "5 layers · TEST · V2", "5 layers · TEST · V1",
    ]  # fmt: skip


def test_the_text_tab_shows_both_texts_at_the_selected_layer(compare, files) -> None:
    panel = compare(*files)
    panel.details.tabs.setCurrentIndex(1)
    panel.table.choose_place(3)
    text = panel.details.text.rows.plain_text().splitlines()
    assert '- layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"' in text
    assert '+ layer { name: "fc_new" type: "InnerProduct" bottom: "pool" top: "fc"' in text
    assert '  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }' in text
    rows = panel.details.text.rows
    fc = next(i for i, row in enumerate(rows.shown) if row.old and '"fc" type' in row.old)
    visible = rows.visibleRegion().boundingRect()
    assert visible.top() <= fc * rows.row_height() <= visible.bottom()


def test_f8_steps_over_equal_layers_and_goes_around(compare, files, qtbot) -> None:
    panel = compare(*files)
    panel.only_differences.setChecked(False)
    panel.table.choose_place(0)
    seen = []
    for _ in range(5):
        qtbot.keyClick(panel.table, Qt.Key_F8)
        seen.append(panel.table.chosen.name)
    assert seen == ["conv", "norm", "pool", "fc", "conv"]
    qtbot.keyClick(panel.table, Qt.Key_F8, Qt.ShiftModifier)
    assert panel.table.chosen.name == "fc"


def test_the_filter_looks_at_both_sides(compare, files, qtbot) -> None:
    panel = compare(*files)
    qtbot.keyClick(panel.table, Qt.Key_F, Qt.ControlModifier)
    QTest.keyClicks(panel.filter, "fc_new")
    assert [name for _, name, _ in lines(panel)] == ["fc"]
    panel.filter.setText("type:LRN")
    assert [name for _, name, _ in lines(panel)] == ["norm"]
    panel.filter.setText("no such layer")
    assert panel.pages.currentWidget() is panel.no_match
    panel.no_match.clicked.emit()
    assert len(lines(panel)) == 4


def test_names_and_training_settings_can_be_left_out(compare, files, tmp_path: Path) -> None:
    training = tmp_path / "training.prototxt"
    training.write_text(
        NET.replace('"xavier"', '"msra"').replace('name: "fc" type', 'name: "fc_new" type')
        .replace('top: "pool"', 'top: "pool" include { phase: TEST }')
        .replace("stride: 2", "stride: 2 pad: 0")
    )  # fmt: skip
    panel = compare(files[0], training)
    assert {name: words for _, name, words in lines(panel)} == {
        "conv": "training settings (1)",
        "pool": "training settings (1), same values spelled otherwise",
        "fc": "renamed",
    }
    by_words = {action.text(): action for action in panel.ignore_menu().actions()}
    by_words["Names of layers and blobs"].setChecked(True)
    assert [name for _, name, _ in lines(panel)] == ["conv", "pool"]
    assert panel.hint.text().endswith("Not counted: names.")
    assert panel.ignore_button.text() == "Ignoring 1"
    by_words["Training settings: fillers, rates, decay, phases"].setChecked(True)
    assert [name for _, name, _ in lines(panel)] == ["pool"]
    by_words["Other spellings of the same value"].setChecked(True)
    assert panel.pages.currentWidget() is panel.equal
    panel.equal.clicked.emit()
    assert ("=", "conv", "equal in what counts") in lines(panel)


def test_swap_puts_the_second_file_first(compare, files, bench, qtbot) -> None:
    panel = compare(*files)
    qtbot.mouseClick(panel.swap, Qt.LeftButton)
    qtbot.waitUntil(lambda: panel.heads[0].name.text() == "two.prototxt")
    assert ("−", "norm", "only in the first") in lines(panel)
    assert ("~", "conv", "num_output 6 → 4") in lines(panel)
    assert bench.comparing.dialog.windowTitle() == "Compare two.prototxt and one.prototxt"


def test_a_file_changed_on_the_disk_is_said_and_read_again(compare, files, qtbot) -> None:
    panel = compare(*files)
    files[1].write_text(NET)
    qtbot.waitUntil(lambda: panel.heads[1].changed.text() == "changed on the disk")
    assert panel.heads[0].changed.text() == ""
    qtbot.mouseClick(panel.reread, Qt.LeftButton)
    qtbot.waitUntil(lambda: "All 5 layers are the same" in panel.summary.text())
    assert panel.summary.text().endswith("The texts are equal, character by character.")
    assert panel.heads[1].changed.text() == ""
    assert panel.pages.currentWidget() is panel.equal
    assert not panel.details.isVisible()


def test_other_comments_are_no_difference_of_layers(compare, files, tmp_path: Path) -> None:
    commented = tmp_path / "commented.prototxt"
    commented.write_text("# mine\n" + NET)
    panel = compare(files[0], commented)
    assert panel.summary.text() == (
        "All 5 layers are the same. The texts differ in layout, comments or spelling only."
    )


def test_a_broken_file_is_named_with_its_line_beside_it(compare, files, bench, qtbot) -> None:
    files[1].write_text(NET.replace("num_output: 5", "num_output: l5"))
    panel = compare(*files)
    notice = panel.heads[1].notice
    assert notice is not None
    assert panel.heads[0].notice is None
    assert notice.notice.title == "two.prototxt, line 10, column 37"
    assert panel.summary.text() == "two.prototxt can't be read, so nothing is compared."
    assert panel.pages.currentWidget() is panel.broken
    files[1].write_text(OTHER)
    qtbot.mouseClick(panel.reread, Qt.LeftButton)
    qtbot.waitUntil(lambda: len(lines(panel)) == 4)
    assert panel.heads[1].notice is None


def test_a_missing_file_is_said_in_its_place(compare, files, tmp_path: Path) -> None:
    panel = compare(files[0], tmp_path / "gone.prototxt")
    assert "gone.prototxt" in panel.heads[1].notice.notice.title
    assert panel.heads[0].facts.text().startswith("5 layers")


def test_the_open_model_is_compared_as_it_is_edited(bench, files, user, qtbot) -> None:
    bench.opening.open_paths([files[0]])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    bench.window.actions_["rename_all"].trigger()
    qtbot.waitUntil(lambda: bench.document.is_edited and bench.lanes.is_idle)
    user.files.append((files[0],))
    bench.window.actions_["compare"].trigger()
    assert user.asked[-1] == "Compare one.prototxt with"
    wait(bench, qtbot)
    # both sides are the open model here: equal, edits included
    assert bench.comparing.panel.heads[0].name.text() == "one.prototxt (edited)"
    user.files.append((files[1],))
    bench.comparing.panel.heads[1].choose.click()
    qtbot.waitUntil(lambda: bench.comparing.panel.heads[1].name.text() == "two.prototxt")
    words = {name: said for _, name, said in lines(bench.comparing.panel)}
    assert words["relu"] == "other top names"
    assert words["pool"] == "reads norm, not conv_relu"
    bench.window.actions_["undo"].trigger()
    changed = bench.comparing.panel.heads[0].changed
    qtbot.waitUntil(lambda: changed.text() == "edited in the main window")


def test_without_a_model_both_files_are_asked_for(bench, files, user, qtbot) -> None:
    user.files += [(files[0],), (files[1],)]
    bench.window.actions_["compare"].trigger()
    wait(bench, qtbot)
    assert user.asked == ["Compare two prototxts", "Compare one.prototxt with"]
    assert len(lines(bench.comparing.panel)) == 4


def test_two_dropped_prototxts_are_offered_for_comparing(bench, files, qtbot) -> None:
    bench.window.files_dropped.emit(list(files))
    notice = bench.notices.current[0]
    assert notice.title == "Two prototxts at once"
    assert [action.text for action in notice.actions][1:] == [
        "Open one.prototxt", "Open two.prototxt",
    ]  # fmt: skip
    bench.notices.trigger(notice.key, "compare")
    wait(bench, qtbot)
    assert len(lines(bench.comparing.panel)) == 4


def test_one_dropped_prototxt_opens_as_ever(bench, files, qtbot) -> None:
    bench.window.files_dropped.emit([files[0]])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    assert bench.comparing.dialog is None


def test_a_file_dropped_on_a_half_takes_its_place(compare, files, bench, qtbot, tmp_path) -> None:
    panel = compare(*files)
    third = tmp_path / "three.prototxt"
    third.write_text(NET)
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(third))])
    dialog = bench.comparing.dialog
    place = QPointF(dialog.width() - 20, 300)
    args = (Qt.CopyAction, content, Qt.LeftButton, Qt.NoModifier)
    enter = QDragEnterEvent(place.toPoint(), *args)
    dialog.dragEnterEvent(enter)
    assert enter.isAccepted()
    dialog.dropEvent(QDropEvent(place, *args))
    qtbot.waitUntil(lambda: panel.heads[1].name.text() == "three.prototxt")
    assert panel.heads[0].name.text() == "one.prototxt"


def test_both_phases_of_one_file_can_be_compared(compare, tmp_path: Path, qtbot) -> None:
    path = tmp_path / "phases.prototxt"
    dropout = (
        'layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" include { phase: TRAIN } }'
    )
    path.write_text(NET + dropout + "\n")
    panel = compare(path, path)
    assert "All 5 layers are the same" in panel.summary.text()
    place = panel.phase.findText("TEST with TRAIN")
    panel.phase.setCurrentIndex(place)
    panel.phase.activated.emit(place)
    qtbot.waitUntil(lambda: lines(panel) == [("+", "drop", "only in the second")])
    assert panel.heads[1].facts.text().startswith("6 layers · TRAIN")


def test_graphs_point_out_what_differs_and_share_the_selection(
    compare, files, bench, qtbot
) -> None:
    panel = compare(*files)
    qtbot.mouseClick(panel.as_graphs, Qt.LeftButton)
    qtbot.waitUntil(lambda: bench.lanes.is_idle and panel.shows_graphs)
    first, second = bench.comparing.graphs.graphs
    assert bright(first) == {"conv", "pool", "fc"}
    assert bright(second) == {"conv", "norm", "pool", "fc_new"}
    panel.step(1)
    assert chosen(second) == ["norm"]
    assert chosen(first) == []
    panel.step(1)
    panel.step(1)
    assert (chosen(first), chosen(second)) == (["fc"], ["fc_new"])
    item = next(i for i in second.scene.layer_items.values() if "pool" in i.box.layers)
    second.canvas.item_clicked.emit(item, Qt.NoModifier)
    assert chosen(first) == ["pool"]
    assert panel.details.heading.text() == "pool: 1 connection differs."
    panel.only_differences.setChecked(False)
    assert not any(item.is_dimmed for item in first.scene.layer_items.values())
    qtbot.mouseClick(panel.as_graphs, Qt.LeftButton)
    assert panel.pages.currentWidget() is panel.table
    assert panel.table.chosen.name == "pool"


def bright(graph) -> set[str]:
    """The layers of the boxes that do not step back; relu lies folded in conv's box."""
    named = {name for i in graph.scene.layer_items.values() if not i.is_dimmed
             for name in i.box.layers}  # fmt: skip
    return named - {"relu"}


def chosen(graph) -> list[str]:
    return [i.box.layers[0] for i in graph.scene.layer_items.values() if i.is_chosen]


def test_exports_hold_what_is_shown(compare, files, bench, user, qtbot, tmp_path: Path) -> None:
    panel = compare(*files)
    by_words = {action.text(): action for action in panel.export_menu().actions()}
    by_words["Copy as text"].trigger()
    copied = QGuiApplication.clipboard().text()
    assert "~ conv  num_output 4 → 6" in copied
    assert "    Wiring: bottom 0 conv, written by relu → norm, written by norm" in copied
    assert "data" not in copied.splitlines()[-1]
    user.files.append((tmp_path / "out.csv",))
    by_words["Save as CSV…"].trigger()
    qtbot.waitUntil(lambda: (tmp_path / "out.csv").exists() and bench.lanes.is_idle)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert (rows[0]["what"], rows[0]["in the second"]) == ("num_output", "6")
    assert [row["status"] for row in rows if row["layer in the second"] == "norm"] == [
        "only in the second"
    ]
    user.files.append((tmp_path / "out.md",))
    by_words["Save as Markdown…"].trigger()
    qtbot.waitUntil(lambda: (tmp_path / "out.md").exists() and bench.lanes.is_idle)
    written = (tmp_path / "out.md").read_text()
    assert written.startswith("# one.prototxt and two.prototxt\n")
    assert "| Parameters | 297 | 443 | +146, +49 % |" in written
    assert "| + |  | norm (LRN) | only in the second |" in written


def test_the_window_keeps_its_size(compare, files, bench, qtbot) -> None:
    compare(*files)
    dialog = bench.comparing.dialog
    assert not dialog.isModal()
    dialog.resize(900, 610)
    dialog.close()
    assert bench.comparing.panel is None
    compare(*files)
    assert (bench.comparing.dialog.width(), bench.comparing.dialog.height()) == (900, 610)


def test_columns_fit_and_leave_room_for_the_words(compare, files, bench, qtbot) -> None:
    panel = compare(*files)
    bench.comparing.dialog.resize(1040, 700)
    qtbot.waitUntil(lambda: panel.table.width() > 900)
    header = panel.table.horizontalHeader()
    assert header.sectionSize(WORDS_COLUMN) >= 200
    assert panel.table.horizontalScrollBar().maximum() == 0
    assert not panel.table.isColumnHidden(2)
    bench.comparing.dialog.resize(900, 600)
    bar = panel.table.horizontalScrollBar()
    qtbot.waitUntil(lambda: panel.table.isColumnHidden(2) and bar.maximum() == 0)


def test_a_net_of_twelve_hundred_layers_opens_fast(compare, tmp_path: Path) -> None:
    first, second = tmp_path / "deep.prototxt", tmp_path / "deeper.prototxt"
    first.write_text(_deep(400, "a"))
    second.write_text(_deep(420, "a").replace("num_output: 8", "num_output: 16", 3))
    begin = time.perf_counter()
    panel = compare(first, second)
    assert time.perf_counter() - begin < 5.0  # about half a second on an idle core
    assert len(panel.model.rows) == 1 + 3 * 420
    assert len(lines(panel)) == 3 + 3 * 20


def _deep(n_blocks: int, prefix: str) -> str:
    text = 'layer { name: "data" type: "Input" top: "b0"\n  input_param { shape { dim: 1 dim: 8 dim: 8 dim: 8 } } }\n'  # noqa: E501
    for i in range(n_blocks):
        text += f"""layer {{ name: "{prefix}{i}" type: "Convolution" bottom: "b{i}" top: "b{i + 1}"
  convolution_param {{ num_output: 8 kernel_size: 3 pad: 1 }} }}
layer {{ name: "{prefix}{i}_bn" type: "BatchNorm" bottom: "b{i + 1}" top: "b{i + 1}" }}
layer {{ name: "{prefix}{i}_relu" type: "ReLU" bottom: "b{i + 1}" top: "b{i + 1}" }}
"""
    return text
