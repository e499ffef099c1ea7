"""The images that a job reads: those of a folder, a list or a gallery, with names and labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.images.finding import SkippedFile, list_images
from core.retrieval.gallery import Gallery
from core.retrieval.ground_truth import choose_labels, folder_label


@dataclass(frozen=True)
class NamedImages:
    """files: where they lie; names: relative to their folder; labels: None for one without."""

    files: tuple[Path, ...]
    names: tuple[str, ...]
    labels: tuple[str | None, ...]
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()


def named_images(source: Path | Gallery, truth: str = "") -> NamedImages:
    """The images of a source in the order of their names.

    truth: for a folder or a list, as choose_labels takes it; "" for the folders of the images where
    they have any. A gallery has labels. Raises ImageError, and GalleryError as choose_labels does.
    """
    if isinstance(source, Gallery):
        names = tuple(source.images.paths)
        return NamedImages(tuple(source.root / name for name in names), names, source.labels)
    listing = list_images(source)
    names = tuple(path.relative_to(listing.root).as_posix() for path in listing.images)
    if not truth:
        labels = tuple(map(folder_label, names))
        return NamedImages(listing.images, names, labels, listing.skipped)
    matched = choose_labels(truth, names, (listing.root,))
    return NamedImages(listing.images, names, matched.labels, listing.skipped, matched.notes)
