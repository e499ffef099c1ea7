"""The child's main program: `python -m core.engines.child NAME [OPTION=VALUE]...`."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import NoReturn

from core.children import offer_to_be_killed_first, requests_of, take_stdout
from core.engines.failures import header_from_error
from core.engines.launch import KILLED, SHARED_OPTION
from core.engines.serving import Server
from core.engines.session import Backend
from core.engines.talk import Heard, Message, Talk
from core.errors import EngineStoppedFromOutside, EngineUnavailableError
from core.shared_arrays import SharedArrays

BACKENDS = {
    "torch": "core.engines.torch.backend",
    "caffe": "core.engines.caffe.backend",
    "onnxruntime": "core.engines.onnxruntime.backend",
    "openvino": "core.engines.openvino.backend",
    "opencv": "core.engines.opencv.backend",
    "fake": "core.engines.fake",
}
"""Modules with a function `make_backend(options) -> Backend`; imported only when asked for."""

_TOLD_EVERY_SECONDS = 0.02


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve one engine until the window closes the pipe; never returns."""
    name, options = arguments[0], dict(option.split("=", 1) for option in arguments[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started us
    files = [int(word) for word in options.pop(SHARED_OPTION, "").split(",") if word]
    replies = take_stdout()
    shared = SharedArrays.of_parent(files) if files else SharedArrays()
    talk = Talk(sys.stdin.buffer, replies, shared)
    requests = requests_of(sys.stdin.buffer, talk.hear)
    offer_to_be_killed_first()
    child = ChildReplies(talk)
    try:
        server = Server(_load_backend(name, options), child.announce)
    except (EngineUnavailableError, EngineStoppedFromOutside) as error:
        next(requests)
        talk.say({"error": header_from_error(error)})
        # at the end of `main` Python aborts when it meets the thread that reads standard input
        os._exit(KILLED if isinstance(error, EngineStoppedFromOutside) else 1)
    _keep_what_is_imported()
    while True:
        child.answer(server, next(requests))


class ChildReplies:
    """Writes frames: each reply, and before it the layers as they begin.

    Layers are noted where both sides share memory. Elsewhere those that were told before are told
    now and then: each frame wakes who waits for the answer, which takes a core from the layers.
    Passes that run beside one another tell theirs from threads of their own.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._running = ""
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self._told_at = 0.0

    def announce(self, layer_name: str) -> None:
        self._running = layer_name
        if self._talk.note(layer_name):
            return
        now = time.monotonic()
        with self._lock:
            if layer_name in self._told and now - self._told_at < _TOLD_EVERY_SECONDS:
                return
            self._told.add(layer_name)
            self._told_at = now
            self._talk.say({"running": layer_name})

    def answer(self, server: Server, request: Heard) -> None:
        self._running = ""
        reply: Message
        try:
            reply, arrays = server.answer(request)
        except Exception as error:  # the window decides what an error means; this child lives on
            reply, arrays = {"error": header_from_error(error, self._running)}, []
        with self._lock:
            self._talk.say(reply, arrays)


def _keep_what_is_imported() -> None:
    """Libraries stay: a collection in the middle of a pass need not look at all they made."""
    gc.collect()
    gc.freeze()


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


if __name__ == "__main__":
    main(sys.argv[1:])
