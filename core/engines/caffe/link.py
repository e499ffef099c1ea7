"""The foreign Python as our child: starting it, greeting it, asking it, dying with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import IO, Any, NoReturn

import numpy as np

from core import frames
from core.children import creation_flags
from core.engines.caffe import bundle, greeting
from core.engines.launch import is_ended_from_outside, without_our_path
from core.engines.memory import free_host_bytes
from core.engines.stderr_tail import StderrTail
from core.errors import EngineError, EngineUnavailableError
from core.reading import open_regular

PROTOCOL = 1
_DEATH_TIMEOUT_SECONDS = 5.0
_RUN_ELSEWHERE = ("docker", "kubectl", "nerdctl", "podman", "ssh")

Reply = tuple[dict[str, Any], list[np.ndarray]]


class Link:
    """One foreign Python with Caffe; when it dies after the greeting, so do we, the same way.

    Raises EngineUnavailableError when it does not come up.
    """

    def __init__(self, command: Sequence[str], folder: Path, timeout_seconds: float) -> None:
        self._command = tuple(command)
        with _start_folder(command, folder) as start_folder:
            self._start(folder, start_folder, timeout_seconds)

    def _start(self, folder: Path, start_folder: Path, timeout_seconds: float) -> None:
        self._folder = None if start_folder == folder else folder
        self._process = _spawn(_rooted(self._command, folder), start_folder)
        self._stdin, self._stdout = _pipes(self._process)
        self._is_up = False
        self._tail = StderrTail(_stderr(self._process), self._pass_on)
        self.greeting = self._greet(timeout_seconds)
        self._is_up = True

    def ask(
        self,
        header: Mapping[str, Any],
        arrays: Sequence[np.ndarray] = (),
        on_layer: Callable[[str], None] | None = None,
    ) -> Reply:
        """Send a request and wait for its reply; EngineError when Caffe's Python refused it."""
        try:
            frames.write_frame(self._stdin, dict(header), arrays)
            while True:
                reply, given = frames.read_frame(self._stdout)
                if "running" not in reply:
                    break
                if on_layer is not None:
                    on_layer(str(reply["running"]))
        except (frames.FrameError, OSError, ValueError) as error:
            self._die(error)
        if "error" in reply:
            raise _error_of(reply["error"])
        return reply, given

    def free_bytes(self) -> int | None:
        """What Caffe can have altogether; None where it runs on another machine."""
        is_here = PurePath(self._command[0]).stem.lower() not in _RUN_ELSEWHERE
        # the one that holds Caffe's memory, where the command only starts it
        pid = int(self.greeting.get("pid") or self._process.pid)
        return free_host_bytes(str(pid)) if is_here else None

    def send_file(self, path: Path, suffix: str) -> str:
        """Copy a file to the foreign machine; its path there."""
        there = str(self.ask({"op": "add_file", "suffix": suffix})[0]["path"])
        with open_regular(path, what="The weights", error=EngineError) as file:
            for piece in file.pieces():
                self.ask({"op": "append", "path": there}, [np.frombuffer(piece, np.uint8)])
        return there

    def send_text(self, text: str, suffix: str) -> str:
        """Write a file on the foreign machine; its path there."""
        there = str(self.ask({"op": "add_file", "suffix": suffix})[0]["path"])
        chunk = np.frombuffer(text.encode("utf-8"), np.uint8)
        self.ask({"op": "append", "path": there}, [chunk])
        return there

    def _greet(self, timeout_seconds: float) -> dict[str, Any]:
        """Hand over the program and read what it finds; the timer ends one that never answers."""
        is_late = threading.Event()

        def end() -> None:
            is_late.set()
            self._kill()

        timer = threading.Timer(timeout_seconds, end)
        timer.start()
        try:
            return self._hand_over()
        except (greeting.NoGreeting, OSError) as error:
            banner = str(error) if isinstance(error, greeting.NoGreeting) else ""
            has_stayed = self._wait(1.0) is None
            if has_stayed:
                self._kill()
            code, stderr = self._wait(_DEATH_TIMEOUT_SECONDS), self._tail.text()
            if is_late.is_set():
                raise greeting.silent(self._command, timeout_seconds, banner, stderr) from error
            if not has_stayed and is_ended_from_outside(code):
                raise greeting.stopped(self._command, code, banner, stderr) from error
            raise greeting.ended(self._command, code, banner, stderr) from error
        finally:
            timer.cancel()
            timer.join()

    def _hand_over(self) -> dict[str, Any]:
        source = bundle.source_text(self._folder)
        self._give(bundle.first_statement(len(source)))
        told, _ = greeting.read_told(self._stdout)
        if told.get("asks") == "source":
            self._give(source)
            told, _ = greeting.read_told(self._stdout)
        if told.get("ready") != PROTOCOL:
            self._kill()
            self._wait(_DEATH_TIMEOUT_SECONDS)
            raise greeting.refused(self._command, told, self._tail.text())
        return told

    def _give(self, text: bytes) -> None:
        """What a program that has ended said before is still to be read."""
        with contextlib.suppress(OSError):
            self._stdin.write(text)
            self._stdin.flush()

    def _pass_on(self, line: bytes) -> None:
        """Caffe's log is ours once it runs; before that it may only explain why it does not."""
        if self._is_up:
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()

    def _die(self, error: Exception) -> NoReturn:
        """End this process as the foreign one ended; whoever started us reports it."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        code = self._wait(_DEATH_TIMEOUT_SECONDS)
        if code is None or (isinstance(error, frames.FrameError) and not _is_closed(error)):
            print(f"unreadable answer of Caffe's Python: {error}", file=sys.stderr)  # noqa: T201
            self._kill()
        self._tail.join()
        sys.stderr.flush()
        _leave_like(code)

    def _kill(self) -> None:
        """With all that it started: a script's child would hold the pipes open."""
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _wait(self, timeout_seconds: float) -> int | None:
        try:
            return self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None


def _spawn(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """In a session of its own: ssh then can't ask a terminal for a password and wait for ever."""
    try:
        return subprocess.Popen(
            (*command, *bundle.INTERPRETER_OPTIONS),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=_environment(),
            start_new_session=True,
            creationflags=creation_flags(),
        )
    except OSError as error:
        raise greeting.not_started(command, error) from error


@contextlib.contextmanager
def _start_folder(command: Sequence[str], folder: Path) -> Iterator[Path]:
    """An empty folder for what may be a Python of this machine: there is nothing to import.

    Python runs elsewhere for the tools that reach another machine, and those may look for files of
    theirs (a key, a compose file) in the user's folder.
    """
    if PurePath(command[0]).stem.lower() in _RUN_ELSEWHERE:
        yield folder
        return
    empty = Path(tempfile.mkdtemp(prefix="blobscope-"))
    try:
        yield empty
    finally:
        shutil.rmtree(empty, ignore_errors=True)


def _rooted(command: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Words such as ./start.sh name files of the user's folder, wherever the command starts."""
    beginnings = tuple(f"{dots}{bar}" for dots in (".", "..") for bar in {"/", os.sep})
    return tuple(str(folder / word) if word.startswith(beginnings) else word for word in command)


def _environment() -> dict[str, str]:
    """Without our own folder on the path of the foreign Python."""
    return without_our_path(os.environ)


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise EngineUnavailableError("The engine has no pipes.")
    return process.stdin, process.stdout


def _stderr(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stderr is None:
        raise EngineUnavailableError("The engine has no pipes.")
    return process.stderr


def _error_of(described: Mapping[str, Any]) -> EngineError:
    sentence, details = str(described.get("sentence")), str(described.get("details", ""))
    if sentence.startswith("MemoryError"):
        hint = "Use a smaller image or batch."
        return EngineError("Caffe ran out of memory.", hint=hint, details=details)
    return EngineError(f"In Caffe's Python: {sentence}", details=details)


def _is_closed(error: frames.FrameError) -> bool:
    return isinstance(error, frames.StreamEnded)


def _leave_like(code: int | None) -> NoReturn:
    if code is not None and code < 0 and hasattr(signal, "Signals"):
        _make_no_core_file()
        with contextlib.suppress(OSError, ValueError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code and code > 0 else 1)


def _make_no_core_file() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
