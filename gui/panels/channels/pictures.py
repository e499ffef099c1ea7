"""Top images in rows: the part that fired, its value under it, and the image's name."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QEvent, QRect, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.panels.channels.values import TopPicture
from gui.theme import ThemeKeeper, text_font
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.plain_text import plain_tip

CAPTION, GAP = 17, 8


class PictureRows(QWidget):
    """A click chooses an image, Enter or a double click opens it; those that fit are shown."""

    image_chosen = pyqtSignal(int)
    image_opened = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, n_rows: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper, self._n_rows = keeper, n_rows
        self._pictures: tuple[TopPicture, ...] = ()
        self._height, self._width = 66, 82
        self._current = -1
        self._marked = -1
        self.setFocusPolicy(Qt.TabFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setAccessibleName("Top images")
        keeper.changed.connect(self.update)
        self.set_picture_size(82, 66)

    @property
    def pictures(self) -> tuple[TopPicture, ...]:
        """What is shown."""
        return self._pictures

    def set_rows(self, n_rows: int) -> None:
        """How many rows there are."""
        self._n_rows = n_rows
        self.set_picture_size(self._width, self._height)

    def set_picture_size(self, width: int, height: int) -> None:
        """The room of each picture without its caption."""
        self._width, self._height = width, height
        self.setFixedHeight(self._n_rows * (height + CAPTION) + (self._n_rows - 1) * 4)
        self.update()

    def show_pictures(self, pictures: Sequence[TopPicture]) -> None:
        """Show these, the first first."""
        self._pictures = tuple(pictures)
        self._current = -1
        words = ", ".join(f"{one.name} {one.value}" for one in pictures)
        self.setAccessibleDescription(words)
        self.update()

    def mark(self, image: int) -> None:
        """Frame one of the images; -1 for none."""
        self._marked = image
        self.update()

    def n_across(self) -> int:
        """How many fit side by side."""
        return max(1, (self.width() + GAP) // (self._width + GAP))

    def place(self, number: int) -> QRect:
        """Where a picture is drawn, without its caption."""
        across = self.n_across()
        room = (self.width() + GAP) // across
        row, column = divmod(number, across)
        top = row * (self._height + CAPTION + 4)
        return QRect(column * room, top, room - GAP, self._height)

    def sizeHint(self) -> QSize:
        return QSize(4 * self._width, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        for number, one in enumerate(self._shown()):
            box = self.place(number)
            painter.fillRect(box, theme.header)
            if not one.picture.isNull():
                size = one.picture.size().scaled(box.size(), Qt.KeepAspectRatio)
                target = QRect(box.topLeft(), size)
                target.moveCenter(box.center())
                painter.drawImage(target, one.picture)
            is_current = number == self._current and shows_keyboard(self)
            if is_current or one.image == self._marked:
                painter.setPen(QPen(theme.accent, 2))
                painter.setBrush(Qt.NoBrush)
                painter.drawRect(box.adjusted(1, 1, -1, -1))
            self._paint_caption(painter, one, box)
        painter.end()

    def _paint_caption(self, painter: QPainter, one: TopPicture, box: QRect) -> None:
        theme = self._keeper.theme
        line = QRect(box.left(), box.bottom() + 1, box.width(), CAPTION)
        painter.setFont(text_font(11, semibold=True))
        painter.setPen(theme.text)
        painter.drawText(line, int(Qt.AlignLeft | Qt.AlignVCenter), one.value)
        used = painter.fontMetrics().horizontalAdvance(one.value) + 6
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        room = line.width() - used
        metrics = painter.fontMetrics()
        name = one.name.rpartition("/")[2]  # the tip has all of it
        fitting = (
            n for n in (name, name.partition(".")[0]) if metrics.horizontalAdvance(n) <= room
        )
        name = next(fitting, metrics.elidedText(name, Qt.ElideMiddle, room) if room > 40 else "")
        painter.drawText(line, int(Qt.AlignRight | Qt.AlignVCenter), name)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._at(event)
        if number is not None:
            self._current = number
            self.image_chosen.emit(self._pictures[number].image)
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        number = self._at(event)
        if number is not None:
            self.image_opened.emit(self._pictures[number].image)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key_Left: -1, Qt.Key_Right: 1, Qt.Key_Up: -self.n_across(),
                Qt.Key_Down: self.n_across()}.get(Qt.Key(event.key()))  # fmt: skip
        shown = self._shown()
        if step is not None and shown:
            self._current = min(max(self._current + step, 0), len(shown) - 1)
            self.image_chosen.emit(shown[self._current].image)
            self.update()
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter) and 0 <= self._current < len(shown):
            self.image_opened.emit(shown[self._current].image)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.ToolTip and isinstance(event, QHelpEvent):
            for number, one in enumerate(self._shown()):
                if self.place(number).adjusted(0, 0, 0, CAPTION).contains(event.pos()):
                    QToolTip.showText(event.globalPos(), plain_tip(one.tip), self)
                    return True
            QToolTip.hideText()
            return True
        return super().event(event)

    def _at(self, event: QMouseEvent) -> int | None:
        for number in range(len(self._shown())):
            if self.place(number).adjusted(0, 0, 0, CAPTION).contains(event.pos()):
                return number
        return None

    def _shown(self) -> tuple[TopPicture, ...]:
        return self._pictures[: self._n_rows * self.n_across()]
