"""Rows of a name and its values, as the inspector's sections show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QPoint, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PyQt5.QtWidgets import QApplication, QMenu, QSizePolicy, QToolTip, QWidget

from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT
from gui.widgets.elided import elided_rows
from gui.widgets.plain_text import plain_tip

ROW = 19
_LEAST_NAME = 64
_SECOND_AT = 64
_GAP = 10
_LEAST_VALUE = 48


@dataclass(frozen=True)
class Fact:
    """One row. `second` stands in a column of its own right of `value`.

    role, second_role: the theme's colours of the two. is_default: grey and slanted. layer: what
    a click on the value selects, "" for nothing.
    """

    name: str
    value: str
    second: str = ""
    role: str = "text"
    second_role: str = ""
    is_default: bool = False
    is_strong: bool = False
    layer: str = ""


class FactList(QWidget):
    """Paints its rows; values that name a layer can be clicked, every row can be copied."""

    layer_clicked = pyqtSignal(str)

    def __init__(
        self, keeper: ThemeKeeper, parent: QWidget | None = None, *, name_width: int = 104
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._name_width = name_width
        self._facts: tuple[Fact, ...] = ()
        self._pointed: int | None = None
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.setMouseTracking(True)
        keeper.changed.connect(self.update)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The rows shown."""
        return self._facts

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show other rows."""
        self._facts = tuple(facts)
        self._pointed = None
        self.setAccessibleDescription(self.plain_text())
        self.updateGeometry()
        self.update()

    def plain_text(self) -> str:
        """The rows as text, one a line."""
        return "\n".join(" ".join(p for p in (f.name, f.value, f.second) if p) for f in self._facts)

    def sizeHint(self) -> QSize:
        return QSize(200, ROW * len(self._facts))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for place, words in enumerate(zip(*self._shown_words(), strict=True)):
            self._paint_row(painter, place, *words)
        painter.end()

    def _shown_words(self) -> tuple[list[str], list[str], list[str]]:
        """Each row's name, value and second value, as far as there is room."""
        facts, metrics = self._facts, QFontMetrics(text_font(12))
        bold = QFontMetrics(text_font(12, semibold=True))
        name_width, value_left = self._columns()
        second_left = self._second_left(metrics, value_left)
        name_rooms = [name_width if fact.value else self.width() for fact in facts]
        value_rooms = [
            (second_left - _GAP if fact.second else self.width()) - value_left for fact in facts
        ]
        second_rooms = [self.width() - second_left] * len(facts)
        return (
            elided_rows([fact.name for fact in facts], name_rooms, metrics),
            elided_rows(
                [fact.value for fact in facts],
                value_rooms,
                bold if any(fact.is_strong for fact in facts) else metrics,
            ),
            elided_rows(
                [fact.second for fact in facts],
                second_rooms,
                bold if any(fact.second_role for fact in facts) else metrics,
            ),
        )

    def _paint_row(self, painter: QPainter, place: int, name: str, value: str, second: str) -> None:
        fact, theme = self._facts[place], self._keeper.theme
        top = place * ROW
        name_width, value_left = self._columns()
        painter.setFont(text_font(12))
        painter.setPen(theme.secondary)
        metrics = painter.fontMetrics()
        room = self.width() if not fact.value else name_width
        painter.drawText(QRectF(0, top, room, ROW), LEFT, name)
        font = text_font(12, semibold=fact.is_strong)
        font.setItalic(fact.is_default)
        font.setUnderline(bool(fact.layer) and place == self._pointed)
        painter.setFont(font)
        role = "secondary" if fact.is_default else fact.role
        painter.setPen(
            theme.accent if fact.layer and place == self._pointed else getattr(theme, role)
        )
        second_left = self._second_left(metrics, value_left)
        end = second_left - _GAP if fact.second else self.width()
        painter.drawText(QRectF(value_left, top, end - value_left, ROW), LEFT, value)
        if fact.second:
            painter.setPen(getattr(theme, fact.second_role or role))
            painter.setFont(_second_font(fact))
            rest = self.width() - second_left
            painter.drawText(QRectF(second_left, top, rest, ROW), LEFT, second)

    def _columns(self) -> tuple[int, int]:
        """How wide names may be, and where values begin."""
        metrics = QFontMetrics(text_font(12))
        widest = max((metrics.horizontalAdvance(fact.name) for fact in self._facts), default=0)
        value_left = max(self._name_width, min(widest + _GAP, self.width() // 2))
        values = max((metrics.horizontalAdvance(fact.value) for fact in self._facts), default=0)
        if value_left + max(values, sum(self._widest_pair(metrics))) > self.width():
            value_left = min(value_left, max(_LEAST_NAME, widest + _GAP + 4))
        return value_left - _GAP, value_left

    def _widest_pair(self, metrics: QFontMetrics) -> tuple[int, int]:
        """What the widest value and the widest second value take, where there are any."""
        pairs = [fact for fact in self._facts if fact.second]
        value = max((metrics.horizontalAdvance(fact.value) + _GAP + 3 for fact in pairs), default=0)
        second = max(
            (QFontMetrics(_second_font(fact)).horizontalAdvance(fact.second) + 2 for fact in pairs),
            default=0,
        )
        return value, second

    def _second_left(self, metrics: QFontMetrics, value_left: int) -> int:
        """Right of the widest value; a value gives way so that every second value shows."""
        value, second = self._widest_pair(metrics)
        room = self.width() - value_left
        second = min(second, max(room * 6 // 10, room - _LEAST_VALUE))
        return value_left + min(max(_SECOND_AT, value), room - second)

    def _place_at(self, position: QPoint) -> int | None:
        place = position.y() // ROW
        return place if 0 <= place < len(self._facts) else None

    def _layer_at(self, position: QPoint) -> str:
        place = self._place_at(position)
        if place is None or position.x() < self._columns()[1]:
            return ""
        return self._facts[place].layer

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        has_layer = bool(self._layer_at(event.pos()))
        pointed = self._place_at(event.pos()) if has_layer else None
        self.setCursor(Qt.PointingHandCursor if has_layer else Qt.ArrowCursor)
        if pointed != self._pointed:
            self._pointed = pointed
            self.update()

    def leaveEvent(self, event: object) -> None:
        self._pointed = None
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        layer = self._layer_at(event.pos())
        if layer and event.button() == Qt.LeftButton:
            self.layer_clicked.emit(layer)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = self._place_at(event.pos())
        if place is None:
            return
        fact = self._facts[place]
        clipboard = QApplication.clipboard()
        menu = QMenu(self)
        value = " ".join(part for part in (fact.value, fact.second) if part)
        menu.addAction("Copy value", lambda: clipboard.setText(value))
        menu.addAction("Copy all", lambda: clipboard.setText(self.plain_text()))
        menu.exec(event.globalPos())
        menu.deleteLater()

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QHelpEvent.ToolTip:
            self._show_tip(event)
            return True
        return bool(super().event(event))  # type: ignore[arg-type]

    def _show_tip(self, event: QHelpEvent) -> None:
        """The whole row, in case its value is cut."""
        place = self._place_at(event.pos())
        if place is None:
            return
        fact = self._facts[place]
        words = " ".join(part for part in (fact.name, fact.value, fact.second) if part)
        metrics = QFontMetrics(text_font(12))
        if metrics.horizontalAdvance(words) + 40 > self.width():
            QToolTip.showText(
                event.globalPos(), plain_tip(words), self, QRect(0, place * ROW, self.width(), ROW)
            )


def _second_font(fact: Fact) -> QFont:
    return text_font(12, semibold=fact.second_role not in ("", "secondary"))
