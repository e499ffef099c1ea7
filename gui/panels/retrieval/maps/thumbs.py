"""Thumbnails on a map: which have room, each framed by its label, kept as they are painted."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QRectF, QSizeF, Qt
from PyQt5.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from gui.panels.retrieval.maps.values import MapImages
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore

SIDE = 110
"""Decoded for the map alone: whoever else wishes for pictures forgets those of another size."""
MOST_AT_ONCE = 400
_MOST_KEPT = 3000
_DASHES = {"disc": Qt.SolidLine, "square": Qt.DashLine, "diamond": Qt.DotLine}
"""Frames of the labels that go a second and a third time through the colours."""


class FramedThumbs:
    """Makes each framed thumbnail once for a width, a theme and a density of the screen."""

    def __init__(self, keeper: ThemeKeeper, store: ThumbnailStore) -> None:
        self._keeper = keeper
        self._store = store
        self._kept: dict[int, QPixmap] = {}
        self._key: tuple[object, ...] = ()

    def forget(self) -> None:
        """Other images, or other labels."""
        self._kept.clear()

    def size(self, index: int, width: int) -> QSizeF:
        """How large it is drawn, also before it is decoded."""
        found = self._kept.get(index)
        if found is None:
            return QSizeF(width, width * 0.75)
        return QSizeF(found.size()) / found.devicePixelRatio()

    def get(self, images: MapImages, index: int, width: int, ratio: float) -> QPixmap | None:
        """The framed thumbnail of an image; None until it is decoded."""
        key = (width, ratio, self._keeper.theme.is_dark)
        if key != self._key or len(self._kept) > _MOST_KEPT:
            self._kept.clear()
            self._key = key
        found = self._kept.get(index)
        if found is None:
            image = self._store.get(images.tile(index).path, SIDE)
            if image is None:
                return None
            found = self._framed(images, index, image, width, ratio)
            self._kept[index] = found
        return found

    def _framed(
        self, images: MapImages, index: int, image: QImage, width: int, ratio: float
    ) -> QPixmap:
        shape = 0.75 if image.isNull() else min(2.0, max(0.5, image.height() / image.width()))
        longer = max(1.0, shape)
        wide, high = round(width / longer * ratio), round(width * shape / longer * ratio)
        pixmap = QPixmap(wide, high)
        theme, look = self._keeper.theme, images.looks[images.look_of[index]]
        pixmap.fill(theme.header)
        painter = QPainter(pixmap)
        if not image.isNull():
            painter.setRenderHint(QPainter.SmoothPixmapTransform)
            painter.drawImage(QRectF(0, 0, wide, high), image)
        line = max(1.0, 2 * ratio)
        box = QRectF(line / 2, line / 2, wide - line, high - line)
        painter.setPen(QPen(QColor(theme.panel), line))
        painter.drawRect(box)  # beneath the gaps of dashes
        painter.setPen(QPen(look.colour(theme), line, _DASHES[look.shape], join=Qt.MiterJoin))
        painter.drawRect(box)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap


def with_room(places: np.ndarray, images: np.ndarray, width: int) -> np.ndarray:
    """The images that get a thumbnail: all of few, else the first in each cell of a grid.

    places: (n, 2) pixels of the images, (n,) int64. Returns some of the images, rising.
    """
    if len(images) <= MOST_AT_ONCE:
        return images
    side = float(max(8, width))
    while True:
        cells = np.floor(places / (side, side * 0.75)).astype(np.int64)
        _, first = np.unique(cells[:, 0] * 100_003 + cells[:, 1], return_index=True)
        if len(first) <= MOST_AT_ONCE:
            result: np.ndarray = np.sort(images[first])
            return result
        side *= 1.25
