"""Check finds whatever was done to a gallery; repair keeps what reads and loses nothing else."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import AppError, GalleryBeyondRepair, GalleryDamaged, GalleryError
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import open_gallery
from core.retrieval.gallery_check import GalleryCheck, check_gallery
from core.retrieval.gallery_database import DAMAGED_NAME, DATABASE_NAME
from core.retrieval.gallery_repair import repair_gallery
from core.retrieval.gallery_rows import COMPACT_NAME, DESCRIPTORS_NAME
from core.retrieval.indexing import IndexReport, index_folder
from tests.core.retrieval.describers import describer
from tests.core.retrieval.test_retrieval_indexing import check_whole


@pytest.fixture
def index(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Callable[..., Any]
) -> Callable[[], IndexReport]:
    """Indexes the pictures into `tmp_path / "g"`."""
    return lambda: run_job(
        index_folder(describer(stub_engine(), recipe), pictures, tmp_path / "g", batch_size=5)
    )


@pytest.fixture
def gallery(tmp_path: Path, index: Callable[[], IndexReport]) -> Path:
    """A gallery of twelve pictures."""
    index()
    return tmp_path / "g"


def change(gallery: Path, *statements: str) -> None:
    with closing(sqlite3.connect(gallery / DATABASE_NAME)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def said(check: GalleryCheck) -> str:
    return " ".join(finding.sentence for finding in check.findings)


def test_a_sound_gallery_is_left_as_it_is(gallery: Path) -> None:
    before = {path.name: path.read_bytes() for path in gallery.iterdir()}
    check = run_job(check_gallery(gallery))
    assert (check.n_images, check.findings, check.is_sound) == (12, (), True)
    repair = run_job(repair_gallery(gallery))
    assert (repair.done, repair.after) == ((), check)
    assert {path.name: path.read_bytes() for path in gallery.iterdir()} == before


def test_files_that_differ_are_no_damage(gallery: Path, pictures: Path) -> None:
    (pictures / "grey0.png").unlink()
    (pictures / "red" / "0.png").touch()
    (gallery / COMPACT_NAME).write_bytes(b"left by a kill")
    (gallery / "notes.txt").write_text("mine")
    check = run_job(check_gallery(gallery))
    assert (check.is_sound, check.needs_repair) == (False, False)
    assert "1 image absent: 1 in the folder itself." in said(check)
    assert "1 image has changed since the index, such as red/0.png." in said(check)
    assert f"Left over from earlier: {COMPACT_NAME}." in said(check)
    assert "1 file of something else: notes.txt." in said(check)
    repair = run_job(repair_gallery(gallery))
    assert len(open_gallery(gallery)) == 12
    assert not (gallery / COMPACT_NAME).exists()
    assert (gallery / "notes.txt").exists()
    assert "Left over" not in said(repair.after)


BAD_ROWS = [
    "UPDATE images SET row = 99 WHERE path = 'grey0.png'",
    "UPDATE images SET row = 'x' WHERE path = 'grey0.png'",
    "UPDATE images SET width = -1 WHERE path = 'grey0.png'",
    "UPDATE images SET bytes = 1.5 WHERE path = 'grey0.png'",
    "UPDATE images SET path = '../grey0.png' WHERE path = 'grey0.png'",
    "UPDATE images SET path = '/etc/passwd' WHERE path = 'grey0.png'",
    "UPDATE images SET path = x'ff00' WHERE path = 'grey0.png'",
    "UPDATE images SET path = CAST(x'ff' AS TEXT) WHERE path = 'grey0.png'",
    "UPDATE images SET path = '' WHERE path = 'grey0.png'",
    "UPDATE images SET label = x'ff' WHERE path = 'grey0.png'",
]


@pytest.mark.parametrize("statement", BAD_ROWS)
def test_rows_that_make_no_sense_are_left_out(
    gallery: Path, pictures: Path, index: Callable[[], IndexReport], statement: str
) -> None:
    change(gallery, statement)
    with pytest.raises(GalleryDamaged, match="is damaged"):
        open_gallery(gallery)
    assert run_job(check_gallery(gallery)).needs_repair
    repair = run_job(repair_gallery(gallery))
    assert "11 images could be read, 1 image made no sense" in repair.done[0]
    assert not repair.after.needs_repair
    assert (gallery / DAMAGED_NAME).is_file()
    assert index().n_added == 1
    check_whole(gallery, pictures)


def test_of_two_images_with_one_row_none_is_believed(gallery: Path, pictures: Path) -> None:
    table = (
        "CREATE TABLE images2 (path TEXT PRIMARY KEY, label TEXT, width, height, bytes, changed, "
        "row) WITHOUT ROWID"
    )
    change(
        gallery,
        table,
        "INSERT INTO images2 SELECT * FROM images",
        "DROP TABLE images",
        "ALTER TABLE images2 RENAME TO images",
        "UPDATE images SET row = 3 WHERE row = 4",
    )
    run_job(repair_gallery(gallery))
    assert len(open_gallery(gallery)) == 10


def test_a_database_with_torn_pages_is_copied_as_far_as_it_reads(
    tmp_path: Path, gallery: Path, pictures: Path, index: Callable[[], IndexReport]
) -> None:
    change(
        gallery,
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999) "
        "INSERT INTO problems SELECT printf('many/%05d', i), 'bad', 1, 1 FROM n",
    )
    database = gallery / DATABASE_NAME
    content = bytearray(database.read_bytes())
    for page in range(20, len(content) // 4096, 7):
        content[page * 4096 : page * 4096 + 4096] = b"\xa5" * 4096
    database.write_bytes(content)
    check = run_job(check_gallery(gallery))
    assert check.needs_repair
    repair = run_job(repair_gallery(gallery))
    assert not repair.after.needs_repair
    assert (gallery / DAMAGED_NAME).read_bytes() == bytes(content)
    assert len(open_gallery(gallery)) == 12
    shutil.rmtree(tmp_path / "many", ignore_errors=True)
    index()
    check_whole(gallery, pictures)


def test_damaged_notes_that_are_not_needed_go(gallery: Path) -> None:
    change(gallery, "UPDATE meta SET value = '[3' WHERE key IN ('run', 'vectors')")
    assert run_job(check_gallery(gallery)).needs_repair
    run_job(repair_gallery(gallery))
    assert len(open_gallery(gallery)) == 12
    assert open_gallery(gallery).progress.is_finished is None


@pytest.mark.parametrize("key", ["recipe", "n_rows", "root"])
def test_a_gallery_that_does_not_say_how_it_was_made_can_not_be_repaired(
    gallery: Path, key: str
) -> None:
    change(gallery, f"DELETE FROM meta WHERE key = '{key}'")
    before = {path.name: path.read_bytes() for path in gallery.iterdir()}
    with pytest.raises(GalleryError, match="can't be repaired: it does not say any more"):
        run_job(repair_gallery(gallery))
    assert {path.name: path.read_bytes() for path in gallery.iterdir()} == before


def test_damage_that_no_message_can_quote_is_beyond_repair(gallery: Path) -> None:
    change(
        gallery,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = CAST(x'4352454154452087' AS TEXT) WHERE name = 'images'",
    )
    assert run_job(check_gallery(gallery)).needs_repair
    with pytest.raises(GalleryBeyondRepair):
        run_job(repair_gallery(gallery))


def test_lost_descriptors_are_forgotten(
    gallery: Path, pictures: Path, index: Callable[[], IndexReport]
) -> None:
    with (gallery / DESCRIPTORS_NAME).open("r+b") as file:
        file.seek(-12, 2)
        file.write(np.array([np.inf, 1, 1], "<f4").tobytes())
    check = run_job(check_gallery(gallery))
    assert check.needs_repair
    assert "1 block of descriptors is not what was written" in said(check)
    repair = run_job(repair_gallery(gallery))
    assert repair.done[0].startswith("12 images forgotten")  # all are of one block
    assert "unfinished" in said(repair.after)
    assert index().n_added == 12
    check_whole(gallery, pictures)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW more AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON images BEGIN DELETE FROM images; END",
        "ALTER TABLE images RENAME TO others",
        "ALTER TABLE images ADD COLUMN more",
        "ALTER TABLE blocks RENAME COLUMN crc TO sum",
        "DROP TABLE problems",
    ],
)
def test_a_database_of_another_make_is_damage(gallery: Path, statement: str) -> None:
    change(gallery, statement)
    with pytest.raises(GalleryDamaged):
        open_gallery(gallery)
    assert run_job(check_gallery(gallery)).needs_repair
    run_job(repair_gallery(gallery))
    assert not run_job(check_gallery(gallery)).needs_repair


def test_an_endless_view_in_place_of_a_table_is_not_read(gallery: Path) -> None:
    change(
        gallery,
        "DROP TABLE images",
        "CREATE VIEW images AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i AS path, NULL AS label, 1 AS width, 1 AS height, 1 AS bytes, 1 AS changed, "
        "i AS row FROM n",
    )
    with pytest.raises(GalleryDamaged):
        open_gallery(gallery)
    run_job(repair_gallery(gallery))
    assert len(open_gallery(gallery)) == 0


def test_no_mutation_of_a_database_gives_a_traceback(tmp_path: Path, gallery: Path) -> None:
    """150 files with one to eight bytes changed, and 50 cut off."""
    rng = np.random.default_rng(9)
    content = (gallery / DATABASE_NAME).read_bytes()
    used = np.flatnonzero(np.frombuffer(content, np.uint8))
    for number in range(200):
        mutated = bytearray(content)
        if number < 150:
            for place in rng.choice(used, rng.integers(1, 9)):
                mutated[place] = rng.integers(256)
        else:
            mutated = mutated[: rng.integers(len(mutated))]
        (gallery / DATABASE_NAME).write_bytes(mutated)
        for act in (
            lambda: open_gallery(gallery).notes,
            lambda: run_job(check_gallery(gallery)),
            lambda: run_job(repair_gallery(gallery)),
            lambda: open_gallery(gallery).descriptors.sum(),
        ):
            with suppress(AppError):
                act()
