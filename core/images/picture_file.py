"""Opening of picture files: regular ones only, no larger than a bound, no longer than they were."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from core.errors import ImageError
from core.images.formats import describe_mode, describe_other_kind

MAX_FILE_BYTES = 1 << 30
"""64 million pixels of 16 bits in four channels take half of it, uncompressed."""

# Without waiting for somebody to write to a pipe, and without becoming a terminal's own process.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@contextmanager
def opened_picture_file(path: Path) -> Iterator[BinaryIO]:
    """A file to read, with a position of its own and no descriptor for a decoder to read past.

    What the name stands for is looked at before it is opened, as opening a device may do something,
    and after, as it may have become another. Raises ImageError for what is no picture's file,
    OSError as `open` does.
    """
    claim = describe_other_kind(path)
    if claim is not None:
        raise ImageError(f"'{path.name}' {claim}.")
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        _check(path, status)
        raw = io.FileIO(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise
    with closing(raw), closing(io.BufferedReader(_FirstBytes(raw, status.st_size))) as file:
        yield cast(BinaryIO, file)


def _check(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError
    claim = describe_mode(status.st_mode)
    if claim is not None:
        raise ImageError(f"'{path.name}' {claim}.")
    if status.st_size > MAX_FILE_BYTES:
        raise ImageError(
            f"'{path.name}' has {status.st_size / 1e9:.1f} GB, more than the limit of "
            f"{MAX_FILE_BYTES / 1e9:.1f} GB for a picture.",
            hint="Scale it down first.",
        )


class _FirstBytes(io.RawIOBase):
    """So many bytes of a file and no more, however it grows meanwhile."""

    def __init__(self, file: io.FileIO, n_bytes: int) -> None:
        self._file = file
        self._n_bytes = n_bytes

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            return self._file.seek(self._n_bytes + offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        left = max(0, self._n_bytes - self._file.tell())
        return self._file.readinto(memoryview(buffer)[:left])
