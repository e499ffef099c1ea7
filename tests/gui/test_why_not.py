"""Whatever can't act says why: hovered, in the status line, and when its key is pressed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PyQt5.QtCore import Qt

from gui.actions import NOT_YET, ROWS
from gui.main_window import MainWindow
from tests.gui.test_opening import NET

TRAIN_VAL = """name: "train_val"
layer { name: "data" type: "ImageData" top: "data" top: "label"
  image_data_param { source: "list.txt" batch_size: 4 new_height: 8 new_width: 8 } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "fc" type: "InnerProduct" bottom: "conv1" top: "fc"
  inner_product_param { num_output: 5 } }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
BLIND = """name: "blind"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 10 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 5 } }
"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (32, 24), (200, 40, 40)).save(path)
    return path


def open_text(bench, qtbot, folder: Path, text: str) -> None:
    path = folder / "net.prototxt"
    path.write_text(text)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.path == path and bench.lanes.is_idle)


def check_every_action(window: MainWindow) -> None:
    """Enabled, or with a reason in its tooltip and status tip; never both."""
    for row in ROWS:
        action, why_not = window.actions_[row.id], window.actions_.why_not(row.id)
        assert action.isEnabled() == (not why_not), row.id
        assert why_not != NOT_YET, row.id
        if why_not:
            assert why_not.endswith((".", "+G", "+O")), row.id
            assert action.toolTip().endswith(why_not), row.id
            assert action.statusTip() == why_not, row.id


def test_every_action_acts_or_says_why(bench, qtbot, tmp_path: Path, photo: Path) -> None:
    window = bench.window
    check_every_action(window)
    assert window.actions_.why_not("forward").startswith("No net is open.")
    assert window.rail.buttons["layer"].toolTip().endswith(window.actions_.why_not("forward"))
    open_text(bench, qtbot, tmp_path, NET)
    check_every_action(window)
    assert window.actions_.why_not("forward").startswith("No image is open.")
    assert window.actions_.why_not("rename") == "Select a layer first."
    bench.document.select("fc8")
    assert window.actions_.why_not("rename") == "Nothing shares a blob with fc8."
    check_every_action(window)
    bench.document.select("relu7")
    bench.opening.open_image(photo)
    bench.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: bench.document.is_edited)
    check_every_action(window)
    assert not window.actions_.why_not("forward")
    assert not window.actions_.why_not("save_as")


def test_a_key_whose_action_can_not_act_says_why(bench, qtbot) -> None:
    qtbot.keyClick(bench.window, Qt.Key_F5)
    assert bench.window.status_line.texts["last"].startswith("Forward: No net is open.")


def test_a_net_for_training_runs_on_an_image(bench, qtbot, tmp_path: Path, photo: Path) -> None:
    """Forward was a dead button on GoogLeNet's train_val."""
    open_text(bench, qtbot, tmp_path, TRAIN_VAL)
    bench.opening.open_image(photo)
    assert bench.window.actions_["forward"].isEnabled()
    with qtbot.waitSignal(bench.inspecting.forward_done, timeout=15000):
        bench.window.actions_["forward"].trigger()
    assert bench.notices.current == ()


def test_a_net_without_an_input_for_pictures_says_so(bench, qtbot, tmp_path, photo: Path) -> None:
    open_text(bench, qtbot, tmp_path, BLIND)
    bench.opening.open_image(photo)
    check_every_action(bench.window)
    assert bench.window.actions_.why_not("forward") == (
        "No input of this net takes a picture: data 1 x 10."
    )


def test_a_file_with_an_error_says_why_it_is_not_edited(bench, qtbot, tmp_path, photo) -> None:
    open_text(bench, qtbot, tmp_path, NET.replace("num_output: 3", "num_output: l000"))
    bench.opening.open_image(photo)
    check_every_action(bench.window)
    assert "error" in bench.window.actions_.why_not("rename_all")


def test_an_image_that_is_gone_is_named(bench, qtbot, tmp_path: Path, photo: Path) -> None:
    open_text(bench, qtbot, tmp_path, NET)
    bench.opening.open_image(photo)
    photo.unlink()
    bench.status.refresh()
    assert bench.window.actions_.why_not("forward") == "photo.png is not there any more."
