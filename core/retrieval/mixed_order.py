"""An order of files in which every beginning holds each folder in its share."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path


def mixed_order(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The same paths with their folders taking turns, the same way on every run.

    What is there when a run is cut off is then a fair sample: a folder of n files has its k-th at
    the fraction (k + 1/2) / n of the whole. Within a folder the order is that of a checksum of the
    names, for names often follow what was photographed.
    """
    by_folder: dict[Path, list[Path]] = {}
    for path in paths:
        by_folder.setdefault(path.parent, []).append(path)
    placed = [
        ((place + 0.5) / len(files), _scatter(path), path)
        for files in by_folder.values()
        for place, path in enumerate(sorted(files, key=_scatter))
    ]
    return tuple(path for _, _, path in sorted(placed))


def _scatter(path: Path) -> tuple[int, str]:
    """A number that has nothing to do with the order of names, then the name."""
    named = f"{path.parent.name}/{path.name}"
    return zlib.crc32(named.encode(errors="surrogateescape")), named
