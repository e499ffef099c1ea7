"""Small pictures of files in a row, in groups, each with its name; a click opens the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.thumbnails import ThumbnailStore
from gui.widgets.alignment import CENTRE, LEFT
from gui.widgets.elided import elided_rows
from gui.widgets.plain_text import plain_tip

WIDTH, HEIGHT, CAPTION = 78, 58, 16
SIDE = 120
"""The longer side that is decoded."""
_GAP, _GROUP_GAP, _ROW_GAP = 8, 14, 6
_MORE = 56


@dataclass(frozen=True)
class PictureFile:
    """A file as it is shown; path: None where there is none to decode."""

    name: str
    path: Path | None
    tip: str = ""


class FilePictures(QWidget):
    """One row of what fits, and how many more there are; opened, all in rows."""

    file_opened = pyqtSignal(object)
    arranged = pyqtSignal()
    """What fits has changed."""

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper, self._store = keeper, store
        self._groups: tuple[tuple[PictureFile, ...], ...] = ()
        self._is_open = False
        self._places: list[tuple[PictureFile, QPoint]] = []
        self._n_more = 0
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.setMouseTracking(True)
        keeper.changed.connect(self.update)
        store.arrived.connect(self.update)

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the files in view."""
        return tuple(file.name for file, _ in self._places)

    @property
    def n_more(self) -> int:
        """How many files there is no room for."""
        return self._n_more

    def show_groups(self, groups: Sequence[Sequence[PictureFile]]) -> None:
        """Show other files; each group stands apart from the next."""
        self._groups = tuple(tuple(group) for group in groups if group)
        names = [file.name for group in self._groups for file in group]
        self.setAccessibleDescription(", ".join(names[:40]))
        self._arrange()

    def set_open(self, is_open: bool) -> None:
        """Show all, in as many rows as it takes."""
        self._is_open = is_open
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(300, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(WIDTH + _MORE, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._arrange()

    def _arrange(self) -> None:
        """Place what fits; the height follows the rows."""
        self._places, x, y = [], 0, 0
        n_files = sum(len(group) for group in self._groups)
        for group in self._groups:
            for file in group:
                is_last = len(self._places) + 1 == n_files
                room = self.width() if self._is_open or is_last else self.width() - _MORE
                if x + WIDTH > room and self._places:
                    if not self._is_open:
                        return self._take(n_files, y)
                    x, y = 0, y + HEIGHT + CAPTION + _ROW_GAP
                self._places.append((file, QPoint(x, y)))
                x += WIDTH + _GAP
            x += _GROUP_GAP
        return self._take(n_files, y)

    def _take(self, n_files: int, last_row: int) -> None:
        self._n_more = n_files - len(self._places)
        self.setFixedHeight(last_row + HEIGHT + CAPTION if self._places else 0)
        self.update()
        self.arranged.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        font = text_font(10)
        metrics = QFontMetrics(font)
        names = [_short(file.name) for file, _ in self._places]
        captions = elided_rows(names, [WIDTH + _GAP - 4] * len(names), metrics)
        for (file, at), caption in zip(self._places, captions, strict=True):
            if not event.rect().intersects(QRect(at, QSize(WIDTH, HEIGHT + CAPTION))):
                continue
            image = None if file.path is None else self._store.get(file.path, SIDE)
            self._paint_picture(painter, file, image, QRectF(at.x(), at.y(), WIDTH, HEIGHT))
            painter.setFont(font)
            painter.setPen(theme.secondary)
            painter.drawText(
                QRect(at.x(), at.y() + HEIGHT + 1, WIDTH + _GAP, CAPTION), LEFT, caption
            )
        if self._n_more and self._places:
            left = self._places[-1][1].x() + WIDTH + _GAP
            painter.setPen(theme.secondary)
            painter.setFont(text_font(12))
            painter.drawText(QRect(left, 0, _MORE, HEIGHT), CENTRE, f"+ {self._n_more:,}")
        painter.end()

    def _paint_picture(
        self, painter: QPainter, file: PictureFile, image: QImage | None, box: QRectF
    ) -> None:
        theme = self._keeper.theme
        if image is not None and not image.isNull():
            painter.setRenderHint(QPainter.SmoothPixmapTransform)
            scale = max(box.width() / image.width(), box.height() / image.height())
            part = QRectF(0, 0, box.width() / scale, box.height() / scale)
            part.moveCenter(QRectF(image.rect()).center())
            painter.drawImage(box, image, part)
            return
        painter.fillRect(box, theme.alternate_row)
        if file.path is None or image is not None:
            painter.setPen(QPen(theme.outline, 1, Qt.DashLine))
            painter.drawRect(box.adjusted(0, 0, -1, -1))
            middle = QRectF(box.center().x() - 8, box.center().y() - 8, 16, 16)
            paint_icon(painter, "image", theme.placeholder, middle)

    def _file_at(self, place: QPoint) -> PictureFile | None:
        for file, at in self._places:
            if QRect(at, QSize(WIDTH, HEIGHT + CAPTION)).contains(place):
                return file
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        file = self._file_at(event.pos())
        can_open = file is not None and file.path is not None
        self.setCursor(Qt.PointingHandCursor if can_open else Qt.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        file = self._file_at(event.pos())
        if file is not None and file.path is not None and event.button() == Qt.LeftButton:
            self.file_opened.emit(file.path)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.ToolTip:
            file = self._file_at(event.pos())
            if file is not None:
                words = f"{file.name}\n{file.tip}" if file.tip else file.name
                QToolTip.showText(event.globalPos(), plain_tip(words), self)
            return True
        return super().event(event)


def _short(name: str) -> str:
    """ "horses/747" of "horses/747.jpg"."""
    head, dot, ending = name.rpartition(".")
    return head if dot and len(ending) <= 5 and "/" not in ending else name
