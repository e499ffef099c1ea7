"""Writing beside and renaming: what is found at a path whatever happens meanwhile."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from core.activations.npz_file import write_npz
from core.errors import AppError
from core.files import check_writable, is_plain_file, path_named_after, write_file, written_beside


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


posix = pytest.mark.skipif(sys.platform == "win32", reason="devices and links of POSIX")


def test_writers_at_once_leave_one_of_theirs_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.prototxt"
    contents = [bytes([65 + i]) * 3_000_000 for i in range(6)]
    errors: list[Exception] = []

    def write(content: bytes) -> None:
        try:
            write_file(path, content)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert path.read_bytes() in contents
    assert names_in(tmp_path) == ["out.prototxt"]


def test_an_interrupt_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.npz"
    path.write_bytes(b"before")

    def write_half() -> None:
        with written_beside(path) as partial:
            partial.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_bytes() == b"before"
    assert names_in(tmp_path) == ["out.npz"]


@posix
def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    for path in (Path("/dev/null"), link, tmp_path):
        with pytest.raises(AppError, match="no file that can be replaced"):
            write_file(path, b"x")
    assert Path("/dev/null").is_char_device()
    assert link.is_symlink()


@posix
def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "a.txt", tmp_path / "b.txt"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert names_in(tmp_path / "real") == ["a.txt"]


def test_an_npz_cut_short_is_not_there(tmp_path: Path) -> None:
    def arrays() -> object:
        yield "a", np.zeros(3)
        raise AppError("The engine stopped.")

    with pytest.raises(AppError, match="engine stopped"):
        write_npz(tmp_path / "a.npz", arrays())  # type: ignore[arg-type]
    assert names_in(tmp_path) == []


@posix
@pytest.mark.parametrize(
    "name", ["a" * 251 + ".npz", "画" * 80 + ".npz", "\U0001f600" * 62 + ".csv"]
)
def test_names_as_long_as_the_disk_takes(tmp_path: Path, name: str) -> None:
    assert 239 < len(name.encode()) <= 255
    path = tmp_path / name
    check_writable(path)
    assert names_in(tmp_path) == []
    write_npz(path, iter([("a", np.zeros(3))]))
    assert names_in(tmp_path) == [name]
    write_file(path, b"new")
    assert path.read_bytes() == b"new"


@posix
def test_what_can_not_be_written_is_said_before(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / ("a" * 256), "File name too long"),
        (tmp_path / "gone" / "a.npz", "there is no folder"),
        (tmp_path, "no file that can be replaced"),
        (Path("/dev/null"), "no file that can be replaced"),
        (Path("/proc/a.npz"), "can't be written"),
    ):
        with pytest.raises(AppError, match=reason):
            check_writable(path)
        with pytest.raises(AppError):
            write_file(path, b"x")
    assert names_in(tmp_path) == []


def test_checking_leaves_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(b"before")
    check_writable(path)
    assert (path.read_bytes(), names_in(tmp_path)) == (b"before", ["a.npz"])


def test_names_made_from_names_fit_the_disk(tmp_path: Path) -> None:
    assert path_named_after(tmp_path / "a.npz", "a", ".json") == tmp_path / "a.json"
    exact = path_named_after(tmp_path / "x", "a" * 250, ".json")
    assert exact.name == "a" * 250 + ".json"
    for stem in ("a" * 251, "画" * 85, "\U0001f600" * 63):
        path = path_named_after(tmp_path / "x", stem, ".json")
        assert 240 < len(path.name.encode()) <= 255
        write_file(path, b"{}")
        assert path != path_named_after(tmp_path / "x", f"{stem}b", ".json")


def test_what_can_be_no_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert is_plain_file(tmp_path / "a")
    for name in ("a" * 300, "a\0b", "gone"):
        assert not is_plain_file(tmp_path / name)
