"""The index that the window asks for, and where in the user's cache its gallery lies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from core.engines.host import EngineHost
from core.files import is_folder
from core.jobs.index import Indexed, IndexRequest, descriptor_recipe, index
from core.progress import Job
from core.retrieval.gallery import Gallery, open_gallery
from gui.panels.retrieval.view import RecipeChoice


@dataclass(frozen=True)
class Reading:
    """A folder being read: the request of the job, and the words for what it reads by."""

    request: IndexRequest
    choice: RecipeChoice
    blob: str


@dataclass(frozen=True, eq=False)
class Searched:
    """A gallery with what made it; `indexed` is None for one that a cancelled run left."""

    reading: Reading
    gallery: Gallery
    indexed: Indexed | None


class GalleryPlaces:
    """Finds the folder of each recipe's gallery below the user's cache."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def placed(self, request: IndexRequest) -> IndexRequest:
        """The request with the gallery's place; hashes the weights the first time."""
        recipe = descriptor_recipe(request)
        text = f"{recipe.digest} {request.folder.resolve()}"
        name = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:24]
        return replace(request, out=self._cache / name)


def read_folder(places: GalleryPlaces, reading: Reading, host: EngineHost) -> Job[Searched]:
    """Index, or go on from where an earlier run stood."""
    request = places.placed(reading.request)
    request.out.parent.mkdir(parents=True, exist_ok=True)
    indexed = yield from index(request, host)
    return Searched(reading, indexed.gallery, indexed)


def open_what_is_there(places: GalleryPlaces, reading: Reading) -> Searched | None:
    """The gallery a cancelled run left; None when it holds no image yet."""
    out = places.placed(reading.request).out
    if not is_folder(out):
        return None
    gallery = open_gallery(out)
    return Searched(reading, gallery, None) if len(gallery) else None
