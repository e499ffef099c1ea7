"""The window as a whole: actions, layout, theme, memory, dialogs, crash report, extraction."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QLabel, QPushButton

from core.images.preprocess import Preprocess
from core.images.presets import PRESETS, load_recipe, recipe_path
from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.progress import Progress
from core.weights.fillers import filler_weights
from core.weights.writer import write_caffemodel
from gui.actions import MENUS, ROWS
from gui.settings import Settings

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc2" type: "InnerProduct" bottom: "conv1" top: "fc2"
  inner_product_param { num_output: 5 } }
"""


@pytest.fixture
def net_path(tmp_path: Path) -> Path:
    path = tmp_path / "small.prototxt"
    path.write_text(NET)
    return path


@pytest.fixture
def image_path(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (40, 30), (200, 40, 10)).save(path)
    return path


def open_net(bench, qtbot, *paths: Path) -> None:
    bench.opening.open_paths(paths)
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle, timeout=15000)


def test_every_row_of_the_table_is_an_action_that_does_something(bench) -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert {row.menu for row in ROWS} == set(MENUS)
    for row in ROWS:
        action = bench.window.actions_[row.id]
        assert action.receivers(action.triggered) + action.receivers(action.toggled) > 0, row.id


def test_no_key_is_given_twice() -> None:
    keys = [QKeySequence(key).toString() for row in ROWS for key in row.shortcuts]
    assert len(keys) == len(set(keys))
    assert all(keys)


def test_what_can_not_be_done_is_disabled(bench, qtbot, net_path: Path) -> None:
    actions = bench.window.actions_
    for action_id in ("save_as", "undo", "rename_all", "forward", "extract", "verify", "find"):
        assert not actions[action_id].isEnabled(), action_id
    open_net(bench, qtbot, net_path)
    assert actions["rename_all"].isEnabled()
    assert actions["extract"].isEnabled()
    assert not actions["forward"].isEnabled()


def test_empty_panels_say_what_to_open(bench) -> None:
    texts = [label.text() for label in bench.window.findChildren(QLabel)]
    texts += [label.text() for label in bench.window.findChildren(QPushButton)]
    assert "Open model" in texts


def test_the_theme_is_remembered(bench, qapp) -> None:
    bench.window.actions_["theme_dark"].trigger()
    assert bench.keeper.theme.is_dark
    assert bench.window.actions_["theme_dark"].isChecked()
    assert not bench.window.actions_["theme_light"].isChecked()
    bench.settings.write()
    assert Settings(bench.settings.path).theme == "dark"
    bench.window.actions_["theme_light"].trigger()


def test_the_window_remembers_its_size(make_bench, qtbot) -> None:
    first = make_bench(is_shown=True)
    first.window.resize(1190, 777)
    first.window.close()
    assert Settings(first.settings.path).geometry is not None
    second = make_bench()
    second.window.restoreGeometry(second.settings.geometry)
    assert second.window.size() == first.window.size()


def test_recent_files_are_few_and_newest_first(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    for i in range(14):
        settings.add_recent("models", tmp_path / f"{i}.prototxt")
    settings.add_recent("models", tmp_path / "9.prototxt")
    recent = settings.recent("models")
    assert len(recent) == 10
    assert recent[0] == tmp_path / "9.prototxt"
    assert len(set(recent)) == 10


def test_the_keys_are_all_listed(bench) -> None:
    bench.window.actions_["keys"].trigger()
    listed = dict(bench.dialogs.dialog.texts)
    assert listed["F2"] == "Give the layer its own blob"
    assert "Ctrl+F" in listed
    assert len(listed) >= sum(bool(row.shortcuts) for row in ROWS)


def test_about_names_versions_and_licence(bench) -> None:
    bench.window.actions_["about"].trigger()
    labels = [label.text() for label in bench.dialogs.dialog.findChildren(QLabel)]
    assert any("GPL-3.0-or-later" in text for text in labels)
    assert "fake" in labels


def test_a_recipe_is_chosen_and_kept_with_the_prototxt(bench, qtbot, net_path: Path) -> None:
    open_net(bench, qtbot, net_path)
    bench.dialogs.ask_recipe()
    dialog = bench.dialogs.dialog
    dialog.mean.setText("104, 117")
    assert "The mean has 2 values for 3 channels." in dialog.problem.text()
    assert not dialog.accept_button.isEnabled()
    dialog.mean.setText("one")
    assert dialog.problem.text().startswith("Mean and scale are lists of numbers")
    dialog.mean.setText("104, 117, 123")
    dialog.scale.setText("0.5")
    assert "Fits the net's input" in dialog.result_line.text()
    dialog.accept_button.click()
    assert bench.document.recipe.mean == (104.0, 117.0, 123.0)
    assert "104, 117, 123" in bench.window.subjects.sees.line
    qtbot.waitUntil(lambda: recipe_path(net_path).exists() and bench.lanes.is_idle)
    assert load_recipe(recipe_path(net_path)) == bench.document.recipe
    bench.document.set_recipe(None)
    open_net(bench, qtbot, net_path)
    assert bench.document.recipe.scale == 0.5


def test_a_preset_fills_the_form(bench, qtbot, net_path: Path) -> None:
    open_net(bench, qtbot, net_path)
    bench.dialogs.ask_recipe()
    dialog = bench.dialogs.dialog
    name = next(iter(PRESETS))
    dialog.preset.setCurrentText(name)
    dialog.preset.activated.emit(dialog.preset.currentIndex())
    assert dialog.recipe() == PRESETS[name]


def test_the_form_keeps_what_it_has_no_field_for(bench, qtbot, net_path: Path) -> None:
    open_net(bench, qtbot, net_path)
    recipe = Preprocess(
        mean=(104.00698793, 116.66876762, 122.67891434),
        scale=(0.01712475, 0.017507, 0.01742919),
        side_height=300,
        transparency="dropped",
        interpolation="OpenCV bilinear",
    )
    bench.document.set_recipe(recipe)
    bench.dialogs.ask_recipe()
    dialog = bench.dialogs.dialog
    assert dialog.recipe() == recipe
    dialog.scale.setText("0.5, 0.5")
    assert "The scale has 2 values for 3 channels." in dialog.problem.text()
    dialog.scale.setText("2")
    assert dialog.recipe() == replace(recipe, scale=2.0)


def test_the_window_takes_the_recipe_of_the_file_and_marks_a_guess(
    bench, qtbot, net_path: Path, tmp_path: Path
) -> None:
    open_net(bench, qtbot, net_path)
    assert "(guessed)" in bench.window.subjects.sees.line
    layer = net_path.read_text().replace("\n", " ")
    stated = tmp_path / "stated.prototxt"
    comment = "# transform_param { scale: 0.5 mean_value: 7 }\n"
    stated.write_text(comment + layer)
    open_net(bench, qtbot, stated)
    assert "guessed" not in bench.window.subjects.sees.line
    assert (bench.document.recipe.scale, bench.document.recipe.mean) == (0.5, (7.0,))
    assert "It stands in a comment of the file." in bench.window.subjects.sees.toolTip()


def test_the_recipe_dialog_says_where_the_recipe_comes_from(bench, qtbot, net_path) -> None:
    open_net(bench, qtbot, net_path)
    bench.dialogs.ask_recipe()
    assert bench.dialogs.dialog.origin_line.text().startswith("Guessed: ")
    bench.dialogs.dialog.accept()
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    bench.dialogs.ask_recipe()
    assert bench.dialogs.dialog.origin_line.text() == "Origin: given."


def test_the_recipe_dialog_knows_the_input_that_takes_the_picture(
    bench, qtbot, tmp_path: Path
) -> None:
    """Not the first layer, which may give anything."""
    path = tmp_path / "info_first.prototxt"
    path.write_text(
        'layer { name: "im_info" type: "Input" top: "im_info"\n'
        "  input_param { shape { dim: 1 dim: 3 } } }\n"
        'layer { name: "data" type: "Input" top: "data"\n'
        "  input_param { shape { dim: 1 dim: 3 dim: 9 dim: 7 } } }\n"
        'layer { name: "p" type: "Pooling" bottom: "data" top: "p"\n'
        "  pooling_param { global_pooling: true } }\n"
    )
    open_net(bench, qtbot, path)
    bench.dialogs.ask_recipe()
    dialog = bench.dialogs.dialog
    assert (dialog.crop_height.value(), dialog.crop_width.value()) == (9, 7)
    assert "Fits the net's input" in dialog.result_line.text()


def test_extract_writes_the_ticked_layers(bench, qtbot, net_path, image_path, tmp_path) -> None:
    open_net(bench, qtbot, net_path, image_path)
    bench.document.select("relu1")
    bench.window.actions_["extract"].trigger()
    dialog = bench.dialogs.dialog
    assert dialog.count.text() == "1 of 4 chosen, 576 B an image"  # 4 x 6 x 6 float32
    dialog.check_all(False)
    assert dialog.problem.text() == "Tick at least one layer."
    dialog.check_all(True)
    dialog.out.setText(str(tmp_path / "out.npz"))
    with qtbot.waitSignal(bench.extracting.finished, timeout=15000):
        dialog.accept_button.click()
    with np.load(tmp_path / "out.npz", allow_pickle=False) as arrays:
        assert set(arrays) == {"images", "data", "conv1", "relu1", "fc2"}
        assert arrays["images"].tolist() == [str(image_path)]
        assert arrays["relu1"].shape == (1, 4, 6, 6)
        assert arrays["relu1"].min() >= 0 > arrays["conv1"].min()
    assert bench.notices.current[0].title == "4 activations of 1 image written"


def test_extract_over_a_folder_names_what_it_skipped(
    bench, qtbot, user, net_path, tmp_path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (20, 20), (10, 200, 10)).save(folder / name)
    (folder / "c.png").write_bytes(b"not an image")
    open_net(bench, qtbot, net_path)
    bench.window.actions_["extract"].trigger()
    dialog = bench.dialogs.dialog
    dialog.check_all(True)
    assert dialog.problem.text() == "Open an image or choose a folder of images."
    user.files.append((folder,))
    dialog.folder_button.click()
    dialog.pooling.setCurrentIndex(1)
    dialog.out.setText(str(tmp_path / "pooled.npz"))
    with qtbot.waitSignal(bench.extracting.finished, timeout=15000):
        dialog.accept_button.click()
    with np.load(tmp_path / "pooled.npz", allow_pickle=False) as arrays:
        assert arrays["conv1"].shape == (2, 4)
        assert arrays["images"].tolist() == [str(folder / "a.png"), str(folder / "b.png")]
        assert set(arrays) == {"images", "skipped", "data", "conv1", "relu1", "fc2"}
    notice = bench.notices.current[0]
    assert notice.kind == "warning"
    assert "c.png" in notice.body


def test_a_running_job_has_a_bar_and_cancel(bench, qtbot) -> None:
    def work():
        for done in range(10_000):
            yield Progress(done, 10_000, "images")
            _pause()

    bench.lanes.files.start(work, key="long", title="Reading images")
    qtbot.waitUntil(lambda: "of 10,000" in bench.window.status_line.texts["job"])
    assert bench.window.actions_["cancel"].isEnabled()
    bench.window.actions_["cancel"].trigger()
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert bench.window.status_line.texts["job"] == ""
    assert not bench.window.actions_["cancel"].isEnabled()


def _pause() -> None:
    import time

    time.sleep(0.002)  # stands for work; nothing waits for it


def test_a_bug_leaves_a_report_and_the_window(bench, qtbot, tmp_path: Path) -> None:
    bench.lanes.compute.start(lambda: 1 / 0, key="bug", on_error=lambda error: None)
    qtbot.waitUntil(lambda: bench.notices.has("bug"))
    (report,) = (tmp_path / "crashes").glob("crash-*.txt")
    assert "ZeroDivisionError" in report.read_text()
    assert str(report) in bench.notices.current[0].body
    assert bench.window.isVisible()


def test_an_exception_in_a_slot_is_caught_by_the_hook(bench, qtbot, capsys) -> None:
    bench.hook.install()
    try:
        sys.excepthook(ValueError, ValueError("in a slot"), None)
    finally:
        bench.hook.remove()
    assert bench.notices.has("bug")
    assert "in a slot" in capsys.readouterr().err


def test_closing_a_notice_takes_it_away(bench, qtbot) -> None:
    bench.lanes.compute.start(lambda: 1 / 0, key="bug", on_error=lambda error: None)
    qtbot.waitUntil(lambda: bool(bench.window.notice_bar.cards))
    (card,) = bench.window.notice_bar.cards
    card.closed.emit()
    assert bench.notices.current == ()
    assert not bench.window.notice_bar.isVisible()


def test_the_demo_shows_everything_without_a_click(
    make_bench, qtbot, tmp_path: Path, repository: Path
) -> None:
    folder = tmp_path / "demo"
    (folder / "gallery" / "red").mkdir(parents=True)
    (folder / "gallery" / "blue").mkdir()
    for name, colour in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
        for i in range(3):
            Image.new("RGB", (24, 24 + i), colour).save(folder / "gallery" / name / f"{i}.png")
    shutil.copy(repository / "resources" / "demo" / "demo_deploy.prototxt", folder)
    net = load_net(folder / "demo_deploy.prototxt")
    values = filler_weights(net, infer_shapes(net), 0)
    rows = [(name, net.layer(name).type, arrays) for name, arrays in values.items()]
    write_caffemodel(folder / "demo.caffemodel", net.name, rows)
    bench = make_bench(is_shown=True, demo_folder=folder)
    assert bench.window.actions_["open_demo"].isEnabled()
    bench.window.actions_["open_demo"].trigger()
    panels = bench.window.panels
    qtbot.waitUntil(lambda: len(panels.retrieval.tiles) == 5 and bench.lanes.is_idle, timeout=30000)
    assert bench.window.page == "net"
    assert bench.document.selection == "relu7"
    assert bench.searching.gallery.recipe.layer == "relu7"
    assert bench.window.subjects.image.name.endswith(".png")
    bench.window.show_page("layer")
    qtbot.waitUntil(lambda: panels.histogram.view() is not None, timeout=30000)


def test_the_window_never_imports_torch(repository: Path) -> None:
    code = "import sys, gui.app, gui.screenshot; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, check=False, timeout=120)
    assert done.returncode == 0


def test_nothing_in_the_window_runs_events_by_hand(repository: Path) -> None:
    for path in sorted((repository / "gui").rglob("*.py")):
        assert "processEvents" not in path.read_text(encoding="utf-8"), path


def test_tab_keys_reach_the_image_picker(bench, qtbot) -> None:
    bench.window.subjects.image.setFocus(Qt.TabFocusReason)
    assert bench.window.subjects.image.focusPolicy() & Qt.TabFocus
