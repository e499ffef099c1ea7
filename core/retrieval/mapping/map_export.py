"""A map as a table: x, y, file and label of each image."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from core.csv_table import write_csv
from core.retrieval.gallery import Gallery
from core.retrieval.mapping.gallery_map import GalleryMap

COLUMNS = ("x", "y", "file", "label")


def export_map(path: Path, gallery: Gallery, shown: GalleryMap) -> None:
    """Write a row an image below what the map is and keeps. Raises AppError."""
    caption = (
        f"{shown.settings.describe(len(shown))}; {gallery.recipe.describe()}",
        *shown.sentences,
    )
    write_csv(path, chain((COLUMNS,), map_rows(gallery, shown)), caption)


def map_rows(gallery: Gallery, shown: GalleryMap) -> Iterator[tuple[object, ...]]:
    """x, y, file and label of each image, in the gallery's order."""
    images = gallery.images
    for (x, y), path, label in zip(shown.points.tolist(), images.paths, images.labels, strict=True):
        yield f"{x:.6g}", f"{y:.6g}", path, label or ""
