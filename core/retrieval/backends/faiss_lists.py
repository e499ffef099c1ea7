"""The lists of a gallery for faiss: made once, kept beside its descriptors, opened by a map."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
import numpy as np

from core.errors import AppError, GalleryError
from core.progress import Job
from core.retrieval.backends.approximate import ApproximateSearch, RowIndex, measured
from core.retrieval.backends.content import content_of
from core.retrieval.backends.inverted_lists import (
    ROWS_TO_A_CENTROID,
    ListsAndNewer,
    MappedLists,
    checksum,
    find_centroids,
    write_lists,
)
from core.retrieval.gallery import Gallery, check_not_empty
from core.retrieval.gallery_contents import TURNED, stamp_of
from core.retrieval.gallery_database import GalleryDatabase, get_meta, set_meta
from core.retrieval.gallery_store import approximate_name
from core.typed_json import as_type, parse_json

_MOST_LISTS = 1 << 16
_KEY = "approximate"
_MOST_NEWER = 0.05
"""Of the rows in lists: so many more are compared one by one, before all is sorted anew."""
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
_Lists = Annotated[int, msgspec.Meta(ge=1, le=_MOST_LISTS)]


class _Note(msgspec.Struct, frozen=True):
    """What the database says of one file of lists: of which rows it is, and how well it finds."""

    content: str
    n_rows: _Count
    dimension: _Count
    n_lists: _Lists
    n_probed: _Lists
    recall: Annotated[float, msgspec.Meta(ge=0, le=1)]
    n_sampled: _Count
    n_bytes: _Count
    changed: int
    crc: _Count


def open_lists(gallery: Gallery) -> Job[ApproximateSearch]:
    """The approximate search of a gallery, made anew where there is none or its rows are others.

    Raises NoFaissError without the library, GalleryError where it can't be written.
    """
    check_not_empty(gallery)
    if gallery.number == TURNED:
        raise GalleryError(
            "A row of a sweep that is turned as it is read has no lists for approximate search.",
            hint="Search exactly, or index with the same steps.",
        )
    note = _read_note(gallery)
    if note is not None and _is_of(gallery, note):
        search = yield from _open(gallery, note)
        if search is not None:
            return search
    return (yield from make_lists(gallery))


def make_lists(gallery: Gallery) -> Job[ApproximateSearch]:
    """Sort a gallery's descriptors into lists, measure recall, and keep it beside them."""
    check_not_empty(gallery)
    cosines, content = gallery.cosines, content_of(gallery)
    factors = cosines.inverse_lengths
    if factors is None:
        raise GalleryError(
            "The gallery's descriptors are too long or too short for approximate search.",
            hint="Search exactly.",
        )
    rows = cosines.stored
    n_lists = _n_lists(len(gallery))
    n_sampled = min(len(rows), ROWS_TO_A_CENTROID * n_lists)
    some = np.sort(np.random.default_rng(5).choice(len(rows), n_sampled, replace=False))
    sample = np.asarray(rows[some], np.float32) * factors[some, None]
    centroids = yield from find_centroids(sample, n_lists)
    path = gallery.folder / approximate_name(gallery.number)
    crc = yield from write_lists(path, rows, factors, centroids)
    lists = MappedLists(path, len(rows), gallery.dimension, n_lists)
    search = yield from measured(cosines, lists)
    stamp = stamp_of(path)
    _write_note(
        gallery,
        _Note(
            content, len(rows), gallery.dimension, n_lists, search.effort, search.recall,
            search.n_sampled, stamp.n_bytes, stamp.changed, crc,
        ),
    )  # fmt: skip
    return search


def _n_lists(n_images: int) -> int:
    """A power of two near twice the root of n: 2,048 for a million, 512 for 100,000."""
    return min(_MOST_LISTS, 1 << round(math.log2(2 * math.sqrt(n_images)))) if n_images > 3 else 1


def _open(gallery: Gallery, note: _Note) -> Job[ApproximateSearch | None]:
    """The search that a note is of; None where its file is not what was noted."""
    cosines, path = gallery.cosines, gallery.folder / approximate_name(gallery.number)
    rows = cosines.stored
    if not path.is_file() or rows.shape[1] != note.dimension:
        return None
    stamp = stamp_of(path)
    if stamp.n_bytes != note.n_bytes:
        return None
    try:
        # A copy of the gallery has other times: all of the file is read once to know it.
        if stamp.changed != note.changed and (yield from checksum(path)) != note.crc:
            return None
        lists = MappedLists(path, note.n_rows, note.dimension, note.n_lists)
    except (ValueError, AppError):
        return None
    index: RowIndex = lists
    factors = cosines.inverse_lengths
    if len(rows) > note.n_rows:
        if factors is None:
            return None
        newer = slice(note.n_rows, None)
        index = ListsAndNewer(lists, rows[newer] * factors[newer, None])
    return ApproximateSearch(cosines, index, note.n_probed, note.recall, note.n_sampled)


def _is_of(gallery: Gallery, note: _Note) -> bool:
    """Whether lists are of the gallery's rows, or of all but a few that were added since."""
    n_newer = len(gallery.cosines.stored) - note.n_rows
    if not 0 <= n_newer <= note.n_rows * _MOST_NEWER:
        return False
    return note.content == content_of(gallery, note.n_rows)


def _read_note(gallery: Gallery) -> _Note | None:
    with GalleryDatabase(gallery.folder).reading() as db:
        found = db.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    try:
        notes = {} if found is None else as_type(parse_json(found[0], _KEY), dict[str, _Note], _KEY)
    except AppError:
        return None
    return notes.get(str(gallery.number))


def _write_note(gallery: Gallery, note: _Note) -> None:
    with GalleryDatabase(gallery.folder).changing() as db:
        notes = get_meta(db, _KEY)
        notes = notes if isinstance(notes, dict) else {}
        set_meta(db, _KEY, {**notes, str(gallery.number): msgspec.to_builtins(note)})
