"""Images of a folder, found by their suffix, and the files that are none, with the reason."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import ImageError
from core.images.formats import describe_other_suffix, is_image_name


@dataclass(frozen=True)
class SkippedFile:
    """A file that is not taken for an image, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class FolderListing:
    """What a folder and its sub-folders hold; both sorted by path, hidden files left out."""

    images: tuple[Path, ...]
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True)
class ImageFiles:
    """Images that a user names: files, and what folders hold; `skipped` says what is left out."""

    files: tuple[Path, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()


def find_files(paths: Sequence[Path]) -> ImageFiles:
    """The images of files and folders, in the order given. Raises ImageError for a missing one."""
    files: list[Path] = []
    skipped: list[SkippedFile] = []
    for path in paths:
        if path.is_dir():
            listing = list_folder(path)
            files += listing.images
            skipped += listing.skipped
        elif path.exists():
            files.append(path)
        else:
            raise ImageError(f"There is no file {path}.")
    if not files:
        raise ImageError(f"There are no images in {paths[0]}.")
    return ImageFiles(tuple(dict.fromkeys(files)), tuple(skipped))


def find_images(folder: Path) -> tuple[Path, ...]:
    """All images of a folder and its sub-folders by suffix, sorted by path.

    Raises ImageError if there is no such folder.
    """
    return list_folder(folder).images


def list_folder(folder: Path) -> FolderListing:
    """Images and other files below a folder; links to folders are not followed.

    Raises ImageError if there is no such folder.
    """
    if not folder.is_dir():
        raise ImageError(f"There is no folder '{folder}'.", hint="Choose a folder of images.")
    images: list[Path] = []
    skipped: list[SkippedFile] = []

    def note(error: OSError) -> None:
        reason = f"can't be opened: {error.strerror}"
        skipped.append(SkippedFile(Path(error.filename or folder), reason))

    for root, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(root, name)
            if name.startswith("."):
                continue
            if is_image_name(path):
                images.append(path)
            else:
                skipped.append(SkippedFile(path, describe_other_suffix(path)))
    return FolderListing(
        tuple(sorted(images, key=_order)), tuple(sorted(skipped, key=lambda s: _order(s.path)))
    )


def _order(path: Path) -> str:
    return path.as_posix()
