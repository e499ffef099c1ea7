"""Decoding ahead of whoever takes the pictures, a bounded number of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable

from core.images.decoders.pool import Task

_TICK_SECONDS = 0.3


def ended_in_order(begun: Iterable[Task], n_ahead: int) -> Generator[Task | None, None, None]:
    """The tasks in their order, each once it has ended; at most n_ahead more have been begun.

    begun: begins a task when the next one is asked of it. None comes a few times a second while a
    task is waited for, so that whoever iterates can stop. Closing the generator lets the decoders
    go, without waiting for a file that does not answer.
    """
    waiting: deque[Task] = deque()
    try:
        for task in begun:
            waiting.append(task)
            if len(waiting) > n_ahead:
                yield from _ended(waiting[0])
                waiting.popleft()
        while waiting:
            yield from _ended(waiting[0])
            waiting.popleft()
    finally:
        for task in waiting:
            task.let_go()


def _ended(task: Task) -> Generator[Task | None, None, None]:
    while not task.is_done(_TICK_SECONDS):
        yield None
    yield task
