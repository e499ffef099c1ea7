"""Descriptors are checked, not believed: what is lost or changed is described again."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import GalleryError
from core.progress import run_job
from core.retrieval import block_checksums, gallery_rows
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import open_gallery
from core.retrieval.gallery_database import DATABASE_NAME
from core.retrieval.gallery_rows import DESCRIPTORS_NAME
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.indexing import IndexReport, index_folder
from core.retrieval.search import best_of_many
from tests.core.retrieval.describers import describer
from tests.core.retrieval.test_retrieval_indexing import check_whole

Index = Callable[[], IndexReport]
HEADER, ROW = 128, 12
"""Bytes of the header, and of a row of three values."""


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of four rows, so that twelve images have three."""
    for module in (block_checksums, gallery_rows):
        monkeypatch.setattr(module, "BLOCK_ROWS", 4)


@pytest.fixture
def index(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Callable[..., Any]
) -> Index:
    """Indexes the pictures into `tmp_path / "g"`."""
    return lambda: run_job(
        index_folder(describer(stub_engine(), recipe), pictures, tmp_path / "g", batch_size=5)
    )


def lose(file: Path) -> None:
    file.unlink()


def shorten(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(HEADER + 7 * ROW + 5)


def write_at(file: Path, row: int, content: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(HEADER + row * ROW)
        opened.write(content)


def flip_a_bit(file: Path) -> None:
    content = file.read_bytes()
    write_at(file, 5, bytes([content[HEADER + 5 * ROW] ^ 1]))


def spoil_by_nan(file: Path) -> None:
    write_at(file, 9, np.array([np.nan], "<f4").tobytes())


def spoil_the_header(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"no header")


DAMAGE = [
    (lose, 12),
    (shorten, 8),  # the second block is cut off, the third is gone
    (flip_a_bit, 4),
    (spoil_by_nan, 4),
    (spoil_the_header, 12),
]


@pytest.mark.parametrize(("damage", "n_lost"), DAMAGE, ids=lambda do: getattr(do, "__name__", ""))
def test_what_is_lost_is_described_again(
    tmp_path: Path,
    pictures: Path,
    index: Index,
    damage: Callable[[Path], None],
    n_lost: int,
) -> None:
    index()
    damage(tmp_path / "g" / DESCRIPTORS_NAME)
    report = index()
    assert (report.n_added, report.n_kept, report.n_images) == (n_lost, 12 - n_lost, 12)
    assert f"{n_lost} descriptors were lost or damaged" in report.notes[0]
    check_whole(tmp_path / "g", pictures)
    assert run_job(GalleryStore(tmp_path / "g").find_row_faults()).is_sound
    assert index().n_added == 0
    assert np.load(tmp_path / "g" / DESCRIPTORS_NAME).shape == (12, 3)


@pytest.mark.parametrize("damage", [lose, shorten, spoil_the_header])
def test_a_query_says_what_to_do(
    tmp_path: Path, index: Index, damage: Callable[[Path], None]
) -> None:
    index()
    damage(tmp_path / "g" / DESCRIPTORS_NAME)
    with pytest.raises(GalleryError, match="are damaged") as caught:
        open_gallery(tmp_path / "g")
    assert caught.value.hint.startswith("Index its folder again")


@pytest.mark.parametrize(
    "read",
    [
        lambda gallery, query: gallery.rows[:],
        lambda gallery, query: gallery.rows[3],
        lambda gallery, query: gallery.cosines.lengths,
        lambda gallery, query: gallery.cosines.of(query),
        lambda gallery, query: gallery.cosines.exactly(query[0], np.arange(3)),
        lambda gallery, query: best_of_many(gallery.cosines, query, 5, [None]),
        lambda gallery, query: best_of_many(gallery.cosines, query.repeat(9, 0), 5, [None] * 9),
    ],
)
@pytest.mark.parametrize("is_ranked_before", [False, True])
def test_a_file_that_is_cut_off_behind_an_open_gallery_is_told_of(
    tmp_path: Path, index: Index, read: Callable[..., object], is_ranked_before: bool
) -> None:
    """What reads a map beyond the end of its file is killed."""
    index()
    gallery = open_gallery(tmp_path / "g")
    query = np.array([[1, 2, 3]], np.float32)
    if is_ranked_before:
        read(gallery, query)
        gallery.__dict__.pop("cosines", None)
    os.truncate(tmp_path / "g" / DESCRIPTORS_NAME, 0)
    with pytest.raises(GalleryError, match="has become shorter"):
        read(gallery, query)


def test_a_gallery_without_checksums_gets_them_at_the_next_index(
    tmp_path: Path, pictures: Path, index: Index
) -> None:
    """As all of schema 1 are."""
    index()
    with closing(sqlite3.connect(tmp_path / "g" / DATABASE_NAME)) as db:
        db.execute("DROP TABLE blocks")
        db.execute("DROP TABLE absent")
        db.execute("UPDATE meta SET value = '1' WHERE key = 'schema'")
        db.commit()
    assert len(open_gallery(tmp_path / "g")) == 12
    store = GalleryStore(tmp_path / "g")
    assert run_job(store.find_row_faults()).checksums is None
    shutil.copy(pictures / "grey0.png", pictures / "new.png")
    assert index().n_added == 1
    faults = run_job(store.find_row_faults())
    assert faults.checksums is not None
    assert faults.is_sound


def test_checksums_follow_every_change(tmp_path: Path, pictures: Path, index: Index) -> None:
    store = GalleryStore(tmp_path / "g")
    for n in range(6):
        shutil.copy(pictures / "grey0.png", pictures / f"new{n}.png")
        index()
        assert run_job(store.find_row_faults()).is_sound
    for path in pictures.rglob("*.png"):
        path.touch()  # half of the rows are dead then, and leave the file
    index()
    faults = run_job(store.find_row_faults())
    assert faults.is_sound
    assert faults.n_rows == 18


def test_a_kill_between_forgetting_and_writing_anew_is_mended(
    tmp_path: Path, pictures: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index()
    shorten(tmp_path / "g" / DESCRIPTORS_NAME)
    with monkeypatch.context() as patch:
        patch.setattr(gallery_rows.GalleryRows, "write_anew", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index()
    index()
    check_whole(tmp_path / "g", pictures)


def test_what_another_run_changes_meanwhile_is_no_damage(
    tmp_path: Path, pictures: Path, index: Index
) -> None:
    """Half of the rows are dead once all files are new, and the file is written anew."""
    index()
    store = GalleryStore(tmp_path / "g")
    job = store.mend_rows()
    next(job)
    for path in pictures.rglob("*.png"):
        path.touch()
    index()
    assert run_job(job) == 0
    check_whole(tmp_path / "g", pictures)
