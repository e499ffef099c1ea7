"""Finding the copies and near-duplicates among the images of a gallery."""

from __future__ import annotations

from dataclasses import dataclass

from core.images.alike import DISTANCE_LIMIT
from core.progress import Job
from core.retrieval.duplicates import Duplicates, find_duplicates
from core.retrieval.gallery import Gallery


@dataclass(frozen=True)
class DuplicatesRequest:
    """A gallery, and in how many bits of 63 the hashes of near-duplicates differ at most."""

    gallery: Gallery
    limit: int = DISTANCE_LIMIT


def duplicates(request: DuplicatesRequest) -> Job[Duplicates]:
    """Look at every image's file as it is now. Raises GalleryDamaged for descriptors that are."""
    return (yield from find_duplicates(request.gallery, limit=request.limit))
