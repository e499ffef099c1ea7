"""Files that a gallery was made with, found again after they moved together with its folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from core.files import is_folder, is_there

PathText = Annotated[
    str, msgspec.Meta(max_length=8192, pattern=r"\A[^\x00\ud800-\udc7f\udd00-\udfff]*\Z")
]
"""A path as JSON keeps it: what the system can be asked for, without bytes that no name has."""


def path_from(folder: Path, path: Path) -> str | None:
    """The way from a folder to a file or folder, with forward slashes; None if there is none."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except (OSError, ValueError):  # ValueError: another drive
        return None


def candidates(folder: Path, noted: Path, way: object) -> tuple[Path, ...]:
    """Where a file may be: at the path that was noted, else at the same way from the folder."""
    if not isinstance(way, str):
        return (noted,)
    return tuple(dict.fromkeys((noted, Path(os.path.normpath(folder.resolve() / way)))))


def find_roots(places: Sequence[Path], images: Sequence[str]) -> tuple[Path, ...]:
    """Of the places of an image folder those that are there, else the first.

    A folder found by its way from the gallery counts only if it holds one of the first images.
    """
    noted, *others = places
    there = [noted] if is_folder(noted) else []
    for place in others:
        if any(is_there(place / image) for image in images[:8]):
            there.append(place)
    return tuple(dict.fromkeys((*there, noted)))
