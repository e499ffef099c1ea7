"""Checking a gallery: its database, every descriptor, the files of its images, what lies about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from core.errors import GalleryDamaged, GalleryError
from core.files import is_folder
from core.progress import Job, Progress
from core.retrieval.absence import by_folder, describe_absent
from core.retrieval.gallery_contents import OUTDATED, FileStamp, StoredImages, stamp_of
from core.retrieval.gallery_database import DAMAGED_NAME, NEW_NAME, GalleryDatabase
from core.retrieval.gallery_meta import GalleryMeta, read_meta
from core.retrieval.gallery_rows import COMPACT_NAME, RowFaults
from core.retrieval.gallery_store import GalleryStore, is_ours
from core.retrieval.image_columns import read_images, read_problems
from core.words import join_names, plural

Remedy = Literal["repair", "index", ""]
_FILES_A_STEP = 500
_MOST_FAULTS = 20


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, and what helps; "" for what does no harm."""

    sentence: str
    remedy: Remedy = ""


@dataclass(frozen=True)
class GalleryCheck:
    """What a check found; nothing was changed."""

    folder: Path
    n_images: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing needs to be done."""
        return not any(finding.remedy for finding in self.findings)

    @property
    def needs_repair(self) -> bool:
        """Whether the gallery itself is damaged."""
        return any(finding.remedy == "repair" for finding in self.findings)


def check_gallery(folder: Path) -> Job[GalleryCheck]:
    """Hold everything in a gallery against what it should be.

    Raises GalleryError where there is no gallery, or one of another format.
    """
    database, store = GalleryDatabase(folder), GalleryStore(folder)
    yield Progress(0, 0, "the gallery's database checked")
    if not database.path.is_file():
        raise GalleryError(
            f"There is no gallery in '{folder}'.", hint="Index a folder of images first."
        )
    faults = find_database_faults(database)
    if faults:
        found = [Finding(f"The database is damaged: {fault}.", "repair") for fault in faults]
        return GalleryCheck(folder, 0, (*found, *_lying_about(folder, None)))
    with database.reading() as db:
        meta = read_meta(db)
        images = read_images(db, meta.n_rows)
        n_problems = len(read_problems(db))
    row_faults = yield from store.find_row_faults()
    different = yield from _compare_files(meta.found_roots(folder, images.paths)[0], images)
    found = [
        *_about_rows(row_faults, images),
        *_about_progress(meta, images, n_problems),
        *different,
        *_lying_about(folder, meta),
    ]
    return GalleryCheck(folder, len(images), tuple(found))


def find_database_faults(database: GalleryDatabase) -> tuple[str, ...]:
    """What is wrong with the database, in words of SQLite and of what reads it; () for nothing."""
    try:
        with database.reading() as db:
            checked = db.execute(f"PRAGMA integrity_check({_MOST_FAULTS})").fetchall()
            faults = tuple(str(text) for (text,) in checked if text != "ok")
            if faults:
                return faults
            meta = read_meta(db)
            read_images(db, meta.n_rows)
            read_problems(db)
    except GalleryDamaged as error:
        return (error.details.rstrip(".") or "it can't be read",)
    return ()


def leftovers(folder: Path, meta: GalleryMeta | None) -> tuple[Path, ...]:
    """Files that a killed run left and nobody reads."""
    names = [NEW_NAME]
    if meta is not None and meta.vectors != COMPACT_NAME:
        names.append(COMPACT_NAME)
    return tuple(folder / name for name in names if (folder / name).exists())


def _about_rows(faults: RowFaults, images: StoredImages) -> Iterator[Finding]:
    n_spoilt = int(np.count_nonzero(faults.spoil(images.rows)))
    lost = f"{plural(n_spoilt, 'image')} can't be searched for"
    if faults.n_there < faults.n_rows:
        yield Finding(
            f"The file of descriptors has {faults.n_there:,} of "
            f"{plural(faults.n_rows, 'row')}: {lost}.",
            "repair",
        )
    elif faults.changed_blocks:
        blocks = plural(len(faults.changed_blocks), "block")
        are = "is" if len(faults.changed_blocks) == 1 else "are"
        yield Finding(f"{blocks} of descriptors {are} not what was written: {lost}.", "repair")
    elif not faults.is_sound:
        rows = plural(len(faults.not_finite), "descriptor")
        yield Finding(f"NaN or infinity in {rows}: {lost}.", "repair")
    if faults.checksums is None and faults.n_rows:
        yield Finding("The descriptors have no checksums yet; the next index makes them.")


def _about_progress(meta: GalleryMeta, images: StoredImages, n_problems: int) -> Iterator[Finding]:
    n_done = len(images) + n_problems - len(images.with_stamp(OUTDATED))
    if meta.run is not None and not (meta.run.has_ended and n_done >= meta.run.n_expected):
        yield Finding(
            f"It is unfinished: {n_done:,} of {plural(meta.run.n_expected, 'image')}.", "index"
        )


def _compare_files(root: Path, images: StoredImages) -> Job[tuple[Finding, ...]]:
    """Which images are absent or have changed since they were described."""
    if not is_folder(root):
        said = f"The folder of the images, {root}, is not there: they were not compared."
        return (Finding(said, "index"),)
    absent, changed = [], []
    for number, (path, stamp) in enumerate(zip(images.paths, images.stamps.tolist(), strict=True)):
        if number % _FILES_A_STEP == 0:
            yield Progress(number, len(images), "images compared")
        now = stamp_of(root / path)
        if now.n_bytes < 0:
            absent.append(path)
        elif now != FileStamp(*stamp):
            changed.append(path)
    found = []
    if absent:
        where = describe_absent(by_folder(absent, ""))
        found.append(Finding(f"{plural(len(absent), 'image')} absent: {where}.", "index"))
    if changed:
        are = "image has" if len(changed) == 1 else "images have"
        said = f"{len(changed):,} {are} changed since the index, such as {changed[0]}."
        found.append(Finding(said, "index"))
    return tuple(found)


def _lying_about(folder: Path, meta: GalleryMeta | None) -> Iterator[Finding]:
    left = [path.name for path in leftovers(folder, meta)]
    left += [DAMAGED_NAME] if (folder / DAMAGED_NAME).exists() else []
    foreign = sorted(path.name for path in folder.iterdir() if not is_ours(path.name))
    if left:
        yield Finding(f"Left over from earlier: {join_names(left)}.")
    if foreign:
        some = join_names(foreign[:3]) if len(foreign) < 4 else f"{', '.join(foreign[:3])}, ..."
        yield Finding(f"{plural(len(foreign), 'file')} of something else: {some}.")
