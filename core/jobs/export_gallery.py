"""Exporting a gallery: its descriptors and the names of their images, in one order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.files import check_writable
from core.progress import Job, Progress
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_export import export_gallery


@dataclass(frozen=True)
class ExportGalleryRequest:
    """A gallery, and the file whose suffix says how it is written: .npz, .h5, .npy, .csv."""

    gallery: Gallery
    out: Path


def export(request: ExportGalleryRequest) -> Job[tuple[Path, ...]]:
    """Write the file, and beside .npy the one with the names. Raises AppError."""
    check_writable(request.out)
    yield Progress(0, 0, "descriptors written")
    return export_gallery(request.gallery, request.out)
