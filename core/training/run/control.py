"""Pausing and stopping a run from another thread, between two of its iterations."""

from __future__ import annotations

import threading

_LOOK_SECONDS = 0.2


class RunControl:
    """Held by whoever watches a run and given to the job; all methods may be called anywhere."""

    def __init__(self) -> None:
        self._may_go = threading.Event()
        self._may_go.set()
        self._should_stop = threading.Event()

    @property
    def is_paused(self) -> bool:
        """Whether the run waits, or will after the iteration it is on."""
        return not self._may_go.is_set()

    @property
    def should_stop(self) -> bool:
        """Whether somebody has asked it to stop."""
        return self._should_stop.is_set()

    def pause(self) -> None:
        """Wait after the iteration that runs; nothing is lost, and the engine stays."""
        self._may_go.clear()

    def go_on(self) -> None:
        """End the pause."""
        self._may_go.set()

    def stop(self) -> None:
        """End the run after the iteration that runs, with a snapshot of it."""
        self._should_stop.set()
        self._may_go.set()

    def wait(self) -> bool:
        """Wait a moment for the end of a pause; whether it is over."""
        return self._may_go.wait(_LOOK_SECONDS)
