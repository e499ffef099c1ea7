"""Two passes at a time on a CPU, each with its half of the threads.

A layer that several threads share ends with the slowest of them, so that whoever takes a core for a
moment, as the decoder of the next picture does, holds them all up, layer by layer. Two passes have
no such ends in common, and what one leaves of the cores the other takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event, Lock
from typing import Any, TypeVar

from core.engines.begun import BegunPass
from core.engines.memory import Need, check_fits, free_host_bytes
from core.engines.session import OnLayer
from core.errors import EngineOutOfMemory

_N_AT_ONCE = 2
_ALONE_FIRST = 3
"""Passes in a row, in which layers are compiled and weights packed; those after only read them."""

Result = TypeVar("Result")


class _Stopped(Exception):
    """A pass is given up, or makes way."""


class PassesAtOnce:
    """Runs passes of one kind beside one another. set_threads: for the thread that calls it.

    n_threads: of the processor; with a single one there is nothing to share.
    """

    def __init__(self, n_threads: int, set_threads: Callable[[int], None]) -> None:
        self._n_threads, self._set = n_threads, set_threads
        # one more than run, so that none waits for whoever begins them
        self.n_begun = _N_AT_ONCE + 1 if n_threads >= _N_AT_ONCE else 1
        self._kind: Hashable = None
        self._n_alone = 0
        self._lock = Lock()
        self._unfinished: dict[Future[Any], Callable[[], None]] = {}
        self._n_awaited = 0
        self._pool: ThreadPoolExecutor | None = None

    def takes(self, kind: Hashable, need: Need) -> bool:
        """Whether the next pass may begin beside others; where not, none is running any more.

        kind: what makes passes alike, as the net and the sizes of its inputs. need: of one of them.
        """
        is_like_last = kind == self._kind and self._fits(need)
        if not is_like_last:
            self.rest()
            self._kind = kind
        if self.n_begun > 1 and self._n_alone >= _ALONE_FIRST:
            return True
        self._n_alone += 1
        return False

    def begin(
        self,
        work: Callable[[OnLayer], Result],
        on_layer: OnLayer,
        alone: Callable[[], Result],
    ) -> BegunPass[Result]:
        """Begin a pass; given up, it ends at its next layer.

        work: told whom to tell of layers. alone: the same pass, for who waits for one that had to
        make way.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_N_AT_ONCE, thread_name_prefix="pass")
        is_stopped = Event()

        def tell(layer_name: str) -> None:
            if is_stopped.is_set():
                raise _Stopped
            self._set(self._share())
            on_layer(layer_name)

        with self._lock:
            future: Future[Result] = self._pool.submit(work, tell)

            def stop() -> None:
                is_stopped.set()
                future.cancel()

            self._unfinished[future] = stop
        future.add_done_callback(self._forget)

        def wait_for() -> Result:
            try:
                return self._awaited(future)
            except (_Stopped, CancelledError):
                self.rest()
                return alone()

        return BegunPass(wait_for, stop)

    def make_way(self) -> None:
        """Stop those that have begun, each at its next layer; who waits for one makes it alone."""
        with self._lock:
            unfinished = dict(self._unfinished)
        for stop in unfinished.values():
            stop()
        self.rest()

    def rest(self) -> None:
        """Wait until none is running; the next ones run alone again, as others may come between."""
        with self._lock:
            unfinished = tuple(self._unfinished)
        wait(unfinished)
        self._n_alone = 0

    def close(self) -> None:
        """Give up those that have not begun to run, and wait for the others."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _fits(self, need: Need) -> bool:
        """Whether memory has room for as many."""
        try:
            check_fits(replace(need, n_bytes=_N_AT_ONCE * need.n_bytes), free_host_bytes)
        except EngineOutOfMemory:
            return False
        return True

    def _share(self) -> int:
        """All threads for the last pass of a survey: nobody has anything else to do."""
        is_last = self._n_awaited > 0 and len(self._unfinished) == 1
        return self._n_threads if is_last else math.ceil(self._n_threads / _N_AT_ONCE)

    def _awaited(self, future: Future[Result]) -> Result:
        with self._lock:
            self._n_awaited += 1
        try:
            return future.result()
        finally:
            with self._lock:
                self._n_awaited -= 1

    def _forget(self, future: Future[Result]) -> None:
        with self._lock:
            self._unfinished.pop(future, None)
