"""A row of small pictures of which one is taken by a click, or with the arrows and Enter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QPoint, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.theme import ThemeKeeper, text_font
from gui.thumbnails import ThumbnailStore
from gui.widgets.alignment import CENTRE
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.plain_text import plain_tip

SIDE, _GAP, _CAPTION = 68, 8, 18


class PictureChoice(QWidget):
    """Pictures come from the store as they are decoded; each has its name below."""

    taken = pyqtSignal(object)
    """The path of the picture."""

    def __init__(
        self, keeper: ThemeKeeper, store: ThumbnailStore, name: str, parent: QWidget | None = None
    ) -> None:
        """name: what is chosen, for screen readers."""
        super().__init__(parent)
        self._keeper, self._store, self._name = keeper, store, name
        self._paths: tuple[Path, ...] = ()
        self._at = 0
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setMouseTracking(True)
        store.arrived.connect(self.update)
        keeper.changed.connect(self.update)

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is offered."""
        return self._paths

    def show_paths(self, paths: Sequence[Path]) -> None:
        """Offer these."""
        self._paths, self._at = tuple(paths), 0
        self._say()
        self.setVisible(bool(paths))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(max(1, len(self._paths)) * (SIDE + _GAP) - _GAP, SIDE + _CAPTION)

    def minimumSizeHint(self) -> QSize:
        return QSize(SIDE, SIDE + _CAPTION)

    def cell(self, number: int) -> QRect:
        """Where a picture with its name is drawn."""
        return QRect(number * (SIDE + _GAP), 0, SIDE, SIDE + _CAPTION)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._cell_at(event.pos())
        if event.button() == Qt.LeftButton and at is not None:
            self._go_to(at)
            self.taken.emit(self._paths[at])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._cell_at(event.pos())
        if at is not None:
            QToolTip.showText(event.globalPos(), plain_tip(str(self._paths[at])), self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key_Left: -1, Qt.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self._paths:
            self._go_to(min(max(self._at + step, 0), len(self._paths) - 1))
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter, Qt.Key_Space) and self._paths:
            self.taken.emit(self._paths[self._at])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.setFont(text_font(11))
        metrics = QFontMetrics(text_font(11))
        for number, path in enumerate(self._paths):
            cell = self.cell(number)
            if cell.left() > self.width():
                break
            room = QRectF(cell.left(), cell.top(), SIDE, SIDE)
            painter.fillRect(room, theme.header)
            image = self._store.get(path, SIDE)
            if image is not None and not image.isNull():
                scale = min(SIDE / image.width(), SIDE / image.height())
                box = QRectF(0, 0, image.width() * scale, image.height() * scale)
                box.moveCenter(room.center())
                painter.drawImage(box, image)
            is_current = number == self._at and shows_keyboard(self)
            painter.setPen(QPen(theme.accent, 2) if is_current else theme.border)
            painter.drawRect(room.adjusted(0.5, 0.5, -0.5, -0.5))
            painter.setPen(theme.secondary)
            name = metrics.elidedText(path.name, Qt.ElideMiddle, SIDE)
            painter.drawText(QRectF(cell.left(), SIDE, SIDE, _CAPTION), CENTRE, name)
        painter.end()

    def _cell_at(self, at: QPoint) -> int | None:
        found = (n for n in range(len(self._paths)) if self.cell(n).contains(at))
        return next(found, None)

    def _go_to(self, number: int) -> None:
        self._at = number
        self._say()
        self.update()

    def _say(self) -> None:
        shown = self._paths[self._at].name if self._paths else "none"
        self.setAccessibleName(f"{self._name}: {shown}")
