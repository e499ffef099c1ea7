"""Reading a .npy file: no more than it holds, whatever its header claims, and never a pickle."""

from __future__ import annotations

import io
import math
import tokenize
import warnings
from pathlib import Path

import numpy as np

from core.errors import AppError
from core.reading import RegularFile, open_regular

MAGIC = b"\x93NUMPY"
_MOST_HEADER_BYTES = 4096
_DAMAGED = (
    ValueError, TypeError, KeyError, EOFError, OverflowError,
    SyntaxError, RecursionError, MemoryError, tokenize.TokenError,
)  # fmt: skip
"""What NumPy raises for a header that is no header; it evaluates literals only."""


class NotNpyError(Exception):
    """A file is no array; the text is a sentence on why."""


def read_npy(
    path: Path, most_bytes: int, *, what: str = "", error: type[AppError] = AppError
) -> np.ndarray:
    """The array of a .npy file, as numpy.save wrote it.

    Raises `error` for a file that can't be read or is larger than `most_bytes`, NotNpyError for one
    that is no array.
    """
    with open_regular(path, most_bytes, what=what, error=error) as file:
        head = file.read(_MOST_HEADER_BYTES)
        try:
            return _read_array(file, head)
        except _DAMAGED as problem:
            raise NotNpyError(str(problem) or "Its header is damaged.") from problem


def _read_array(file: RegularFile, head: bytes) -> np.ndarray:
    shape, is_fortran, dtype, start = _read_header(head)
    n_bytes = math.prod(shape) * dtype.itemsize
    n_there = max(0, file.n_bytes - start)
    if dtype.hasobject or min(shape, default=0) < 0:
        raise NotNpyError("It holds Python objects, which are never opened, or a negative size.")
    if n_bytes > n_there:
        raise NotNpyError(f"Its header claims {n_bytes:,} bytes; there are {n_there:,}.")
    content = np.empty(n_bytes, np.uint8)
    file.seek(start)
    if file.read_into(content.data) < n_bytes:
        raise NotNpyError("It became shorter while it was read.")
    array = content.view(dtype) if n_bytes else np.empty(math.prod(shape), dtype)
    return array.reshape(shape, order="F" if is_fortran else "C")


def _read_header(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Shape, whether columns come first, type, and the offset where the values begin."""
    stream = io.BytesIO(head)
    version = np.lib.format.read_magic(stream)
    wide = head[6:7] > b"\x01"  # from version 2 on, the header's length takes four bytes
    if int.from_bytes(head[8 : 12 if wide else 10], "little") > _MOST_HEADER_BYTES - 12:
        raise NotNpyError("Its header is too long.")
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise NotNpyError("It holds records, or is of a version that is not known.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of sizes like 256L, from Python 2
        shape, is_fortran, dtype = read(stream)
    return shape, is_fortran, dtype, stream.tell()
