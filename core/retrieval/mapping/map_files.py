"""Maps beside their gallery, each bound to its recipe, its images and its settings."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from core.activations.npz_file import write_npz
from core.errors import AppError, GalleryError
from core.npy_file import read_npz
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_store import MAPS_NAME
from core.retrieval.mapping.axes import block_rows
from core.retrieval.mapping.gallery_map import GalleryMap, KeptShare, MapSettings
from core.typed_json import as_type, parse_json

_VERSION = 1
_MOST_BYTES = 1 << 30
Share = Annotated[float, msgspec.Meta(ge=0, le=1.0001)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class _MapNote(msgspec.Struct, frozen=True):
    """What stands in the file beside the points."""

    version: int
    recipe: str
    content: str
    n_images: Count
    settings: MapSettings
    k: Count
    share: Share
    n_judged: Count
    n_laid_out: Count
    seconds: Annotated[float, msgspec.Meta(ge=0)]
    variance: Share | None
    is_exact: bool


@dataclass(frozen=True, eq=False)
class FoundMap:
    """A stored map of a gallery, or why there is none; is_stale: one of other content was there."""

    map: GalleryMap | None
    why_none: str = ""
    is_stale: bool = False


def content_digest(gallery: Gallery) -> str:
    """SHA-256 over the names of the images and their descriptors, in their order.

    It is read from the files, half a second per gigabyte: nothing else tells for certain that a map
    is of these descriptors.
    """
    digest = hashlib.sha256()
    for path in gallery.images.paths:
        digest.update(path.encode("utf-8", "surrogateescape") + b"\0")
    rows, size = gallery.rows, block_rows(gallery.dimension)
    for start in range(0, len(rows), size):
        digest.update(np.ascontiguousarray(rows[start : start + size], "<f4").data)
    return digest.hexdigest()


def save_map(gallery: Gallery, made: GalleryMap) -> Path:
    """Write a map into its gallery's folder and return the file. Raises AppError."""
    kept, path = made.kept, map_path(gallery, made.settings)
    note = _MapNote(
        _VERSION, gallery.recipe.digest, content_digest(gallery), len(made), made.settings, kept.k,
        kept.share, kept.n_judged, made.n_laid_out, made.seconds, made.variance, made.is_exact,
    )  # fmt: skip
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise AppError(f"{path.parent} can't be made: {error.strerror}.") from error
    about = np.frombuffer(msgspec.json.encode(note), np.uint8)
    write_npz(path, (("about", about), ("points", made.points)))
    return path


def find_map(gallery: Gallery, settings: MapSettings) -> FoundMap:
    """The stored map of these settings, unless the gallery is another one by now."""
    path = map_path(gallery, settings)
    if not path.is_file():
        return FoundMap(None, f"No map by {settings.title} is kept with this gallery.")
    try:
        note, points = _read(path)
    except AppError as error:
        return FoundMap(None, f"The map that was kept is damaged: {error.sentence}")
    if note.settings != settings or note.recipe != gallery.recipe.digest:
        return FoundMap(None, "The map that was kept is of another recipe.", is_stale=True)
    if note.n_images != len(gallery):
        was = f"of {note.n_images:,} images; the gallery has {len(gallery):,} now"
        return FoundMap(None, f"The map that was kept is {was}.", is_stale=True)
    if note.content != content_digest(gallery):
        return FoundMap(
            None, "The map that was kept is of other images or descriptors.", is_stale=True
        )
    kept = KeptShare(note.k, note.share, note.n_judged)
    found = GalleryMap(
        settings, points, kept, note.n_laid_out, note.seconds, note.variance, note.is_exact,
        was_stored=True,
    )  # fmt: skip
    return FoundMap(found)


def map_path(gallery: Gallery, settings: MapSettings) -> Path:
    """Where the map of these settings is kept: a file for each recipe and settings."""
    # the digest of settings as JSON in the order of their fields
    words = msgspec.json.encode(asdict(settings))
    name = hashlib.sha256(gallery.recipe.digest.encode() + words).hexdigest()[:16]
    return gallery.folder / MAPS_NAME / f"{settings.method}-{name}.npz"


def with_notes(found: GalleryMap, *notes: str) -> GalleryMap:
    """The same with more to know of it."""
    return replace(found, notes=(*found.notes, *notes))


def _read(path: Path) -> tuple[_MapNote, np.ndarray]:
    """Raises AppError for what is no map."""
    arrays = read_npz(path, _MOST_BYTES, error=GalleryError)
    about, points = arrays.get("about"), arrays.get("points")
    if about is None or points is None or about.dtype != np.uint8 or about.ndim != 1:
        raise GalleryError(f"{path.name} holds no map.")
    document = parse_json(about.tobytes(), path.name)
    note = as_type(document, _MapNote, "The map")
    if note.version != _VERSION:
        raise GalleryError(f"{path.name} is of another version.")
    is_whole = points.shape == (note.n_images, 2) and points.dtype == np.float32
    if not is_whole or not np.isfinite(points).all():
        raise GalleryError(f"The points of {path.name} are not those of its note.")
    return note, points
