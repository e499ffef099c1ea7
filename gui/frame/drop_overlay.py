"""While files are dragged over the window: a frame around it, and what a drop would do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import QEvent, QMimeData, QObject, QRect, QRectF, Qt
from PyQt5.QtGui import QDragEnterEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font

_BAR_HEIGHT, _EDGE = 48, 3


@dataclass(frozen=True)
class DropWords:
    """What a drop would do, and what goes with it."""

    title: str
    detail: str = ""


def local_files(mime: QMimeData) -> list[Path]:
    """The files of this computer that are dragged or were copied."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


class DropOverlay(QWidget):
    """Lies over what it covers and takes no event from it; shown while files are over a widget."""

    def __init__(self, keeper: ThemeKeeper, covered: QWidget) -> None:
        super().__init__(covered)
        self._keeper = keeper
        self._words = DropWords("")
        self.words_wanted: Callable[[list[Path]], DropWords] = lambda paths: DropWords("Open")
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.NoFocus)
        self.watch(covered)
        keeper.changed.connect(self.update)
        self.hide()

    @property
    def words(self) -> DropWords:
        """What it says."""
        return self._words

    def watch(self, widget: QWidget) -> None:
        """Show while files are dragged over this widget, too, which takes its drops itself."""
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow a drag from its beginning to its end."""
        if isinstance(event, QDragEnterEvent):
            paths = local_files(event.mimeData())
            if paths:
                self._show(self.words_wanted(paths))
        elif event.type() in (QEvent.DragLeave, QEvent.Drop):
            self.hide()
        elif event.type() == QEvent.Resize and watched is self.parentWidget():
            self.setGeometry(self.parentWidget().rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setPen(QPen(theme.accent, _EDGE))
        painter.drawRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5))
        bar = self.rect().adjusted(0, self.height() - _BAR_HEIGHT, 0, 0)
        painter.fillRect(bar, theme.accent)
        colour = theme.text_on_accent
        paint_icon(painter, "open", colour, QRectF(16, bar.y() + 14, 20, 20))
        painter.setPen(colour)
        room = self.width() - 68
        painter.setFont(text_font(13, semibold=True))
        top = bar.y() + (6 if self._words.detail else 14)
        title = painter.fontMetrics().elidedText(self._words.title, Qt.ElideMiddle, room)
        painter.drawText(QRect(50, top, room, 20), int(Qt.AlignVCenter), title)
        painter.setFont(text_font(11))
        detail = painter.fontMetrics().elidedText(self._words.detail, Qt.ElideRight, room)
        painter.drawText(QRect(50, top + 19, room, 18), int(Qt.AlignVCenter), detail)
        painter.end()

    def _show(self, words: DropWords) -> None:
        self._words = words
        self.setAccessibleName(f"{words.title}. {words.detail}")
        self.setGeometry(self.parentWidget().rect())
        self.raise_()
        self.show()
        self.update()
