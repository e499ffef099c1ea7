"""The pinned query: its picture, the part of it that is searched with, and drawing another."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPen
from PyQt5.QtWidgets import QWidget

from core.images.box import Box
from gui.panels.retrieval.why_picture import HeatPicture
from gui.theme import ThemeKeeper
from gui.thumbnails import ThumbnailStore

LEAST_PIXELS = 5
"""On the screen: a shorter pull is a click, and no part."""
_OUTSIDE = QColor(0, 0, 0, 140)
_TIP = "Pull a frame over a part of the picture to search with it"


class QueryPicture(HeatPicture):
    """A pull with the left button draws a frame; Escape lets it go."""

    part_drawn = pyqtSignal(object)
    """Left, top, right and bottom as shares of the upright picture, 0 to 1."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        store: ThumbnailStore,
        width: int,
        *,
        most: float = 1.1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(keeper, store, width, most=most, parent=parent)
        self._part: QRectF | None = None
        self._begun: QPointF | None = None
        self._pulled: QRectF | None = None
        self.setCursor(Qt.CrossCursor)
        self.setToolTip(_TIP)
        self.setAccessibleName("Query")

    @property
    def part(self) -> QRectF | None:
        """The frame that is drawn, in shares of the picture."""
        return self._part if self._pulled is None else self._pulled

    def show_path(self, path: Path | None) -> None:
        """Draw the image of a file, whole."""
        self.show_part(None)
        super().show_path(path)

    def show_part(self, box: Box | None, size: tuple[int, int] = (0, 0)) -> None:
        """Frame what is searched with; size: of the upright picture in pixels."""
        self._begun = self._pulled = self._part = None
        if box is not None and min(size) > 0:
            left, top, right, bottom = box.inside(*size)
            self._part = QRectF(
                left / size[0],
                top / size[1],
                (right - left) / size[0],
                (bottom - top) / size[1],
            )
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        box = self.picture_rect()
        if event.button() == Qt.LeftButton and box is not None and box.contains(event.localPos()):
            self._begun = event.localPos()
            self.setFocus(Qt.MouseFocusReason)
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        box = self.picture_rect()
        if self._begun is None or box is None:
            return
        self._pulled = _shares(QRectF(self._begun, event.localPos()).normalized(), box)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        box, pulled = self.picture_rect(), self._pulled
        self._begun = self._pulled = None
        self.update()
        if box is None or pulled is None:
            return
        shortest = min(pulled.width() * box.width(), pulled.height() * box.height())
        if shortest >= LEAST_PIXELS:
            self._part = pulled
            self.part_drawn.emit((pulled.left(), pulled.top(), pulled.right(), pulled.bottom()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape and self._begun is not None:
            self._begun = self._pulled = None
            self.update()
        else:
            super().keyPressEvent(event)

    def paint_over(self, painter: QPainter, box: QRectF, image: QImage) -> None:
        super().paint_over(painter, box, image)
        part = self.part
        if part is None:
            return
        frame = QRectF(
            box.left() + part.left() * box.width(),
            box.top() + part.top() * box.height(),
            part.width() * box.width(),
            part.height() * box.height(),
        )
        for outside in _around(frame, box):
            painter.fillRect(outside, _OUTSIDE)
        painter.setPen(QPen(self._keeper.theme.accent, 2))
        painter.setBrush(Qt.NoBrush)
        painter.drawRect(frame.adjusted(1, 1, -1, -1))


def _shares(pulled: QRectF, box: QRectF) -> QRectF:
    """What of the picture was pulled over, cut at its borders, in shares of it."""
    inside = pulled.intersected(box)
    return QRectF(
        (inside.left() - box.left()) / box.width(),
        (inside.top() - box.top()) / box.height(),
        inside.width() / box.width(),
        inside.height() / box.height(),
    )


def _around(frame: QRectF, box: QRectF) -> tuple[QRectF, ...]:
    """What of `box` lies above, below, left and right of the frame."""
    return (
        QRectF(box.topLeft(), QPointF(box.right(), frame.top())),
        QRectF(QPointF(box.left(), frame.bottom()), box.bottomRight()),
        QRectF(QPointF(box.left(), frame.top()), frame.bottomLeft()),
        QRectF(frame.topRight(), QPointF(box.right(), frame.bottom())),
    )
