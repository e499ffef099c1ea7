"""Pausing and stopping a run from another thread, between two of its iterations."""

from __future__ import annotations

import threading

_LOOK_SECONDS = 0.2


class RunControl:
    """Held by whoever watches a run and given to the job; all methods may be called anywhere.

    A window makes one, gives it to finetune() in its lane, and calls it from its own thread. Going
    on later is no matter of it: resumed(folder) gives the request of a run that has ended.
    """

    def __init__(self) -> None:
        self._may_go = threading.Event()
        self._may_go.set()
        self._should_stop = threading.Event()
        self._wants_snapshot = threading.Event()

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

    def ask_for_snapshot(self) -> None:
        """Have one written after the iteration that runs, or at once while the run is paused.

        It comes as a Snapshot record, and stays; a run without a folder writes none.
        """
        self._wants_snapshot.set()

    def take_wish(self) -> bool:
        """Whether a snapshot was asked for since the last call; for the run itself."""
        is_wished = self._wants_snapshot.is_set()
        self._wants_snapshot.clear()
        return is_wished

    def wait(self) -> bool:
        """Wait a moment for the end of a pause; whether it is over."""
        return self._may_go.wait(_LOOK_SECONDS)
