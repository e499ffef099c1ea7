"""Engine children that are copies of one that has loaded its libraries: two seconds each saved."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO

from core.children import ROOT
from core.engines.launch import Launch

CODE = struct.Struct("i")
"""An exit code, or a process id."""
LOADED = ("torch", "fake")
READ_AT_LOADING = (
    "OMP_", "GOMP_", "KMP_", "MKL_", "ONEDNN_", "DNNL_", "ATEN_", "TORCH_", "CUBLAS_", "MALLOC_",
    "THP_", "LD_", "PYTHON",
)  # fmt: skip
"""How variables begin that libraries read once. A copy takes the others as a started child does."""

Spawn = Callable[[str, Launch], "subprocess.Popen[bytes] | WarmChild"]


class WarmChild:
    """What EngineProcess uses of a subprocess.Popen; its parent is the server."""

    def __init__(self, pid: int, streams: tuple[IO[bytes], IO[bytes], IO[bytes]], told: int):
        self.pid = pid
        self.stdin, self.stdout, self.stderr = streams
        self.returncode: int | None = None
        self._told = told
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended; raises subprocess.TimeoutExpired."""
        if self.returncode is None and not select.select([self._told], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("a warm child", timeout or 0.0)
        with self._lock:
            if self.returncode is None:
                said = os.read(self._told, CODE.size)
                self.returncode = CODE.unpack(said)[0] if said else -signal.SIGKILL
                os.close(self._told)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """To the child itself, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class WarmChildren:
    """Stands in for what starts children; any that is not as all others is started anew.

    start: of subprocess. environment: what all others are started with; what one test sets is its
    own. is_wanted: False during tests of how a child starts and ends.
    """

    def __init__(self, start: Spawn) -> None:
        self.start = start
        self.environment: dict[str, str] = {}
        self._server: subprocess.Popen[bytes] | None = None
        self._asked: socket.socket | None = None
        self._lock = threading.Lock()
        self.is_wanted = True

    def spawn(self, name: str, launch: Launch) -> subprocess.Popen[bytes] | WarmChild:
        """A child of an engine."""
        words = (sys.executable, "-m", "core.engines.child", name)
        if not self.is_wanted or name not in LOADED or launch.arguments[:4] != words:
            return self.start(name, launch)
        with self._lock:
            usual = _read_at_loading(self.environment)
            if _read_at_loading(launch.environment) != usual or launch.folder != ROOT:
                return self.start(name, launch)
            if self._asked is None:
                self._begin()
            return self._copy(launch)

    def close(self) -> None:
        """End the server; children that still run end with their streams."""
        if self._asked is not None and self._server is not None:
            self._asked.close()
            self._server.wait(30)

    def _begin(self) -> None:
        self._asked, theirs = socket.socketpair()
        with theirs:
            words = [sys.executable, "-m", "tests.warm.server", str(theirs.fileno())]
            self._server = subprocess.Popen(
                words, cwd=ROOT, env=self.environment, pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def _copy(self, launch: Launch) -> WarmChild:
        assert self._asked is not None
        (stdin, to_it), (of_it, stdout), (of_errors, stderr), (told, tells) = (
            os.pipe() for _ in range(4)
        )
        theirs = [stdin, stdout, stderr, tells]
        words = json.dumps([launch.arguments[3:], launch.environment]).encode()
        try:
            socket.send_fds(self._asked, [words], [*theirs, *launch.files])
        finally:
            for file in theirs:
                os.close(file)
        pid = CODE.unpack(self._asked.recv(CODE.size))[0]
        streams = os.fdopen(to_it, "wb"), os.fdopen(of_it, "rb"), os.fdopen(of_errors, "rb")
        return WarmChild(pid, streams, told)


def _read_at_loading(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_LOADING)}
