"""The descriptors of a gallery as files: which one is named, how it grows, when it is written anew.

Descriptors are written inside the transaction that names their rows: a run killed in between
leaves rows that nobody names, and the next change writes over them. Rows that an image named once
are never written over, for whoever opened the gallery before may still read them.

Opening a gallery reads no descriptor; an index and a check read all, and hold them against their
checksums. Ranking looks for NaN and infinity by itself.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import GalleryError
from core.files import sync_folder
from core.progress import Job, Progress
from core.retrieval.block_checksums import (
    BLOCK_ROWS,
    crc_of,
    extend_checksums,
    read_checksums,
    sum_anew,
)
from core.retrieval.gallery_database import GalleryDatabase, get_meta, set_meta
from core.retrieval.vectors_file import append_rows, count_rows, read_blocks, read_rows

DESCRIPTORS_NAME = "descriptors.npy"
COMPACT_NAME = "descriptors.compact.npy"
"""Descriptors written anew, until they take the place of the others."""


@dataclass(frozen=True, eq=False)
class RowFaults:
    """Which descriptors can't be trusted.

    n_there: rows that the file holds, of n_rows that it should. changed_blocks: numbers of the
    blocks whose content is not what was written. not_finite: numbers of rows with NaN or infinity.
    checksums: what the blocks were held against, None where there was nothing.
    """

    n_rows: int
    n_there: int
    changed_blocks: tuple[int, ...]
    not_finite: np.ndarray
    checksums: dict[int, int] | None

    @property
    def is_sound(self) -> bool:
        """Whether every row can be trusted."""
        is_whole = self.n_there >= self.n_rows and not self.changed_blocks
        return is_whole and not len(self.not_finite)

    def spoil(self, rows: np.ndarray) -> np.ndarray:
        """Which of some rows can't be trusted: (n,) int64 to (n,) bool."""
        is_changed = np.isin(rows // BLOCK_ROWS, self.changed_blocks)
        is_spoilt: np.ndarray = (rows >= self.n_there) | is_changed | np.isin(rows, self.not_finite)
        return is_spoilt


class GalleryRows:
    """Reads and writes the rows of a gallery folder."""

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database
        self._folder = database.folder

    def read(self, named: str | None, n_rows: int, dimension: int) -> np.ndarray:
        """The rows of the file that the database names, (n_rows, dimension), mapped."""
        path = self._path(named)
        try:
            return read_rows(path, n_rows, dimension)
        except GalleryError:
            if path == self._final_path or path.exists():
                raise
            return read_rows(self._final_path, n_rows, dimension)  # renamed in this moment

    def append(self, db: sqlite3.Connection, descriptors: np.ndarray) -> int:
        """Write (n, dimension) float32 in a transaction; the number of the first row of them.

        Raises GalleryError if the dimension is not that of the gallery.
        """
        n_rows, dimension = get_meta(db, "n_rows"), get_meta(db, "dimension")
        if n_rows and dimension != descriptors.shape[1]:
            raise GalleryError(
                f"A descriptor has {descriptors.shape[1]} values where the gallery's have "
                f"{dimension}.",
                hint="'flatten' needs inputs of one size: warp or crop, or choose gap.",
            )
        path = self._path(get_meta(db, "vectors"))
        if read_checksums(db, n_rows) is None:
            sum_anew(db, read_rows(path, n_rows, dimension))
        set_meta(db, "n_rows", append_rows(path, n_rows, descriptors))
        extend_checksums(db, n_rows, np.asarray(descriptors, dtype=np.float32))
        set_meta(db, "dimension", int(descriptors.shape[1]))
        return int(n_rows)

    def find_faults(
        self, named: str | None, n_rows: int, dimension: int, wanted: dict[int, int] | None
    ) -> Job[RowFaults]:
        """Read every row, hold it against its block's checksum, and look for NaN and infinity.

        No transaction is open meanwhile, for rows that were named once are never written over.
        """
        path = self._path(named)
        try:
            n_there = min(n_rows, count_rows(path, dimension))
        except OSError:
            n_there = 0
        changed, not_finite = [], [np.zeros(0, np.int64)]
        n_blocks = -(-n_rows // BLOCK_ROWS)
        yield Progress(0, n_blocks, "blocks of descriptors checked")
        for number, block in enumerate(read_blocks(path, n_there, dimension, BLOCK_ROWS)):
            is_whole = min(n_rows, (number + 1) * BLOCK_ROWS) <= n_there
            is_as_written = wanted is None or (
                block is not None and is_whole and wanted[number] == crc_of(block)
            )
            if block is None or not is_as_written:
                changed.append(number)
            else:
                bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
                not_finite.append(bad + number * BLOCK_ROWS)
            yield Progress(number + 1, n_blocks, "blocks of descriptors checked")
        spoilt = np.concatenate(not_finite)
        return RowFaults(n_rows, n_there, tuple(changed), spoilt, wanted)

    def fill(self, named: str | None, n_there: int, n_rows: int, dimension: int) -> None:
        """Put zeros where the rows behind the first n_there were lost."""
        if n_there < n_rows:
            missing = np.zeros((n_rows - n_there, dimension), np.float32)
            append_rows(self._path(named), n_there, missing)

    def tidy(self) -> None:
        """Leave out rows that no image names, if they are many and the disk has room for both."""
        with suppress(GalleryError):  # a disk without room for both files keeps the longer one
            self._settle()
            self._compact()
            self._settle()

    def write_anew(self) -> None:
        """Keep the rows that images name, all of which can be read, and no others.

        Raises GalleryError where the file can't be written or renamed.
        """
        self._settle()
        self._compact(always=True)
        self._settle()

    def _compact(self, *, always: bool = False) -> None:
        """Write the descriptors anew, in the order of paths, if half of the rows or more are dead.

        always: also if fewer are. A kill before the commit leaves a file that nobody names. After
        it the new file is the one that is named, and has its final name once `_settle` has renamed
        it.
        """
        with self._database.changing() as db:
            n_rows, dimension = int(get_meta(db, "n_rows")), int(get_meta(db, "dimension"))
            rows = [row for (row,) in db.execute("SELECT row FROM images ORDER BY path")]
            if get_meta(db, "vectors") == COMPACT_NAME:  # not renamed yet
                return
            if _has_others(db):  # whose rows have the same numbers
                return
            if not always and (len(rows) * 2 > n_rows or not n_rows):
                return
            named = get_meta(db, "vectors")
            n_readable = count_rows(self._path(named), dimension) if rows else 0
            old = self.read(named, min(n_rows, n_readable), dimension)
            self._copy_rows(db, old, rows, dimension)
            db.execute("UPDATE images SET row = -1 - row")  # each row is unique at every moment
            for number, row in enumerate(rows):
                db.execute("UPDATE images SET row = ? WHERE row = ?", (number, -1 - row))
            set_meta(db, "n_rows", len(rows))
            set_meta(db, "vectors", COMPACT_NAME)

    def _copy_rows(
        self,
        db: sqlite3.Connection,
        old: np.ndarray,
        rows: list[int],
        dimension: int,
    ) -> None:
        """Write some rows in their order to the file of that name, with checksums of their own."""
        new = self._folder / COMPACT_NAME
        new.unlink(missing_ok=True)
        n_written = append_rows(new, 0, np.zeros((0, dimension), np.float32))
        db.execute("DELETE FROM blocks")
        try:
            for start in range(0, len(rows), BLOCK_ROWS):
                chunk = np.asarray(old[rows[start : start + BLOCK_ROWS]])
                extend_checksums(db, n_written, chunk)
                n_written = append_rows(new, n_written, chunk)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        sync_folder(self._folder)

    def _settle(self) -> None:
        """Give descriptors that were written anew their name, also after a kill in between."""
        with self._database.changing() as db:
            if get_meta(db, "vectors") != COMPACT_NAME:
                return
            with suppress(FileNotFoundError):  # renamed already, then killed
                try:
                    (self._folder / COMPACT_NAME).replace(self._final_path)
                except PermissionError:  # Windows, while someone reads the old ones: next time
                    return
            sync_folder(self._folder)
            set_meta(db, "vectors", DESCRIPTORS_NAME)

    def _path(self, named: str | None) -> Path:
        """The file of descriptors; one that was named before its renaming has its final name."""
        compact = self._folder / COMPACT_NAME
        return compact if named == COMPACT_NAME and compact.exists() else self._final_path

    @property
    def _final_path(self) -> Path:
        return self._folder / DESCRIPTORS_NAME


def _has_others(db: sqlite3.Connection) -> bool:
    """Whether files of further representations share the numbers of the rows."""
    found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'representations'").fetchone()
    return found is not None and db.execute("SELECT 1 FROM representations").fetchone() is not None
