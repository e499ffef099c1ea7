"""One engine child process: starting it, asking it, stopping it from any thread."""

from __future__ import annotations

import contextlib
import logging
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from core import frames
from core.children import enlarge_pipe
from core.engines.begun import OF_BEGUN
from core.engines.consent import Agree, agree_to_nothing
from core.engines.engine import Engine, Reply
from core.engines.failures import error_from_header
from core.engines.launch import Launch, is_ended_from_outside, launch_of, may_share_memory
from core.engines.operations import PROTOCOL, Greeting, Hello, Open, Request, Train
from core.engines.replies import read_reply
from core.engines.stderr_tail import StderrTail, fatal_message
from core.engines.talk import Talk
from core.engines.training import Training
from core.engines.values import Device, EngineSpec, FastPath
from core.errors import EngineCancelled, EngineCrashed, EngineError, EngineUnavailableError
from core.images.pixels import Pictures
from core.net.definition import NetState
from core.net.solver_settings import SolverSettings
from core.shared_arrays import SharedArrays

_LOG = logging.getLogger(__name__)

CLOSE_TIMEOUT_SECONDS = 3.0
_DEATH_TIMEOUT_SECONDS = 5.0
_DEFAULT_STATE = NetState()
TRAIN_STATE = NetState("TRAIN")


class EngineProcess:
    """A child that runs nets; calls wait for its answer, one at a time, from any thread.

    Any call raises EngineCancelled after kill(), EngineCrashed when the child died, EngineError
    when the child refused and lives on, EngineUnavailableError when it never started. A child that
    something ends while it starts is started again, once in a call.
    """

    def __init__(self, spec: EngineSpec | None = None, *, agree: Agree = agree_to_nothing) -> None:
        self._agree = agree
        self.spec = spec or EngineSpec()
        self._lock = threading.Lock()
        self._greeting: Greeting | None = None
        self._why_unavailable: EngineUnavailableError | None = None
        self._running = ""
        self._is_cancelled = False
        self._is_closed = False
        self._start_lock = threading.Lock()
        self._start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the child still runs and nobody has killed it."""
        is_ours = not self._is_closed and not self._is_cancelled
        return is_ours and self._process.poll() is None

    @property
    def running(self) -> str:
        """The layer the child last said it runs, "" between calls."""
        return self._last_layer() if self._lock.locked() else ""

    def devices(self) -> tuple[Device, ...]:
        """Where this engine can run a net; the first is its default."""
        return self._greeted().devices

    def versions(self) -> dict[str, str]:
        """Versions of the interpreter and of the libraries the engine runs on."""
        return dict(self._greeted().versions)

    def layer_types(self) -> tuple[str, ...]:
        """Every layer type the engine can run; () where it does not tell."""
        return self._greeted().layer_types

    def fast_paths(self) -> tuple[FastPath, ...]:
        """Which quicker ways nets take on the CPU, and why not the others; () without any."""
        return self._greeted().fast_paths

    def open(
        self,
        net_text: str,
        weights_path: Path | None = None,
        *,
        device: str = "cpu",
        seed: int = 0,
        state: NetState = _DEFAULT_STATE,
        input_shapes: Mapping[str, tuple[int, ...]] | None = None,
    ) -> Engine:
        """Build a net in the child.

        seed: for filler weights. input_shapes: shapes that replace those of the prototxt, by blob.
        Programs that Python layers name run if whoever started this child agrees to them.
        Layers that can't run are told by Engine.cannot_run; only what needs them is refused.
        """
        request = Open(
            net_text=net_text,
            weights=None if weights_path is None else str(Path(weights_path).absolute()),
            device=device,
            seed=seed,
            state=state,
            input_shapes={name: tuple(shape) for name, shape in (input_shapes or {}).items()},
        )
        engine = self._open(request)
        programs = engine.programs
        if programs is None or not self._agree(programs):
            return engine
        engine.close()
        return self._open(msgspec.structs.replace(request, python_consent=programs.fingerprint))

    def train(
        self,
        net_text: str,
        solver: SolverSettings,
        weights_path: Path | None = None,
        *,
        device: str = "cpu",
        seed: int = 0,
        state: NetState = TRAIN_STATE,
        input_shapes: Mapping[str, tuple[int, ...]] | None = None,
    ) -> Training:
        """Build a net to train in the child; the rest as for `open`."""
        request = Train(
            net_text=net_text,
            weights=None if weights_path is None else str(Path(weights_path).absolute()),
            device=device,
            seed=seed,
            state=state,
            input_shapes={name: tuple(shape) for name, shape in (input_shapes or {}).items()},
            solver=solver,
        )
        return Training(self.call, self.call(request)[0])

    def would_run_more_of(self, engine: Engine) -> bool:
        """Whether programs that kept a net's layers from running have been agreed to since."""
        return engine.programs is not None and self._agree(engine.programs)

    def _open(self, request: Open) -> Engine:
        opened, _ = self.call(request)
        return Engine(self.call, opened, self.spec.name)

    def call(self, request: Request, arrays: Sequence[Pictures] = ()) -> Reply:
        """Send one request and wait for its reply, of the type operations.REPLIES names."""
        with self._lock:
            self._greet_once()
            return self._exchange(request, arrays)

    def kill(self) -> None:
        """Stop the child at once; a call that waits in another thread raises EngineCancelled."""
        with self._start_lock:
            self._is_cancelled = True
            with contextlib.suppress(OSError):
                self._process.kill()

    def close(self) -> None:
        """End the child: politely when it is idle, at once when it is busy. Safe to repeat."""
        if self._is_closed:
            return
        if self._lock.acquire(timeout=0):
            try:
                self._end_politely()
            finally:
                self._lock.release()
        else:
            self.kill()
        with self._lock:
            self._is_closed = True
            self._reap()

    def __enter__(self) -> EngineProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        self._has_killed = False
        shared = SharedArrays.create() if may_share_memory(self.spec) else SharedArrays()
        try:
            self._process = _spawn(self.spec.name, launch_of(self.spec, shared.files))
        except EngineError:
            shared.close()
            raise
        self._stdin, self._stdout = _pipes(self._process)
        self._talk = Talk(self._stdout, self._stdin, shared)
        stderr = self._process.stderr
        self._stderr = StderrTail(stderr, self._log_line) if stderr else None
        _LOG.info("Engine %s started as process %d", self.spec.name, self.pid)

    def _start_again(self) -> None:
        """In place of a child that ended before it said anything; a cancel stays one."""
        self._reap()
        with self._start_lock:
            if self._is_cancelled:
                raise EngineCancelled()
            self._start()

    def _greeted(self) -> Greeting:
        with self._lock:
            return self._greet_once()

    def _greet_once(self) -> Greeting:
        """What the child said first; the same error every time when it did not start."""
        if self._why_unavailable is not None:
            raise self._why_unavailable
        if self._greeting is None:
            try:
                self._greeting = self._greet_or_start_again()
            except EngineUnavailableError as error:
                self._why_unavailable = error
                raise
        return self._greeting

    def _greet_or_start_again(self) -> Greeting:
        """That one child was ended from outside says nothing about the next one, which is asked."""
        if not self._is_ended_from_outside():
            with contextlib.suppress(EngineCrashed):
                return self._greet()
        _LOG.warning("Engine %s was ended while it started; it starts again", self.spec.name)
        self._start_again()
        return self._greet()

    def _is_ended_from_outside(self) -> bool:
        is_ours = self._has_killed or self._is_closed
        return not is_ours and is_ended_from_outside(self._process.poll())

    def _greet(self) -> Greeting:
        try:
            found, _ = self._exchange(Hello(), ())
        except EngineCrashed as crash:
            if self._is_ended_from_outside():
                cause = "something ended it while it started"
                raise EngineCrashed(crash.exit_code, "", crash.details, cause=cause) from crash
            raise EngineUnavailableError(
                f"The {self.spec.name} engine did not start.",
                hint=_last_line(crash.details),
                details=crash.details,
            ) from crash
        greeting: Greeting = found
        if greeting.protocol != PROTOCOL:
            raise EngineUnavailableError(
                f"The {self.spec.name} engine speaks another protocol than this Blobscope.",
                hint="Start the engine from the same copy of Blobscope.",
            )
        return greeting

    def _exchange(self, request: Request, arrays: Sequence[Pictures]) -> Reply:
        if self._is_closed:
            raise EngineError("The engine is closed.", hint="Start it again.")
        self._running = ""
        if not isinstance(request, OF_BEGUN):  # passes may be running that began before
            self._talk.forget_noted()
        try:
            self._talk.say(request, arrays)
            header, given = self._answer()
            return read_reply(request, header, given), given
        except frames.StreamEnded as error:
            raise self._death() from error
        except (frames.FrameError, msgspec.ValidationError) as error:  # the latter a ValueError
            raise self._nonsense(error) from error
        except (OSError, ValueError) as error:
            raise self._death() from error

    def _answer(self) -> tuple[Mapping[str, Any], list[np.ndarray]]:
        while True:
            heard = self._talk.hear()
            header = heard.header
            if "running" in header:
                self._running = str(header["running"])
            elif "error" in header:
                raise error_from_header(header["error"])
            else:
                return header, [_own(array) for array in heard.arrays]

    def _death(self) -> EngineError:
        """The child hung up: say whether we stopped it or it died, and of what."""
        code = self._wait(_DEATH_TIMEOUT_SECONDS)
        if code is None:
            self._end()
            code = self._wait(_DEATH_TIMEOUT_SECONDS)
        if self._is_cancelled:
            _LOG.info("Engine %s, process %d, was stopped", self.spec.name, self.pid)
            return EngineCancelled()
        tail, layer = self._tail(), self._last_layer()
        _LOG.error("Engine %s, process %d, ended (code %s) at layer '%s': %s",
                   self.spec.name, self.pid, code, layer, tail)  # fmt: skip
        return EngineCrashed(code, layer, _explained(code, tail), cause=fatal_message(tail))

    def _last_layer(self) -> str:
        return self._running or self._talk.noted()

    def _nonsense(self, error: Exception) -> EngineError:
        """The child wrote something else than frames; it can't be trusted any more."""
        if self._is_cancelled:
            return EngineCancelled()
        self._end()
        code = self._wait(_DEATH_TIMEOUT_SECONDS)
        details = f"Unreadable answer: {error}\n{self._tail()}"
        return EngineCrashed(code, self._last_layer(), details)

    def _end(self) -> None:
        """For what it did, so that it does not count as ended by others."""
        self._has_killed = True
        with contextlib.suppress(OSError):
            self._process.kill()

    def _log_line(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        _LOG.debug("Engine %s, process %d: %s", self.spec.name, self.pid, text)

    def _tail(self) -> str:
        return self._stderr.text() if self._stderr else ""

    def _wait(self, timeout_seconds: float) -> int | None:
        try:
            return self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None

    def _end_politely(self) -> None:
        """The child exits when its stdin closes."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        if self._wait(CLOSE_TIMEOUT_SECONDS) is None:
            self._process.kill()

    def _reap(self) -> None:
        self._wait(_DEATH_TIMEOUT_SECONDS)
        self._talk.close()
        if self._stderr:
            self._stderr.join()
        for stream in (self._stdin, self._stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _spawn(name: str, launch: Launch) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            launch.arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=launch.folder,
            env=launch.environment,
            creationflags=launch.creation_flags,
            pass_fds=launch.files,
        )
    except OSError as error:
        raise EngineUnavailableError(
            f"The {name} engine can't start: {launch.arguments[0]}: {error.strerror or error}.",
            hint="Check the engine's command in the preferences.",
        ) from error


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise EngineUnavailableError("The engine has no pipes.")
    for pipe in (process.stdin, process.stdout):
        enlarge_pipe(pipe)
    return process.stdin, process.stdout


def _own(array: np.ndarray) -> np.ndarray:
    """The caller's: the next answer is written over what lies in shared memory."""
    return array if array.flags.owndata else array.copy()


def _explained(code: int | None, tail: str) -> str:
    """The stderr tail; led by the signal's name where one ended the child without a last word."""
    if code is None or code >= 0 or fatal_message(tail):
        return tail
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    why = " (the system may have run out of memory)" if name == "SIGKILL" else ""
    return f"Ended by {name}{why}.\n{tail}".rstrip()


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
