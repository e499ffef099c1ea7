"""Reading .npy and .npz files: no more than they hold, whatever they claim, and never a pickle."""

from __future__ import annotations

import io
import math
import tokenize
import warnings
import zipfile
import zlib
from mmap import mmap
from pathlib import Path
from typing import IO, BinaryIO, cast

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


_BROKEN_ARCHIVE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, OSError)


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


def write_npy_header(file: IO[bytes], dtype: np.dtype, shape: tuple[int, ...]) -> None:
    """What numpy.save writes before the values of such an array."""
    kind = np.lib.format.dtype_to_descr(dtype)
    header = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def read_npz(
    path: Path, most_bytes: int, *, error: type[AppError] = AppError
) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name, as numpy.savez wrote them.

    most_bytes: of the file, and of all its arrays together. Raises `error` for a file that can't be
    read, is larger or holds something else.
    """
    with open_regular(path, most_bytes, error=error) as file:
        mapped = file.map() if file.n_bytes else None
    try:
        if mapped is None:
            raise NotNpyError("It is empty.")
        with zipfile.ZipFile(cast(BinaryIO, _Mapped(mapped))) as archive:
            members = archive.infolist()
            claimed = sum(member.file_size for member in members)
            if claimed > most_bytes:
                raise NotNpyError(f"Its arrays would take {claimed:,} bytes.")
            return {
                member.filename.removesuffix(".npy"): _read_member(archive, member)
                for member in members
                if member.filename.endswith(".npy")
            }
    except (
        *_DAMAGED,
        NotNpyError,
        zipfile.BadZipFile,
        NotImplementedError,
        zlib.error,
        OSError,
    ) as problem:
        raise error(
            f"{path.name} is no .npz file of arrays.",
            hint="Write it with numpy.savez.",
            details=str(problem),
        ) from problem


class _Mapped(io.RawIOBase):
    """A mapped file as one that is read, which zipfile asks for."""

    def __init__(self, mapped: mmap) -> None:
        self._mapped = mapped

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._mapped.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._mapped.tell(), io.SEEK_END: len(self._mapped)}
        self._mapped.seek(starts[whence] + offset)
        return self._mapped.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._mapped.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as stream:
        content = stream.read(member.file_size)
    shape, is_fortran, dtype, start = _read_header(content[:_MOST_HEADER_BYTES])
    n_bytes = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or min(shape, default=0) < 0 or n_bytes > len(content) - start:
        raise NotNpyError(f"{member.filename} holds no array, or less of it than it claims.")
    array = np.frombuffer(content, dtype, math.prod(shape), start)
    return array.reshape(shape, order="F" if is_fortran else "C")


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
