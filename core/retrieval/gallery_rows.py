"""The descriptors of a gallery as files: which one is named, how it grows, when it is written anew.

Descriptors are written inside the transaction that names their rows: a run killed in between
leaves rows that nobody names, and the next change writes over them. Rows that an image named once
are never written over, for whoever opened the gallery before may still read them.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

import numpy as np

from core.errors import GalleryError
from core.files import sync_folder
from core.retrieval.gallery_database import GalleryDatabase, get_meta, set_meta
from core.retrieval.vectors_file import append_rows, read_rows

DESCRIPTORS_NAME = "descriptors.npy"
COMPACT_NAME = "descriptors.compact.npy"
"""Descriptors written anew, until they take the place of the others."""
_COPIED_AT_ONCE = 4096


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
        set_meta(
            db, "n_rows", append_rows(self._path(get_meta(db, "vectors")), n_rows, descriptors)
        )
        set_meta(db, "dimension", int(descriptors.shape[1]))
        return int(n_rows)

    def tidy(self) -> None:
        """Leave out rows that no image names, if they are many and the disk has room for both."""
        with suppress(GalleryError):  # a disk without room for both files keeps the longer one
            self._settle()
            self._compact()
            self._settle()

    def _compact(self) -> None:
        """Write the descriptors anew, in the order of paths, if half of the rows or more are dead.

        A kill before the commit leaves a file that nobody names. After it the new file is the one
        that is named, and has its final name once `_settle` has renamed it.
        """
        with self._database.changing() as db:
            n_rows, dimension = int(get_meta(db, "n_rows")), int(get_meta(db, "dimension"))
            rows = [row for (row,) in db.execute("SELECT row FROM images ORDER BY path")]
            is_unsettled = get_meta(db, "vectors") == COMPACT_NAME
            if len(rows) * 2 > n_rows or not n_rows or is_unsettled:
                return
            old = self.read(get_meta(db, "vectors"), n_rows, dimension)
            new = self._folder / COMPACT_NAME
            new.unlink(missing_ok=True)
            n_written = append_rows(new, 0, np.zeros((0, dimension), np.float32))
            try:
                for start in range(0, len(rows), _COPIED_AT_ONCE):
                    chunk = np.asarray(old[rows[start : start + _COPIED_AT_ONCE]])
                    n_written = append_rows(new, n_written, chunk)
            except OSError:
                new.unlink(missing_ok=True)
                raise
            sync_folder(self._folder)
            db.execute("UPDATE images SET row = -1 - row")  # each row is unique at every moment
            for number, row in enumerate(rows):
                db.execute("UPDATE images SET row = ? WHERE row = ?", (number, -1 - row))
            set_meta(db, "n_rows", len(rows))
            set_meta(db, "vectors", COMPACT_NAME)

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
