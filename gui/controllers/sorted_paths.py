"""What paths are, whoever names them: a drop, a dialog, the clipboard or the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.files import is_folder
from core.images.formats import is_image_name
from core.session_file import SUFFIX as SESSION_SUFFIX

WEIGHTS_SUFFIXES = frozenset({".caffemodel", ".h5", ".hdf5"})


@dataclass(frozen=True)
class SortedPaths:
    """Paths by what they are; of each kind the first counts, of images all."""

    prototxt: Path | None = None
    weights: Path | None = None
    images: tuple[Path, ...] = ()
    folder: Path | None = None
    session: Path | None = None

    @property
    def image(self) -> Path | None:
        """The first image."""
        return self.images[0] if self.images else None

    @property
    def n_taken(self) -> int:
        """How many paths are opened."""
        if self.session is not None:
            return 1
        singles = (self.prototxt, self.weights, self.folder)
        return len(self.images) + sum(path is not None for path in singles)


def sort_paths(paths: Sequence[Path]) -> SortedPaths:
    """What each path is, by suffix; anything unknown is taken for a prototxt."""
    found: dict[str, Path] = {}
    images = []
    for path in paths:
        kind = _kind(path)
        if kind == "image":
            images.append(path)
        else:
            found.setdefault(kind, path)
    return SortedPaths(images=tuple(images), **found)


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    if is_folder(path):
        return "folder"
    if suffix in WEIGHTS_SUFFIXES:
        return "weights"
    if suffix == SESSION_SUFFIX:
        return "session"
    return "image" if is_image_name(path) else "prototxt"
