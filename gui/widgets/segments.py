"""A few words of which one is chosen, side by side in one frame; arrows move between them."""

from __future__ import annotations

from PyQt5.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.theme import ThemeKeeper, text_font
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.plain_text import plain_tip

HEIGHT, _PADDING, _LEAST_PADDING = 26, 11, 5


class Segments(QWidget):
    """Segments that have nothing to say are left out; `chosen` tells the key of the new one."""

    chosen = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, name: str, parent: QWidget | None = None) -> None:
        """name: what is chosen, for screen readers."""
        super().__init__(parent)
        self._keeper = keeper
        self._name = name
        self._words: dict[str, str] = {}
        self._tips: dict[str, str] = {}
        self._left_out: set[str] = set()
        self._current = ""
        self._padding = _PADDING
        self.setFocusPolicy(Qt.TabFocus)
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setMouseTracking(True)
        keeper.changed.connect(self.update)

    @property
    def current(self) -> str:
        """The key of the chosen one."""
        return self._current

    @property
    def shown(self) -> dict[str, str]:
        """The words by key, of those that are shown."""
        return {key: self._words[key] for key in self._keys()}

    def add(self, key: str, words: str, tip: str = "") -> None:
        """Put one at the right end; the first one is chosen."""
        self._words[key], self._tips[key] = words, tip
        self._current = self._current or key
        self._changed()

    def set_words(self, key: str, words: str) -> None:
        """Say it otherwise, as with another count."""
        if self._words[key] != words:
            self._words[key] = words
            self._changed()

    def set_shown(self, key: str, *, is_shown: bool) -> None:
        """Leave one out, or bring it back; the first takes the place of a chosen one that goes."""
        if is_shown != (key in self._left_out):
            return
        if is_shown:
            self._left_out.discard(key)
        else:
            self._left_out.add(key)
            if key == self._current:
                self.choose(self._keys()[0])
        self._changed()

    def set_narrow(self, *, is_narrow: bool) -> None:
        """Stand closer, where a row has little room."""
        padding = _LEAST_PADDING if is_narrow else _PADDING
        if padding != self._padding:
            self._padding = padding
            self._changed()

    def choose(self, key: str) -> None:
        """Choose one that is shown."""
        if key in self._keys() and key != self._current:
            self._current = key
            self._changed()
            self.chosen.emit(key)

    def sizeHint(self) -> QSize:
        return QSize(sum(self._width(key) for key in self._keys()) + 1, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def place(self, key: str) -> QRect:
        """Where a segment is drawn."""
        left = 0
        for one in self._keys():
            if one == key:
                break
            left += self._width(one)
        return QRect(left, 0, self._width(key), HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton:
            for key in self._keys():
                if self.place(key).contains(event.pos()):
                    self.choose(key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        for key in self._keys():
            if self.place(key).contains(event.pos()) and self._tips[key]:
                QToolTip.showText(event.globalPos(), plain_tip(self._tips[key]), self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key_Left: -1, Qt.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or event.modifiers() & ~Qt.KeypadModifier:
            super().keyPressEvent(event)
            return
        keys = self._keys()
        place = keys.index(self._current) + step
        self.choose(keys[min(max(place, 0), len(keys) - 1)])

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._keeper.theme, QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.translate(0.5, 0.5)
        frame = self.rect().adjusted(0, 0, -1, -1)
        painter.setPen(theme.outline)
        painter.setBrush(theme.panel)
        painter.drawRoundedRect(frame, 4, 4)
        for key in self._keys():
            box = self.place(key)
            is_current = key == self._current
            if is_current:
                painter.setPen(theme.accent if shows_keyboard(self) else theme.outline)
                painter.setBrush(theme.selected_row)
                painter.drawRoundedRect(box.adjusted(0, 0, 0, -1), 4, 4)
            elif box.left():
                painter.setPen(theme.outline)
                painter.drawLine(box.topLeft(), box.bottomLeft())
            painter.setPen(theme.text)
            painter.setFont(text_font(12, semibold=is_current))
            painter.drawText(box, int(Qt.AlignCenter), self._words[key])
        painter.end()

    def _keys(self) -> list[str]:
        return [key for key in self._words if key not in self._left_out]

    def _width(self, key: str) -> int:
        bold = QFontMetrics(text_font(12, semibold=True))
        return bold.horizontalAdvance(self._words[key]) + 2 * self._padding

    def _changed(self) -> None:
        self.setAccessibleName(f"{self._name}: {self._words.get(self._current, '')}")
        self.updateGeometry()
        self.update()
