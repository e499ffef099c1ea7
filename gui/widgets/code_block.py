"""A few lines of prototxt or log in the fixed font, with numbers and an offending place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from gui.theme import ThemeKeeper, fixed_font

PADDING = 6
GUTTER = 40


@dataclass(frozen=True)
class CodeLine:
    """One line; `number` 0 shows none, `caret` is a remark under the mark.

    mark: (start, length) of the offending token, in characters from 0.
    """

    number: int
    text: str
    mark: tuple[int, int] | None = None
    caret: str = ""


class CodeBlock(QWidget):
    """Draws `CodeLine`s; the marked line has the error fill and the token the error colour."""

    def __init__(
        self, keeper: ThemeKeeper, lines: Sequence[CodeLine], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._lines = tuple(_with_spaces(line) for line in lines)
        self._gutter = GUTTER if any(line.number for line in lines) else 8
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    def plain_text(self) -> str:
        """The lines as text."""
        return "\n".join(line.text for line in self._lines)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(fixed_font())
        n_rows = sum(2 if line.caret else 1 for line in self._lines)
        widest = max((metrics.horizontalAdvance(line.text) for line in self._lines), default=0)
        return QSize(min(420, self._gutter + widest + PADDING), n_rows * self._row() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def _row(self) -> int:
        return QFontMetrics(fixed_font()).height() + 4

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setFont(fixed_font())
        painter.fillRect(self.rect(), theme.panel)
        y = 1
        for line in self._lines:
            n_rows = 2 if line.caret else 1
            if line.mark is not None:
                painter.fillRect(1, y, self.width() - 2, n_rows * self._row(), theme.error_fill)
            self._paint_line(painter, line, y)
            y += n_rows * self._row()
        painter.setPen(QPen(theme.border, 1))
        painter.setBrush(Qt.NoBrush)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_line(self, painter: QPainter, line: CodeLine, y: int) -> None:
        theme = self._keeper.theme
        row = self._row()
        if line.number:
            painter.setPen(theme.error_text if line.mark else theme.placeholder)
            painter.drawText(QRectF(0, y, GUTTER - 12, row), int(Qt.AlignRight | Qt.AlignVCenter),
                             str(line.number))  # fmt: skip
        painter.setPen(theme.text)
        text_box = QRectF(self._gutter, y, self.width(), row)
        painter.drawText(text_box, int(Qt.AlignVCenter), line.text)
        if line.mark is not None:
            self._paint_mark(painter, line, text_box)

    def _paint_mark(self, painter: QPainter, line: CodeLine, text_box: QRectF) -> None:
        theme = self._keeper.theme
        start, length = line.mark or (0, 0)
        metrics = painter.fontMetrics()
        left = text_box.x() + metrics.horizontalAdvance(line.text[:start])
        token = line.text[start : start + length] or " "
        box = QRectF(
            left, text_box.y() + 1, metrics.horizontalAdvance(token), text_box.height() - 2
        )
        painter.fillRect(box, theme.error_text)
        painter.setPen(theme.text_on_error)
        painter.drawText(box, int(Qt.AlignVCenter), token)
        painter.setPen(theme.error_text)
        if line.caret:
            below = QRectF(left, text_box.bottom(), self.width(), text_box.height())
            painter.drawText(below, int(Qt.AlignVCenter), f"^ {line.caret}")


def _with_spaces(line: CodeLine) -> CodeLine:
    """Tabs become four spaces, and the mark moves with them."""
    if "\t" not in line.text:
        return line
    mark = line.mark
    if mark is not None:
        mark = (len(line.text[: mark[0]].replace("\t", "    ")), mark[1])
    return CodeLine(line.number, line.text.replace("\t", "    "), mark, line.caret)
