"""The child's main program: `python -m core.engines.child NAME [OPTION=VALUE]...`."""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import frames
from core.engines.failures import header_from_error
from core.engines.serving import Server
from core.engines.session import Backend
from core.errors import EngineUnavailableError

BACKENDS = {
    "torch": "core.engines.torch.backend",
    "caffe": "core.engines.caffe.backend",
    "fake": "core.engines.fake",
}
"""Modules with a function `make_backend(options) -> Backend`; imported only when asked for."""

Request = tuple[dict[str, Any], list[np.ndarray]]


def main(arguments: Sequence[str]) -> int:
    """Serve one engine until the window closes the pipe."""
    name, options = arguments[0], dict(option.split("=", 1) for option in arguments[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started us
    replies = _take_stdout()
    requests = _start_reading(sys.stdin.buffer)
    _offer_to_be_killed_first()
    child = _Child(replies)
    try:
        server = Server(_load_backend(name, options), child.announce)
    except EngineUnavailableError as error:
        requests.get()
        frames.write_frame(replies, {"error": header_from_error(error)})
        return 1
    while True:
        child.answer(server, requests.get())


class _Child:
    """Writes frames: each reply, and before it the layers as they begin."""

    def __init__(self, replies: IO[bytes]) -> None:
        self._replies = replies
        self._running = ""

    def announce(self, layer_name: str) -> None:
        self._running = layer_name
        frames.write_frame(self._replies, {"running": layer_name})

    def answer(self, server: Server, request: Request) -> None:
        self._running = ""
        try:
            header, arrays = server.answer(*request)
        except Exception as error:  # the window decides what an error means; this child lives on
            header, arrays = {"error": header_from_error(error, self._running)}, []
        frames.write_frame(self._replies, header, arrays)


def _take_stdout() -> IO[bytes]:
    """Keep stdout for frames; whatever else prints, in Python or C, goes to stderr."""
    sys.stdout.flush()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _start_reading(stream: IO[bytes]) -> queue.Queue[Request]:
    """Read requests in a thread, which ends this process when the window is gone.

    The main thread may be deep in a layer at that time; nobody waits for its result any more.
    """
    requests: queue.Queue[Request] = queue.Queue()

    def read() -> None:
        while True:
            try:
                requests.put(frames.read_frame(stream))
            except frames.StreamEnded:
                os._exit(0)
            except (frames.FrameError, OSError, ValueError) as error:
                print(f"unreadable request: {error}", file=sys.stderr, flush=True)  # noqa: T201
                os._exit(3)

    threading.Thread(target=read, name="requests", daemon=True).start()
    return requests


def _load_backend(name: str, options: Mapping[str, str]) -> Backend:
    if name not in BACKENDS:
        known = ", ".join(BACKENDS)
        raise EngineUnavailableError(f"There is no engine '{name}'.", hint=f"Known: {known}.")
    try:
        backend: Backend = importlib.import_module(BACKENDS[name]).make_backend(options)
    except ImportError as error:
        raise EngineUnavailableError(
            f"The {name} engine needs the Python package '{error.name or error}'.",
            hint=f"Install it for {sys.executable}.",
            details=str(error),
        ) from error
    return backend


def _offer_to_be_killed_first() -> None:
    """When Linux runs out of memory, it should end this child and not the window."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
