"""Decodes the grid's thumbnails on the files lane."""

from __future__ import annotations

import itertools
from pathlib import Path

from PyQt5.QtCore import QObject
from PyQt5.QtGui import QImage

from core.errors import ImageError
from core.images.thumbnails import thumbnail
from gui.jobs import Lanes
from gui.thumbnails import ThumbnailStore

Key = tuple[Path, int]


class ThumbnailLoader(QObject):
    """Turns the store's wishes into jobs, a batch each."""

    def __init__(self, lanes: Lanes, store: ThumbnailStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._store = store
        self._numbers = itertools.count()
        store.requested.connect(self._start)

    def _start(self, keys: tuple[Key, ...]) -> None:
        self._lanes.files.start(
            lambda: [(key, decode_thumbnail(*key)) for key in keys],
            key=f"thumbnails-{next(self._numbers)}",
            on_result=self._store.put,
            on_end=lambda: self._store.end_batch(keys),
        )


def decode_thumbnail(path: Path, side: int) -> QImage:
    """A small picture of a file; a null image where it can't be decoded."""
    try:
        rgb = thumbnail(path, side)
    except ImageError:
        return QImage()
    height, width, _ = rgb.shape
    return QImage(rgb.tobytes(), width, height, 3 * width, QImage.Format_RGB888).copy()
