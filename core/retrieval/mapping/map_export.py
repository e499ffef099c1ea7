"""A map as a table: x, y, file and label of each image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from core.csv_table import write_csv
from core.retrieval.gallery import Gallery
from core.retrieval.mapping.gallery_map import GalleryMap

COLUMNS = ("x", "y", "file", "label")


def export_map(
    path: Path, gallery: Gallery, shown: GalleryMap, images: np.ndarray | None = None
) -> None:
    """Write a row an image below what the map is and keeps. Raises AppError.

    images: those to write alone, (n,) int64.
    """
    caption = (
        f"{shown.settings.describe(len(shown))}; {gallery.recipe.describe()}",
        *shown.sentences,
    )
    some = range(len(shown)) if images is None else images.tolist()
    write_csv(path, chain((COLUMNS,), _rows(gallery, shown, some)), caption)


def _rows(
    gallery: Gallery, shown: GalleryMap, images: Iterable[int]
) -> Iterator[tuple[object, ...]]:
    paths, labels = gallery.images.paths, gallery.images.labels
    for image in images:
        x, y = shown.points[image].tolist()
        yield f"{x:.6g}", f"{y:.6g}", paths[image], labels[image] or ""
