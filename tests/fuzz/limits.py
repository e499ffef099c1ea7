"""What every reader of foreign bytes must keep: its own errors, no hang, memory in measure."""

from __future__ import annotations

import signal
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from core.errors import AppError

SECONDS = 5.0
WALL_SECONDS = 60.0
"""For what waits and takes no time of the processor, on a machine that others use as well."""

BASE_BYTES = 4 << 20


class Hang(BaseException):
    """An input kept a reader busy beyond the bound; no `except Exception` may swallow this."""


@contextmanager
def deadline(seconds: float = SECONDS) -> Iterator[None]:
    """Raise Hang in the block after so much CPU time; no bound without SIGPROF (Windows)."""
    if not hasattr(signal, "SIGPROF"):
        yield
        return

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise Hang(f"still busy after {seconds} s")

    timers = (
        (signal.SIGPROF, signal.ITIMER_PROF, seconds),
        (signal.SIGALRM, signal.ITIMER_REAL, WALL_SECONDS),
    )
    before = [signal.signal(number, late) for number, _, _ in timers]
    for _, timer, most in timers:
        signal.setitimer(timer, most)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def accepts(
    action: Callable[[], object], errors: tuple[type[Exception], ...] = (AppError,)
) -> bool:
    """Whether the action succeeds; False for the errors it may raise, with a sentence each."""
    try:
        with deadline():
            action()
    except errors as error:
        sentence = str(error)
    else:
        return True
    assert sentence.strip(), "an error without a sentence"
    return False


def peak_bytes(action: Callable[[], object]) -> int:
    """The most that Python and NumPy held at once while it ran, beyond what was there before."""
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        action()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
