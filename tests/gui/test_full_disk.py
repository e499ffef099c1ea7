"""A window on a disk that is full: it says so, and goes on once there is room."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from core.session_file import read_session
from tests.gui.test_autosaving import NET


@pytest.fixture
def opened(make_bench, qtbot, tmp_path: Path, small_disk: Path):
    """A net with an unsaved edit, whose unsaved edits would go to a disk that is full."""
    net = tmp_path / "net.prototxt"
    net.write_text(NET)
    for name in ("unsaved", "a"):
        (small_disk / name).mkdir()
    (tmp_path / "unsaved").symlink_to(small_disk / "unsaved")
    with (small_disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    bench = make_bench(is_shown=True)
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    bench.renaming.rename_all()
    qtbot.waitUntil(lambda: bench.document.is_edited)
    return bench


def test_unsaved_edits_are_kept_once_there_is_room(opened, qtbot, small_disk: Path) -> None:
    qtbot.waitUntil(lambda: opened.notices.has("autosave-failed"))
    assert "No space left" in opened.notices.current[0].body
    assert not opened.autosaving.path.exists()
    (small_disk / "filler").unlink()
    qtbot.waitUntil(lambda: opened.autosaving.path.exists())
    qtbot.waitUntil(lambda: not opened.notices.has("autosave-failed"))
    assert "conv2_relu2" in read_session(opened.autosaving.path).text


@pytest.mark.parametrize("name", ["s.blobscope", "n.prototxt", "g.svg", "g.pdf", "g.png", "t.csv"])
def test_files_that_find_no_room_are_said_and_not_there(
    opened, qtbot, small_disk: Path, name: str
) -> None:
    out = small_disk / "a" / name
    write, key = {
        "s": (opened.sessions.save, "session"),
        "n": (opened.saving.save, "save"),
        "g": (opened.graph.export, "export"),
        "t": (opened.graph.write_table, "export"),
    }[name[0]]
    write(out)
    qtbot.waitUntil(lambda: opened.notices.has(key))
    said = next(notice for notice in opened.notices.current if notice.key == key)
    assert "can't be written: No space left on device" in f"{said.title} {said.body}"
    qtbot.waitUntil(lambda: opened.lanes.is_idle)
    assert list(out.parent.iterdir()) == []
    (small_disk / "filler").unlink()
    write(out)
    qtbot.waitUntil(lambda: out.exists() and opened.lanes.is_idle)
    assert list(out.parent.glob(".blobscope-*")) == []
