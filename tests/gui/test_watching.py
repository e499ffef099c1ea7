"""Files that another program saves while they are open: read again, and edits never lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PyQt5.QtWidgets import QLabel

from core.images.preprocess import Preprocess
from core.images.presets import recipe_path, save_recipe
from tests.gui.test_opening import NET, ones, weights_for

OTHER = NET.replace("num_output: 3", "num_output: 7")
MORE = NET + 'layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }\n'


@pytest.fixture
def net_path(tmp_path: Path) -> Path:
    path = tmp_path / "nets" / "small.prototxt"
    path.parent.mkdir()
    path.write_text(NET)
    return path


@pytest.fixture
def opened(bench, qtbot, net_path: Path):
    bench.watching._settle.setInterval(20)
    bench.opening.open_paths([net_path, weights_for(net_path.with_name("w.caffemodel"))])
    qtbot.waitUntil(lambda: bench.document.binding is not None and bench.lanes.is_idle)
    bench.document.select("fc8")
    return bench


def replace_file(path: Path, text: str) -> None:
    """As most editors save: a new file takes the place of the old one."""
    beside = path.with_name("small.prototxt~")
    beside.write_text(text)
    beside.replace(path)


def outputs(bench) -> int:
    return bench.document.net.layer("fc8").param("inner_product_param").integer("num_output")


@pytest.mark.parametrize("save", [Path.write_text, replace_file], ids=["in place", "replaced"])
def test_a_file_saved_elsewhere_is_read_again_with_all_as_it_was(
    opened, qtbot, net_path: Path, tmp_path: Path, save
) -> None:
    photo = tmp_path / "photo.png"
    Image.new("RGB", (20, 16), (200, 40, 40)).save(photo)
    opened.opening.open_image(photo)
    graph = opened.window.panels.graph
    graph.canvas.zoom_in()
    before = graph.memory
    save(net_path, MORE)
    qtbot.waitUntil(lambda: opened.document.net.has_layer("prob") and opened.lanes.is_idle)
    document = opened.document
    assert document.selection == "fc8"
    assert document.image_path == photo
    assert document.weights_path == net_path.with_name("w.caffemodel")
    assert not document.is_edited
    assert graph.memory.scale == pytest.approx(before.scale)
    assert graph.memory.folds == before.folds
    told = opened.notices.told[0].notice.title
    assert told == "small.prototxt was saved by another program and read again"
    assert opened.notices.current == ()
    save(net_path, NET)  # and again, though another file lies there now
    qtbot.waitUntil(lambda: not opened.document.net.has_layer("prob"))


def test_edits_are_kept_until_the_user_says(opened, qtbot, net_path: Path) -> None:
    opened.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: opened.document.is_edited and opened.lanes.is_idle)
    mine = opened.document.text
    replace_file(net_path, OTHER)
    qtbot.waitUntil(lambda: opened.notices.has("changed-file"))
    assert opened.document.text == mine
    strip = opened.window.notice_bar.strip
    assert [button.text() for button in strip.buttons] == [
        "Show difference", "Reload", "Keep mine"
    ]  # fmt: skip
    strip.buttons[0].click()
    shown = [label.text() for label in opened.dialogs.dialog.findChildren(QLabel)]
    assert "small.prototxt, in the file now" in shown
    opened.dialogs.dialog.close()
    strip.buttons[2].click()
    assert not opened.notices.has("changed-file")
    assert opened.document.text == mine
    assert opened.document.is_edited
    assert opened.document.saved_net.text == OTHER


def test_reloading_asks_about_edits_first(opened, qtbot, user, net_path: Path) -> None:
    opened.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: opened.document.is_edited and opened.lanes.is_idle)
    net_path.write_text(OTHER)
    qtbot.waitUntil(lambda: opened.notices.has("changed-file"))
    user.answers += ["cancel", "discard"]
    opened.notices.trigger("changed-file", "reload")
    assert opened.document.is_edited
    opened.notices.trigger("changed-file", "reload")
    qtbot.waitUntil(lambda: outputs(opened) == 7 and opened.lanes.is_idle)
    assert not opened.document.is_edited
    assert not opened.notices.has("changed-file")
    assert not opened.renaming.history.canUndo()


def test_a_half_written_file_waits_and_a_broken_one_is_said(opened, qtbot, net_path) -> None:
    net_path.write_text(NET[:300])
    qtbot.wait(60)
    assert not opened.notices.has("changed-file")
    assert opened.document.net.has_layer("fc8")
    net_path.write_text(MORE)
    qtbot.waitUntil(lambda: opened.document.net.has_layer("prob") and opened.lanes.is_idle)
    net_path.write_text(NET[:300])
    qtbot.waitUntil(lambda: opened.notices.has("changed-file"))
    (notice,) = [one for one in opened.notices.current if one.key == "changed-file"]
    assert notice.title == "small.prototxt was saved by another program, with an error"
    assert opened.document.net.has_layer("prob")
    net_path.write_text(NET)
    qtbot.waitUntil(lambda: not opened.document.net.has_layer("prob"))
    assert not opened.notices.has("changed-file")


def test_a_deleted_file_is_said_and_its_return_too(opened, qtbot, user, net_path: Path) -> None:
    net_path.unlink()
    qtbot.waitUntil(lambda: opened.notices.has("changed-file"))
    (notice,) = [one for one in opened.notices.current if one.key == "changed-file"]
    assert notice.title == "small.prototxt is not there any more"
    assert opened.document.text == NET
    net_path.write_text(NET)
    qtbot.waitUntil(lambda: not opened.notices.has("changed-file"))


def test_weights_saved_elsewhere_are_read_again(opened, qtbot, net_path: Path) -> None:
    before = opened.document.weights
    beside = weights_for(
        net_path.with_name("new.caffemodel"), fc8=("InnerProduct", [2 * ones(3, 5), ones(3)])
    )
    beside.replace(net_path.with_name("w.caffemodel"))
    qtbot.waitUntil(lambda: opened.document.weights is not before)
    assert opened.document.binding.is_complete


def test_a_recipe_saved_elsewhere_is_taken(opened, qtbot, net_path: Path) -> None:
    save_recipe(recipe_path(net_path), Preprocess("warp", 8, 8, scale=0.25))
    qtbot.waitUntil(lambda: opened.document.recipe.scale == 0.25)
    assert opened.document.chosen_recipe.origin == "beside the net"


def test_a_table_of_labels_saved_elsewhere_is_read_again(opened, qtbot, tmp_path: Path) -> None:
    table, read = tmp_path / "labels.csv", []
    table.write_text("a.png,cat\n")
    opened.watching.labels = lambda: table
    opened.watching.read_labels = read.append
    opened.watching.follow()
    table.write_text("a.png,dog\n")
    qtbot.waitUntil(lambda: read == [table])


def test_what_else_happens_does_not_hide_that_the_file_changed(opened, qtbot, net_path) -> None:
    opened.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: opened.document.is_edited and opened.lanes.is_idle)
    net_path.write_text(OTHER)
    qtbot.waitUntil(lambda: opened.notices.has("changed-file"))
    opened.opening.open_weights(weights_for(net_path.with_name("v.caffemodel")))
    qtbot.waitUntil(lambda: opened.document.weights_path.name == "v.caffemodel")
    assert opened.notices.has("changed-file")


def test_a_folder_of_other_computers_is_looked_at_again_and_again(
    opened, qtbot, net_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system tells nothing of what other computers write."""
    watching = opened.watching
    monkeypatch.setattr("gui.controllers.watching._is_far", lambda path: True)
    watching._poll.setInterval(20)
    other = net_path.with_name("other.prototxt")
    other.write_text(NET)
    opened.opening.open_paths([other])
    qtbot.waitUntil(lambda: watching._poll.isActive())
    watching._watcher.removePaths([*watching._watcher.files(), *watching._watcher.directories()])
    other.write_text(OTHER)
    qtbot.waitUntil(lambda: outputs(opened) == 7)


def test_what_this_window_saves_is_no_news(opened, qtbot, net_path: Path) -> None:
    opened.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: opened.document.is_edited and opened.lanes.is_idle)
    heard = []
    opened.watching.reread.connect(heard.append)
    with qtbot.waitSignal(opened.saving.saved):
        opened.saving.save(net_path)
    qtbot.waitUntil(lambda: not opened.watching._settle.isActive() and opened.lanes.is_idle)
    with qtbot.waitSignal(opened.watching._settle.timeout, raising=False, timeout=300):
        pass
    qtbot.waitUntil(lambda: opened.lanes.is_idle)
    assert heard == []
    assert opened.notices.current == ()
    assert opened.renaming.history.canUndo()


def test_following_is_switched_off(opened, qtbot, net_path: Path) -> None:
    action = opened.window.actions_["follow_files"]
    assert action.isChecked()
    action.trigger()
    assert not opened.settings.follows_files
    net_path.write_text(OTHER)
    assert not opened.watching._watcher.files()
    action.trigger()
    opened.watching.look_soon()
    qtbot.waitUntil(lambda: outputs(opened) == 7)
