"""A gallery on a Qdrant server: its rows brought there, checked, and searched.

Points have the numbers of the gallery's rows. Each says by a checksum what it holds, so that an
upload that was cut off goes on where it stood, and one that is repeated writes nothing.
"""

from __future__ import annotations

import time
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

from core.errors import AppError, GalleryError
from core.progress import Job, Progress
from core.retrieval.backends.approximate import ApproximateSearch, measured
from core.retrieval.backends.content import content_of
from core.retrieval.backends.qdrant_server import QdrantServer, ServerRows
from core.retrieval.gallery import Gallery, check_not_empty
from core.retrieval.gallery_contents import TURNED
from core.retrieval.gallery_database import GalleryDatabase, get_meta, set_meta
from core.typed_json import as_type

_KEY = "collection"
_MOST_DIMENSIONS = 65_535
_VALUES_AT_ONCE = 1 << 17
"""Of a request: 3 MB as text, of the 32 MB that a server takes."""
_DROPPED_AT_ONCE = 1000
_WAIT_SECONDS = 0.2
_UPLOAD = "Upload it: main.py gallery GALLERY --to qdrant ADDRESS, or the window's offer."
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]


class NotOnServer(AppError):
    """A gallery that a server does not hold, or not as it is now."""

    def __init__(self, sentence: str, folder: Path, server: str) -> None:
        super().__init__(sentence, hint=_UPLOAD)
        self.folder = folder
        self.server = server


class _Notes(msgspec.Struct, frozen=True):
    """What a collection's metadata says; content: "" while an upload is under way."""

    recipe: str = ""
    recipe_words: str = ""
    content: str = ""
    n_points: _Count = 0
    hnsw_ef: Annotated[int, msgspec.Meta(ge=1, le=1 << 20)] = 1
    recall: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0
    n_sampled: _Count = 0


@dataclass(frozen=True)
class Uploaded:
    """What an upload did: points written and dropped now, those that were there as they should be.

    found: how much a search there finds, in a sentence.
    """

    server: str
    collection: str
    n_written: int
    n_kept: int
    n_dropped: int
    found: str


def open_on_server(gallery: Gallery, server: QdrantServer) -> Job[ApproximateSearch]:
    """The search of a gallery that was uploaded.

    Raises NotOnServer for one that is not there as it is now, GalleryError where what is there is
    of another recipe, ServerError where the server can't be asked.
    """
    _check(gallery)
    yield Progress(0, 0, "server asked")
    name = _collection(gallery)
    notes = None if name is None else _notes(server, name)
    if name is None or notes is None:
        words = f"The server {server.address} does not hold this gallery yet."
        raise NotOnServer(words, gallery.folder, server.address)
    _check_recipe(gallery, notes, server, name)
    if notes.content != content_of(gallery):
        held = "as it was before" if notes.content else "in part: its upload was cut off"
        words = f"The server {server.address} holds this gallery {held}."
        raise NotOnServer(words, gallery.folder, server.address)
    index = ServerRows(server, name, notes.n_points, len(gallery.cosines.stored))
    return ApproximateSearch(gallery.cosines, index, notes.hnsw_ef, notes.recall, notes.n_sampled)


def upload(gallery: Gallery, server: QdrantServer) -> Job[Uploaded]:
    """Bring a server's collection to what the gallery holds; closing the job loses no batch.

    Raises GalleryError for descriptors that it can't hold or a collection of another recipe,
    ServerError where the server can't be asked.
    """
    _check(gallery)
    unit = _unit_rows(gallery)
    yield Progress(0, 0, "server asked")
    name = _named(gallery)
    notes = _notes(server, name)
    if notes is None:
        notes = _Notes(gallery.recipe.digest, gallery.recipe.describe())
        server.create(name, gallery.dimension, notes=msgspec.to_builtins(notes))
    _check_recipe(gallery, notes, server, name)
    wanted = yield from _checksums(gallery)
    there, strangers = yield from _points(server, name, len(wanted), notes.n_points)
    todo = np.flatnonzero((wanted >= 0) & (wanted != there))
    dropped = [*np.flatnonzero((wanted < 0) & (there >= 0)).tolist(), *strangers]
    if todo.size or dropped:
        server.note(name, content="")
    for start in range(0, len(dropped), _DROPPED_AT_ONCE):
        yield Progress(start, len(dropped), "points dropped")
        server.drop(name, dropped[start : start + _DROPPED_AT_ONCE])
    yield from _write(server, name, gallery, unit, todo, wanted)
    while not server.is_ready(name):
        yield Progress(0, 0, "server at work on its index")
        time.sleep(_WAIT_SECONDS)
    n_points = int(np.count_nonzero(wanted >= 0))
    index = ServerRows(server, name, n_points, len(wanted))
    search = yield from measured(gallery.cosines, index)
    server.note(
        name, content=content_of(gallery), n_points=n_points, hnsw_ef=search.effort,
        recall=search.recall, n_sampled=search.n_sampled,
    )  # fmt: skip
    kept = n_points - todo.size
    return Uploaded(server.address, name, todo.size, kept, len(dropped), search.describe())


def _check(gallery: Gallery) -> None:
    check_not_empty(gallery)
    if gallery.number == TURNED:
        raise GalleryError(
            "A row of a sweep that is turned as it is read can't be on a server.",
            hint="Search exactly, or index with the same steps.",
        )
    if gallery.dimension > _MOST_DIMENSIONS:
        raise GalleryError(
            f"The descriptors have {gallery.dimension:,} values; Qdrant holds "
            f"{_MOST_DIMENSIONS:,} at most.",
            hint="Pool them, or index with PCA.",
        )


def _check_recipe(gallery: Gallery, notes: _Notes, server: QdrantServer, name: str) -> None:
    if notes.recipe != gallery.recipe.digest:
        raise GalleryError(
            f"The collection {name} on {server.address} is of another recipe: "
            f"{notes.recipe_words or 'none that is known'}. The gallery's: "
            f"{gallery.recipe.describe()}.",
            hint="Delete the collection, or index into a new folder.",
        )


def _unit_rows(gallery: Gallery) -> np.ndarray:
    """The factor of each stored row that makes its length 1, (n_rows,) float32."""
    factors = gallery.cosines.inverse_lengths
    if factors is None:
        raise GalleryError(
            "The gallery's descriptors are too long or too short for approximate search.",
            hint="Search exactly.",
        )
    return factors


def _checksums(gallery: Gallery) -> Job[np.ndarray]:
    """Of each stored row and its image's path, (n_rows,) int64; -1 for a row of no image."""
    stored, rows = gallery.cosines.stored, gallery.images.rows.tolist()
    found = np.full(len(stored), -1)
    for number, (row, path) in enumerate(zip(rows, gallery.images.paths, strict=True)):
        if number % 4096 == 0:
            yield Progress(number, len(rows), "descriptors summed")
        found[row] = zlib.crc32(path.encode(), zlib.crc32(stored[row].tobytes()))
    return found


def _points(
    server: QdrantServer, name: str, n_rows: int, n_expected: int
) -> Job[tuple[np.ndarray, list[int | str]]]:
    """The checksum that each row has there, -1 for none; and points that are no row."""
    there, strangers, n_seen = np.full(n_rows, -1), list[int | str](), 0
    for some in server.points(name):
        n_seen += len(some)
        yield Progress(n_seen, max(n_seen, n_expected), "points compared")
        for point in some:
            if isinstance(point.row, int) and 0 <= point.row < n_rows:
                there[point.row] = max(0, point.crc)
            else:
                strangers.append(point.row)
    return there, strangers


def _write(
    server: QdrantServer,
    name: str,
    gallery: Gallery,
    factors: np.ndarray,
    todo: np.ndarray,
    checksums: np.ndarray,
) -> Job[None]:
    """Write rows, (n,) int64, batch by batch."""
    stored, image_of_row = gallery.cosines.stored, gallery.cosines.image_of_row
    paths, labels = gallery.images.paths, gallery.labels
    step = max(1, _VALUES_AT_ONCE // gallery.dimension)
    for start in range(0, len(todo), step):
        yield Progress(start, len(todo), "descriptors uploaded")
        rows = todo[start : start + step]
        images = image_of_row[rows].tolist()
        notes: Sequence[dict[str, Any]] = [
            {"path": paths[image], "label": labels[image], "crc": crc}
            for image, crc in zip(images, checksums[rows].tolist(), strict=True)
        ]
        server.put(name, rows, stored[rows] * factors[rows, None], notes)
    yield Progress(len(todo), len(todo), "descriptors uploaded")


def _collection(gallery: Gallery) -> str | None:
    """What the gallery is called on servers; None where it never was on one."""
    with GalleryDatabase(gallery.folder).reading() as db:
        own = get_meta(db, _KEY)
    return f"blobscope-{own}-{gallery.number}" if isinstance(own, str) and own.isalnum() else None


def _named(gallery: Gallery) -> str:
    """The same; a gallery gets its name when it is first uploaded, and keeps it."""
    if _collection(gallery) is None:
        with GalleryDatabase(gallery.folder).changing() as db:
            set_meta(db, _KEY, uuid.uuid4().hex[:16])
    return str(_collection(gallery))


def _notes(server: QdrantServer, name: str) -> _Notes | None:
    found = server.notes(name)
    return None if found is None else as_type(found, _Notes, f"What {name} says of itself")
