"""The Compare page: what it marks, says, filters, follows, runs and takes along."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtTest import QTest

from core.weights.writer import write_caffemodel

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
        return bench.window.compare_page

    return run


def click_view(qtbot, page, view: str) -> None:
    qtbot.mouseClick(page.bar.views, Qt.LeftButton, pos=page.bar.views.place(view).center())


def wait(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle and bench.comparing.comparison is not None)


def lines(page) -> list[tuple[str, str, str]]:
    """(sign, name of the row's layer, words) of what the table shows."""
    rows = page.layers.list.shown
    assert [row.sign for row in page.layers.table.figures.rows] == [r.status.value for r in rows]
    return [(row.status.value, row.name, row.words) for row in rows]


def cells(page) -> list[tuple[str, ...]]:
    return [row.cells for row in page.layers.table.figures.rows]


def details(page) -> list[tuple[str, ...]]:
    model = page.layers.details.model
    return [
        tuple(model.index(row, column).data() for column in range(5))
        for row in range(model.rowCount())
    ]


def test_two_files_show_what_differs_with_signs_and_words(compare, files) -> None:
    page = compare(*files)
    assert lines(page) == [
        ("~", "conv", "num_output 4 → 6"),
        ("+", "norm", "only in the second"),
        ("~", "pool", "reads norm, not conv"),
        ("~", "fc", "renamed"),
    ]
    assert page.said("layers")[0] == "2 layers are the same, 3 differ, 1 only in B."
    assert page.layers.counts.text() == "~ 3 changed\u2003+ 1 only in B\u2003≈ 1 follow from others"
    assert [side.name for side in page.bar.sides] == ["one.prototxt", "two.prototxt"]
    assert cells(page) == [
        ("conv", "num_output", "4", "6"),
        ("norm", "only in B", "", "LRN, 1×6×6×6"),
        ("pool", "bottom", "conv, written by relu", "norm, written by norm"),
        ("fc, fc_new", "name", "fc", "fc_new"),
    ]


def test_totals_are_those_worked_out_by_hand(compare, files) -> None:
    page = compare(*files)
    # conv: 3*3*3*4+4 = 112 and 168; fc: 4*3*3*5+5 = 185 and 275
    # MACs: 27*4*36 + 180 = 4068 and 27*6*36 + 270, plus 5 x 216 of LRN where it counts
    words = page.layers.totals.words.splitlines()
    assert words[0] == "Layers 5, 6: +1, +20 %"
    assert words[1] == "Parameters 297, 443: +146, +49 %"
    assert words[2].startswith("MACs 4.07 k, ")


def test_all_layers_show_with_equal_ones_marked_so(compare, files, qtbot) -> None:
    page = compare(*files)
    qtbot.mouseClick(page.layers.all_layers, Qt.LeftButton)
    signs = {name: sign for sign, name, _ in lines(page)}
    assert signs == {"data": "=", "conv": "~", "relu": "≈", "norm": "+", "pool": "~", "fc": "~"}
    words = {name: said for _, name, said in lines(page)}
    assert words["data"] == ""
    assert words["relu"] == "same text, other shape"


def test_a_selected_layer_says_before_and_after(compare, files, qtbot) -> None:
    page = compare(*files)
    page.layers.table.setFocus()
    qtbot.keyClick(page.layers.table, Qt.Key_Home)
    assert page.layers.details.heading.text() == "conv: 1 parameter differs."
    assert details(page)[0] == (
        "Parameter", "num_output", "4", "6", "changes what the layer computes",
    )  # fmt: skip
    assert ("Output shape", "top 0", "1×4×6×6", "1×6×6×6", "a consequence") in details(page)
    qtbot.keyClick(page.layers.table, Qt.Key_Down)
    assert page.layers.details.heading.text() == "norm, LRN, is only in B."
    assert details(page)[1] == ("Wiring", "bottom 0", "", "conv", "only in B")
    assert details(page)[-1] == ("Output shape", "top 0", "", "1×6×6×6", "only in B")
    qtbot.keyClick(page.layers.table, Qt.Key_Down)
    assert details(page)[0][:4] == (
        "Wiring", "bottom 0", "conv, written by relu", "norm, written by norm",
    )  # fmt: skip
    qtbot.keyClick(page.layers.table, Qt.Key_Down)
    assert page.layers.details.heading.text() == "fc (B: fc_new): the name differs."


def test_a_renamed_net_differs_in_names_only(compare) -> None:
    folder = Path(__file__).parents[2] / "prototxt"
    page = compare(folder / "vgg16_deploy.prototxt", folder / "vgg16_deploy_renamed.prototxt")
    assert page.said("layers")[0].endswith("Both are wired alike: only names differ.")
    words = {name: said for _, name, said in lines(page)}
    assert words["relu7"] == "other top names"  # fc7 to fc7_relu7, and it still reads fc7
    assert words["drop7"] == "other blob names"
    assert words["fc8"] == "other bottom names"
    names = page.layers.ignore_menu().actions()[0]
    names.setChecked(True)
    assert page.layers.pages.currentWidget() is page.layers.equal


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
    page = compare(files[0], old)
    assert [(sign, name) for sign, name, _ in lines(page)] == [("~", "data")]
    told = [side.accessibleDescription() for side in page.bar.sides]
    assert told[0].endswith("5 layers · TEST · V2")
    assert told[1].endswith("5 layers · TEST · V1")


def test_the_text_view_shows_both_texts_at_the_selected_layer(compare, files, qtbot) -> None:
    page = compare(*files)
    page.layers.choose(page.layers.list.shown[3])
    click_view(qtbot, page, "text")
    text = page.text.text.rows.plain_text().splitlines()
    assert '- layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"' in text
    assert '+ layer { name: "fc_new" type: "InnerProduct" bottom: "pool" top: "fc"' in text
    rows = page.text.text.rows
    fc = next(i for i, row in enumerate(rows.shown) if row.old and '"fc" type' in row.old)
    visible = rows.visibleRegion().boundingRect()
    assert visible.top() <= fc * rows.row_height() <= visible.bottom()


def test_f8_steps_over_equal_layers_and_goes_around(compare, files, qtbot) -> None:
    page = compare(*files)
    page.layers.all_layers.setChecked(True)
    page.layers.choose(page.layers.list.shown[0])
    page.layers.table.setFocus()
    seen = []
    for _ in range(5):
        qtbot.keyClick(page.layers.table, Qt.Key_F8)
        seen.append(page.layers.chosen.name)
    assert seen == ["conv", "norm", "pool", "fc", "conv"]
    qtbot.keyClick(page.layers.table, Qt.Key_F8, Qt.ShiftModifier)
    assert page.layers.chosen.name == "fc"


def test_the_filter_looks_at_both_sides(compare, files, bench) -> None:
    page = compare(*files)
    bench.window.actions_["find"].trigger()
    assert page.layers.filter.hasFocus()
    QTest.keyClicks(page.layers.filter, "fc_new")
    assert [name for _, name, _ in lines(page)] == ["fc"]
    page.layers.filter.setText("type:LRN")
    assert [name for _, name, _ in lines(page)] == ["norm"]
    page.layers.filter.setText("no such layer")
    assert page.layers.pages.currentWidget() is page.layers.no_match
    page.layers.no_match.clicked.emit()
    assert len(lines(page)) == 4


def test_names_and_training_settings_can_be_left_out(compare, files, tmp_path: Path) -> None:
    training = tmp_path / "training.prototxt"
    training.write_text(
        NET.replace('"xavier"', '"msra"').replace('name: "fc" type', 'name: "fc_new" type')
        .replace('top: "pool"', 'top: "pool" include { phase: TEST }')
        .replace("stride: 2", "stride: 2 pad: 0")
    )  # fmt: skip
    page = compare(files[0], training)
    assert {name: words for _, name, words in lines(page)} == {
        "conv": "training settings (1)",
        "pool": "training settings (1), same values spelled otherwise",
        "fc": "renamed",
    }
    by_words = {action.text(): action for action in page.layers.ignore_menu().actions()}
    by_words["Names of layers and blobs"].setChecked(True)
    assert [name for _, name, _ in lines(page)] == ["conv", "pool"]
    assert page.said("layers")[1].endswith("Not counted: names.")
    assert page.layers.ignore_button.text() == "Ignoring 1"
    by_words["Training settings: fillers, rates, decay, phases"].setChecked(True)
    assert [name for _, name, _ in lines(page)] == ["pool"]
    by_words["Other spellings of the same value"].setChecked(True)
    assert page.layers.pages.currentWidget() is page.layers.equal
    page.layers.equal.clicked.emit()
    assert ("=", "conv", "equal in what counts") in lines(page)


def test_swap_puts_the_second_file_first(compare, files, bench, qtbot) -> None:
    page = compare(*files)
    qtbot.mouseClick(page.bar.swap, Qt.LeftButton)
    qtbot.waitUntil(lambda: page.bar.sides[0].name == "two.prototxt")
    assert ("−", "norm", "only in the first") in lines(page)
    assert ("~", "conv", "num_output 6 → 4") in lines(page)
    assert cells(page)[1] == ("norm", "only in A", "LRN, 1×6×6×6", "")


def test_a_file_changed_on_the_disk_is_said_and_read_again(compare, files, qtbot) -> None:
    page = compare(*files)
    files[1].write_text(NET)
    qtbot.waitUntil(lambda: page.bar.changed.text() == "B changed on the disk")
    qtbot.mouseClick(page.bar.reread, Qt.LeftButton)
    qtbot.waitUntil(lambda: "All 5 layers are the same" in page.said("layers")[0])
    assert page.said("layers")[0].endswith("The texts are equal, character by character.")
    assert not page.bar.reread.isVisible()
    assert page.layers.pages.currentWidget() is page.layers.equal


def test_other_comments_are_no_difference_of_layers(compare, files, tmp_path: Path) -> None:
    commented = tmp_path / "commented.prototxt"
    commented.write_text("# mine\n" + NET)
    page = compare(files[0], commented)
    assert page.said("layers")[0] == (
        "All 5 layers are the same. The texts differ in layout, comments or spelling only."
    )


def test_a_broken_file_is_named_with_its_line_beside_it(compare, files, bench, qtbot) -> None:
    files[1].write_text(NET.replace("num_output: 5", "num_output: l5"))
    page = compare(*files)
    first, notice = page.broken.notices
    assert first is None
    assert page.broken.isVisible()
    assert notice.title == "two.prototxt, line 10, column 37"
    assert page.said("layers")[0] == "two.prototxt can't be read, so nothing is compared."
    files[1].write_text(OTHER)
    bench.comparing.read_again()
    qtbot.waitUntil(lambda: page.layers.isVisible() and len(lines(page)) == 4)


def test_a_missing_file_is_said_in_its_place(compare, files, tmp_path: Path) -> None:
    page = compare(files[0], tmp_path / "gone.prototxt")
    assert "gone.prototxt" in page.broken.notices[1].title
    assert page.said("layers")[0] == "gone.prototxt can't be read, so nothing is compared."


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
    assert bench.window.compare_page.bar.sides[0].name == "one.prototxt (edited)"
    user.files.append((files[1],))
    bench.window.compare_page.bar.sides[1].click()
    qtbot.waitUntil(lambda: bench.window.compare_page.bar.sides[1].name == "two.prototxt")
    words = {name: said for _, name, said in lines(bench.window.compare_page)}
    assert words["relu"] == "other top names"
    assert words["pool"] == "reads norm, not conv_relu"
    bench.window.actions_["undo"].trigger()
    changed = bench.window.compare_page.bar.changed
    qtbot.waitUntil(lambda: changed.text() == "A edited")


def test_without_a_model_both_files_are_asked_for(bench, files, user, qtbot) -> None:
    user.files += [(files[0],), (files[1],)]
    bench.window.actions_["compare"].trigger()
    wait(bench, qtbot)
    assert user.asked == ["Compare two prototxts", "Compare one.prototxt with"]
    assert len(lines(bench.window.compare_page)) == 4


def test_two_dropped_prototxts_are_offered_for_comparing(bench, files, qtbot) -> None:
    bench.window.files_dropped.emit(list(files))
    notice = bench.notices.current[0]
    assert notice.title == "Two prototxts at once"
    assert [action.text for action in notice.actions][1:] == [
        "Open one.prototxt", "Open two.prototxt",
    ]  # fmt: skip
    bench.notices.trigger(notice.key, "compare")
    wait(bench, qtbot)
    assert len(lines(bench.window.compare_page)) == 4


def test_one_dropped_prototxt_opens_as_ever(bench, files, qtbot) -> None:
    bench.window.files_dropped.emit([files[0]])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    assert bench.comparing.comparison is None


def test_a_prototxt_dropped_on_the_page_becomes_b(compare, files, bench, qtbot, tmp_path) -> None:
    page = compare(*files)
    third = tmp_path / "three.prototxt"
    third.write_text(NET)
    assert bench.dropping.words([third]).title == "Compare A with three.prototxt"
    bench.window.files_dropped.emit([third])
    qtbot.waitUntil(lambda: page.bar.sides[1].name == "three.prototxt")
    assert page.bar.sides[0].name == "one.prototxt"
    bench.window.show_page("net")
    assert bench.dropping.words([third]).title != "Compare A with three.prototxt"


def test_both_phases_of_one_file_can_be_compared(compare, tmp_path: Path, qtbot) -> None:
    path = tmp_path / "phases.prototxt"
    dropout = (
        'layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" include { phase: TRAIN } }'
    )
    path.write_text(NET + dropout + "\n")
    page = compare(path, path)
    assert "All 5 layers are the same" in page.said("layers")[0]
    place = page.bar.phase.findText("TEST with TRAIN")
    page.bar.phase.setCurrentIndex(place)
    page.bar.phase.activated.emit(place)
    qtbot.waitUntil(lambda: lines(page) == [("+", "drop", "only in the second")])
    assert "6 layers · TRAIN" in page.bar.sides[1].accessibleDescription()


def signs(page) -> dict[str, str]:
    """The sign beside each box that has one, by the box's layers."""
    graph = page.graph
    of_kind = {"warning": "~", "error": "−", "ok": "+"}
    return {
        graph.scene.layer_items[key].box.name: of_kind[item._kind]
        for key, item in graph.scene.sign_items.items()
    }


def chosen(page) -> list[str]:
    items = page.graph.scene.layer_items
    return [
        items[key].box.layers[0]
        for key in sorted(items)
        if items[key].is_chosen or items[key].is_together
    ]


def test_boxes_bear_the_signs_of_the_rows_and_share_the_selection(compare, files, qtbot) -> None:
    page = compare(*files)
    assert signs(page) == {"conv": "~", "norm": "+", "pool": "~", "fc": "~", "fc_new": "~"}
    page.layers.choose_layer("norm", is_first=False)
    assert chosen(page) == ["norm"]
    page.layers.choose_layer("fc", is_first=True)
    assert chosen(page) == ["fc", "fc_new"]
    graph = page.graph
    item = next(i for i in graph.scene.layer_items.values() if "pool" in i.box.layers)
    graph.canvas.item_clicked.emit(item, Qt.NoModifier)
    assert chosen(page) == ["pool", "pool"]
    assert page.layers.details.heading.text() == "pool: 1 connection differs."
    assert page.layers.chosen.name == "pool"


def test_paired_boxes_stand_at_one_height_and_others_alone(compare, files) -> None:
    graph = compare(*files).graph
    items = graph.scene.layer_items
    for one, other in graph.scene.link_items:
        assert items[one].y() == items[other].y()
        assert items[one].frame().right() < items[other].frame().left()
    paired = {key for link in graph.scene.link_items for key in link}
    norm = next(i for key, i in items.items() if i.box.name == "norm")
    assert norm.box.key not in paired
    heights = {items[key].y() for key in paired}
    assert all(abs(norm.y() - y) >= norm.frame().height() for y in heights)


def test_both_nets_fold_together(compare, tmp_path: Path, qtbot) -> None:
    paths = tmp_path / "deep.prototxt", tmp_path / "other.prototxt"
    paths[0].write_text(_deep(20, "a"))
    paths[1].write_text(_deep(20, "a"))
    graph = compare(*paths).graph
    names = [i.box.name for i in graph.scene.layer_items.values()]
    assert len(names) < 2 * 61
    assert sorted(names[: len(names) // 2]) == sorted(names[len(names) // 2 :])
    graph.set_folded(False)
    qtbot.waitUntil(lambda: len(graph.scene.layer_items) == 2 * 61)


def test_a_box_has_one_counterpart_where_chains_fold_in_one_net_only(
    compare, repository: Path, qtbot
) -> None:
    folder = repository / "prototxt"
    graph = compare(
        folder / "vgg16_deploy.prototxt", folder / "vgg16_deploy_renamed.prototxt"
    ).graph
    qtbot.waitUntil(lambda: bool(graph.scene.link_items))
    for side in (0, 1):
        keys = [link[side] for link in graph.scene.link_items]
        assert len(keys) == len(set(keys)) > 30


def test_exports_hold_what_is_shown(compare, files, bench, user, qtbot, tmp_path: Path) -> None:
    page = compare(*files)
    by_words = {action.text(): action for action in page.bar.export_menu().actions()}
    by_words["Copy as text"].trigger()
    copied = QGuiApplication.clipboard().text()
    assert copied.splitlines()[2:4] == [
        'one.prototxt: 5 layers, phase TEST, V2, net "small".',
        'two.prototxt: 6 layers, phase TEST, V2, net "small".',
    ]
    assert "~ conv  num_output 4 → 6" in copied
    assert "    Wiring: bottom 0 conv, written by relu → norm, written by norm" in copied
    assert "data" not in copied.splitlines()[-1]
    user.files.append((tmp_path / "out.csv",))
    by_words["Save as CSV…"].trigger()
    qtbot.waitUntil(lambda: (tmp_path / "out.csv").exists() and bench.lanes.is_idle)
    said = (tmp_path / "out.csv").read_text().splitlines()
    assert said[0] == '"# one.prototxt: 5 layers, phase TEST, V2, net ""small""."'
    said = [line for line in said if not line.lstrip('"').startswith("#")]
    rows = list(csv.DictReader(said))
    assert (rows[0]["what"], rows[0]["in the second"]) == ("num_output", "6")
    assert [row["status"] for row in rows if row["layer in the second"] == "norm"] == [
        "only in the second"
    ]
    user.files.append((tmp_path / "out.md",))
    by_words["Save as Markdown…"].trigger()
    qtbot.waitUntil(lambda: (tmp_path / "out.md").exists() and bench.lanes.is_idle)
    written = (tmp_path / "out.md").read_text()
    assert written.startswith("# one.prototxt and two.prototxt\n")
    assert '- two.prototxt: 6 layers, phase TEST, V2, net "small".' in written
    assert "| Parameters | 297 | 443 | +146, +49 % |" in written
    assert "| + |  | norm (LRN) | only in the second |" in written


@pytest.mark.parametrize("size", [(1100, 640), (1280, 720), (1440, 900)])
def test_names_and_differences_fit_beside_the_graphs(compare, files, bench, qtbot, size) -> None:
    bench.window.resize(*size)
    page = compare(*files)
    table = page.layers.table
    assert not any(table.isColumnHidden(column) for column in range(4))
    assert sum(table.columnWidth(c) for c in range(4)) <= table.viewport().width()
    assert page.graph.width() >= 320
    assert page.bar.export.isVisible()


def test_compare_is_a_page_that_needs_no_net(bench, user, files, qtbot) -> None:
    bench.window.actions_["page_compare"].trigger()
    assert bench.window.page == "compare"
    page = bench.window.compare_page
    assert page.empty.isVisible()
    user.files.append(tuple(files))
    page.empty.clicked.emit()
    wait(bench, qtbot)
    assert len(lines(page)) == 4


def test_the_open_net_is_a_and_files_of_the_same_net_are_offered(bench, files, qtbot, tmp_path):
    page = bench.window.compare_page
    stranger = tmp_path / "stranger.prototxt"
    stranger.write_text(NET.replace('name: "', 'name: "my_'))
    for path in (stranger, files[1], files[0]):
        bench.opening.open_paths([path])
        qtbot.waitUntil(lambda p=path: bench.document.path == p and bench.lanes.is_idle)
    bench.window.actions_["page_compare"].trigger()
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert [side.name for side in page.bar.sides] == ["one.prototxt", "choose a file"]
    assert page.empty.sentence == "A is one.prototxt. Choose B to see what differs."
    assert not page.bar.export.isEnabled()
    assert [row.text() for row in page.empty.rows] == ["two.prototxt"]
    QTest.mouseClick(page.empty.rows[0], Qt.LeftButton)
    wait(bench, qtbot)
    assert [side.name for side in page.bar.sides] == ["one.prototxt", "two.prototxt"]
    assert page.bar.export.isEnabled()


def with_weights(path: Path, scale: float, name: str = "fc") -> Path:
    """Weights of the net above; conv is always the same."""
    conv = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32)
    fc = np.random.default_rng(2).normal(size=(5, 36)).astype(np.float32) * np.float32(scale)
    write_caffemodel(path, "net", [
        ("conv", "Convolution", [conv, np.zeros(4, np.float32)]),
        (name, "InnerProduct", [fc, np.zeros(5, np.float32)]),
    ])  # fmt: skip
    return path


def test_weights_are_found_beside_both_files_and_held_against_each_other(
    compare, tmp_path: Path, bench, qtbot
) -> None:
    folders = tmp_path / "a", tmp_path / "b"
    for folder, scale in zip(folders, (1.0, 1.5), strict=True):
        folder.mkdir()
        (folder / "net.prototxt").write_text(NET)
        with_weights(folder / "net.caffemodel", scale)
    page = compare(folders[0] / "net.prototxt", folders[1] / "net.prototxt")
    qtbot.waitUntil(lambda: None not in bench.compared_runs.weights and bench.lanes.is_idle)
    click_view(qtbot, page, "weights")
    qtbot.mouseClick(page.weights_sources.run, Qt.LeftButton)
    qtbot.waitUntil(lambda: bench.compared_runs.changes is not None)
    assert page.bar.sentence.text() == ("fc moved most (50 %); 1 layer is equal, bit for bit.")
    rows = page.weights.table.figures.rows
    assert [row.cells[:4] for row in rows] == [
        ("conv", "Convolution", "4×3×3×3", "equal"), ("fc", "InnerProduct", "5×36", "50 %"),
    ]  # fmt: skip
    assert [row.cells[1] for row in page.weights.filters.figures.rows] == ["50 %"] * 5


def test_without_weights_or_an_image_the_buttons_say_what_is_missing(compare, files) -> None:
    page = compare(*files)
    page.show_view("weights")
    assert not page.weights_sources.run.isEnabled()
    assert page.weights_sources.note.text() == "Choose the weights of A and B."
    page.show_view("values")
    assert not page.values_sources.run.isEnabled()
    assert page.values_sources.note.text() == "Open an image first: Ctrl+I."


def test_values_of_both_nets_are_held_against_each_other(
    compare, files, bench, user, qtbot, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    Image.new("RGB", (8, 8), (200, 40, 10)).save(photo)
    bench.opening.open_image(photo)
    files[1].write_text(NET.replace("num_output: 5", "num_output: 7"))
    page = compare(*files)
    click_view(qtbot, page, "values")
    assert page.values_sources.isVisible()
    qtbot.mouseClick(page.values_sources.run, Qt.LeftButton)
    qtbot.waitUntil(lambda: bench.compared_runs.values is not None, timeout=15000)
    by_name = {row.cells[0]: row.cells[1:] for row in page.values.table.figures.rows}
    assert by_name == {"fc": ("–", "–", "no pair")}
    assert page.bar.sentence.text() == (
        "Both nets give the same values, bit for bit: 3 paired values."
    )
    assert page.bar.hint.text() == "fc has another size, so it has no pair."
    user.files.append((tmp_path / "values.csv",))
    assert page.bar.export.isEnabled()
    (save,) = page.bar.export_menu().actions()
    save.trigger()
    qtbot.waitUntil(lambda: (tmp_path / "values.csv").exists() and bench.lanes.is_idle)
    written = list(csv.reader(io.StringIO((tmp_path / "values.csv").read_text())))
    captions = [row[0] for row in written if row[0].startswith("#")]
    assert captions[2:] == [
        "# A with filler values", "# B with filler values", "# Image photo.png",
        "# Both nets give the same values, bit for bit: 3 paired values.",
    ]  # fmt: skip
    assert written[len(captions) :] == [
        ["Layer · blob@version", "Cosine", "rel. L2", "zeros, pt"], ["fc", "–", "–", "no pair"],
    ]  # fmt: skip
    chips = {item.chip.text for item in page.graph.scene.link_items.values() if item.chip}
    assert chips == {"same input", "1, equal", "5 and 7, no pair"}
    page.values.with_equal.setChecked(True)
    assert len(page.values.table.figures.rows) == 4
    page.layers.choose_layer("pool", is_first=True)
    assert page.values.pair.text == "pool"
    assert page.values.histogram.shown is not None
    page.show_view("layers")
    assert not any(item.chip for item in page.graph.scene.link_items.values())


def test_a_net_of_twelve_hundred_layers_opens_fast(compare, tmp_path: Path) -> None:
    first, second = tmp_path / "deep.prototxt", tmp_path / "deeper.prototxt"
    first.write_text(_deep(400, "a"))
    second.write_text(_deep(420, "a").replace("num_output: 8", "num_output: 16", 3))
    begin = time.process_time()
    page = compare(first, second)
    assert time.process_time() - begin < 5.0  # of a core: about half a second
    assert len(page.layers.list.rows) == 1 + 3 * 420
    assert len(lines(page)) == 3 + 3 * 20


def _deep(n_blocks: int, prefix: str) -> str:
    text = 'layer { name: "data" type: "Input" top: "b0"\n  input_param { shape { dim: 1 dim: 8 dim: 8 dim: 8 } } }\n'  # noqa: E501
    for i in range(n_blocks):
        text += f"""layer {{ name: "{prefix}{i}" type: "Convolution" bottom: "b{i}" top: "b{i + 1}"
  convolution_param {{ num_output: 8 kernel_size: 3 pad: 1 }} }}
layer {{ name: "{prefix}{i}_bn" type: "BatchNorm" bottom: "b{i + 1}" top: "b{i + 1}" }}
layer {{ name: "{prefix}{i}_relu" type: "ReLU" bottom: "b{i + 1}" top: "b{i + 1}" }}
"""
    return text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_has_the_ground_of_the_others(bench, theme: str) -> None:
    """It was grey where it was empty."""
    bench.keeper.choose(theme)
    bench.window.show_page("compare")
    page = bench.window.compare_page
    for view in page.bar.views.shown:
        page.show_view(view)
        picture = page.grab().toImage()
        assert picture.pixelColor(20, picture.height() - 20) == bench.keeper.theme.panel
    bench.keeper.choose("light")


def test_a_file_is_named_whole_where_there_is_room(compare, files, tmp_path: Path) -> None:
    names = [tmp_path / f"a_net_with_a_long_name_{kind}.prototxt" for kind in ("first", "second")]
    for old, new in zip(files, names, strict=True):
        new.write_text(old.read_text())
    page = compare(*names)
    page.window().resize(1920, 1080)
    for side in page.bar.sides:
        assert side.shown_name == side.name
    page.window().resize(1100, 640)
    assert "…" in page.bar.sides[1].shown_name
    assert page.bar.sides[1].shown_name != page.bar.sides[0].shown_name
