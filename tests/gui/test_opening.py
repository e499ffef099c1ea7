"""Opening models, weights and images: what the document holds and what the user sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QDropEvent
from PyQt5.QtWidgets import QPushButton

from core.weights.writer import write_caffemodel
from gui.controllers.sorted_paths import sort_paths

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc7" type: "InnerProduct" bottom: "conv1" top: "fc7"
  inner_product_param { num_output: 5 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8"
  inner_product_param { num_output: 3 } }
"""
WRONG = NET.replace(
    'name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7"',
    'name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7_relu7"',
).replace(
    'name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7"',
    'name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7_drop7"',
)


@pytest.fixture
def net_path(tmp_path: Path) -> Path:
    path = tmp_path / "small.prototxt"
    path.write_text(NET)
    return path


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def weights_for(path: Path, **changes: object) -> Path:
    layers = {
        "conv1": ("Convolution", [ones(4, 3, 3, 3), ones(4)]),
        "fc7": ("InnerProduct", [ones(5, 144), ones(5)]),
        "fc8": ("InnerProduct", [ones(3, 5), ones(3)]),
    }
    layers.update(changes)  # type: ignore[arg-type]
    rows = [(name, *row) for name, row in layers.items() if row is not None]
    write_caffemodel(path, "small", rows)
    return path


def test_a_prototxt_alone_is_shown(bench, qtbot, net_path: Path) -> None:
    bench.opening.open_paths([net_path])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    window = bench.window
    assert bench.document.path == net_path
    assert [layer.name for layer in bench.document.net.layers][:2] == ["data", "conv1"]
    assert window.status_line.texts["hidden"] == "3 in-place layers hide 3 blob versions"
    assert window.status_line.texts["weights"] == "No weights: filler values"
    assert window.document_title.text() == "small.prototxt"
    assert window.subjects.sees.line.startswith("warp to 8 x 8")
    assert len(window.panels.graph.picture.boxes) > 3
    assert bench.settings.recent("models") == (net_path,)
    assert bench.notices.current == ()


def test_a_net_with_its_weights(bench, qtbot, net_path: Path, tmp_path: Path) -> None:
    weights = weights_for(tmp_path / "w.caffemodel")
    bench.opening.open_paths([weights, net_path])
    qtbot.waitUntil(lambda: bench.document.binding is not None)
    assert bench.window.status_line.texts["weights"] == "Weights: 6 of 6 arrays bound"
    assert bench.notices.current == ()
    assert bench.settings.weights_of(net_path) == weights


def test_unbound_and_unused_layers_are_listed(bench, qtbot, net_path: Path, tmp_path: Path) -> None:
    weights = weights_for(
        tmp_path / "w.caffemodel", fc8=None, old_fc8=("InnerProduct", [ones(3, 5), ones(3)])
    )
    bench.opening.open_paths([net_path, weights])
    qtbot.waitUntil(lambda: bench.notices.has("weights"))
    (notice,) = bench.notices.current
    assert notice.title == "1 layer has no weights in this file"
    assert "<b>fc8</b> keeps its filler values" in notice.body
    assert "1 layer of the file, <b>old_fc8</b>, is not in the net and was skipped." in notice.body
    assert notice.note.startswith("2 of 3 layers with weights are bound: 4 arrays")
    strip = bench.window.notice_bar.strip
    assert strip.isVisible()
    assert strip.title == notice.title
    strip.action_triggered.emit("layers")
    assert bench.document.selection == "fc8"


def test_wrong_shapes_are_shown_side_by_side(bench, qtbot, net_path: Path, tmp_path: Path) -> None:
    weights = weights_for(
        tmp_path / "w.caffemodel", fc8=("InnerProduct", [ones(205, 5), ones(205)])
    )
    bench.opening.open_paths([net_path, weights])
    qtbot.waitUntil(lambda: bench.notices.has("weights"))
    (notice,) = bench.notices.current
    assert notice.kind == "error"
    assert ("fc8, array 0", "205 × 5", "3 × 5") in notice.table


def test_weights_first_take_the_only_prototxt_beside_them(
    bench, qtbot, net_path: Path, tmp_path: Path
) -> None:
    bench.opening.open_paths([weights_for(tmp_path / "w.caffemodel")])
    qtbot.waitUntil(lambda: bench.document.binding is not None)
    assert bench.document.path == net_path


def test_weights_first_wait_for_a_prototxt(bench, qtbot, user, net_path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    bench.opening.open_paths([weights_for(folder / "w.caffemodel")])
    assert bench.notices.current[0].title == "w.caffemodel waits for its prototxt"
    user.files.append((net_path,))
    bench.notices.trigger("weights", "open")
    qtbot.waitUntil(lambda: bench.document.binding is not None)
    assert bench.document.path == net_path


def test_a_parse_error_names_the_place_and_shows_what_is_above(bench, qtbot, tmp_path) -> None:
    path = tmp_path / "broken.prototxt"
    path.write_text(NET.replace("num_output: 3", "num_output: l000"))
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.notices.has("parse"))
    (notice,) = bench.notices.current
    assert notice.title == "broken.prototxt, line 12, column 37"
    assert "l000" in notice.body
    assert [line.number for line in notice.code] == [11, 12]
    assert notice.code[1].mark == (36, 4)
    assert notice.code[1].caret == "a number belongs here"
    assert notice.note == "The 6 layers above line 11 are shown."
    assert [layer.name for layer in bench.document.net.layers][-1] == "drop7"
    assert bench.document.is_partial
    assert not bench.window.actions_["rename_all"].isEnabled()
    bench.notices.trigger("parse", "text")
    assert bench.dialogs.dialog.view.textCursor().blockNumber() == 11
    bench.dialogs.dialog.close()


def test_a_file_that_is_no_text(bench, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_bytes(b"\x00\xff\xfe" * 50)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.notices.has("parse"))
    assert "is not a text file" in bench.notices.current[0].title
    assert bench.document.net is None


def test_what_caffe_would_refuse_is_listed(bench, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text(NET.replace('bottom: "fc7" top: "fc8"', 'bottom: "fc9" top: "fc8"'))
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.notices.has("problems"))
    rows = bench.notices.current[0].table
    assert rows[0] == ("Line", "Layer", "What Caffe would refuse")
    assert any("fc9" in row[2] and row[1] == "fc8" for row in rows[1:])


def test_the_wrong_rewiring_is_explained_and_fixed(bench, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "wrong.prototxt"
    path.write_text(WRONG)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.notices.has("rewiring"))
    (notice,) = bench.notices.current
    assert notice.table[1:] == (("drop7", "fc7", "fc7_relu7"), ("fc8", "fc7", "fc7_drop7"))
    assert notice.actions[0].text == "Fix 2 names"
    bench.notices.trigger("rewiring", "fix")
    qtbot.waitUntil(lambda: bench.document.is_edited)
    assert bench.document.net.layer("drop7").bottoms == ("fc7_relu7",)
    assert bench.document.net.layer("fc8").bottoms == ("fc7_drop7",)
    qtbot.waitUntil(lambda: not bench.notices.has("rewiring"))
    bench.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: not bench.document.is_edited)
    assert bench.document.text == WRONG
    qtbot.waitUntil(lambda: bench.notices.has("rewiring"))
    (card,) = bench.window.notice_bar.cards
    keep = next(b for b in card.findChildren(QPushButton) if b.text() == "Keep as is")
    keep.click()
    bench.window.actions_["redo"].trigger()
    bench.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert not bench.notices.has("rewiring")


def test_files_are_dropped_on_the_window(bench, qtbot, net_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(net_path))])
    event = QDropEvent(QPoint(10, 10), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier)
    bench.window.dropEvent(event)
    assert event.isAccepted()
    qtbot.waitUntil(lambda: bench.document.path == net_path)


def test_an_image_is_shown_in_the_picker_and_on_the_data_box(
    bench, qtbot, net_path: Path, tmp_path: Path
) -> None:
    from PIL import Image

    image = tmp_path / "photo.png"
    Image.new("RGB", (40, 30), (200, 40, 10)).save(image)
    bench.opening.open_paths([net_path, image])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    assert bench.document.image_path == image
    assert bench.window.subjects.image.name == "photo.png"
    qtbot.waitUntil(lambda: bench.window.actions_["forward"].isEnabled())


def test_recent_files_bring_their_weights(bench, qtbot, net_path, tmp_path: Path) -> None:
    weights = weights_for(tmp_path / "w.caffemodel")
    bench.opening.open_paths([net_path, weights])
    qtbot.waitUntil(lambda: bench.document.binding is not None)
    bench.window.menus["File"].aboutToShow.emit()
    assert bench.window.recent_menu.isEnabled()
    (action,) = bench.window.recent_menu.actions()
    bench.document.set_weights(None, None)
    action.trigger()
    qtbot.waitUntil(lambda: bench.document.binding is not None)
    assert bench.document.weights_path == weights


def test_a_phase_shows_the_net_as_that_phase_builds_it(bench, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "phases.prototxt"
    path.write_text(
        NET.replace(
            'name: "drop7" type: "Dropout"',
            'name: "drop7" type: "Dropout" include { phase: TRAIN }',
        )
    )
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    assert not bench.document.net.has_layer("drop7")
    bench.window.phase_box.setCurrentText("TRAIN")
    bench.window.phase_box.activated.emit(1)
    qtbot.waitUntil(lambda: bench.document.net.has_layer("drop7"))


def test_paths_are_sorted_by_what_they_are(tmp_path: Path) -> None:
    found = sort_paths([tmp_path, Path("a.jpg"), Path("b.caffemodel"), Path("c.prototxt")])
    assert found.folder == tmp_path
    assert found.image == Path("a.jpg")
    assert found.weights == Path("b.caffemodel")
    assert found.prototxt == Path("c.prototxt")


def test_why_caffe_reads_less_of_the_weights_is_said(bench, qtbot, material) -> None:
    folder = material("reports/hdf5_names_with_slashes")
    bench.opening.open_paths([folder / "net.prototxt", folder / "net.caffemodel.h5"])
    qtbot.waitUntil(lambda: bench.notices.has("weights"))
    (notice,) = [notice for notice in bench.notices.current if notice.key == "weights"]
    assert (notice.kind, notice.title) == ("info", "Caffe can't read net.caffemodel.h5 as we do")
    assert "layer names with '/' nest in HDF5" in notice.body


def test_a_name_that_ends_in_a_blank_is_quoted(bench, qtbot, material) -> None:
    folder = material("reports/messages")
    bench.opening.open_paths([folder / "wb.prototxt", folder / "wb_space.caffemodel"])
    qtbot.waitUntil(lambda: bench.notices.has("weights"))
    (notice,) = [notice for notice in bench.notices.current if notice.key == "weights"]
    assert "<b>'conv '</b>" in notice.body
    assert "The file's 'conv ' is not conv: blanks count." in notice.body


def test_weights_alone_are_bound_to_the_open_net(bench, qtbot, net_path, tmp_path: Path) -> None:
    """Though another prototxt lies beside them."""
    bench.opening.open_paths([net_path])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other.prototxt").write_text(NET.replace("small", "other"))
    weights = weights_for(elsewhere / "w.caffemodel")
    bench.opening.open_paths([weights])
    qtbot.waitUntil(lambda: bench.document.weights is not None)
    assert bench.document.path == net_path
    assert bench.document.binding.unbound == ()


def test_weights_wait_no_longer_once_their_notice_is_closed(
    bench, qtbot, net_path, tmp_path: Path
) -> None:
    lonely = tmp_path / "lonely"
    lonely.mkdir()
    bench.opening.open_paths([weights_for(lonely / "w.caffemodel")])
    assert bench.notices.has("weights")
    bench.window.notice_bar.closed.emit("weights")
    bench.opening.open_paths([net_path])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert bench.document.weights is None


def test_verify_after_a_fix_says_why_there_is_nothing_to_do(bench, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "wrong.prototxt"
    path.write_text(WRONG)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.notices.has("rewiring"))
    bench.notices.trigger("rewiring", "fix")
    qtbot.waitUntil(lambda: bench.document.is_edited and bench.lanes.is_idle)
    bench.verifying.verify()
    (notice,) = (one for one in bench.notices.current if one.key == "verify")
    assert notice.title == "There is nothing to verify"
    assert "A fix changes what the net computes" in notice.body
