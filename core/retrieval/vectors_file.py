"""A .npy file of float32 rows that grows: what is beyond the rows agreed on counts for nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from mmap import mmap
from pathlib import Path

import numpy as np

from core.errors import GalleryError
from core.mapped import is_whole
from core.reading import kind_words

_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER_BYTES = 128


def append_rows(path: Path, n_rows: int, rows: np.ndarray) -> int:
    """Write rows after the first n_rows of the file and return the new number of rows.

    rows: (n, dimension) float32. Anything after n_rows, left by a killed run, is cut away first.
    The rows are on the disk when this returns. Raises GalleryError if the file is shorter than
    n_rows.
    """
    rows = np.ascontiguousarray(rows, dtype="<f4")
    row_bytes = rows.shape[1] * 4
    mode = "r+b" if path.exists() else "w+b"
    with path.open(mode) as file:
        end = _HEADER_BYTES + n_rows * row_bytes
        if n_rows and file.seek(0, os.SEEK_END) < end:
            raise _damaged(path)
        file.truncate(end)
        file.seek(end)
        file.write(rows.tobytes())
        file.seek(0)
        file.write(_header(n_rows + len(rows), rows.shape[1]))
        file.flush()
        os.fsync(file.fileno())
    return n_rows + len(rows)


def read_rows(path: Path, n_rows: int, dimension: int) -> np.ndarray:
    """The first n_rows as a read-only map, (n_rows, dimension) float32. Raises GalleryError."""
    if n_rows == 0:
        return np.zeros((0, dimension), dtype=np.float32)
    try:
        if count_rows(path, dimension) < n_rows:
            raise _damaged(path)
        shape = (n_rows, dimension)
        return np.memmap(path, dtype="<f4", mode="r", offset=_HEADER_BYTES, shape=shape)
    except FileNotFoundError as error:
        raise _damaged(path) from error
    except OSError as error:
        raise GalleryError(f"'{path}' can't be read: {error.strerror}.") from error


def check_whole(mapped: mmap | None) -> None:
    """Raise GalleryError where a file of descriptors, mapped when it was opened, was cut off since.

    Who reads them asks before: our own programs never shorten what others may have open.
    """
    if not is_whole(mapped):
        raise GalleryError(
            "A file of the gallery has become shorter since it was opened.",
            hint="Open the gallery again once nothing writes into it.",
        )


def count_rows(path: Path, dimension: int) -> int:
    """How many rows a file holds; 0 for one that is none of ours. Raises OSError."""
    if dimension == 0:
        return 0
    if kind_words(path.stat().st_mode):
        return 0  # nobody may ever write into a pipe
    with path.open("rb") as file:
        is_ours = file.read(len(_MAGIC)) == _MAGIC
        n_bytes = file.seek(0, os.SEEK_END) - _HEADER_BYTES
    return max(0, n_bytes // (dimension * 4)) if is_ours else 0


def read_blocks(
    path: Path, n_rows: int, dimension: int, block_rows: int
) -> Iterator[np.ndarray | None]:
    """The first n_rows block by block, (up to block_rows, dimension) float32, none of them mapped.

    None for a block that the disk does not give.
    """
    for start in range(0, n_rows, block_rows):
        count = min(block_rows, n_rows - start) * dimension
        offset = _HEADER_BYTES + start * dimension * 4
        try:
            values = np.fromfile(path, dtype="<f4", count=count, offset=offset)
        except OSError:
            values = np.zeros(0, np.float32)
        yield values.reshape(-1, dimension) if values.size == count else None


def _header(n_rows: int, dimension: int) -> bytes:
    """A .npy header that always takes the same room, so that it can be written anew."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({n_rows}, {dimension}), }}"
    room = _HEADER_BYTES - len(_MAGIC) - 2
    return _MAGIC + room.to_bytes(2, "little") + text.ljust(room - 1).encode() + b"\n"


def _damaged(path: Path) -> GalleryError:
    return GalleryError(
        f"The descriptors of the gallery '{path.parent.name}' are damaged: '{path.name}' is gone, "
        "shorter than it was, or no .npy file.",
        hint="Index its folder again: the images that lost theirs are described anew.",
    )
