"""The files of a gallery: SQLite for images, problems and recipe, a .npy file for descriptors."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import GalleryError
from core.progress import Job
from core.retrieval.block_checksums import read_checksums, sum_anew
from core.retrieval.descriptor import DescriptorRecipe, check_same_recipe
from core.retrieval.finish import FITS_NAME
from core.retrieval.gallery_contents import (
    OUTDATED,
    Contents,
    GalleryProgress,
    StoredImage,
    StoredImages,
    StoredProblem,
)
from core.retrieval.gallery_database import (
    DATABASE_NAME,
    GalleryDatabase,
    add_missing_tables,
    get_meta,
    set_meta,
)
from core.retrieval.gallery_meta import GalleryMeta, RunNote, places_to_note, read_meta
from core.retrieval.gallery_origin import OLD_NOTE_NAME, GalleryOrigin, read_old_note, read_origin
from core.retrieval.gallery_rows import COMPACT_NAME, DESCRIPTORS_NAME, GalleryRows, RowFaults
from core.retrieval.image_columns import read_images, read_problems
from core.retrieval.representations import (
    append_representations,
    fill_lost_rows,
    is_representation,
    note_representations,
    read_representations,
)

_LISTS = re.compile(r"approximate-\d{5}\.lists")
MAPS_NAME = "maps"
CHANNELS_NAME = "channels"
"""What was read of the channels of layers over the images."""
FITTED_ON_NAME = "fitted-on"
"""The folder of a gallery that holds the one which it was fitted on."""
SWEEP_NAMES = ("sweep.json", "sweep-precisions.npy", FITTED_ON_NAME)
"""What a sweep keeps beside: fits of PCA and whitening, its results, the gallery it fitted on."""


class GalleryStore:
    """Reads and changes a gallery folder; every change is whole or not there at all.

    Each call opens the database for itself, so that any thread may call.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._database = GalleryDatabase(folder)
        self._rows = GalleryRows(self._database)

    @property
    def exists(self) -> bool:
        """Whether the folder holds a gallery, made to the end. Raises GalleryError if damaged."""
        return self._database.exists

    def create(
        self,
        recipe: DescriptorRecipe,
        root: Path,
        origin: GalleryOrigin | None = None,
        others: Sequence[DescriptorRecipe] = (),
    ) -> None:
        """Make an empty gallery, or leave the one that another process made meanwhile.

        Raises GalleryError if the folder holds something else, or a gallery of another recipe.

        others: further representations, which differ from `recipe` in value and pooling alone.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            foreign = sorted(p.name for p in self.folder.iterdir() if not is_ours(p.name))
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
            "recipe": recipe.to_json(),
            "origin": None if origin is None else origin.to_json(self.folder),
            "n_rows": 0,
            "dimension": 0,
            **places_to_note(self.folder, recipe, root),
        }
        with self._database.changing() as db:
            add_missing_tables(db)
            if get_meta(db, "recipe") is not None:  # another process made it, and may have added
                check_same_recipe(read_meta(db).found_recipe(self.folder), recipe)
                return
            for key, value in meta.items():
                set_meta(db, key, value)
            note_representations(db, others)

    def read(self) -> Contents:
        """All that the gallery holds; descriptors are mapped, not read. Raises GalleryError."""
        with self._database.reading() as db:
            return self._contents(db, read_meta(db))

    def _contents(self, db: sqlite3.Connection, meta: GalleryMeta) -> Contents:
        """What the tables say; in one transaction, so that the rows are those of the images."""
        images, problems = read_images(db, meta.n_rows), read_problems(db)
        recipe = meta.found_recipe(self.folder)
        return Contents(
            recipe=recipe,
            made_with=meta.made_with,
            roots=meta.found_roots(self.folder, images.paths),
            origin=read_origin(meta.origin, self.folder) or read_old_note(self.folder),
            progress=_progress(meta.run, images, problems),
            dimension=meta.dimension,
            images=images,
            problems=problems,
            stored=self._rows.read(meta.vectors, meta.n_rows, meta.dimension),
            others=read_representations(db, recipe),
        )

    def read_recipe(self) -> DescriptorRecipe:
        """The recipe alone, also of a gallery that has lost descriptors. Raises GalleryError."""
        with self._database.reading() as db:
            return read_meta(db).found_recipe(self.folder)

    def read_root(self) -> Path:
        """The folder of the images, as it was noted. Raises GalleryError."""
        with self._database.reading() as db:
            return Path(read_meta(db).root)

    def find_row_faults(self) -> Job[RowFaults]:
        """Which descriptors are lost, changed or not finite."""
        while True:
            with self._database.reading() as db:
                meta = read_meta(db)
                wanted = read_checksums(db, meta.n_rows)
            faults = yield from self._rows.find_faults(
                meta.vectors, meta.n_rows, meta.dimension, wanted
            )
            with self._database.reading() as db:
                if faults.is_sound or _is_of_now(faults, db):
                    return faults

    def mend_rows(self) -> Job[int]:
        """Forget images whose descriptors can't be trusted, so that they are described again.

        Returns how many. The others' descriptors are written anew, and take the place of the old
        file once they are whole.
        """
        faults = yield from self.find_row_faults()
        n_lost = self._fill_lost_rows()
        if faults.is_sound:
            return n_lost
        with self._database.changing() as db:
            if not _is_of_now(faults, db):
                return 0  # another run is at work: the next one looks again
            add_missing_tables(db)
            named = db.execute("SELECT path, row FROM images").fetchall()
            is_spoilt = faults.spoil(np.array([row for _, row in named], dtype=np.int64))
            spoilt = [(path,) for (path, _), is_bad in zip(named, is_spoilt, strict=True) if is_bad]
            db.executemany("DELETE FROM images WHERE path = ?", spoilt)
            has_others = bool(read_representations(db, read_meta(db).found_recipe(self.folder)))
        if (
            has_others
        ):  # whose rows have the same numbers: what is spoilt stays, and nobody names it
            self._keep_numbers(faults)
        else:
            self._rows.write_anew()
        return n_lost + len(spoilt)

    def _keep_numbers(self, faults: RowFaults) -> None:
        """Make a file whole again whose rows must keep their places."""
        with self._database.changing() as db:
            meta = read_meta(db)
            self._rows.fill(meta.vectors, faults.n_there, meta.n_rows, meta.dimension)
            sum_anew(db, self._rows.read(meta.vectors, meta.n_rows, meta.dimension))

    def _fill_lost_rows(self) -> int:
        """Forget images that a file of a further representation has lost; how many they were."""
        with self._database.reading() as db:
            meta = read_meta(db)
            others = read_representations(db, meta.found_recipe(self.folder))
        if not others:
            return 0
        n_whole = fill_lost_rows(self.folder, others, meta.n_rows)
        if n_whole == meta.n_rows:
            return 0
        with self._database.changing() as db:
            found = db.execute("DELETE FROM images WHERE row >= ?", (n_whole,))
            return int(found.rowcount)

    def sum_rows_anew(self) -> None:
        """Make checksums of the descriptors as they are now."""
        with self._database.changing() as db:
            add_missing_tables(db)
            meta = read_meta(db)
            sum_anew(db, self._rows.read(meta.vectors, meta.n_rows, meta.dimension))

    def read_absent(self) -> frozenset[str]:
        """Files that stay until they are seen again, however many others their folder shows."""
        with self._database.changing() as db:
            add_missing_tables(db)
            return frozenset(path for (path,) in db.execute("SELECT path FROM absent"))

    def begin(
        self, n_expected: int, outdated: Sequence[str] = (), absent: Sequence[str] = ()
    ) -> None:
        """Note that an index of n_expected files begins; `outdated` are those to describe anew.

        Until then they keep what they have: an old descriptor is better than none. absent: those
        to take for absent until they are seen again.
        """
        with self._database.changing() as db:
            add_missing_tables(db)
            db.execute("DELETE FROM absent")
            db.executemany("INSERT INTO absent VALUES (?)", [(path,) for path in absent])
            for path in outdated:
                for table in ("images", "problems"):
                    db.execute(
                        f"UPDATE {table} SET bytes = ?, changed = ? WHERE path = ?",
                        (OUTDATED.n_bytes, OUTDATED.changed, path),
                    )
            set_meta(db, "run", {"n_expected": n_expected, "has_ended": False})

    def finish(self) -> None:
        """Note that the index has come to its end, and leave out rows that no image names."""
        with self._database.changing() as db:
            run = get_meta(db, "run")
            set_meta(db, "run", {**run, "has_ended": True})
        self._rows.tidy()

    def add(
        self,
        images: Sequence[StoredImage],
        descriptors: np.ndarray,
        others: Sequence[np.ndarray] = (),
    ) -> None:
        """Add described images, in the place of earlier ones of the same path.

        descriptors: (len(images), dimension) float32; the rows of `images` are filled in here.
        others: the same for each further representation. Raises GalleryError if a dimension is not
        that of the gallery.
        """
        with self._database.changing() as db:
            if others:
                append_representations(db, self.folder, int(get_meta(db, "n_rows")), others)
            first = self._rows.append(db, descriptors)
            for row, image in enumerate(images, start=first):
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

    def add_problems(self, problems: Sequence[StoredProblem]) -> None:
        """Note files that can't be described; an earlier descriptor of theirs is dropped."""
        with self._database.changing() as db:
            for problem in problems:
                db.execute("DELETE FROM images WHERE path = ?", (problem.path,))
                stamp = problem.stamp
                db.execute(
                    "INSERT OR REPLACE INTO problems VALUES (?, ?, ?, ?)",
                    (problem.path, problem.reason, stamp.n_bytes, stamp.changed),
                )

    def remove(self, paths: Sequence[str]) -> None:
        """Forget images and problems by path."""
        with self._database.changing() as db:
            for path in paths:
                db.execute("DELETE FROM images WHERE path = ?", (path,))
                db.execute("DELETE FROM problems WHERE path = ?", (path,))

    def set_places(
        self, recipe: DescriptorRecipe, root: Path, origin: GalleryOrigin | None = None
    ) -> None:
        """Note where the images and the files that the gallery is made with lie now."""
        with self._database.changing() as db:
            for key, value in places_to_note(self.folder, recipe, root).items():
                set_meta(db, key, value)
            if origin is not None:
                set_meta(db, "origin", origin.to_json(self.folder))


def approximate_name(number: int) -> str:
    """The file of lists for approximate search in a representation, 0 for the first."""
    return f"approximate-{number:05d}.lists"


def is_ours(name: str) -> bool:
    """Whether a file of this name belongs to a gallery."""
    if _LISTS.fullmatch(name):
        return True
    is_own = name in (
        DESCRIPTORS_NAME,
        COMPACT_NAME,
        OLD_NOTE_NAME,
        FITS_NAME,
        MAPS_NAME,
        CHANNELS_NAME,
        *SWEEP_NAMES,
    )
    return name.startswith(DATABASE_NAME) or is_own or is_representation(name)


def _is_of_now(faults: RowFaults, db: sqlite3.Connection) -> bool:
    """Whether the rows are still those in which faults were found; another run may change them."""
    n_rows = read_meta(db).n_rows
    return n_rows == faults.n_rows and read_checksums(db, n_rows) == faults.checksums


def _progress(
    run: RunNote | None, images: StoredImages, problems: Sequence[StoredProblem]
) -> GalleryProgress:
    n_outdated = len(images.with_stamp(OUTDATED)) + sum(p.stamp == OUTDATED for p in problems)
    n_done = len(images) + len(problems) - n_outdated
    if run is None:
        return GalleryProgress(n_done, None, has_ended=False)
    return GalleryProgress(n_done, run.n_expected, run.has_ended)
