"""Python's garbage collection in the window's thread only."""

from __future__ import annotations

import gc
import time

from PyQt5.QtCore import QAbstractEventDispatcher, QObject, pyqtSlot

FULL_SHARE = 0.01
"""Of the time, at most, that collections of everything take."""


class Collector(QObject):
    """Collects when the event loop has nothing left to do, in its thread.

    Python collects in whichever thread happens to make the next object, as that of a job. What
    lay in a cycle, items of a scene, documents of a text, models, would be deleted there while Qt
    looks at it here, which ends the process. Python's own collecting is off meanwhile.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._dispatcher: QAbstractEventDispatcher | None = None
        self._was_enabled = False
        self._next_full = 0.0

    def start(self) -> None:
        """From now on, until `stop`; there has to be an application."""
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._dispatcher = QAbstractEventDispatcher.instance()
        self._dispatcher.aboutToBlock.connect(self.collect_what_is_due)

    def stop(self) -> None:
        """Leave it to Python again."""
        if self._dispatcher is None:
            return
        self._dispatcher.aboutToBlock.disconnect(self.collect_what_is_due)
        self._dispatcher = None
        if self._was_enabled:
            gc.enable()

    @pyqtSlot()
    def collect_what_is_due(self) -> None:
        """By Python's own thresholds; everything no oftener than its share of the time allows."""
        due = [
            generation
            for generation, (count, limit) in enumerate(
                zip(gc.get_count(), gc.get_threshold(), strict=True)
            )
            if count > limit > 0
        ]
        if 2 in due and time.monotonic() >= self._next_full:
            began = time.monotonic()
            gc.collect(2)
            ended = time.monotonic()
            self._next_full = ended + (ended - began) / FULL_SHARE
        elif due:
            gc.collect(min(1, max(due)))
