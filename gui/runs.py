"""Run: one job that was started, how far it is, and whom to tell."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from core.errors import AppError
from core.progress import Progress

SETTLE_SECONDS = 1.5
"""A rate over less time than this says too little."""

OnResult = Callable[[Any], None]
OnError = Callable[[AppError], None]
OnProgress = Callable[[Progress], None]


@dataclass(eq=False)
class Run:
    """One started job: its place, its state and whom to tell."""

    lane: str
    key: str
    title: str
    revision: int | None
    work: Callable[[], Any]
    on_result: OnResult | None
    on_error: OnError | None
    on_progress: OnProgress | None
    on_end: Callable[[], None] | None
    number: int
    started: float = field(default_factory=time.monotonic)
    progress: Progress | None = None
    first: Progress | None = None
    first_at: float = 0.0
    cancelled: threading.Event = field(default_factory=threading.Event)
    is_ended: bool = False
    is_running: bool = False
    slice_seconds: float = math.inf
    steps: Generator[Any, None, Any] | None = None
    stop_softly: Callable[[], None] | None = None
    """Of a job that ends by itself, with all it has, soon after this; a second cancel ends it."""

    def close(self) -> None:
        """Let a job that has begun and pauses clean up; for the thread of its lane."""
        if self.steps is not None:
            self.steps.close()

    def forget(self) -> None:
        """Tell nobody any more; for the window's thread.

        What the callbacks hold of the window ends there, though the lane may hold the run longer.
        """
        self.on_result = self.on_error = self.on_progress = None
        self.on_end = self.stop_softly = None

    @property
    def seconds(self) -> float:
        """Time since the job was asked for."""
        return time.monotonic() - self.started

    @property
    def rate(self) -> float | None:
        """Units a second since the first report; None: too early to say."""
        first, now = self.first, self.progress
        passed = time.monotonic() - self.first_at
        if first is None or now is None or passed < SETTLE_SECONDS or now.done <= first.done:
            return None
        return (now.done - first.done) / passed

    @property
    def seconds_left(self) -> float | None:
        """At the rate since the first report, which a resumed job starts from; None: too early."""
        rate, now = self.rate, self.progress
        if rate is None or now is None or not now.total:
            return None
        return (now.total - now.done) / rate
