"""What is asked of files of a folder that may be gone, and what is not."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from core.retrieval.folder_reach import FolderReach, Reach


def test_files_are_open_closed_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"content")
    (tmp_path / "empty.png").write_bytes(b"")
    reach = FolderReach(tmp_path)
    found = {name: reach.how(tmp_path / name) for name in ("a.png", "empty.png", "gone.png")}
    assert found == {"a.png": Reach.OPEN, "empty.png": Reach.OPEN, "gone.png": Reach.NOT_THERE}
    assert reach.has_folder


@pytest.mark.skipif(not os.access("/proc/kmsg", os.R_OK), reason="the kernel's log can't be read")
def test_what_never_answers_and_has_no_size_keeps_no_thread(tmp_path: Path) -> None:
    (tmp_path / "log.png").symlink_to("/proc/kmsg")
    before = threading.active_count()
    assert FolderReach(tmp_path).how(tmp_path / "log.png") is Reach.OPEN
    assert threading.active_count() == before
