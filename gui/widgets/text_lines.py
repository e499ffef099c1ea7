"""Lines of prototxt with their numbers: plain, marked, taken out or put in, under headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PyQt5.QtCore import QPoint, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PyQt5.QtWidgets import QApplication, QMenu, QSizePolicy, QWidget

from gui.theme import ThemeKeeper, fixed_font, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.elided import elided

Kind = Literal["plain", "marked", "out", "in", "heading", "note"]
_HEADING_ROW = 22
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class TextLine:
    """One line; a heading shows `text` semibold and `note` beside it and leads to `layer`."""

    kind: Kind
    text: str
    number: int = 0
    note: str = ""
    layer: str = ""


class TextLines(QWidget):
    """Paints the lines in the fixed font; added and removed ones carry + and - besides colour."""

    layer_clicked = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._lines: tuple[TextLine, ...] = ()
        self._tops: list[int] = [0]
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.setMouseTracking(True)
        keeper.changed.connect(self.update)

    @property
    def lines(self) -> tuple[TextLine, ...]:
        """What is shown."""
        return self._lines

    def show_lines(self, lines: Sequence[TextLine]) -> None:
        """Show other lines."""
        self._lines = tuple(lines)
        row = self._row()
        self._tops = [4 if lines and lines[0].kind != "heading" else 1]
        for line in lines:
            self._tops.append(self._tops[-1] + (_HEADING_ROW if line.kind == "heading" else row))
        self.setAccessibleDescription(self.plain_text())
        self.updateGeometry()
        self.update()

    def plain_text(self) -> str:
        """The lines as text, with - and + where they differ."""
        signs = {"out": "-", "in": "+"}
        has_signs = any(line.kind in signs for line in self._lines)
        return "\n".join(
            (signs.get(line.kind, " ") if has_signs else "") + line.text for line in self._lines
        )

    def sizeHint(self) -> QSize:
        is_plain = bool(self._lines) and self._lines[0].kind != "heading"
        return QSize(220, self._tops[-1] + (4 if is_plain else 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        has_headings = any(line.kind == "heading" for line in self._lines)
        painter.fillRect(self.rect(), theme.canvas if has_headings else theme.alternate_row)
        shown = event.rect()
        for line, top, bottom in zip(self._lines, self._tops, self._tops[1:], strict=False):
            if bottom >= shown.top() and top <= shown.bottom():
                self._paint_line(painter, line, top, bottom - top)
        painter.setPen(QPen(theme.border, 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_line(self, painter: QPainter, line: TextLine, top: int, height: int) -> None:
        theme = self._keeper.theme
        if line.kind == "heading":
            self._paint_heading(painter, line, top, height)
            return
        fills = {"out": theme.error_fill, "in": theme.ok_fill}
        if line.kind in fills:
            painter.fillRect(1, top, self.width() - 2, height, fills[line.kind])
        painter.setFont(fixed_font())
        metrics = painter.fontMetrics()
        number_width = self._number_width(metrics)
        is_plain = line.kind not in fills
        painter.setPen(theme.placeholder if is_plain else theme.secondary)
        if line.number:
            painter.drawText(QRectF(6, top, number_width, height), RIGHT, str(line.number))
        left = number_width + 16
        if any(other.kind in fills for other in self._lines):
            painter.setPen(self._colour(line))
            sign = {"out": _MINUS, "in": "+"}.get(line.kind, "")
            painter.drawText(QRectF(left - 4, top, 12, height), LEFT, sign)
            left += 12
        text = line.text.replace("\t", "    ")
        text = metrics.elidedText(text, Qt.ElideMiddle, self.width() - left - 4)
        if line.kind == "marked":
            width = metrics.horizontalAdvance(text) + 4
            painter.fillRect(QRectF(left - 2, top, width, height), theme.mark_fill)
        painter.setPen(self._colour(line))
        painter.drawText(QRectF(left, top, self.width() - left, height), LEFT, text)

    def _paint_heading(self, painter: QPainter, line: TextLine, top: int, height: int) -> None:
        theme = self._keeper.theme
        painter.fillRect(1, top, self.width() - 2, height, theme.header)
        painter.setFont(text_font(12, semibold=True))
        painter.setPen(theme.text)
        metrics = painter.fontMetrics()
        text = elided(line.text, self.width() * 6 // 10, metrics)
        painter.drawText(QRectF(9, top, self.width(), height), LEFT, text)
        painter.setPen(theme.secondary)
        left = 9 + metrics.horizontalAdvance(text) + 8
        painter.setFont(text_font(12))
        painter.drawText(QRectF(left, top, self.width() - left, height), LEFT, line.note)

    def _colour(self, line: TextLine) -> QColor:
        theme = self._keeper.theme
        roles = {"out": theme.error_text, "in": theme.ok_text, "note": theme.secondary}
        return roles.get(line.kind, theme.text)

    def _number_width(self, metrics: QFontMetrics) -> int:
        largest = max((line.number for line in self._lines), default=0)
        return metrics.horizontalAdvance("0" * max(3, len(str(largest))))

    def _row(self) -> int:
        return QFontMetrics(fixed_font()).height() + 4

    def _layer_at(self, position: QPoint) -> str:
        for line, top, bottom in zip(self._lines, self._tops, self._tops[1:], strict=False):
            if top <= position.y() < bottom:
                return line.layer
        return ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        has_layer = bool(self._layer_at(event.pos()))
        self.setCursor(Qt.PointingHandCursor if has_layer else Qt.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        layer = self._layer_at(event.pos())
        if layer and event.button() == Qt.LeftButton:
            self.layer_clicked.emit(layer)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        clipboard = QApplication.clipboard()
        menu = QMenu(self)
        menu.addAction("Copy text", lambda: clipboard.setText(self.plain_text()))
        menu.exec(event.globalPos())
        menu.deleteLater()
