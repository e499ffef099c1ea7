"""Two texts in one view, line beside line; what differs is filled and marked with - and +."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from core.comparison.paired_lines import PairedLine
from core.words import plural
from gui.theme import ThemeKeeper, fixed_font, text_font
from gui.widgets.alignment import CENTRE, LEFT, RIGHT
from gui.widgets.labels import ThemedLabel

_MINUS = "\N{MINUS SIGN}"
_SIGN_WIDTH = 14
_LINES_ABOVE = 2
Lines = tuple[int, int]
"""The first and the last line of a passage, from 1."""


class SideBySide(QWidget):
    """The rows under their headings, in a scroll area of their own."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        headings: tuple[str, str] = ("Before", "After"),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.rows = _Rows(keeper)
        self._headings = tuple(ThemedLabel(text, "secondary", pixels=11) for text in headings)
        self._area = QScrollArea()
        self._area.setWidget(self.rows)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.StyledPanel)
        self._area.setFocusPolicy(Qt.StrongFocus)
        self._area.setAccessibleName("Text difference")
        head = QWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(head)
        column.addWidget(self._area, 1)
        for label in self._headings:
            label.setParent(head)
        head.setFixedHeight(QFontMetrics(text_font(11)).height() + 2)

    def show_headings(self, old: str, new: str) -> None:
        """Name the two texts."""
        for label, text in zip(self._headings, (old, new), strict=True):
            label.setText(text)
            label.adjustSize()

    def show_rows(self, rows: Sequence[PairedLine]) -> None:
        """Show a difference from its first row."""
        self.rows.show_rows(rows)
        self._area.verticalScrollBar().setValue(0)

    def show_lines(self, old: Lines | None, new: Lines | None) -> None:
        """Mark lines (first and last, from 1) on both sides and scroll to them."""
        place = self.rows.mark(old, new)
        if place is not None:
            bar, height = self._area.verticalScrollBar(), self.rows.row_height()
            self.rows.resize(self.rows.width(), self.rows.sizeHint().height())
            bar.setValue(max(0, (place - _LINES_ABOVE) * height))

    def resizeEvent(self, event: object) -> None:
        middle = self.width() // 2
        for x, label in zip((4, middle + 4), self._headings, strict=True):
            label.move(x, 0)
            label.adjustSize()
            label.resize(min(label.width(), middle - 8), label.height())


class _Rows(QWidget):
    def __init__(self, keeper: ThemeKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self._rows: tuple[PairedLine, ...] = ()
        self._largest_number = 0
        self._marked: tuple[Lines | None, Lines | None] = (None, None)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    @property
    def shown(self) -> tuple[PairedLine, ...]:
        """The rows drawn."""
        return self._rows

    def show_rows(self, rows: Sequence[PairedLine]) -> None:
        self._rows = tuple(rows)
        self._largest_number = max((max(r.old_number, r.new_number) for r in rows), default=0)
        self._marked = (None, None)
        self.setAccessibleDescription(self.plain_text())
        self.updateGeometry()
        self.update()

    def mark(self, old: Lines | None, new: Lines | None) -> int | None:
        """Mark a passage on both sides; returns the row it begins at, None for nothing."""
        self._marked = (old, new)
        self.update()
        for place, row in enumerate(self._rows):
            if (old and row.old_number == old[0]) or (new and row.new_number == new[0]):
                return place
        return None

    def plain_text(self) -> str:
        """The difference as lines with - and +."""
        lines = []
        for row in self._rows:
            if row.n_skipped:
                lines.append(f"... {plural(row.n_skipped, 'equal line')}")
            elif row.is_equal:
                lines.append(f"  {row.old}")
            else:
                lines += [f"- {row.old}"] * (row.old is not None)
                lines += [f"+ {row.new}"] * (row.new is not None)
        return "\n".join(lines)

    def sizeHint(self) -> QSize:
        return QSize(480, len(self._rows) * self.row_height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(max(200, 2 * self._side_width()), self.sizeHint().height())

    def _side_width(self) -> int:
        """The room that the longest line needs on its side, number and sign included."""
        lines = [text or "" for row in self._rows for text in (row.old, row.new)]
        longest = max(map(len, lines), default=0)  # of a font whose letters are of one width
        metrics = QFontMetrics(fixed_font())
        text_width = metrics.horizontalAdvance("0" * longest)
        return self._number_width(metrics) + 10 + _SIGN_WIDTH + text_width + 4

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, height = self._keeper.theme, self.row_height()
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme.panel)
        first = max(0, event.rect().top() // height)
        last = min(len(self._rows), event.rect().bottom() // height + 1)
        painter.setFont(fixed_font())
        middle = self.width() / 2
        for index in range(first, last):
            row, top = self._rows[index], index * height
            if row.n_skipped:
                self._paint_skip(painter, row, top, height)
                continue
            self._paint_side(painter, row, QRectF(0, top, middle, height), is_old=True)
            self._paint_side(painter, row, QRectF(middle, top, middle, height), is_old=False)
            painter.setPen(QPen(theme.border, 1))
            painter.drawLine(round(middle), top, round(middle), top + height)
        painter.end()

    def _paint_skip(self, painter: QPainter, row: PairedLine, top: int, height: int) -> None:
        theme = self._keeper.theme
        box = QRectF(0, top, self.width(), height)
        painter.fillRect(box, theme.header)
        painter.setPen(theme.placeholder)
        painter.drawText(box, int(CENTRE), plural(row.n_skipped, "equal line"))

    def _paint_side(self, painter: QPainter, row: PairedLine, box: QRectF, *, is_old: bool) -> None:
        theme = self._keeper.theme
        text, number = (row.old, row.old_number) if is_old else (row.new, row.new_number)
        if text is None:
            painter.fillRect(box, theme.header)
            return
        painter.save()
        painter.setClipRect(box)
        metrics = painter.fontMetrics()
        left = box.left() + self._number_width(metrics) + 10
        colour = theme.text
        if not row.is_equal:
            colour = theme.error_text if is_old else theme.ok_text
            painter.fillRect(box, theme.error_fill if is_old else theme.ok_fill)
        marked = self._marked[0 if is_old else 1]
        if marked is not None and marked[0] <= number <= marked[1]:
            painter.fillRect(QRectF(box.left(), box.top(), 3, box.height()), theme.accent)
        painter.setPen(theme.placeholder if row.is_equal else theme.secondary)
        numbers = QRectF(box.left() + 4, box.top(), self._number_width(metrics), box.height())
        painter.drawText(numbers, int(RIGHT), str(number))
        painter.setPen(colour)
        if not row.is_equal:
            sign = QRectF(left, box.top(), _SIGN_WIDTH, box.height())
            painter.drawText(sign, int(LEFT), _MINUS if is_old else "+")
        left += _SIGN_WIDTH
        place = QRectF(left, box.top(), max(0.0, box.right() - left), box.height())
        self._paint_text(painter, row, text, place, colour, is_old=is_old)
        painter.restore()

    def _paint_text(
        self,
        painter: QPainter,
        row: PairedLine,
        text: str,
        place: QRectF,
        colour: QColor,
        *,
        is_old: bool,
    ) -> None:
        """The line; of one that has its like on the other side, what differs is underlined."""
        metrics = painter.fontMetrics()
        shown = text.replace("\t", "    ")
        painter.drawText(place, int(LEFT), shown)
        if row.is_equal or row.old is None or row.new is None or "\t" in text:
            return
        start, end = row.changed_spans[0 if is_old else 1]
        begin = place.left() + metrics.horizontalAdvance(text[:start])
        width = metrics.horizontalAdvance(text[start:end])
        painter.setPen(QPen(colour, 1))
        base = place.bottom() - 2
        painter.drawLine(round(begin), round(base), round(begin + width), round(base))

    def _number_width(self, metrics: QFontMetrics) -> int:
        return metrics.horizontalAdvance("0" * max(3, len(str(self._largest_number))))

    def row_height(self) -> int:
        """The height of a row in pixels."""
        return QFontMetrics(fixed_font()).height() + 4
