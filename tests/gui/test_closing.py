"""A net is closed: the window is as it was before one was opened, and opens the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.gui.test_opening import NET, weights_for


@pytest.fixture
def opened(bench, qtbot, tmp_path: Path):
    path = tmp_path / "small.prototxt"
    path.write_text(NET)
    Image.new("RGB", (20, 16), (200, 40, 40)).save(tmp_path / "photo.png")
    bench.opening.open_paths([path, weights_for(tmp_path / "w.caffemodel"), tmp_path / "photo.png"])
    qtbot.waitUntil(lambda: bench.document.binding is not None and bench.lanes.is_idle)
    return bench


@pytest.mark.parametrize("page", ["net", "layer", "retrieval"])
def test_a_closed_net_leaves_the_start_page(opened, qtbot, tmp_path: Path, page: str) -> None:
    window = opened.window
    window.show_page(page)
    opened.document.select("fc8")
    qtbot.waitUntil(lambda: opened.lanes.is_idle, timeout=15000)
    window.actions_["close_net"].trigger()
    qtbot.waitUntil(lambda: opened.lanes.is_idle, timeout=15000)
    assert window.start_page.isVisible()
    assert window.document_title.text() == ""
    assert window.subjects.net.value == ""
    assert window.subjects.net.chip is None
    assert window.subjects.layer.value == ""
    assert window.subjects.sees.value == ""
    assert window.status_line.texts["weights"] == ""
    assert window.status_line.texts["hidden"] == ""
    assert window.panels.graph.picture.boxes == {} or not window.panels.graph.picture.boxes
    assert not window.actions_["forward"].isEnabled()
    assert not window.actions_["close_net"].isEnabled()
    assert not window.actions_["save_as"].isEnabled()
    assert opened.notices.current == ()
    opened.opening.open_paths([tmp_path / "small.prototxt"])
    qtbot.waitUntil(lambda: opened.document.net is not None and opened.lanes.is_idle)
    assert window.net_page.isVisible()
    assert window.subjects.sees.value != ""


def test_edits_are_asked_about_before_a_net_is_closed(opened, qtbot, user) -> None:
    opened.renaming.rename_layer("relu7")
    qtbot.waitUntil(lambda: opened.document.is_edited and opened.lanes.is_idle)
    user.answers += ["cancel", "discard"]
    opened.window.actions_["close_net"].trigger()
    assert opened.document.is_edited
    opened.window.actions_["close_net"].trigger()
    qtbot.waitUntil(lambda: opened.lanes.is_idle)
    assert opened.document.net is None
    assert not opened.window.actions_["undo"].isEnabled()
    assert opened.autosaving._path is None or not opened.sessions.has_unsaved
