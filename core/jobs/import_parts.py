"""Taking the parquet parts of an index on a cluster into a gallery."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.progress import Job
from core.retrieval.cluster.indexing import import_parts
from core.retrieval.gallery import Gallery, open_gallery


@dataclass(frozen=True)
class ImportPartsRequest:
    """A folder of parts, and the gallery that they are for, a new one or one of their recipe."""

    parts: Path
    out: Path


@dataclass(frozen=True)
class ImportedParts:
    """The gallery after it, and how many images were new to it."""

    gallery: Gallery
    n_added: int


def take_parts(request: ImportPartsRequest) -> Job[ImportedParts]:
    """Each image once, as the newest part has it. Raises GalleryError as `import_parts` does."""
    n_added = yield from import_parts(request.parts, request.out)
    return ImportedParts(open_gallery(request.out), n_added)
