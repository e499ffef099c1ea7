"""The files of a gallery: SQLite for images, problems and recipe, a .npy file for descriptors."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import GalleryError
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery_contents import (
    OUTDATED,
    Contents,
    FileStamp,
    GalleryProgress,
    StoredImage,
    StoredProblem,
)
from core.retrieval.gallery_origin import OLD_NOTE_NAME, GalleryOrigin, read_old_note, read_origin
from core.retrieval.nearby import candidates, find_roots, path_from
from core.retrieval.vectors_file import append_rows, read_rows, sync_folder

SCHEMA = 1
DATABASE_NAME = "gallery.sqlite"
DESCRIPTORS_NAME = "descriptors.npy"
COMPACT_NAME = "descriptors.compact.npy"
"""Descriptors written anew, until they take the place of the others."""
_BUSY_SECONDS = 30.0
_COPIED_AT_ONCE = 4096
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE images (
    path TEXT PRIMARY KEY, label TEXT, width INTEGER NOT NULL, height INTEGER NOT NULL,
    bytes INTEGER NOT NULL, changed INTEGER NOT NULL, row INTEGER NOT NULL UNIQUE
) WITHOUT ROWID;
CREATE TABLE problems (
    path TEXT PRIMARY KEY, reason TEXT NOT NULL, bytes INTEGER NOT NULL, changed INTEGER NOT NULL
) WITHOUT ROWID;
"""


class GalleryStore:
    """Reads and changes a gallery folder; every change is whole or not there at all.

    Each call opens the database for itself, so that any thread may call. Descriptors are written
    inside the transaction that names their rows: a run killed in between leaves rows that nobody
    names, and the next change writes over them. Rows that an image named once are never written
    over, for whoever opened the gallery before may still read them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        """Whether the folder holds a gallery, made to the end. Raises GalleryError if damaged."""
        if not (self.folder / DATABASE_NAME).is_file():
            return False
        with self._connected() as db:
            found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        return found is not None

    def create(
        self, recipe: DescriptorRecipe, root: Path, origin: GalleryOrigin | None = None
    ) -> None:
        """Make an empty gallery. Raises GalleryError if the folder holds something else."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            foreign = sorted(p.name for p in self.folder.iterdir() if not _is_ours(p.name))
        except OSError as error:
            raise GalleryError(
                f"The folder '{self.folder}' can't be made: {error.strerror}."
            ) from error
        if foreign:
            raise GalleryError(
                f"The folder '{self.folder}' is not empty and holds no gallery.",
                hint="Choose a new folder for the gallery.",
                details=", ".join(foreign[:8]),
            )
        meta = {
            "schema": SCHEMA,
            "recipe": recipe.to_json(),
            "origin": None if origin is None else origin.to_json(self.folder),
            "n_rows": 0,
            "dimension": 0,
            **self._places(recipe, root),
        }
        with self._changing() as db:
            for statement in _TABLES.split(";")[:-1]:
                db.execute(statement)
            for key, value in meta.items():
                _set(db, key, value)

    def read(self) -> Contents:
        """All that the gallery holds; descriptors are mapped, not read. Raises GalleryError."""
        with self._reading() as db:
            meta = {key: json.loads(value) for key, value in db.execute("SELECT * FROM meta")}
            if meta.get("schema") != SCHEMA:
                raise GalleryError(
                    f"The gallery '{self.folder}' has format {meta.get('schema')}, not {SCHEMA}.",
                    hint="It was made by another version of Blobscope.",
                )
            images = tuple(map(_image, db.execute("SELECT * FROM images ORDER BY path")))
            problems = tuple(map(_problem, db.execute("SELECT * FROM problems ORDER BY path")))
            try:
                return self._contents(meta, images, problems)
            except (TypeError, AttributeError) as error:  # JSON of another kind than ours
                raise self._damaged(error) from error

    def _contents(
        self,
        meta: dict[str, Any],
        images: tuple[StoredImage, ...],
        problems: tuple[StoredProblem, ...],
    ) -> Contents:
        """What the tables say; in their transaction, so that the rows are those of the images."""
        n_rows, dimension = int(meta["n_rows"]), int(meta["dimension"])
        if not all(0 <= image.row < n_rows for image in images):
            raise ValueError(f"an image names a row beyond the {n_rows} there are")
        return Contents(
            recipe=self._recipe(meta),
            made_with=dict(meta["recipe"]["preprocess"].get("made_with", {})),
            roots=find_roots(
                candidates(self.folder, Path(meta["root"]), meta.get("root_from_gallery")),
                [image.path for image in images],
            ),
            origin=read_origin(meta.get("origin"), self.folder) or read_old_note(self.folder),
            progress=_progress(meta.get("run"), images, problems),
            dimension=dimension,
            images=images,
            problems=problems,
            stored=self._read_rows(str(meta.get("vectors")), n_rows, dimension),
        )

    def begin(self, n_expected: int, outdated: Sequence[str] = ()) -> None:
        """Note that an index of n_expected files begins; `outdated` are those to describe anew.

        Until then they keep what they have: an old descriptor is better than none.
        """
        with self._changing() as db:
            for path in outdated:
                for table in ("images", "problems"):
                    db.execute(
                        f"UPDATE {table} SET bytes = ?, changed = ? WHERE path = ?",
                        (OUTDATED.n_bytes, OUTDATED.changed, path),
                    )
            _set(db, "run", {"n_expected": n_expected, "has_ended": False})

    def finish(self) -> None:
        """Note that the index has come to its end, and leave out rows that no image names."""
        with self._changing() as db:
            run = _get(db, "run")
            _set(db, "run", {**run, "has_ended": True})
        with suppress(GalleryError):  # a disk without room for both files keeps the longer one
            self._settle()
            self._compact()
            self._settle()

    def add(self, images: Sequence[StoredImage], descriptors: np.ndarray) -> None:
        """Add described images, in the place of earlier ones of the same path.

        descriptors: (len(images), dimension) float32; the rows of `images` are filled in here.
        Raises GalleryError if the dimension is not that of the gallery.
        """
        with self._changing() as db:
            n_rows, dimension = _get(db, "n_rows"), _get(db, "dimension")
            if n_rows and dimension != descriptors.shape[1]:
                raise GalleryError(
                    f"A descriptor has {descriptors.shape[1]} values where the gallery's have "
                    f"{dimension}.",
                    hint="'flatten' needs inputs of one size: warp or crop, or choose gap.",
                )
            path = self._descriptors_path(str(_get(db, "vectors")))
            n_after = append_rows(path, n_rows, descriptors)
            for row, image in enumerate(images, start=n_rows):
                db.execute("DELETE FROM problems WHERE path = ?", (image.path,))
                db.execute(
                    "INSERT OR REPLACE INTO images VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        image.path,
                        image.label,
                        image.width,
                        image.height,
                        image.stamp.n_bytes,
                        image.stamp.changed,
                        row,
                    ),
                )
            _set(db, "n_rows", n_after)
            _set(db, "dimension", int(descriptors.shape[1]))

    def add_problems(self, problems: Sequence[StoredProblem]) -> None:
        """Note files that can't be described; an earlier descriptor of theirs is dropped."""
        with self._changing() as db:
            for problem in problems:
                db.execute("DELETE FROM images WHERE path = ?", (problem.path,))
                stamp = problem.stamp
                db.execute(
                    "INSERT OR REPLACE INTO problems VALUES (?, ?, ?, ?)",
                    (problem.path, problem.reason, stamp.n_bytes, stamp.changed),
                )

    def remove(self, paths: Sequence[str]) -> None:
        """Forget images and problems by path."""
        with self._changing() as db:
            for path in paths:
                db.execute("DELETE FROM images WHERE path = ?", (path,))
                db.execute("DELETE FROM problems WHERE path = ?", (path,))

    def set_places(
        self, recipe: DescriptorRecipe, root: Path, origin: GalleryOrigin | None = None
    ) -> None:
        """Note where the images and the files that the gallery is made with lie now."""
        with self._changing() as db:
            for key, value in self._places(recipe, root).items():
                _set(db, key, value)
            if origin is not None:
                _set(db, "origin", origin.to_json(self.folder))

    def _compact(self) -> None:
        """Write the descriptors anew, in the order of paths, if half of the rows or more are dead.

        A kill before the commit leaves a file that nobody names. After it the new file is the one
        that is named, and has its final name once `_settle` has renamed it.
        """
        with self._changing() as db:
            n_rows, dimension = int(_get(db, "n_rows")), int(_get(db, "dimension"))
            rows = [row for (row,) in db.execute("SELECT row FROM images ORDER BY path")]
            is_unsettled = _get(db, "vectors") == COMPACT_NAME
            if len(rows) * 2 > n_rows or not n_rows or is_unsettled:
                return
            old = self._read_rows(str(_get(db, "vectors")), n_rows, dimension)
            new = self.folder / COMPACT_NAME
            new.unlink(missing_ok=True)
            n_written = append_rows(new, 0, np.zeros((0, dimension), np.float32))
            try:
                for start in range(0, len(rows), _COPIED_AT_ONCE):
                    chunk = np.asarray(old[rows[start : start + _COPIED_AT_ONCE]])
                    n_written = append_rows(new, n_written, chunk)
            except OSError:
                new.unlink(missing_ok=True)
                raise
            sync_folder(self.folder)
            db.execute("UPDATE images SET row = -1 - row")  # each row is unique at every moment
            for number, row in enumerate(rows):
                db.execute("UPDATE images SET row = ? WHERE row = ?", (number, -1 - row))
            _set(db, "n_rows", len(rows))
            _set(db, "vectors", COMPACT_NAME)

    def _settle(self) -> None:
        """Give descriptors that were written anew their name, also after a kill in between."""
        with self._changing() as db:
            if _get(db, "vectors") != COMPACT_NAME:
                return
            with suppress(FileNotFoundError):  # renamed already, then killed
                try:
                    (self.folder / COMPACT_NAME).replace(self.folder / DESCRIPTORS_NAME)
                except PermissionError:  # Windows, while someone reads the old ones: next time
                    return
            sync_folder(self.folder)
            _set(db, "vectors", DESCRIPTORS_NAME)

    def _descriptors_path(self, named: str) -> Path:
        """The file of descriptors; one that was named before its renaming has its final name."""
        compact = self.folder / COMPACT_NAME
        return compact if named == COMPACT_NAME and compact.exists() else self._final_path

    @property
    def _final_path(self) -> Path:
        return self.folder / DESCRIPTORS_NAME

    def _read_rows(self, named: str, n_rows: int, dimension: int) -> np.ndarray:
        path = self._descriptors_path(named)
        try:
            return read_rows(path, n_rows, dimension)
        except GalleryError:
            if path == self._final_path or path.exists():
                raise
            return read_rows(self._final_path, n_rows, dimension)  # renamed in this moment

    def _places(self, recipe: DescriptorRecipe, root: Path) -> dict[str, str | None]:
        mean = recipe.preprocess.mean_image
        return {
            "root": str(root),
            "root_from_gallery": path_from(self.folder, root),
            "mean_image": mean,
            "mean_image_from_gallery": None if mean is None else path_from(self.folder, Path(mean)),
        }

    def _recipe(self, meta: dict[str, Any]) -> DescriptorRecipe:
        """The recipe, with its mean image where that is now."""
        recipe = DescriptorRecipe.from_json(meta["recipe"])
        noted = meta.get("mean_image") or recipe.preprocess.mean_image
        if noted is None:
            return recipe
        places = candidates(self.folder, Path(noted), meta.get("mean_image_from_gallery"))
        mean = next((path for path in places if path.is_file()), places[0])
        return replace(recipe, preprocess=replace(recipe.preprocess, mean_image=str(mean)))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if not self.exists:
            raise GalleryError(
                f"There is no gallery in '{self.folder}'.", hint="Index a folder of images first."
            )
        with self._connected() as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._connected() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def _damaged(self, error: Exception) -> GalleryError:
        return GalleryError(
            f"The gallery '{self.folder}' is damaged.",
            hint="Index the images again into a new folder.",
            details=str(error),
        )

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        path = self.folder / DATABASE_NAME
        try:
            connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            with closing(connection) as db:
                yield db
        except sqlite3.OperationalError as error:
            raise GalleryError(
                f"The gallery '{self.folder}' can't be used: {error}.",
                hint="Another program may hold it, or the disk may be full.",
            ) from error
        except (sqlite3.DatabaseError, KeyError, ValueError) as error:
            raise self._damaged(error) from error
        except OSError as error:
            raise GalleryError(
                f"The gallery '{self.folder}' can't be written: {error.strerror}."
            ) from error


def _is_ours(name: str) -> bool:
    return name.startswith(DATABASE_NAME) or name in (DESCRIPTORS_NAME, COMPACT_NAME, OLD_NOTE_NAME)


def _image(row: tuple[Any, ...]) -> StoredImage:
    path, label, width, height, n_bytes, changed, at = row
    return StoredImage(path, label, width, height, FileStamp(n_bytes, changed), at)


def _problem(row: tuple[Any, ...]) -> StoredProblem:
    path, reason, n_bytes, changed = row
    return StoredProblem(path, reason, FileStamp(n_bytes, changed))


def _progress(
    run: object, images: Sequence[StoredImage], problems: Sequence[StoredProblem]
) -> GalleryProgress:
    stamps = [image.stamp for image in images] + [problem.stamp for problem in problems]
    n_done = sum(stamp != OUTDATED for stamp in stamps)
    if not isinstance(run, dict):
        return GalleryProgress(n_done, None, has_ended=False)
    return GalleryProgress(n_done, int(run["n_expected"]), bool(run["has_ended"]))


def _get(db: sqlite3.Connection, key: str) -> Any:
    """A value of the meta table; None for one that galleries of earlier formats lack."""
    found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if found is None else json.loads(found[0])


def _set(db: sqlite3.Connection, key: str, value: object) -> None:
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))
