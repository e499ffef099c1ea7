"""A child process of our own that is asked once and answers in several frames, until it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import IO, Any

import numpy as np

from core import frames
from core.children import ROOT, child_environment, creation_flags, enlarge_pipe

_MOST_ANSWER_BYTES = 1 << 30
_MOST_WAITING = 8
_TICK_SECONDS = 0.25
_LAST_BYTES = 4096
_END_SECONDS = 20.0
Reply = tuple[dict[str, Any], list[np.ndarray]]


class ChildEnded(Exception):
    """It ended before its last answer. code: of its exit; said: the end of its stderr."""

    def __init__(self, code: int | None, said: str) -> None:
        super().__init__(said)
        self.code, self.said = code, said


@dataclass(frozen=True, eq=False)
class AskedChild:
    """A child at work."""

    process: subprocess.Popen[bytes]
    _waiting: Queue[Reply | Exception]
    _said: IO[bytes]

    def reply(self) -> Reply | None:
        """Its next answer; None where there was none for a quarter of a second.

        Raises ChildEnded.
        """
        try:
            reply = self._waiting.get(timeout=_TICK_SECONDS)
        except Empty:
            return None
        if isinstance(reply, Exception):
            raise self._ended() from reply
        return reply

    def _ended(self) -> ChildEnded:
        self.process.kill()
        code = self.process.wait()
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, size - _LAST_BYTES))
        return ChildEnded(code, self._said.read().decode("utf-8", "replace"))


@contextmanager
def asked_child(
    module: str,
    header: Mapping[str, Any],
    arrays: Sequence[np.ndarray] = (),
    settings: Mapping[str, str] | None = None,
    *,
    is_asked_to_end: bool = False,
) -> Iterator[AskedChild]:
    """Start `python -m module` and send it one request; it is dead when the block ends.

    settings: variables of its environment, where the user has set nothing. is_asked_to_end: its
    stdin is closed first, and it has some seconds to end by itself.
    """
    waiting: Queue[Reply | Exception] = Queue(_MOST_WAITING)
    is_over = Event()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=ROOT,
            env=child_environment(settings or {}),
            creationflags=creation_flags(),
        )
        asking = Thread(
            target=_ask, args=(process, dict(header), arrays, waiting, is_over), name=module
        )
        asking.start()
        try:
            yield AskedChild(process, waiting, said)
        finally:
            is_over.set()
            if is_asked_to_end:
                _ask_to_end(process)
            process.kill()
            process.wait()
            asking.join()


def _ask_to_end(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError, subprocess.TimeoutExpired):
        if process.stdin is not None:
            process.stdin.close()
        process.wait(_END_SECONDS)


def _ask(
    process: subprocess.Popen[bytes],
    header: dict[str, Any],
    arrays: Sequence[np.ndarray],
    waiting: Queue[Reply | Exception],
    is_over: Event,
) -> None:
    """Send the request and collect the answers, until the child ends."""
    try:
        if process.stdin is None or process.stdout is None:
            raise OSError("a child without pipes")
        with process.stdout as answers, _closing(process.stdin) as requests:
            enlarge_pipe(requests)
            frames.write_frame(requests, header, arrays)
            while _put(waiting, frames.read_frame(answers, _MOST_ANSWER_BYTES), is_over):
                pass
    except (frames.FrameError, OSError, ValueError) as error:
        _put(waiting, error, is_over)


@contextmanager
def _closing(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """The stream, closed at the end; what its dead reader left unread is no error."""
    try:
        yield stream
    finally:
        with suppress(OSError):
            stream.close()


def _put(waiting: Queue[Reply | Exception], reply: Reply | Exception, is_over: Event) -> bool:
    """Hand over an answer once there is room; False where nobody waits for it any more."""
    while not is_over.is_set():
        with suppress(Full):
            waiting.put(reply, timeout=_TICK_SECONDS)
            return True
    return False
