"""What a killed program leaves half written goes at the next start, and nothing else does."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import AppError
from core.files import (
    FileBeside,
    check_writable,
    folder_written_beside,
    write_file,
    written_beside,
)
from core.leftovers import name_beside, remove_leftovers

KILLED = """
import os, signal, sys
from pathlib import Path
from core.files import folder_written_beside, written_beside
how, folder = written_beside if sys.argv[1] == "file" else folder_written_beside, Path(sys.argv[2])
with how(folder / "out") as partial:
    (partial if partial.suffix and not partial.is_dir() else partial / "a").write_bytes(b"half")
    print("writing", flush=True)
    sys.stdin.read()
"""

posix = pytest.mark.skipif(sys.platform == "win32", reason="folders are locked on POSIX only")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def start_writing(what: str, folder: Path, repository: Path) -> subprocess.Popen[bytes]:
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, what, str(folder)],
        cwd=repository,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    return writer


def kill(writer: subprocess.Popen[bytes]) -> None:
    writer.kill()
    writer.communicate()


@posix
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_a_killed_writer_left_goes_and_a_living_ones_stays(
    what: str, tmp_path: Path, repository: Path
) -> None:
    writer = start_writing(what, tmp_path, repository)
    try:
        assert remove_leftovers(tmp_path) == 0
        assert len(names_in(tmp_path)) == 1
    finally:
        kill(writer)
    assert len(names_in(tmp_path)) == 1
    assert remove_leftovers(tmp_path) == 1
    assert names_in(tmp_path) == []


@posix
@pytest.mark.parametrize("next_step", ["check", "write", "folder"])
def test_the_next_program_that_writes_there_clears_up(
    next_step: str, tmp_path: Path, repository: Path
) -> None:
    kill(start_writing("file", tmp_path, repository))
    wanted = ["out"]
    if next_step == "check":
        check_writable(tmp_path / "out")
        wanted = []
    elif next_step == "write":
        write_file(tmp_path / "out", b"whole")
    else:
        with folder_written_beside(tmp_path / "out"):
            pass
    assert names_in(tmp_path) == wanted


def test_nothing_else_is_taken_for_a_leftover(tmp_path: Path) -> None:
    for name in ("a.partial", ".blobscope-x.partial", ".0123456789abcdef.blobscope-part", "b"):
        (tmp_path / name).write_bytes(b"")
    before = names_in(tmp_path)
    assert remove_leftovers(tmp_path) == 0
    assert names_in(tmp_path) == before


def test_what_another_computer_began_goes_after_a_day(tmp_path: Path) -> None:
    file, folder = (tmp_path / f".blobscope-ffffffff-0000000{n}.partial" for n in (1, 2))
    old, new = time.time() - 2 * 86400, time.time()
    file.write_bytes(b"")
    folder.mkdir()
    (folder / "a").write_bytes(b"")
    os.utime(folder, (old, old))
    assert remove_leftovers(tmp_path) == 0
    os.utime(file, (old, old))
    os.utime(folder / "a", (new, new))  # someone writes in it still
    assert remove_leftovers(tmp_path) == 1
    assert names_in(tmp_path) == [folder.name]


@posix
def test_a_strangers_lock_on_the_folder_stops_nobody(tmp_path: Path) -> None:
    import fcntl

    left = name_beside(tmp_path / "x")
    left.write_bytes(b"")
    number = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        write_file(tmp_path / "out", b"whole")
    finally:
        os.close(number)
    assert (tmp_path / "out").read_bytes() == b"whole"


def test_content_and_name_are_on_the_disk_before_the_write_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that a power cut needs: the content, then the name, then the folder."""
    steps = []
    sync = os.fsync

    def noted_sync(number: int) -> None:
        is_there = (tmp_path / "out").exists()
        steps.append(("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file", is_there))
        sync(number)

    monkeypatch.setattr(os, "fsync", noted_sync)
    write_file(tmp_path / "out", b"x")
    assert steps == [("file", False), ("folder", True)]
    steps.clear()
    (tmp_path / "out").unlink()
    with folder_written_beside(tmp_path / "out") as partial:
        (partial / "a").write_bytes(b"a")
    assert steps == [("file", False), ("folder", False), ("folder", True)]


def test_a_folder_takes_the_place_of_the_one_before_at_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number in range(2):
        with folder_written_beside(out) as partial:
            (partial / f"{number}").write_bytes(b"")
            assert out.is_dir() == bool(number)
        assert (names_in(tmp_path), names_in(out)) == (["out"], [f"{number}"])
    with pytest.raises(RuntimeError), folder_written_beside(out) as partial:  # noqa: PT012
        (partial / "2").write_bytes(b"")
        raise RuntimeError
    assert (names_in(tmp_path), names_in(out)) == (["out"], ["1"])
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AppError, match="is no folder"), folder_written_beside(tmp_path / "file"):
        pass
    assert (tmp_path / "file").is_file()


def test_a_file_that_was_given_up_is_gone(tmp_path: Path) -> None:
    beside = FileBeside(tmp_path / "out")
    beside.path.write_bytes(b"half")
    beside.discard()
    assert names_in(tmp_path) == []
    with pytest.raises(AppError, match="can't be written"):
        beside.take_place()
    with pytest.raises(AppError, match="No such file"), written_beside(tmp_path / "out"):
        pass  # nothing was written
