"""Mapping a gallery: its descriptors of one representation in two dimensions, kept beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from core.errors import AppError, GalleryError
from core.progress import Job, Progress, with_steps
from core.retrieval.gallery import Gallery
from core.retrieval.mapping.aligned import aligned_points
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


@dataclass(frozen=True)
class MapLayersRequest:
    """Galleries of the same images by several representations, each of which is mapped.

    shown: whose images and order the points follow. computed: by which method a map is made where
    none is kept by that of `settings`, as PCA is at once where t-SNE takes its time.
    """

    shown: Gallery
    galleries: Sequence[Gallery]
    settings: MapSettings = field(default_factory=MapSettings)
    computed: MapSettings | None = None


@dataclass(frozen=True, eq=False)
class LayerMap:
    """The map of one representation; points: (n, 2) as the shown gallery has its images."""

    gallery: Gallery
    map: GalleryMap
    points: np.ndarray


def map_layers(request: MapLayersRequest) -> Job[tuple[LayerMap, ...]]:
    """The maps of all in their order; those that can't be made are left out.

    Raises GalleryError where none can.
    """
    found, problems = [], []
    n = len(request.galleries)
    for number, gallery in enumerate(request.galleries):
        step = Progress(number, n, f"maps, {gallery.recipe.layer}")
        try:
            made = yield from with_steps(_one_of_layers(request, gallery), partial(_as, step))
        except GalleryError as problem:
            problems.append(problem)
            continue
        found.append(LayerMap(gallery, made, aligned_points(made.points, gallery, request.shown)))
    if problems and not found:
        raise problems[0]
    return tuple(found)


def _as(shown: Progress, _step: Progress) -> Progress:
    return shown


def _one_of_layers(request: MapLayersRequest, gallery: Gallery) -> Job[GalleryMap]:
    if request.computed is not None:
        stored = find_map(gallery, request.settings).map
        if stored is not None:
            return stored
    settings = request.settings if request.computed is None else request.computed
    return (yield from map_gallery(MapRequest(gallery, settings)))
