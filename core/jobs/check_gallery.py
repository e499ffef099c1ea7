"""Checking a gallery, and repairing it: what is lost is told, what can't be trusted forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.progress import Job
from core.retrieval.gallery_check import GalleryCheck, check_gallery
from core.retrieval.gallery_repair import GalleryRepair, repair_gallery


@dataclass(frozen=True)
class CheckGalleryRequest:
    """The folder of a gallery, which is read from one end to the other."""

    folder: Path


@dataclass(frozen=True)
class RepairGalleryRequest:
    """The folder of a gallery that may be damaged."""

    folder: Path


def check(request: CheckGalleryRequest) -> Job[GalleryCheck]:
    """Say what is not as it should be. Raises GalleryError where there is no gallery."""
    return (yield from check_gallery(request.folder))


def repair(request: RepairGalleryRequest) -> Job[GalleryRepair]:
    """Keep what can be read. Raises GalleryError where nothing can be done."""
    return (yield from repair_gallery(request.folder))
