"""Repairing a gallery: what can be read is kept, what can't be trusted is forgotten and told."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import AppError, GalleryBeyondRepair, GalleryError
from core.files import sync_folder
from core.progress import Job, Progress
from core.retrieval.gallery_check import (
    GalleryCheck,
    check_gallery,
    find_database_faults,
    leftovers,
)
from core.retrieval.gallery_contents import OUTDATED
from core.retrieval.gallery_database import DAMAGED_NAME, GalleryDatabase, set_meta
from core.retrieval.gallery_meta import GalleryMeta, read_meta
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.image_columns import check_paths
from core.typed_json import parse_json
from core.words import plural

_NEEDED_KEYS = ("schema", "recipe", "root", "n_rows", "dimension")
_MOST_BYTES = 8192
Row = tuple[Any, ...]


@dataclass(frozen=True)
class GalleryRepair:
    """What a repair did, in sentences; and what a check says of the gallery since."""

    done: tuple[str, ...]
    after: GalleryCheck


def repair_gallery(folder: Path) -> Job[GalleryRepair]:
    """Make a damaged gallery one that can be trusted; images are never touched.

    A database that is damaged is copied as far as it reads, and kept beside. Images whose
    descriptors can't be trusted are forgotten, so that the next index describes them again. Raises
    GalleryError where the gallery can't be changed, or does not even say how it was made.
    """
    database, store = GalleryDatabase(folder), GalleryStore(folder)
    before = yield from check_gallery(folder)
    done: list[str] = []
    if find_database_faults(database):
        done.append(_copy_what_reads(database))
    yield Progress(0, 0, "descriptors checked")
    n_mended = yield from store.mend_rows()
    if n_mended:
        done.append(
            f"{plural(n_mended, 'image')} forgotten, whose descriptors were lost or damaged: the "
            "next index describes them again."
        )
    faults = yield from store.find_row_faults()
    if faults.n_rows and faults.checksums is None:
        store.sum_rows_anew()
        done.append("Checksums made of the descriptors as they are now: there were none.")
    with database.reading() as db:
        meta = read_meta(db)
    for path in leftovers(folder, meta):
        with suppress(OSError):
            path.unlink()
            done.append(f"Removed {path.name}, which nobody reads.")
    after = (yield from check_gallery(folder)) if done else before
    return GalleryRepair(tuple(done), after)


def put_aside(folder: Path) -> Path:
    """Give a gallery that can't be repaired another name, so that its place is free for a new one.

    Returns the folder as it is called since. Raises GalleryError.
    """
    places = (folder.with_name(f"{folder.name}.damaged{n or ''}") for n in range(1000))
    kept = next(place for place in places if not place.exists())
    try:
        folder.rename(kept)
        sync_folder(folder.parent)
    except OSError as error:
        raise GalleryError(f"'{folder}' can't be renamed: {error.strerror or error}.") from error
    return kept


def _copy_what_reads(database: GalleryDatabase) -> str:
    """Put a database of all rows that read and make sense in the place of a damaged one."""
    with database.reading_damaged() as db:
        notes = _rows(db, "meta", "key, value", "key")
        images = _rows(db, "images", "path, label, width, height, bytes, changed, row", "path")
        problems = _rows(db, "problems", "path, reason, bytes, changed", "path")
        blocks = _rows(db, "blocks", "number, crc", "number")
        absent = _rows(db, "absent", "path", "path")
    with database.replacing() as db:
        meta = _write_meta(db, database, notes)
        good = _only(_checked(images, lambda row: _image(row, meta.n_rows)), 6)
        others = _only(_checked(problems, _problem), 0)
        db.executemany("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?)", _only(good, 0))
        taken = {row[0] for row in good}
        others = [row for row in others if row[0] not in taken]
        db.executemany("INSERT INTO problems VALUES (?, ?, ?, ?)", others)
        db.executemany("INSERT INTO blocks VALUES (?, ?)", _only(_checked(blocks, _block), 0))
        db.executemany("INSERT INTO absent VALUES (?)", _only(_checked(absent, _absent), 0))
    n_left = len(images) - len(good)
    more = f", {plural(n_left, 'image')} made no sense and are left out" if n_left else ""
    return (
        f"The database was damaged: {plural(len(good), 'image')} could be read{more}. The damaged "
        f"one is kept as {DAMAGED_NAME}."
    )


def _write_meta(db: sqlite3.Connection, database: GalleryDatabase, notes: list[Row]) -> GalleryMeta:
    """Write the notes that read, those that every gallery needs first. Raises GalleryError."""
    found: dict[str, object] = dict(_checked(notes, _note))
    for key in _NEEDED_KEYS:
        if key in found:
            set_meta(db, key, found[key])
    try:
        meta = read_meta(db)
        meta.found_recipe(database.folder)
    except (ValueError, GalleryError) as error:
        raise GalleryBeyondRepair(
            "The gallery can't be repaired: it does not say any more how it was made.",
            hint="Index the images again into a new folder.",
            details=str(error),
        ) from error
    for key in found.keys() - set(_NEEDED_KEYS):
        set_meta(db, key, found[key])
        try:
            meta = read_meta(db)
        except ValueError:
            db.execute("DELETE FROM meta WHERE key = ?", (key,))
    return meta


def _rows(db: sqlite3.Connection, table: str, columns: str, key: str) -> list[Row]:
    """The rows of a table that can be read, from its beginning and from its end."""
    found: dict[Row, None] = {}
    for direction in ("ASC", "DESC"):
        with suppress(sqlite3.Error, UnicodeDecodeError):  # of a message that quotes the damage
            kind = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
            if db.execute(kind, (table,)).fetchone() is None:
                return []
            for row in db.execute(f"SELECT {columns} FROM {table} ORDER BY {key} {direction}"):
                found[row] = None
            break
    return list(found)


def _checked(rows: Iterable[Row], check: Callable[[Row], Row]) -> list[Row]:
    """Rows as `check` gives them back, without those for which it raises ValueError."""
    good = []
    for row in rows:
        with suppress(ValueError):
            good.append(check(row))
    return good


def _only(rows: list[Row], column: int) -> list[Row]:
    """Rows whose value in one column no other row has: of two that claim it none is believed."""
    counted = Counter(row[column] for row in rows)
    return [row for row in rows if counted[row[column]] == 1]


def _image(row: Row, n_rows: int) -> Row:
    path, label, width, height, n_bytes, changed, at = row
    numbers = (
        _whole(width, 0),
        _whole(height, 0),
        _whole(n_bytes, OUTDATED.n_bytes),
        _whole(changed),
    )
    if _whole(at, 0) >= n_rows:
        raise ValueError("a row beyond those there are")
    return (_path(path), None if label is None else _text(label), *numbers, at)


def _problem(row: Row) -> Row:
    path, reason, n_bytes, changed = row
    return _path(path), _text(reason), _whole(n_bytes), _whole(changed)


def _block(row: Row) -> Row:
    number, crc = row
    return _whole(number, 0), _whole(crc, 0)


def _absent(row: Row) -> Row:
    return (_path(row[0]),)


def _note(row: Row) -> Row:
    key = _text(row[0])
    if not isinstance(row[1], bytes):
        raise ValueError("no text")
    try:
        return key, parse_json(row[1].decode(), key)
    except AppError as error:
        raise ValueError(str(error)) from error


def _path(value: object) -> str:
    path = _text(value)
    check_paths([path])
    return path


def _text(value: object) -> str:
    if not isinstance(value, bytes) or len(value) > _MOST_BYTES:
        raise ValueError("no text, or too long")
    return value.decode("utf-8")


def _whole(value: object, least: int | None = None) -> int:
    if not isinstance(value, int) or (least is not None and value < least):
        raise ValueError("no whole number, or too small")
    return value
