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
        """Take it, if nobody has it; whether it is held now.

        Raises OSError where the file can't be made, or is on a disk that knows no locks.
        """
        if self.is_held:
            return True
        number = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            is_mine = _lock(number)
        except BaseException:
            os.close(number)
            raise
        if is_mine:
            self._number = number
        else:
            os.close(number)
        return is_mine

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
    """Hold the lock of `path` until the block ends; False where it was not to be had in time."""
    lock = FileLock(path)
    deadline = time.monotonic() + seconds
    with suppress(OSError):
        while not lock.take() and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
    try:
        yield lock.is_held
    finally:
        lock.release()


def _lock(number: int) -> bool:
    """False where another has it. Raises OSError where there are no locks."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second on Windows
        return False
    return True
