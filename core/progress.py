"""Progress of long work: a long core function is a generator that yields these."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """`done` of `total` units (`total` 0: not known yet) of `what`, which names the unit."""

    done: int
    total: int
    what: str


Job = Generator[Progress, None, T]
"""A long function: iterate for progress, close to cancel, its return value is the result."""


def run_job(job: Job[T], on_progress: Callable[[Progress], None] | None = None) -> T:
    """Run `job` to its end in this thread, reporting each step to `on_progress`."""
    try:
        while True:
            try:
                step = next(job)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if on_progress is not None:
                on_progress(step)
    finally:
        job.close()  # Ctrl+C may come here, and what the job holds must end before it is looked at


def with_steps(job: Job[T], as_told: Callable[[Progress], Progress]) -> Job[T]:
    """The same job, each step told in other words; closing it closes `job`."""
    try:
        while True:
            try:
                step = next(job)
            except StopIteration as stop:
                result: T = stop.value
                return result
            yield as_told(step)
    finally:
        job.close()
