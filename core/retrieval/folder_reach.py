"""Whether files can still be reached, asked without waiting for a disk that does not answer."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
_PATIENCE_SECONDS = 5.0


class Reach(Enum):
    """How far one gets with a file."""

    OPEN = auto()
    CLOSED = auto()
    """It is there, and can't be read."""
    NOT_THERE = auto()


class FolderReach:
    """A folder as it was when this was made, and what of it can be reached since."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._was = _identity(folder)

    @property
    def has_folder(self) -> bool:
        """Whether the folder is there and still the same one: not renamed, no other disk."""
        return self._was is not None and _asked(lambda: _identity(self._folder)) == self._was

    def how(self, path: Path) -> Reach:
        """How far one gets with a file now; what does not answer is not there."""
        return _asked(lambda: _reach(path)) or Reach.NOT_THERE


def _asked(question: Callable[[], T]) -> T | None:
    """The answer of the file system; None where none comes in time."""
    answers: SimpleQueue[T] = SimpleQueue()
    Thread(target=lambda: answers.put(question()), name="reach", daemon=True).start()
    try:
        return answers.get(timeout=_PATIENCE_SECONDS)
    except Empty:
        return None


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _reach(path: Path) -> Reach:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return Reach.NOT_THERE
    if not stat.S_ISREG(status.st_mode):
        return Reach.OPEN  # nothing to wait for: a pipe would keep whoever opens it
    if not status.st_size:
        return Reach.OPEN  # nothing to read; the kernel's log has no size and keeps who reads it
    try:
        with path.open("rb") as file:
            os.read(file.fileno(), 1)
    except OSError:
        return Reach.CLOSED
    return Reach.OPEN
