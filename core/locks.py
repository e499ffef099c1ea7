"""A lock between programs that ends with the one who holds it, however that one ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PAUSE_SECONDS = 0.02


class FileLock:
    """A file that one program at a time has locked. The system frees it when the program dies.

    Unlike a file with a process number in it, it can't be mistaken after a restart of the computer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is this object that holds it."""
        return self._number is not None

    def take(self) -> bool:
        """Take it, if nobody has it; whether it is held now. Raises OSError."""
        if self.is_held:
            return True
        number = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(number)
        except OSError:
            os.close(number)
            return False
        self._number = number
        return True

    def release(self, *, is_done: bool = False) -> None:
        """Let others take it; is_done: the file goes, as nobody needs it again."""
        if self._number is None:
            return
        if is_done:
            with suppress(OSError):  # Windows keeps it while it is open: the next start clears up
                self.path.unlink(missing_ok=True)
        os.close(self._number)
        self._number = None


@contextmanager
def locked(path: Path, seconds: float) -> Iterator[bool]:
    """Hold the lock of `path` until the block ends; False where it was not to be had in time.

    Raises OSError where the file can't be made.
    """
    lock = FileLock(path)
    deadline = time.monotonic() + seconds
    while not lock.take() and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
    try:
        yield lock.is_held
    finally:
        lock.release()


def _lock(number: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
