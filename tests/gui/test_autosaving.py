"""Unsaved edits outlive a crash: kept within a second of the first, offered, and never given up."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PyQt5.QtCore import QTimer

from core.session_file import read_session
from gui.controllers.autosaving import find_lost_edits

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { name: "fc8" type: "InnerProduct" bottom: "conv2" top: "fc8"
  inner_product_param { num_output: 6 } }
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


def settle(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)


CRASHING_WINDOW = """
import os, sys
from pathlib import Path
from PyQt5.QtCore import QTimer
from core.engines.base import EngineSpec
from gui.app import make_application
from gui.settings import Settings
from gui.theme import ThemeKeeper
from gui.workbench import Workbench

folder, net = Path(sys.argv[1]), Path(sys.argv[2])
app = make_application()
bench = Workbench(ThemeKeeper("light"), Settings(folder / "s.json"), None, EngineSpec("fake"),
                  folder / "galleries", folder / "no demo", folder / "unsaved")
bench.start([net])
bench.document.opened.connect(lambda: bench.renaming.rename_all())

def die_once_kept():
    if bench.document.is_edited and bench.autosaving.path.exists():
        os._exit(9)

timer = QTimer()
timer.timeout.connect(die_once_kept)
timer.start(50)
app.exec_()
"""


def test_edits_of_a_window_that_died_are_offered_and_restored(
    make_bench, qtbot, net: Path, tmp_path: Path, repository: Path
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", CRASHING_WINDOW, str(tmp_path), str(net)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert died.returncode == 9, died.stderr
    left = list((tmp_path / "unsaved").glob("*.blobscope"))
    assert len(left) == 1
    assert "conv1_relu1" in read_session(left[0]).text
    bench = make_bench(is_shown=True)
    qtbot.waitUntil(lambda: bench.notices.has("autosave"))
    notice = bench.notices.current[0]
    assert notice.title == "Unsaved edits of net.prototxt were found"
    assert "with 1 edit that was not saved" in notice.body
    bench.notices.trigger("autosave", "restore")
    qtbot.waitUntil(lambda: "conv2_relu2" in bench.document.text)
    qtbot.waitUntil(lambda: bench.autosaving.path.exists() and not left[0].exists())
    assert bench.document.is_edited
    assert not bench.notices.has("autosave")


def test_a_clean_end_leaves_nothing_behind(make_bench, qtbot, net: Path, tmp_path: Path) -> None:
    bench = make_bench(is_shown=True)
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    bench.renaming.rename_all()
    qtbot.waitUntil(lambda: bench.autosaving.path.exists())
    bench.document.saved_text = bench.document.text
    assert bench.close()
    assert list((tmp_path / "unsaved").iterdir()) == []


def test_undoing_every_edit_takes_the_kept_ones_away(bench, qtbot, net: Path) -> None:
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    bench.renaming.rename_all()
    qtbot.waitUntil(lambda: bench.autosaving.path.exists())
    bench.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: not bench.autosaving.path.exists())


def test_a_living_windows_edits_are_not_offered_to_another(
    make_bench, qtbot, net: Path, tmp_path: Path
) -> None:
    first = make_bench(is_shown=True)
    first.opening.open_paths([net])
    qtbot.waitUntil(lambda: first.document.net is not None)
    first.renaming.rename_all()
    qtbot.waitUntil(lambda: first.autosaving.path.exists())
    second = make_bench(is_shown=True)
    settle(second, qtbot)
    assert not second.notices.has("autosave")
    assert first.autosaving.path.exists()


def test_discarded_edits_are_gone(make_bench, qtbot, net: Path, tmp_path: Path) -> None:
    first = make_bench(is_shown=True)
    first.opening.open_paths([net])
    qtbot.waitUntil(lambda: first.document.net is not None)
    first.renaming.rename_all()
    qtbot.waitUntil(lambda: first.autosaving.path.exists())
    kept = first.autosaving.path.read_bytes()
    first.document.saved_text = first.document.text
    assert first.close()
    left = tmp_path / "unsaved" / "left.blobscope"
    left.write_bytes(kept)
    second = make_bench(is_shown=True)
    qtbot.waitUntil(lambda: second.notices.has("autosave"))
    second.notices.trigger("autosave", "discard")
    qtbot.waitUntil(lambda: not left.exists())
    assert not second.notices.has("autosave")


def opened(bench, qtbot, net: Path) -> object:
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    return bench


def test_neither_clicks_nor_other_work_put_it_off(bench, qtbot, net: Path) -> None:
    """Edits that never pause, and a lane where nets are worked out that is busy for ever."""
    opened(bench, qtbot, net).renaming.rename_all()
    qtbot.waitUntil(lambda: bench.document.is_edited)
    bench.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: not bench.sessions.has_unsaved and bench.lanes.is_idle)
    qtbot.waitUntil(lambda: not bench.autosaving.path.exists())
    let_go = threading.Event()
    bench.lanes.compute.start(let_go.wait, key="long work")
    history, clicks = bench.renaming.history, QTimer()
    clicks.timeout.connect(lambda: bench.document.select(("relu1", "relu2")[history.index()]))
    clicks.start(20)
    try:
        history.redo()
        qtbot.waitUntil(lambda: bench.autosaving.path.exists())
        assert "conv2_relu2" in read_session(bench.autosaving.path).text
    finally:
        clicks.stop()
        let_go.set()


def test_a_folder_that_takes_nothing_is_said_once_and_tried_again(
    make_bench, qtbot, net: Path, tmp_path: Path
) -> None:
    (tmp_path / "unsaved").write_bytes(b"")
    bench = opened(make_bench(is_shown=True), qtbot, net)
    bench.renaming.rename_layer("relu1")
    qtbot.waitUntil(lambda: bench.notices.has("autosave-failed"))
    assert bench.notices.current[0].title == "Unsaved edits can't be kept"
    bench.notices.dismiss("autosave-failed")
    bench.renaming.rename_layer("relu2")
    qtbot.waitUntil(lambda: "conv2_relu2" in bench.document.text and bench.lanes.is_idle)
    assert not bench.notices.has("autosave-failed")
    (tmp_path / "unsaved").unlink()
    qtbot.waitUntil(lambda: bench.autosaving.path.exists())
    assert "conv2_relu2" in read_session(bench.autosaving.path).text


def test_an_end_that_asked_nobody_gives_nothing_up(
    make_bench, qtbot, net: Path, tmp_path: Path
) -> None:
    """As when the desktop's session ends, or an edit is still worked out."""
    bench = opened(make_bench(is_shown=True), qtbot, net)
    bench.renaming.rename_all()
    qtbot.waitUntil(lambda: bench.document.is_edited)
    bench.close()
    (lost,) = find_lost_edits(tmp_path / "unsaved")
    assert "conv2_relu2" in lost.session.text
    lost.lock.release()


def test_edits_the_user_let_go_are_gone(make_bench, qtbot, net: Path, user, tmp_path: Path) -> None:
    bench = opened(make_bench(is_shown=True), qtbot, net)
    bench.renaming.rename_all()
    qtbot.waitUntil(lambda: bench.autosaving.path.exists())
    user.answers.append("discard")
    bench.window.close()
    assert bench.is_closed
    assert list((tmp_path / "unsaved").iterdir()) == []


def test_what_can_not_be_read_stays_and_empty_locks_go(tmp_path: Path) -> None:
    """A file of a newer Blobscope is its user's work too."""
    newer = '{"format": "Blobscope session", "version": 99}'
    (tmp_path / "newer.blobscope").write_text(newer)
    (tmp_path / "half.blobscope").write_text("{")
    (tmp_path / "died early.lock").write_bytes(b"")
    for _ in range(2):
        assert find_lost_edits(tmp_path) == []
    names = {path.name for path in tmp_path.iterdir() if path.suffix == ".blobscope"}
    assert names == {"newer.blobscope", "half.blobscope"}
    assert not (tmp_path / "died early.lock").exists()
    assert find_lost_edits(tmp_path / "gone") == []


def test_a_bug_keeps_edits_first(bench, qtbot, net: Path) -> None:
    opened(bench, qtbot, net).renaming.rename_layer("relu1")
    qtbot.waitUntil(lambda: bench.autosaving.path.exists() and bench.lanes.is_idle)
    bench.renaming.history.undo()
    bench.renaming.history.redo()
    bench.document.select("relu2")
    bench.hook.report(RuntimeError("a bug"))
    qtbot.waitUntil(lambda: read_session(bench.autosaving.path).selection == "relu2")
    assert bench.notices.has("bug")
