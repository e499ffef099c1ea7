"""The legend of a map: a word for each label, as many as fit; a click chooses its images."""

from __future__ import annotations

from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.panels.retrieval.maps.values import LabelLook
from gui.theme import Theme, ThemeKeeper, text_font
from gui.widgets.alignment import LEFT
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.plain_text import plain_tip

_LINE, _GAP, _SWATCH, _MARGIN = 22, 16, 11, 12
MOST_LINES = 3


class MapLegend(QWidget):
    """Entries in lines; what does not fit is counted, and its names are in the tip."""

    chosen = pyqtSignal(int)
    """The number of an entry."""

    def __init__(
        self, keeper: ThemeKeeper, name: str, *, has_counts: bool, parent: QWidget | None = None
    ) -> None:
        """name: for screen readers. has_counts: whether the number of images stands with each."""
        super().__init__(parent)
        self._keeper, self._has_counts = keeper, has_counts
        self._looks: tuple[LabelLook, ...] = ()
        self._current = 0
        self.setFocusPolicy(Qt.TabFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(name)
        keeper.changed.connect(self.update)

    def show_looks(self, looks: tuple[LabelLook, ...]) -> None:
        """Show other labels."""
        self._looks, self._current = looks, 0
        self._say()
        self._fit()
        self.update()

    @property
    def looks(self) -> tuple[LabelLook, ...]:
        """All of its entries."""
        return self._looks

    def entry_rect(self, number: int) -> QRectF | None:
        """Where an entry is drawn; None where there is no room for it."""
        boxes = self._boxes()
        return boxes[number] if number < len(boxes) else None

    def sizeHint(self) -> QSize:
        return QSize(400, self.height())

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._entry_at(QPointF(event.pos()))
        if number >= 0 and event.button() == Qt.LeftButton:
            self._current = number
            self._say()
            self.chosen.emit(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key_Left: -1, Qt.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self._looks and not event.modifiers() & ~Qt.KeypadModifier:
            self._current = min(max(0, self._current + step), len(self._looks) - 1)
            self._say()
            self.update()
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter, Qt.Key_Space) and self._looks:
            self.chosen.emit(self._current)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.ToolTip:
            number = self._entry_at(QPointF(event.pos()))
            n_shown = len(self._boxes())
            if number >= 0:
                said = (
                    f"{self._looks[number].words}: {self._looks[number].n_images:,}. Click: choose."
                )
            else:
                said = ", ".join(look.words for look in self._looks[n_shown : n_shown + 60])
            QToolTip.showText(event.globalPos(), plain_tip(said), self)
            return True
        return bool(super().event(event))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.setRenderHint(QPainter.Antialiasing)
        boxes = self._boxes()
        for number, box in enumerate(boxes):
            look = self._looks[number]
            swatch = QRectF(box.left(), box.center().y() - _SWATCH / 2, _SWATCH, _SWATCH)
            paint_swatch(painter, theme, look, swatch)
            painter.setPen(theme.text)
            painter.setFont(text_font(12))
            painter.drawText(box.adjusted(_SWATCH + 6, 0, 0, 0), LEFT, self._words(look))
            if number == self._current and shows_keyboard(self):
                painter.setPen(QPen(theme.accent, 1.5))
                painter.setBrush(Qt.NoBrush)
                painter.drawRoundedRect(box.adjusted(-4, 2, 4, -2), 3, 3)
        n_left = len(self._looks) - len(boxes)
        if n_left and boxes:
            last = boxes[-1]
            painter.setPen(theme.secondary)
            painter.drawText(
                QRectF(last.right() + _GAP, last.top(), 80, _LINE), LEFT, f"+ {n_left}"
            )
        painter.end()

    def _boxes(self) -> list[QRectF]:
        """Of as many entries as fit, line after line; the last line keeps room for a count."""
        metrics = QFontMetricsF(text_font(12))
        boxes: list[QRectF] = []
        left, line = float(_MARGIN), 0
        for number, look in enumerate(self._looks):
            wide = _SWATCH + 6 + metrics.horizontalAdvance(self._words(look))
            is_last = number == len(self._looks) - 1
            spare = 0 if line < MOST_LINES - 1 or is_last else 48
            if left + wide + spare > self.width() - _MARGIN and left > _MARGIN:
                left, line = float(_MARGIN), line + 1
                if line == MOST_LINES:
                    break
            boxes.append(QRectF(left, 3 + line * _LINE, wide, _LINE))
            left += wide + _GAP
        return boxes

    def _words(self, look: LabelLook) -> str:
        name = QFontMetricsF(text_font(12)).elidedText(look.words, Qt.ElideMiddle, 180)
        return f"{name}  {look.n_images:,}" if self._has_counts else name

    def _entry_at(self, position: QPointF) -> int:
        boxes = enumerate(self._boxes())
        return next((i for i, box in boxes if box.adjusted(-6, 0, 6, 0).contains(position)), -1)

    def _fit(self) -> None:
        boxes = self._boxes()
        n_lines = 1 if not boxes else round((boxes[-1].top() - 3) / _LINE) + 1
        self.setFixedHeight(n_lines * _LINE + 6)

    def _say(self) -> None:
        look = self._looks[self._current] if self._looks else None
        said = "" if look is None else f"{look.words}, {look.n_images:,}"
        self.setAccessibleDescription(said)


def paint_swatch(painter: QPainter, theme: Theme, look: LabelLook, box: QRectF) -> None:
    """The colour of a label in the shape of its points, outlined so that pale ones are seen."""
    painter.setPen(QPen(theme.edge, 1))
    painter.setBrush(look.colour(theme))
    middle = box.center()
    if look.shape == "square":
        painter.drawRect(box.adjusted(1, 1, -1, -1))
    elif look.shape == "diamond":
        half = box.width() / 2
        corners = [(0, -half), (half, 0), (0, half), (-half, 0)]
        painter.drawPolygon(QPolygonF([middle + QPointF(x, y) for x, y in corners]))
    else:
        painter.drawEllipse(box)
    painter.setBrush(Qt.NoBrush)
