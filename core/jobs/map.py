"""Mapping a gallery: its descriptors of one representation in two dimensions, kept beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.errors import AppError, GalleryError
from core.progress import Job, Progress
from core.retrieval.gallery import Gallery
from core.retrieval.mapping.gallery_map import GalleryMap, MapSettings
from core.retrieval.mapping.making import make_map
from core.retrieval.mapping.map_files import find_map, save_map, with_notes


@dataclass(frozen=True)
class MapRequest:
    """A gallery by the representation that is mapped, and how.

    stored_only: give the map that is kept with it or none, and compute nothing. again: compute it
    though one is kept.
    """

    gallery: Gallery
    settings: MapSettings = field(default_factory=MapSettings)
    stored_only: bool = False
    again: bool = False


def map_gallery(request: MapRequest) -> Job[GalleryMap]:
    """The map that is kept with the gallery where it is still of it, else a new one, then kept.

    Raises GalleryError where there is nothing to map, or none is kept and none is to be computed.
    """
    gallery, settings = request.gallery, request.settings
    yield Progress(0, 0, "looking for a map that is kept")
    notes: tuple[str, ...] = ()
    if not request.again:
        found = find_map(gallery, settings)
        if found.map is not None:
            return found.map
        if request.stored_only:
            raise GalleryError(found.why_none, hint="Compute it.")
        if found.is_stale:
            notes = (f"{found.why_none} This one is new.",)
    made = yield from make_map(gallery, settings)
    try:
        save_map(gallery, made)
    except AppError as error:
        notes = (*notes, f"The map is not kept: {error.sentence}")
    return with_notes(made, *notes)
