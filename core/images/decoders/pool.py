"""A few decoders that any thread may ask; started when needed, replaced when they end."""

from __future__ import annotations

import atexit
import heapq
import itertools
import math
import os
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from functools import lru_cache
from pathlib import Path
from threading import Condition, Thread

import numpy as np

from core.images.decoders.messages import MAX_PATH_LENGTH, Answer, Request
from core.images.decoders.process import DecoderEnded, DecoderProcess
from core.reading import ReadCancelled, check_cancelled

DECODE_SECONDS = 30.0
"""From when a decoder begins with a file. The largest pictures take 3 to 10 seconds, more where
others keep the machine busy; a share on the network that has not answered by then is rarely back
soon."""

_LET_GO_SECONDS = 0.5
"""So long may a decoder finish what nobody waits for any more, before that costs it its life."""

_LEAST_DECODERS, _MOST_DECODERS = 2, 8
"""Half of the cores are the engine's. One decoder more lets small pictures pass a slow one."""

_CLOSE_SECONDS = 1.0
_TICK_SECONDS = 0.25
_N_TRIES = 2
Decoded = tuple[Answer, list[np.ndarray]]


class Task:
    """A file to decode. `until`: when the decoder that has it is given up, in monotonic seconds."""

    def __init__(self, path: Path, request: Request) -> None:
        self.path = path
        self.request = request
        self.until = math.inf
        self.is_let_go = False
        self._future: Future[Decoded] = Future()

    def is_done(self, timeout_seconds: float) -> bool:
        """Wait so long, and say whether it is done."""
        try:
            self._future.exception(timeout_seconds)
        except NotYet:
            return False
        return True

    def result(self) -> Decoded:
        """What came of it, waited for. A file's problem is told in the answer.

        Raises DecoderUnavailableError where no decoder starts, ReadCancelled where the user cancels
        or the program ends.
        """
        while not self.is_done(_TICK_SECONDS):  # so that Ctrl+C is heard on Windows too
            try:
                check_cancelled()
            except ReadCancelled:
                self.let_go()
                raise
        return self._future.result()

    def let_go(self) -> None:
        """Nobody waits for it any more; safe to repeat, and when it is done."""
        self.is_let_go = True
        if not self._future.cancel():
            self.until = min(self.until, time.monotonic() + _LET_GO_SECONDS)

    def begin(self) -> bool:
        """Called by who decodes it: False where nobody waits for it."""
        return self._future.set_running_or_notify_cancel()

    def end(self, found: Decoded | BaseException) -> None:
        """Called by who decodes it."""
        if isinstance(found, BaseException):
            self._future.set_exception(found)
        else:
            self._future.set_result(found)


class DecoderPool:
    """Threads with a child each, which live as long as the pool."""

    def __init__(self, n_decoders: int) -> None:
        self._n_decoders = n_decoders
        self._changed = Condition()
        self._waiting: list[tuple[bool, int, Task]] = []
        self._running: dict[Task, DecoderProcess | None] = {}
        self._numbers = itertools.count()
        self._threads: list[Thread] = []
        self._is_closed = False

    @property
    def n_decoders(self) -> int:
        """How many files are decoded at once."""
        return self._n_decoders

    @property
    def threads(self) -> tuple[Thread, ...]:
        """Those that ask the decoders, one each."""
        return tuple(self._threads)

    def submit(self, path: Path, request: Request, *, is_ahead: bool = False) -> Task:
        """Decode a file when a decoder is free.

        is_ahead: nobody waits for it yet, so that others go first.
        """
        task = Task(path, request)
        if len(request.path) > MAX_PATH_LENGTH:
            task.end((Answer(problem="A path of so many characters leads to no image."), []))
            return task
        with self._changed:
            heapq.heappush(self._waiting, (is_ahead, next(self._numbers), task))
            n_free = len(self._threads) - len(self._running)
            if n_free < len(self._waiting) and len(self._threads) < self._n_decoders:
                self._start_thread()
            self._changed.notify()
        return task

    def close(self) -> None:
        """End the children and the threads at once; whoever waits for one gets ReadCancelled."""
        with self._changed:
            self._is_closed = True
            waiting = [task for _, _, task in self._waiting]
            self._waiting.clear()
            running = dict(self._running)
            self._changed.notify_all()
        for task in waiting:
            if task.begin():
                task.end(ReadCancelled("Cancelled."))
        for task, process in running.items():
            task.is_let_go, task.until = True, -math.inf
            if process is not None:
                process.kill()
        until = time.monotonic() + _CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _start_thread(self) -> None:
        name = f"decoder-{len(self._threads) + 1}"
        thread = Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        process: DecoderProcess | None = None
        while (task := self._next()) is not None:
            try:
                process = self._do(task, process)
            finally:
                with self._changed:
                    del self._running[task]
        if process is not None:
            process.end()

    def _next(self) -> Task | None:
        with self._changed:
            while not self._is_closed:
                while self._waiting:
                    _, _, task = heapq.heappop(self._waiting)
                    if task.begin():
                        self._running[task] = None
                        return task
                self._changed.wait()
        return None

    def _do(self, task: Task, process: DecoderProcess | None) -> DecoderProcess | None:
        """Give the task an end; returns the child that lives on.

        A second child is tried where somebody may have killed the first, as the system does without
        memory, and where one is short of memory that may have kept some of earlier pictures.
        """
        for n_left in reversed(range(_N_TRIES)):
            try:
                process = process or DecoderProcess()
                found = self._ask(task, process)
            except (DecoderEnded, TimeoutError) as error:
                process = None
                if task.is_let_go or not n_left or isinstance(error, TimeoutError):
                    task.end(_told(task, error))
                    break
            except BaseException as error:  # raised again where the picture is waited for
                task.end(error)
                return None
            else:
                if not (found[0].is_short and process.n_answers > 1 and n_left):
                    task.end(found)
                    break
                process.end()
                process = None
        return process

    def _ask(self, task: Task, process: DecoderProcess) -> Decoded:
        with self._changed:
            self._running[task] = process
        task.until = min(task.until, time.monotonic() + DECODE_SECONDS)
        return process.ask(task.request, lambda: task.until)


@lru_cache(maxsize=1)
def shared_pool() -> DecoderPool:
    """The pool of this program, for all its jobs."""
    affinity = getattr(os, "sched_getaffinity", None)
    n_cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    pool = DecoderPool(max(_LEAST_DECODERS, min(_MOST_DECODERS, n_cores // 2)))
    atexit.register(pool.close)
    return pool


def _told(task: Task, error: DecoderEnded | TimeoutError) -> Decoded | ReadCancelled:
    """What is said of the file that a decoder had when it ended."""
    path = task.path
    if task.is_let_go:
        return ReadCancelled("Cancelled.")
    if isinstance(error, TimeoutError):
        sentence = f"'{path.name}' can't be read: it was not decoded within {DECODE_SECONDS:.0f} s."
        return Answer(problem=sentence, hint="Its disk may not answer, or it is damaged."), []
    sentence = f"'{path.name}' made the decoder stop ({error.how})."
    return Answer(problem=sentence, hint="It may be damaged."), []
