"""A picture of a query or a result, whole, as large as its column lets it be."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QRectF, QSize
from PyQt5.QtGui import QImage, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from gui.icons import paint_icon
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore

SIDE = 560
"""The longer side that is decoded, enough for a dense screen."""


class Picture(QWidget):
    """Keeps the picture's shape between `least` and `most` of its width in height.

    width: what it is given in its column. The height follows this and not the width that a layout
    gives, for a scroll bar comes and goes with the height: each would then ask for the other.
    """

    def __init__(
        self,
        keeper: ThemeKeeper,
        store: ThumbnailStore,
        width: int,
        *,
        least: float = 0.4,
        most: float = 1.1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._store = store
        self._path: Path | None = None
        self._width = width
        self._least, self._most = least, most
        self._shape = 0.75  # until it is decoded
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self._fit()
        keeper.changed.connect(self.update)
        store.arrived.connect(self._on_arrived)

    def show_path(self, path: Path | None) -> None:
        """Draw the image of a file."""
        self._path = path
        self._on_arrived()

    def sizeHint(self) -> QSize:
        return QSize(self._width, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._path is None:
            return
        painter, theme = QPainter(self), self._keeper.theme
        image, box = self._store.get(self._path, SIDE), self.picture_rect()
        if image is None or box is None:
            room = QRectF(self.rect())
            painter.fillRect(room, theme.header)
            if image is not None:
                middle = QRectF(room.center().x() - 12, room.center().y() - 12, 24, 24)
                paint_icon(painter, "warning", theme.placeholder, middle)
            return
        painter.setRenderHint(QPainter.SmoothPixmapTransform, True)
        painter.drawImage(box, image)
        self.paint_over(painter, box, image)
        painter.end()

    def picture_rect(self) -> QRectF | None:
        """Where the picture is drawn; None before it is decoded, and where it can't be."""
        image = None if self._path is None else self._store.get(self._path, SIDE)
        if image is None or image.isNull():
            return None
        room = QRectF(self.rect())
        scale = min(room.width() / image.width(), room.height() / image.height())
        box = QRectF(0, 0, image.width() * scale, image.height() * scale)
        box.moveCenter(room.center())
        box.moveLeft(0)
        return box

    def paint_over(self, painter: QPainter, box: QRectF, image: QImage) -> None:
        """What is drawn over the picture, which fills `box`: nothing, but for other kinds."""

    def _on_arrived(self) -> None:
        """Take the picture's own shape once it is known."""
        image = None if self._path is None else self._store.get(self._path, SIDE)
        if image is not None and not image.isNull():
            shape = image.height() / image.width()
            if abs(shape - self._shape) > 0.001:
                self._shape = shape
                self._fit()
        self.update()

    def _fit(self) -> None:
        """As high as the picture is at the width of the column."""
        shape = min(max(self._shape, self._least), self._most)
        self.setFixedHeight(round(self._width * shape))
