"""Every file is read in bounds of kind, size and time, and what it does becomes a sentence."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import reading
from core.errors import AppError, WeightsError
from core.files import file_sha256
from core.reading import ReadCancelled, cancelled_when, names_in, open_regular, read_file

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        folder = Path.cwd()
        os.chdir(path.parent)  # a socket's name has 108 bytes at most
        try:
            made.bind(path.name)
        finally:
            os.chdir(folder)


def make_link_to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)


OTHER_KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (make_pipe, "it is a pipe, not a file"),
    "socket": (make_socket, "it is a socket, not a file"),
    "device": (make_link_to_device, "it is a device, not a file"),
    "folder": (Path.mkdir, "it is a folder, not a file"),
    "dangling link": (make_dangling_link, "No such file"),
    "link to itself": (make_loop, "symbolic links"),
}


@needs_pipes
@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_what_is_no_file_is_refused_by_what_it_is(tmp_path: Path, kind: str) -> None:
    make, words = OTHER_KINDS[kind]
    path = tmp_path / "labels.txt"
    make(path)
    started = time.monotonic()
    for read in (lambda: read_file(path, 100), lambda: open_regular(path)):
        with pytest.raises(AppError, match=words):
            read()
    with pytest.raises(AppError):
        file_sha256(path)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("name", ["\0", "a" * 300, "\udcff" * 300])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(AppError, match="can't be read"):
        read_file(tmp_path / name, 100)


def test_a_file_comes_whole_up_to_the_bound_and_not_beyond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 7)
    path = tmp_path / "f"
    for n in (0, 1, 6, 7, 8, 100):
        path.write_bytes(bytes(range(n)))
        assert read_file(path, n) == bytes(range(n))
    with pytest.raises(WeightsError, match=r"The file '.*f' can't be read: it is larger than 99 b"):
        read_file(path, 99, what="The file", error=WeightsError)
    with open_regular(path) as file:
        file.seek(90)
        assert (file.read(3), b"".join(file.pieces())) == (b"Z[\\", bytes(range(93, 100)))


def test_a_file_of_gigabytes_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    with path.open("wb") as file:
        file.truncate(5 << 30)
    with pytest.raises(AppError, match="larger than 4 MB"):
        read_file(path, 4 << 20)


def test_a_file_that_grows_for_ever_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 10)
    monkeypatch.setattr(reading, "_open", lambda path: (reading.FileIO("/dev/zero"), 10))
    with pytest.raises(AppError, match="larger than 1 MB"):
        read_file(path, 1 << 20)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_a_file_that_says_it_is_empty_is_read() -> None:
    assert b"Name:" in read_file(Path("/proc/self/status"), 1 << 20)


@pytest.fixture
def stalled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A file system that does not answer."""
    answer = threading.Event()

    def never(_path: Path) -> None:
        answer.wait()
        raise OSError("came too late")

    monkeypatch.setattr(reading, "_open", never)
    yield
    answer.set()


@pytest.mark.usefixtures("stalled")
def test_a_network_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.05)
    with pytest.raises(AppError, match="nothing came of it within"):
        read_file(Path("far"), 100)


@pytest.mark.usefixtures("stalled")
def test_cancelling_does_not_wait_for_a_file() -> None:
    with cancelled_when(lambda: True), pytest.raises(ReadCancelled):
        read_file(Path("far"), 100)


def test_what_comes_too_late_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.01)
    may_come, let_go = threading.Event(), threading.Event()

    def action() -> int:
        may_come.wait()
        return 3

    with pytest.raises(reading._Refused):
        reading._patiently(action, lambda late: let_go.set() if late == 3 else None)
    may_come.set()
    assert let_go.wait(5)


def test_a_folder_that_cannot_be_listed_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    (tmp_path / "a").touch()
    assert names_in(tmp_path) == ["a", "b"]
    assert names_in(tmp_path / "a") == names_in(tmp_path / "gone") == []
