"""Small pictures in the cells of a table, each in the middle of an even room."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtGui import QImage

from gui.thumbnails import ThumbnailStore

ROW_HEIGHT, THUMBNAIL = 44, QSize(56, 40)
_SIDE = 2 * THUMBNAIL.width() - 1
"""A side of its own: whoever else wishes for pictures forgets only those of another size."""


def cell_picture(store: ThumbnailStore, path: Path) -> QImage:
    """The thumbnail in a room of THUMBNAIL, so that the names stand below each other."""
    room = QImage(THUMBNAIL, QImage.Format_ARGB32_Premultiplied)
    room.fill(Qt.transparent)
    image = store.get(path, _SIDE)
    if image is None or image.isNull():
        return room
    image = image.convertToFormat(QImage.Format_ARGB32_Premultiplied)  # beside it: no ground
    small = image.scaled(THUMBNAIL, Qt.KeepAspectRatio, Qt.SmoothTransformation)
    left = (room.width() - small.width()) // 2
    return small.copy(-left, (small.height() - room.height()) // 2, room.width(), room.height())
