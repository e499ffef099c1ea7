"""Keeps the thumbnails of the grid: at most 2,000, asked for in batches, newest wish first."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSignal
from PyQt5.QtGui import QImage

MOST_KEPT = 2000
MOST_WAITING = 96
BATCH = 6
MOST_BATCHES = 2
Key = tuple[Path, int]


class ThumbnailStore(QObject):
    """`get` answers at once or notes the wish; `requested` carries batches for the files lane."""

    requested = pyqtSignal(object)
    arrived = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[Key, QImage] = OrderedDict()
        self._waiting: OrderedDict[Key, None] = OrderedDict()
        self._asked: set[Key] = set()
        self._n_batches = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._ask)

    def get(self, path: Path, side: int) -> QImage | None:
        """The thumbnail with its longer side `side` px, null when the file can't be decoded."""
        key = (path, side)
        image = self._kept.get(key)
        if image is not None:
            self._kept.move_to_end(key)
            return image
        if key not in self._asked:
            self._waiting[key] = None
            self._waiting.move_to_end(key)
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
            if not self._soon.isActive():
                self._soon.start()
        return None

    def put(self, batch: list[tuple[Key, QImage]]) -> None:
        """Take a decoded batch in, drop the least recently used, ask for the next."""
        for key, image in batch:
            self._asked.discard(key)
            self._kept[key] = image
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        self.arrived.emit()

    def end_batch(self, keys: tuple[Key, ...]) -> None:
        """A batch came to its end, decoded or cancelled."""
        self._asked.difference_update(keys)
        self._n_batches -= 1
        self._ask()

    def clear_waiting(self) -> None:
        """Forget wishes that no longer matter."""
        self._waiting.clear()

    def _ask(self) -> None:
        while self._waiting and self._n_batches < MOST_BATCHES:
            keys = [self._waiting.popitem()[0] for _ in range(min(BATCH, len(self._waiting)))]
            self._asked.update(keys)
            self._n_batches += 1
            self.requested.emit(tuple(keys))
