"""What is changed in the net by interventions, in the bar of subjects: seen on every page."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.icons import paint_icon
from gui.theme import ThemeKeeper, text_font
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.plain_text import plain_tip

MOST = 3
UNTOUCHED = "Rankings, indexes, verify and files are of the untouched net."
_HEIGHT, _GAP, _CHIP, _SIGN, _CROSS = 43, 6, 24, 16, 14
_CAPTION = ("Changed", "in the net")


class ChangedChips(QWidget):
    """A chip for each active intervention, "+ n" for more; the x takes one away, the rest opens."""

    removed = pyqtSignal(int)
    """The number of an active intervention."""
    opened = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._labels: tuple[str, ...] = ()
        self._tips: tuple[str, ...] = ()
        self._most = MOST
        self._at = 0
        self.setFocusPolicy(Qt.TabFocus)
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        self.setMouseTracking(True)
        keeper.changed.connect(self.update)
        self.hide()

    @property
    def labels(self) -> tuple[str, ...]:
        """What the chips say, "+ 2" among them."""
        shown = self._labels[: self._n_shown()]
        left = len(self._labels) - len(shown)
        return (*shown, *((f"+ {left}",) if left else ()))

    def show_active(self, labels: Sequence[str], tips: Sequence[str]) -> None:
        """Name every active intervention; tips: each in a longer sentence."""
        self._labels, self._tips, self._at = tuple(labels), tuple(tips), 0
        self.setAccessibleName("Changed in the net: " + ", ".join(labels))
        self.setVisible(bool(labels))
        self.updateGeometry()
        self.update()

    def set_most(self, most: int) -> None:
        """How many chips there is room for."""
        if most != self._most:
            self._most = most
            self.updateGeometry()
            self.update()

    def width_for(self, most: int) -> int:
        """The width with so many chips at most."""
        shown = list(self._labels[: self._n_shown(most)])
        if len(shown) < len(self._labels):
            shown.append(f"+ {len(self._labels) - len(shown)}")
        caption = QFontMetrics(text_font(10.5))
        left = 8 + max(caption.horizontalAdvance(line) for line in _CAPTION)
        return left + sum(_GAP + self._chip_width(label) for label in shown)

    def sizeHint(self) -> QSize:
        return QSize(self.width_for(self._most) if self._labels else 0, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def chip_rect(self, number: int) -> QRect:
        """Where a chip is drawn."""
        caption = QFontMetrics(text_font(10.5))
        left = 8 + max(caption.horizontalAdvance(line) for line in _CAPTION)
        for label in self.labels[:number]:
            left += _GAP + self._chip_width(label)
        width = self._chip_width(self.labels[number])
        return QRect(left + _GAP, (_HEIGHT - _CHIP) // 2, width, _CHIP)

    def cross_rect(self, number: int) -> QRect:
        """Where the x of a chip is."""
        box = self.chip_rect(number)
        return QRect(box.right() - _CROSS - 6, box.top(), _CROSS + 6, box.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.LeftButton:
            return
        number = self._chip_at(event.pos())
        if number is None:
            return
        if number < self._n_shown() and self.cross_rect(number).contains(event.pos()):
            self.removed.emit(number)
        else:
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = event.key(), max(0, self._n_shown() - 1)
        if key in (Qt.Key_Left, Qt.Key_Right):
            self._at = min(last, max(0, self._at + (1 if key == Qt.Key_Right else -1)))
            self.update()
        elif key in (Qt.Key_Delete, Qt.Key_Backspace) and self._labels:
            self.removed.emit(self._at)
        elif key in (Qt.Key_Return, Qt.Key_Enter, Qt.Key_Space):
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.ToolTip:
            number = self._chip_at(event.pos())
            is_one = number is not None and number < self._n_shown()
            lines = (self._tips[number],) if is_one and number is not None else self._tips
            words = "\n".join((*lines, UNTOUCHED))
            QToolTip.showText(event.globalPos(), plain_tip(words), self)
            return True
        return bool(super().event(event))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._keeper.theme, QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setFont(text_font(10.5))
        painter.setPen(theme.secondary)
        for line, words in enumerate(_CAPTION):
            place = QRect(8, 6 + 15 * line, self.width(), 15)
            painter.drawText(place, int(Qt.AlignLeft | Qt.AlignVCenter), words)
        for number, label in enumerate(self.labels):
            box = self.chip_rect(number)
            is_at = number == self._at and shows_keyboard(self)
            painter.setPen(theme.accent if is_at else theme.kind_text("warning"))
            painter.setBrush(theme.kind_fill("warning"))
            painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), _CHIP / 2, _CHIP / 2)
            is_more = number >= self._n_shown()
            left = box.left() + 9
            if not is_more:
                sign = "eye-off" if label.endswith(" off") else "sliders"
                paint_icon(painter, sign, theme.kind_text("warning"), _square(left, box, 13))
                left += _SIGN
                cross = self.cross_rect(number)
                paint_icon(
                    painter, "cross", theme.kind_text("warning"), _square(cross.left() + 2, box, 11)
                )
            painter.setPen(theme.text)
            painter.setFont(text_font(12, semibold=True))
            place = QRect(left, box.top(), box.width(), box.height())
            painter.drawText(place, int(Qt.AlignLeft | Qt.AlignVCenter), label)
        painter.end()

    def _n_shown(self, most: int | None = None) -> int:
        return min(len(self._labels), self._most if most is None else most)

    def _chip_at(self, place: QPoint) -> int | None:
        found = (n for n in range(len(self.labels)) if self.chip_rect(n).contains(place))
        return next(found, None)

    def _chip_width(self, label: str) -> int:
        words = QFontMetrics(text_font(12, semibold=True)).horizontalAdvance(label)
        return words + (18 if label.startswith("+ ") else 18 + _SIGN + _CROSS + 4)


def _square(left: int, box: QRect, side: int) -> QRectF:
    return QRectF(left, box.top() + (box.height() - side) / 2, side, side)
