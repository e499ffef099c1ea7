"""Something done soon after the first wish for it, and not more often than that."""

from __future__ import annotations

import time

from PyQt5.QtCore import QObject, QTimer, pyqtSignal


class Throttle(QObject):
    """Emits `due` when the window is next idle after a wish, then at most once an interval.

    Later wishes never push an earlier one back, unlike those of a timer that is started anew.
    """

    due = pyqtSignal()

    def __init__(self, milliseconds: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._seconds = milliseconds / 1000
        self._last = -self._seconds
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._emit)

    def wish(self) -> None:
        """Something is to be done."""
        if not self._timer.isActive():
            rest = self._last + self._seconds - time.monotonic()
            self._timer.start(max(0, round(rest * 1000)))

    def hurry(self) -> None:
        """Do now what is to be done."""
        if self._timer.isActive():
            self._timer.stop()
            self._emit()

    def stop(self) -> None:
        """Forget what was to be done."""
        self._timer.stop()

    def _emit(self) -> None:
        self._last = time.monotonic()
        self.due.emit()
