"""Descriptors that no image names any more leave the file, whatever interrupts that."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.files import sync_folder
from core.progress import run_job
from core.retrieval import gallery_rows
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import open_gallery
from core.retrieval.gallery_rows import COMPACT_NAME, DESCRIPTORS_NAME
from core.retrieval.indexing import IndexReport, index_folder
from core.retrieval.vectors_file import append_rows
from tests.core.retrieval.describers import describer
from tests.core.retrieval.test_retrieval_indexing import check_whole

Stub = Callable[..., Any]


@pytest.fixture
def index(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Stub
) -> Callable[..., IndexReport]:
    """Indexes the pictures into `tmp_path / "g"`."""

    def run(*, prune: bool = False) -> IndexReport:
        described = describer(stub_engine(), recipe)
        return run_job(index_folder(described, pictures, tmp_path / "g", batch_size=5, prune=prune))

    return run


def touch(pictures: Path, n: int = 99) -> None:
    """Give the first n files another time, so that they are described anew."""
    for path in sorted(pictures.rglob("*.png"))[:n]:
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))


def n_rows(folder: Path) -> int:
    """Rows of the file as anyone reads it."""
    return len(np.load(folder / DESCRIPTORS_NAME, allow_pickle=False))


def test_the_file_does_not_grow_for_ever(
    tmp_path: Path, pictures: Path, index: Callable[[], IndexReport]
) -> None:
    index()
    for _ in range(4):
        touch(pictures)
        assert index().n_added == 12
        assert n_rows(tmp_path / "g") == 12
        check_whole(tmp_path / "g", pictures)
    touch(pictures, 5)  # fewer than half are dead: they stay
    index()
    assert n_rows(tmp_path / "g") == 17
    check_whole(tmp_path / "g", pictures)
    assert not (tmp_path / "g" / COMPACT_NAME).exists()


def test_compact_rows_are_in_the_order_of_names(
    tmp_path: Path, pictures: Path, index: Callable[[], IndexReport]
) -> None:
    index()
    touch(pictures)
    index()
    gallery = open_gallery(tmp_path / "g")
    assert [image.row for image in gallery.images] == list(range(12))
    np.testing.assert_array_equal(np.load(tmp_path / "g" / DESCRIPTORS_NAME), gallery.descriptors)


def test_images_that_went_leave_the_file(
    tmp_path: Path, pictures: Path, index: Callable[..., IndexReport]
) -> None:
    index()
    shutil.rmtree(pictures / "red")
    shutil.rmtree(pictures / "things")
    assert index(prune=True).n_images == 2
    assert n_rows(tmp_path / "g") == 2
    check_whole(tmp_path / "g", pictures)


def test_whoever_opened_the_gallery_before_still_reads_it(
    tmp_path: Path, pictures: Path, index: Callable[[], IndexReport]
) -> None:
    index()
    touch(pictures)
    index()  # now in the order of names, so that the file itself is read
    before = open_gallery(tmp_path / "g")
    wanted = np.array(before.descriptors)
    for path in sorted((pictures / "red").glob("*.png"))[:4]:
        shutil.copy(pictures / "grey0.png", path)
    touch(pictures)
    index()
    np.testing.assert_array_equal(before.descriptors, wanted)
    check_whole(tmp_path / "g", pictures)


KILLS = ("half written", "before the commit", "before the renaming", "after the renaming")


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize("killed", KILLS)
def test_a_kill_in_between_loses_nothing(
    tmp_path: Path, pictures: Path, index: Callable[[], IndexReport], killed: str
) -> None:
    index()
    touch(pictures)
    pid = os.fork()
    if pid == 0:
        _compact_until_killed(index, killed)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == -9
    check_whole(tmp_path / "g", pictures)
    assert open_gallery(tmp_path / "g").progress.is_finished
    assert index().n_kept == 12
    check_whole(tmp_path / "g", pictures)
    assert n_rows(tmp_path / "g") == 12
    assert not (tmp_path / "g" / COMPACT_NAME).exists()


def _compact_until_killed(index: Callable[[], IndexReport], killed: str) -> None:
    """Index in this child, which is killed at one place of the compaction."""

    def die(*_: object) -> int:
        os.kill(os.getpid(), 9)
        return 0

    n_synced = 0

    def sync(folder: Path) -> None:
        nonlocal n_synced
        n_synced += 1
        if n_synced == (1 if killed == "before the commit" else 2):
            die()
        sync_folder(folder)

    def append(path: Path, n_rows: int, rows: np.ndarray) -> int:
        if path.name == COMPACT_NAME and len(rows):
            path.write_bytes(b"half a file")
            die()
        return append_rows(path, n_rows, rows)

    if killed == "half written":
        gallery_rows.append_rows = append  # type: ignore[attr-defined]
    elif killed == "before the renaming":
        Path.replace = die  # type: ignore[method-assign,assignment]
    else:
        gallery_rows.sync_folder = sync  # type: ignore[attr-defined]
    try:
        index()
    finally:
        os._exit(3)


def test_readers_find_it_whole_at_any_moment(
    tmp_path: Path, pictures: Path, index: Callable[[], IndexReport]
) -> None:
    index()
    is_over = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        while not is_over.is_set():
            try:
                check_whole(tmp_path / "g", pictures)
            except BaseException as error:
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(4):
            touch(pictures)
            index()
    finally:
        is_over.set()
        for reader in readers:
            reader.join()
    assert failures == []


def test_a_full_disk_keeps_the_longer_file(
    tmp_path: Path,
    pictures: Path,
    index: Callable[[], IndexReport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index()
    touch(pictures)

    def append(path: Path, n_rows: int, rows: np.ndarray) -> int:
        if path.name == COMPACT_NAME and len(rows):
            raise OSError(28, "No space left on device")
        return append_rows(path, n_rows, rows)

    with monkeypatch.context() as patch:
        patch.setattr(gallery_rows, "append_rows", append)
        assert index().progress.is_finished
    assert not (tmp_path / "g" / COMPACT_NAME).exists()
    assert n_rows(tmp_path / "g") == 24
    check_whole(tmp_path / "g", pictures)
    index()
    assert n_rows(tmp_path / "g") == 12
    check_whole(tmp_path / "g", pictures)


def test_a_file_that_can_not_be_renamed_yet_is_used_as_it_is(
    tmp_path: Path,
    pictures: Path,
    index: Callable[[], IndexReport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Windows renames nothing onto a file that someone reads."""
    index()
    touch(pictures)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "in use")

    def never_anew(path: Path, n_rows: int, rows: np.ndarray) -> int:
        assert len(rows), "the only file of descriptors would be written anew in its place"
        return append_rows(path, n_rows, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        index()
        check_whole(tmp_path / "g", pictures)
        assert (tmp_path / "g" / COMPACT_NAME).exists()
        patch.setattr(gallery_rows, "append_rows", never_anew)
        for n in (3, 12):
            touch(pictures, n)
            index()
            check_whole(tmp_path / "g", pictures)
    index()
    check_whole(tmp_path / "g", pictures)
    assert not (tmp_path / "g" / COMPACT_NAME).exists()
    assert n_rows(tmp_path / "g") == 12
