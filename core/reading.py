"""The one way to read a file: regular files only, bounded in size, and never waited for endlessly.

Any file may be a stranger's, lie on a network that does not answer, or be no file at all.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from io import FileIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TypeVar

from core.errors import AppError

T = TypeVar("T")
PATIENCE_SECONDS = 20.0
"""How long a file may take to open, and then for each further piece of it."""

PIECE_BYTES = 4 << 20
MOST_NAMES = 100_000
"""Of a folder that nobody named; a folder of images is listed elsewhere, whole."""

_SLICE_SECONDS = 0.1
_BEYOND_BYTES = 4096
"""Asked for beyond the size that a file says it has, which some files understate."""

_FLAGS = os.O_RDONLY | sum(getattr(os, n, 0) for n in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_may_stop: ContextVar[Callable[[], bool] | None] = ContextVar("may_stop", default=None)


class ReadCancelled(AppError):
    """The user cancelled while a file was waited for."""


class _Refused(Exception):
    """Why a file can't be read, as the end of a sentence: "it is a pipe"."""


@contextmanager
def cancelled_when(is_cancelled: Callable[[], bool]) -> Iterator[None]:
    """In the block, waiting for a file ends in ReadCancelled once `is_cancelled()`."""
    token = _may_stop.set(is_cancelled)
    try:
        yield
    finally:
        _may_stop.reset(token)


def check_cancelled() -> None:
    """For who waits for a file otherwise: raises ReadCancelled once the user has cancelled."""
    is_cancelled = _may_stop.get()
    if is_cancelled is not None and is_cancelled():
        raise ReadCancelled("Cancelled.")


def read_file(
    path: Path,
    most_bytes: int,
    *,
    what: str = "",
    hint: str = "",
    error: type[AppError] = AppError,
) -> bytes:
    """All of a regular file.

    what: the words it is called by, such as "The mean image". Raises `error` for a file that is not
    there, may not be read, is none, does not come in time, or has more than `most_bytes`, whatever
    size it says it has.
    """
    with open_regular(path, most_bytes, what=what, hint=hint, error=error) as file:
        return file.read_all()


def open_regular(
    path: Path,
    most_bytes: int | None = None,
    *,
    what: str = "",
    hint: str = "",
    error: type[AppError] = AppError,
) -> RegularFile:
    """A regular file, open for reading; as `read_file`, None for any size."""
    return RegularFile(path, most_bytes, _Words(path, what, hint, error))


class _Words:
    """How an error about one file is worded."""

    def __init__(self, path: Path, what: str, hint: str, error: type[AppError]) -> None:
        self._subject = f"{what} '{path}'" if what else f"'{path}'"
        self._hint = hint
        self._error = error

    def refusal(self, reason: str) -> AppError:
        return self._error(f"{self._subject} can't be read: {reason}.", hint=self._hint)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what a file does in the block into the sentence."""
        try:
            yield
        except _Refused as problem:
            raise self.refusal(str(problem)) from None
        except OSError as problem:
            raise self.refusal(problem.strerror or str(problem)) from problem
        except ValueError as problem:  # a zero byte in the name
            raise self.refusal("no file can have this name") from problem
        except MemoryError as problem:
            raise self.refusal("there is not enough memory for it") from problem


class RegularFile:
    """A regular file that is open; every step has PATIENCE_SECONDS. Used as a context manager.

    n_bytes: its size when it was opened. raw: for what maps it; it may be shorter by then.
    """

    def __init__(self, path: Path, most_bytes: int | None, words: _Words) -> None:
        self._words = words
        self._most = most_bytes
        self._position = 0
        self._is_left = False
        with words.told():
            self.raw, self.n_bytes = _patiently(lambda: _open(path), lambda late: late[0].close())
            try:
                self._check(self.n_bytes)
            except _Refused:
                self.raw.close()
                raise

    def __enter__(self) -> RegularFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it, unless a thread is still waiting for it: that one closes it in the end."""
        if not self._is_left:
            self.raw.close()

    def seek(self, offset: int) -> None:
        """Go to an offset from its beginning; the bound counts from there."""
        self.raw.seek(offset)
        self._position = 0

    def read(self, n_bytes: int) -> bytes:
        """The next bytes, fewer where the file ends."""
        buffer = bytearray(n_bytes)
        return bytes(buffer[: self.read_into(memoryview(buffer))])

    def read_into(self, buffer: memoryview) -> int:
        """Fill a buffer of bytes as far as the file goes; how many bytes came."""
        n_read = 0
        with self._words.told():
            while n_read < len(buffer):
                piece = buffer[n_read : n_read + PIECE_BYTES]
                n = self._patiently(partial(_fill, self.raw, piece))
                n_read += n
                if n < len(piece):
                    break
        return n_read

    def map(self) -> mmap:
        """All of it, mapped; touching what is no longer there ends the process (SIGBUS)."""
        with self._words.told():
            try:
                return mmap(self.raw.fileno(), 0, access=ACCESS_READ)
            except ValueError:
                raise _Refused("it is empty") from None

    def pieces(self) -> Iterator[bytes]:
        """What there is from here on, a few megabytes at a time."""
        with self._words.told():
            is_more = True
            while is_more:
                wanted = min(PIECE_BYTES, max(0, self.n_bytes - self._position) + _BEYOND_BYTES)
                piece = self._patiently(partial(_piece, self.raw, wanted))
                is_more = len(piece) == wanted
                self._position += len(piece)
                self._check(self._position)
                if piece:
                    yield piece

    def read_all(self) -> bytes:
        """What there is from here on."""
        with self._words.told():
            return b"".join(self.pieces())

    def _check(self, n_bytes: int) -> None:
        if self._most is not None and n_bytes > self._most:
            raise _Refused(f"it is larger than {_size(self._most)}")

    def _patiently(self, action: Callable[[], T]) -> T:
        try:
            return _patiently(action, lambda _late: self.raw.close())
        except (_Refused, ReadCancelled, KeyboardInterrupt):
            self._is_left = True  # closing what a thread waits for would wait as well
            raise


def names_in(folder: Path) -> list[str]:
    """The names in a folder, sorted, MOST_NAMES of them at most; [] for one that can't be listed.

    For what may lie beside a file, which nobody asked for.
    """

    def listed() -> list[str]:
        with os.scandir(folder) as entries:
            return [entry.name for entry, _ in zip(entries, range(MOST_NAMES), strict=False)]

    try:
        return sorted(_patiently(listed))
    except (OSError, ValueError, _Refused):
        return []


def kind_words(mode: int) -> str:
    """What is no regular file, by its mode: "a pipe"; "" for one that is."""
    if stat.S_ISREG(mode):
        return ""
    return next((words for is_kind, words in _KINDS if is_kind(mode)), "no regular file")


def _open(path: Path) -> tuple[FileIO, int]:
    """The file and its size in bytes."""
    # Looked at first: opening a pipe would take it from its writer, opening a device may do things.
    _refuse_other_kinds(path.stat().st_mode)
    number = os.open(path, _FLAGS)
    try:
        status = os.fstat(number)
        _refuse_other_kinds(status.st_mode)
        return FileIO(number), status.st_size
    except BaseException:
        os.close(number)
        raise


def _refuse_other_kinds(mode: int) -> None:
    words = kind_words(mode)
    if words:
        raise _Refused(f"it is {words}, not a file" if words != "no regular file" else words)


def _piece(raw: FileIO, n_bytes: int) -> bytes:
    """The next bytes, fewer only at the end."""
    piece = raw.read(n_bytes) or b""
    while len(piece) < n_bytes and (more := raw.read(n_bytes - len(piece))):
        piece += more
    return piece


def _fill(raw: FileIO, buffer: memoryview) -> int:
    n_read = 0
    while n_read < len(buffer):
        n = raw.readinto(buffer[n_read:])
        if not n:
            break
        n_read += n
    return n_read


def _patiently(action: Callable[[], T], let_go: Callable[[T], object] = lambda _late: None) -> T:
    """What an action of the file system gives, in time or never.

    It runs in a thread of its own, which a network that does not answer may keep for ever; this one
    goes on, hears Ctrl+C and cancelling meanwhile, and `let_go` is given what comes too late.
    Raises _Refused after PATIENCE_SECONDS.
    """
    answers: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
    handing_over = threading.Lock()
    has_given_up = threading.Event()

    def act() -> None:
        result, problem = None, None
        try:
            result = action()
        except BaseException as raised:
            problem = raised
        with handing_over:
            if not has_given_up.is_set():
                answers.put((result, problem))
                return
        if problem is None:
            with suppress(OSError):
                let_go(result)  # type: ignore[arg-type]

    threading.Thread(target=act, name="reading", daemon=True).start()
    try:
        result, problem = _wait(answers)
    except BaseException:
        with handing_over:
            has_given_up.set()
        with suppress(Empty):
            result, problem = answers.get_nowait()
            if problem is None:
                let_go(result)  # type: ignore[arg-type]
        raise
    if problem is not None:
        raise problem
    return result  # type: ignore[return-value]


def _wait(answers: SimpleQueue[T]) -> T:
    until = time.monotonic() + PATIENCE_SECONDS
    is_cancelled = _may_stop.get()
    while (left := until - time.monotonic()) > 0:
        with suppress(Empty):
            return answers.get(timeout=left if is_cancelled is None else min(left, _SLICE_SECONDS))
        if is_cancelled is not None and is_cancelled():
            raise ReadCancelled("Cancelled.")
    raise _Refused(f"nothing came of it within {PATIENCE_SECONDS:.0f} seconds")


def _size(n_bytes: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if n_bytes >= size:
            return f"{n_bytes / size:.4g} {unit}"
    return f"{n_bytes} bytes"
