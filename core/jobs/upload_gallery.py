"""Bringing a gallery to a server of the user's, which searches in it from then on."""

from __future__ import annotations

from dataclasses import dataclass

from core.progress import Job
from core.retrieval.backends.qdrant_gallery import Uploaded, upload
from core.retrieval.backends.qdrant_server import QdrantServer
from core.retrieval.gallery import Gallery


@dataclass(frozen=True)
class UploadGalleryRequest:
    """A gallery, and the address of a Qdrant server as `server_address` gives it."""

    gallery: Gallery
    server: str


def upload_gallery(request: UploadGalleryRequest) -> Job[Uploaded]:
    """Write what the server lacks or has otherwise, and measure how much a search there finds."""
    return (yield from upload(request.gallery, QdrantServer(request.server)))
