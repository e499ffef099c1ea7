"""Class scores before and after, two bars a class."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from gui.panels.interventions.view import ScoreRow
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT

ROW, HEADER, NUMBER = 30, 24, 58


class ScoreBars(QWidget):
    """Rows with a name, a bar of before over one of after, and three numbers."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._rows: tuple[ScoreRow, ...] = ()
        self._after = ""
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    def show_rows(self, rows: Sequence[ScoreRow], n_active: int) -> None:
        """Show these; n_active: of how many interventions it is after."""
        self._rows = tuple(rows)
        self._after = f"after {n_active}" if n_active > 1 else "after"
        words = (f"{r.name} {r.before_text}, then {r.after_text}" for r in rows)
        self.setAccessibleName("; ".join(words))
        self.updateGeometry()
        self.update()

    @property
    def lines(self) -> tuple[tuple[str, str, str, str], ...]:
        """What is written: name, before, after, change."""
        return tuple((r.name, r.before_text, r.after_text, r.change_text) for r in self._rows)

    def sizeHint(self) -> QSize:
        return QSize(420, HEADER + ROW * len(self._rows) if self._rows else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(280, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._keeper.theme, QPainter(self)
        if not self._rows:
            return
        painter.setRenderHint(QPainter.Antialiasing)
        numbers = self.width() - 3 * NUMBER
        painter.setFont(text_font(11, semibold=True))
        painter.setPen(theme.secondary)
        painter.drawText(QRectF(0, 0, numbers, HEADER - 4), LEFT, "CLASS SCORES")
        painter.setFont(text_font(11))
        painter.setPen(theme.series_a)
        painter.drawText(QRectF(numbers, 0, NUMBER, HEADER - 4), RIGHT, "before")
        painter.setPen(theme.series_b)
        painter.drawText(QRectF(numbers + NUMBER, 0, NUMBER, HEADER - 4), RIGHT, self._after)
        painter.setPen(theme.border)
        painter.drawLine(0, HEADER - 3, self.width(), HEADER - 3)
        bars = min(180.0, 0.45 * numbers)
        most = max((max(r.before, r.after) for r in self._rows), default=0.0) or 1.0
        for place, row in enumerate(self._rows):
            self._paint_row(painter, row, HEADER + ROW * place, bars, numbers, most, place == 0)
        painter.end()

    def _paint_row(
        self, painter: QPainter, row: ScoreRow, top: float, bars: float, numbers: float,
        most: float, is_first: bool,
    ) -> None:  # fmt: skip
        theme = self._keeper.theme
        name_width = numbers - bars - 8
        font = text_font(12, semibold=is_first)
        painter.setFont(font)
        painter.setPen(theme.text)
        name = QFontMetrics(font).elidedText(row.name, Qt.ElideRight, int(name_width))
        painter.drawText(QRectF(0, top, name_width, ROW - 4), LEFT, name)
        painter.setPen(Qt.NoPen)
        for line, (share, colour) in enumerate(
            ((row.before, theme.series_a), (row.after, theme.series_b))
        ):
            painter.setBrush(colour)
            length = max(1.0, (bars - 10) * max(0.0, share) / most) if share else 0.0
            painter.drawRect(QRectF(name_width + 4, top + 4 + 9 * line, length, 8))
        painter.setFont(text_font(12))
        painter.setPen(theme.secondary)
        painter.drawText(QRectF(numbers, top, NUMBER, ROW - 4), RIGHT, row.before_text)
        painter.setFont(text_font(12, semibold=True))
        painter.setPen(theme.text)
        painter.drawText(QRectF(numbers + NUMBER, top, NUMBER, ROW - 4), RIGHT, row.after_text)
        painter.setPen(theme.ok_text if row.after > row.before else theme.warning_text)
        if row.after == row.before:
            painter.setPen(theme.secondary)
        painter.drawText(QRectF(numbers + 2 * NUMBER, top, NUMBER, ROW - 4), RIGHT, row.change_text)
