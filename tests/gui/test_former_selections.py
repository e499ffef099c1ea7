"""Alt+Left and Alt+Right walk what was looked at: layer and image together."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PyQt5.QtCore import Qt

from tests.gui.test_opening import NET


@pytest.fixture
def opened(bench, qtbot, tmp_path: Path):
    path = tmp_path / "small.prototxt"
    path.write_text(NET)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.path == path and bench.lanes.is_idle)
    return bench


def image(folder: Path, name: str) -> Path:
    path = folder / name
    Image.new("RGB", (20, 16), (200, 40, 40)).save(path)
    return path


def test_layers_and_images_are_walked_back_and_forth(opened, qtbot, tmp_path: Path) -> None:
    document, window = opened.document, opened.window
    one, two = image(tmp_path, "one.png"), image(tmp_path, "two.png")
    back, on = window.actions_["selection_before"], window.actions_["selection_after"]
    assert window.actions_.why_not("selection_before") == "Nothing else was selected before."
    opened.opening.open_image(one)
    document.select("conv1")
    document.select("fc7")
    opened.opening.open_image(two)
    document.select("fc8")
    qtbot.keyClick(window, Qt.Key_Left, Qt.AltModifier)
    assert (document.selection, document.image_path) == ("fc7", two)
    back.trigger()
    assert (document.selection, document.image_path) == ("fc7", one)
    back.trigger()
    assert (document.selection, document.image_path) == ("conv1", one)
    qtbot.keyClick(window, Qt.Key_Right, Qt.AltModifier)
    on.trigger()
    on.trigger()
    assert (document.selection, document.image_path) == ("fc8", two)
    assert not on.isEnabled()
    back.trigger()
    document.select("relu7")  # another way from here
    assert not on.isEnabled()
    back.trigger()
    assert document.selection == "fc7"


def test_what_is_gone_is_passed_over(opened, qtbot, tmp_path: Path) -> None:
    gone = image(tmp_path, "gone.png")
    document = opened.document
    document.select("conv1")
    opened.opening.open_image(gone)
    opened.opening.open_image(image(tmp_path, "other.png"))
    gone.unlink()
    opened.window.actions_["selection_before"].trigger()
    assert (document.selection, document.image_path) == ("conv1", tmp_path / "other.png")


def test_another_net_begins_anew(opened, qtbot, tmp_path: Path) -> None:
    opened.document.select("conv1")
    opened.document.select("fc7")
    other = tmp_path / "other.prototxt"
    other.write_text(NET.replace("small", "other"))
    opened.opening.open_paths([other])
    qtbot.waitUntil(lambda: opened.document.path == other and opened.lanes.is_idle)
    assert not opened.window.actions_["selection_before"].isEnabled()
    opened.document.select("fc8")
    assert not opened.window.actions_["selection_before"].isEnabled()
