"""A .npy file of float32 rows that grows: what is beyond the rows agreed on counts for nothing."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from core.errors import GalleryError

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
        with path.open("rb") as file:
            is_ours = file.read(len(_MAGIC)) == _MAGIC
        if not is_ours or path.stat().st_size < _HEADER_BYTES + n_rows * dimension * 4:
            raise _damaged(path)
        shape = (n_rows, dimension)
        return np.memmap(path, dtype="<f4", mode="r", offset=_HEADER_BYTES, shape=shape)
    except OSError as error:
        raise GalleryError(f"'{path}' can't be read: {error.strerror}.") from error


def _header(n_rows: int, dimension: int) -> bytes:
    """A .npy header that always takes the same room, so that it can be written anew."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({n_rows}, {dimension}), }}"
    room = _HEADER_BYTES - len(_MAGIC) - 2
    return _MAGIC + room.to_bytes(2, "little") + text.ljust(room - 1).encode() + b"\n"


def _damaged(path: Path) -> GalleryError:
    return GalleryError(
        f"The descriptors of the gallery '{path.parent.name}' are damaged: '{path.name}' is "
        "shorter than it was, or no .npy file.",
        hint="Index the images again into a new folder.",
    )
