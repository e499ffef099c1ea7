"""One decoder as its pool sees it: started, asked with a limit on time, killed."""

from __future__ import annotations

import contextlib
import io
import logging
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

import msgspec
import numpy as np

from core import frames
from core.children import ROOT, child_environment, creation_flags, enlarge_pipe
from core.errors import AppError
from core.images.decoders.messages import Answer, Request, is_sound

Reply = tuple[dict[str, Any], list[np.ndarray]]

_LOG = logging.getLogger(__name__)

START_SECONDS = 60.0
"""Python and its packages may come from a slow disk, on a machine that is busy."""

_MAX_ANSWER_BYTES = 1 << 30
_TICK_SECONDS = 0.25
_REAP_SECONDS = 0.5
# One thread each: there are as many decoders as are good for the machine. Room for the addresses
# of a picture, not for those of threads.
_SETTINGS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


class DecoderEnded(Exception):
    """A decoder that is no more; how: what a sentence says in brackets, "SIGSEGV"."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class DecoderUnavailableError(AppError):
    """Decoders don't start on this machine, whatever the picture."""


class DecoderProcess:
    """A living child. Used by one thread at a time, but `kill` by any."""

    def __init__(self) -> None:
        self.n_answers = 0
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "core.images.decoders.child"],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=ROOT,
                env=child_environment(_SETTINGS),
                creationflags=creation_flags(),
            )
        except OSError as error:
            raise _unavailable(error.strerror or str(error)) from error
        self._answers = _TimedPipe(_there(self._process.stdout), self.kill)
        self._requests = io.BufferedWriter(_there(self._process.stdin))
        enlarge_pipe(_there(self._process.stdout))
        self._greet()
        _LOG.info("Decoder started as process %d", self.pid)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def ask(
        self, request: Request, deadline: Callable[[], float]
    ) -> tuple[Answer, list[np.ndarray]]:
        """The answer to a request. Raises DecoderEnded, and TimeoutError after the deadline.

        deadline: in seconds of time.monotonic; looked at several times a second. After either error
        the child is dead.
        """
        try:
            frames.write_frame(self._requests, msgspec.to_builtins(request))
            header, arrays = self._answers.read_frame(deadline)
            answer = msgspec.convert(header, Answer)
            if not is_sound(request, answer, arrays):
                raise frames.FrameError("an answer without what was asked for")
            self.n_answers += 1
            return answer, arrays
        except TimeoutError:
            self.end()
            raise
        except (frames.FrameError, OSError, ValueError) as error:  # also of msgspec
            raise DecoderEnded(self.end()) from error

    def kill(self) -> None:
        """Stop the child at once, without waiting for it."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def end(self) -> str:
        """Kill the child, unless it is dead, and let go of it; how it ended.

        One that sleeps where no signal reaches it, as on a dead disk, is left to the system.
        """
        is_dead = self._answers.has_ended and self._has_died()
        if not is_dead:
            self.kill()
            is_dead = self._has_died()
        if not is_dead:
            threading.Thread(target=self._process.wait, name="reaper", daemon=True).start()
        how = _how_it_ended(self._process.returncode)
        _LOG.info("Decoder, process %d, ended (%s)", self.pid, how)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                _there(stream).close()
        return how

    def _has_died(self) -> bool:
        try:
            self._process.wait(_REAP_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _greet(self) -> None:
        until = time.monotonic() + START_SECONDS
        try:
            self._answers.read_frame(lambda: until)
        except (frames.FrameError, OSError, ValueError) as error:
            said = _there(self._process.stderr).read(1 << 16) if self._answers.has_ended else b""
            how = self.end()
            if self._process.returncode is not None and self._process.returncode < 0:
                raise DecoderEnded(how) from error
            raise _unavailable(said.decode("utf-8", "replace").strip() or str(error)) from error


class _TimedPipe:
    """Frames from a child, waited for no longer than until a deadline."""

    def __init__(self, pipe: IO[bytes], kill: Callable[[], None]) -> None:
        self._pipe: Any = pipe
        self._kill = kill
        self._deadline: Callable[[], float] = lambda: 0.0
        self._poll: select.poll | None = None
        self.has_ended = False
        if hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(pipe, select.POLLIN)

    def read_frame(self, deadline: Callable[[], float]) -> Reply:
        """The next frame. Raises TimeoutError, and FrameError where the child has gone."""
        self._deadline = deadline
        if self._poll is not None:
            return frames.read_frame(self, _MAX_ANSWER_BYTES)
        return self._read_with_a_watch()

    def _read_with_a_watch(self) -> Reply:
        """On Windows, where no pipe can be polled: death ends the waiting."""
        watch = threading.Timer(self._deadline() - time.monotonic(), self._kill)
        watch.start()
        try:
            return frames.read_frame(self._pipe, _MAX_ANSWER_BYTES)
        except frames.StreamEnded:
            self._check_time()
            raise
        finally:
            watch.cancel()

    def read(self, n_bytes: int) -> bytes:
        """At most so many bytes, for frames.read_frame."""
        self._wait()
        part: bytes = self._pipe.read(n_bytes)
        self.has_ended = not part
        return part

    def readinto(self, view: memoryview) -> int:
        """As `read`, into a part of an array."""
        self._wait()
        count: int = self._pipe.readinto(view)
        self.has_ended = not count
        return count

    def _wait(self) -> None:
        self._check_time()
        while self._poll is not None and not self._poll.poll(_TICK_SECONDS * 1000):
            self._check_time()

    def _check_time(self) -> None:
        if time.monotonic() >= self._deadline():
            raise TimeoutError


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise _unavailable("it has no pipes")
    return pipe


def _unavailable(why: str) -> DecoderUnavailableError:
    last = why.splitlines()[-1] if why else "it ended at once"
    return DecoderUnavailableError(f"The program that decodes pictures can't start: {last}.",
                                   details=why)  # fmt: skip


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return "it does not answer to being killed"
    try:
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except ValueError:
        return f"signal {-code}"
