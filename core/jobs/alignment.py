"""The sanity gate of a gallery: images described anew have to find themselves at rank 1."""

from __future__ import annotations

from dataclasses import dataclass

from core.engines.host import EngineHost, NetToRun
from core.jobs.gallery_net import opened_gallery_net
from core.jobs.open import OpenRequest
from core.progress import Job
from core.retrieval.alignment import Alignment, find_alignment
from core.retrieval.gallery import Gallery, check_not_empty


@dataclass(frozen=True)
class AlignmentRequest:
    """A gallery, and the net to describe with: None for its own, from where it lies now.

    runs_on: engine and device of a net so found.
    """

    gallery: Gallery
    net: NetToRun | None = None
    runs_on: OpenRequest | None = None


def alignment(request: AlignmentRequest, host: EngineHost) -> Job[Alignment]:
    """Describe a few images anew. Raises GalleryError where the net gives another recipe."""
    check_not_empty(request.gallery)
    with opened_gallery_net(request.gallery, host, request.net, request.runs_on) as describer:
        return (yield from find_alignment(describer, request.gallery))
