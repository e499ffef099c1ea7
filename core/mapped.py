"""Arrays in mapped files: touching what such a file lacks, cut off or on a full disk, ends the
process (SIGBUS), so that it is asked for before."""

from __future__ import annotations

import os
from mmap import mmap
from typing import BinaryIO

import numpy as np


def map_of(array: np.ndarray) -> mmap | None:
    """The map that an array, or what it is a view of, lies in; None for one in memory."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap) else None


def is_whole(mapped: mmap | None) -> bool:
    """Whether its file has all of it still; True without a map. Takes a microsecond."""
    if mapped is None:
        return True
    try:
        return mapped.size() >= len(mapped)
    except OSError:  # a network that has lost the file
        return False


def make_room(file: BinaryIO, n_bytes: int) -> None:
    """Make a file so long, with what it takes from the disk. Raises OSError where that lacks it."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, n_bytes)
    file.truncate(n_bytes)
