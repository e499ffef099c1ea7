"""Keeps small pictures of files, at most 2,000 and 120 MB, asked for in the order of wishes."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSignal
from PyQt5.QtGui import QImage

MOST_KEPT = 2000
MOST_BYTES = 120 << 20
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
        self._n_bytes = 0
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
            self._waiting.setdefault(key)
            if not self._soon.isActive():
                self._soon.start()
        return None

    def put(self, batch: list[tuple[Key, QImage]]) -> None:
        """Take a decoded batch in, drop the least recently used, ask for the next."""
        for key, image in batch:
            self._asked.discard(key)
            replaced = self._kept.pop(key, None)
            self._n_bytes += image.sizeInBytes() - (replaced.sizeInBytes() if replaced else 0)
            self._kept[key] = image
        while len(self._kept) > MOST_KEPT or (self._n_bytes > MOST_BYTES and len(self._kept) > 1):
            _, oldest = self._kept.popitem(last=False)
            self._n_bytes -= oldest.sizeInBytes()
        self.arrived.emit()

    def end_batch(self, keys: tuple[Key, ...]) -> None:
        """A batch came to its end, decoded or cancelled."""
        self._asked.difference_update(keys)
        self._n_batches -= 1
        self._ask()

    def begin_wishes(self, side: int) -> None:
        """Forget wishes of this size: whoever paints anew wishes again for what is in view."""
        for key in [key for key in self._waiting if key[1] == side]:
            del self._waiting[key]

    def _ask(self) -> None:
        while self._waiting and self._n_batches < MOST_BATCHES:
            keys = [
                self._waiting.popitem(last=False)[0] for _ in range(min(BATCH, len(self._waiting)))
            ]
            self._asked.update(keys)
            self._n_batches += 1
            self.requested.emit(tuple(keys))
