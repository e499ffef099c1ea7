"""The galleries of one folder of images below a place where galleries are kept."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import GalleryError
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery_contents import GalleryProgress
from core.retrieval.gallery_store import GalleryStore


@dataclass(frozen=True)
class KeptGallery:
    """A gallery that lies at `folder`: its recipe, its images below `root`, how far it came."""

    folder: Path
    recipe: DescriptorRecipe
    n_images: int
    progress: GalleryProgress
    root: Path = Path()


def find_kept_galleries(place: Path, root: Path) -> tuple[KeptGallery, ...]:
    """Those of the images in `root`, sorted by layer and pooling; damaged ones are passed over."""
    found = []
    for folder in sorted(place.iterdir()) if place.is_dir() else ():
        store = GalleryStore(folder)
        with suppress(GalleryError):
            if not store.exists or store.read_root() != root.resolve():
                continue
            contents = store.read()
            if contents.images:
                n_images, progress = len(contents.images), contents.progress
                found.append(
                    KeptGallery(folder, contents.recipe, n_images, progress, root.resolve())
                )
    return tuple(sorted(found, key=lambda one: (one.recipe.layer, one.recipe.pooling)))
