"""The layers evaluated so far: mAP as bars with 95 % intervals; a click opens that layer."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from core.net.elision import elide_names
from gui.panels.retrieval.view import EvaluationRow, RecipeChoice, evaluation_note
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT, TOP, TOP_LEFT
from gui.widgets.plain_text import plain_tip

HEADER_HEIGHT, ROW_HEIGHT, FOOT_HEIGHT = 46, 24, 60
VALUE_COLUMNS = (("mAP", 46), ("95 %", 88), ("P@1", 44), ("Dim", 56), ("Queries", 58))


class EvaluationChart(QWidget):
    """Rows sorted by mAP; Up, Down and Enter work like the mouse."""

    recipe_requested = pyqtSignal(object)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._rows: tuple[EvaluationRow, ...] = ()
        self._current: RecipeChoice | None = None
        self._cursor = 0
        self._shown: tuple[float, tuple[str, ...]] = (0.0, ())
        self.setFocusPolicy(Qt.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Layers evaluated")
        keeper.changed.connect(self.update)

    def show_rows(self, rows: Sequence[EvaluationRow], current: RecipeChoice | None) -> None:
        """Show `rows`, best first; `current` is the representation shown in the ranking."""
        self._rows = tuple(sorted(rows, key=lambda row: -row.mean_ap))
        self._current = current
        self._shown = (0.0, ())
        self._cursor = min(self._cursor, max(0, len(rows) - 1))
        self.setMinimumHeight(HEADER_HEIGHT + ROW_HEIGHT * len(rows) + FOOT_HEIGHT)
        lines = (
            f"{row.label}: {row.measure} {row.number(row.mean_ap)} ({interval_text(row)})"
            for row in self._rows
        )
        self.setToolTip(plain_tip("\n".join(lines)))
        self.update()

    @property
    def rows(self) -> tuple[EvaluationRow, ...]:
        """The rows as shown, best first."""
        return self._rows

    def sizeHint(self) -> QSize:
        return QSize(560, HEADER_HEIGHT + ROW_HEIGHT * max(3, len(self._rows)) + FOOT_HEIGHT)

    def row_at(self, y: float) -> EvaluationRow | None:
        """The row under a height in pixels."""
        index = int((y - HEADER_HEIGHT) // ROW_HEIGHT)
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.localPos().y())
        if row is not None and event.button() == Qt.LeftButton:
            self._cursor = self._rows.index(row)
            self.recipe_requested.emit(row.recipe)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        is_on_row = self.row_at(event.localPos().y()) is not None
        self.setCursor(Qt.PointingHandCursor if is_on_row else Qt.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key_Up: -1, Qt.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is not None and self._rows:
            self._cursor = min(max(self._cursor + step, 0), len(self._rows) - 1)
            self.update()
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter) and self._rows:
            self.recipe_requested.emit(self._rows[self._cursor].recipe)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.fillRect(self.rect(), theme.panel)
        if not self._rows:
            return
        bars = self._bars_area(painter)
        self._paint_header(painter, bars)
        for number, row in enumerate(self._rows):
            self._paint_row(painter, number, row, bars)
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        foot = QRectF(12, bars.bottom() + 8, self.width() - 24, 16)
        painter.drawText(foot, LEFT, "Click a bar to open that layer's ranking.")
        note = QRectF(12, foot.bottom() + 2, foot.width(), 2 * 16)
        painter.drawText(note, TOP_LEFT | Qt.TextWordWrap, evaluation_note(self._rows))

    def _bars_area(self, painter: QPainter) -> QRectF:
        painter.setFont(text_font(12, semibold=True))
        metrics = painter.fontMetrics()
        names = max(metrics.horizontalAdvance(row.label) for row in self._rows)
        left = 12 + min(names, self.width() // 3) + 10
        right = self.width() - 12 - sum(width for _, width in self._columns()) - 8
        height = ROW_HEIGHT * len(self._rows)
        return QRectF(left, HEADER_HEIGHT, max(40, right - left), height)

    def _columns(self) -> tuple[tuple[str, int], ...]:
        """All value columns where there is room, else mAP and its interval."""
        return VALUE_COLUMNS if self.width() > 640 else VALUE_COLUMNS[:2]

    def _paint_header(self, painter: QPainter, bars: QRectF) -> None:
        theme = self._keeper.theme
        painter.setFont(text_font(11))
        for percent in (0, 25, 50, 75, 100):
            x = round(bars.left() + bars.width() * percent / 100)
            painter.setPen(theme.grid)
            painter.drawLine(QPointF(x, bars.top()), QPointF(x, bars.bottom()))
            painter.setPen(theme.secondary)
            share = percent / 100
            words = f"{self._rows[0].number(share)}".removesuffix(".0").removesuffix(".00")
            painter.drawText(QRectF(x - 20, bars.top() - 16, 40, 14), TOP, words)
        painter.setPen(theme.text)
        painter.setFont(text_font(11, semibold=True))
        head = QRectF(12, 6, self.width() - 24, 16)
        measure = self._rows[0].measure_text
        painter.drawText(head, LEFT, measure)
        start = head.left() + painter.fontMetrics().horizontalAdvance(measure) + 8
        painter.setPen(theme.secondary)
        painter.setFont(text_font(11))
        truth = self._rows[0].truth
        words = "line = 95 % interval over queries (bootstrap)" + (f"; {truth}" if truth else "")
        painter.drawText(QRectF(start, 6, self.width() - start, 16), LEFT, words)
        left = bars.right() + 8
        for name, width in self._columns():
            painter.drawText(QRectF(left, HEADER_HEIGHT - 18, width, 16), RIGHT, name)
            left += width

    def _paint_row(self, painter: QPainter, number: int, row: EvaluationRow, bars: QRectF) -> None:
        theme = self._keeper.theme
        top = HEADER_HEIGHT + number * ROW_HEIGHT
        is_current = row.recipe == self._current
        if is_current:
            painter.fillRect(QRectF(0, top, self.width(), ROW_HEIGHT), theme.selected_row)
        if self.hasFocus() and number == self._cursor:
            painter.setPen(QPen(theme.accent, 1))
            painter.drawRect(QRectF(0.5, top + 0.5, self.width() - 1, ROW_HEIGHT - 1))
        painter.setFont(text_font(12, semibold=is_current))
        painter.setPen(theme.text)
        name = QRectF(12, top, bars.left() - 22, ROW_HEIGHT)
        label = self._names(name.width())[number]
        label = painter.fontMetrics().elidedText(label, Qt.ElideMiddle, int(name.width()))
        painter.drawText(name, RIGHT, label)
        bar = QRectF(bars.left(), top + 5, bars.width() * row.mean_ap, ROW_HEIGHT - 10)
        painter.fillRect(bar, theme.accent if is_current else theme.sweep_bar)
        self._paint_interval(painter, row, bars, top + ROW_HEIGHT / 2)
        self._paint_values(painter, row, bars.right() + 8, top)

    def _names(self, room: float) -> tuple[str, ...]:
        """What stands for the rows, of which no two read alike."""
        if self._shown[0] != room:
            measure = QFontMetrics(text_font(12, semibold=True)).horizontalAdvance
            self._shown = (room, elide_names([row.label for row in self._rows], room, measure))
        return self._shown[1]

    def _paint_interval(
        self, painter: QPainter, row: EvaluationRow, bars: QRectF, middle: float
    ) -> None:
        low, high = (bars.left() + bars.width() * end for end in (row.low, row.high))
        painter.setPen(QPen(self._keeper.theme.text, 1.5))
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        for x in (low, high):
            painter.drawLine(QPointF(x, middle - 4), QPointF(x, middle + 4))

    def _paint_values(self, painter: QPainter, row: EvaluationRow, x: float, top: float) -> None:
        theme = self._keeper.theme
        texts = (
            row.number(row.mean_ap),
            interval_text(row),
            f"{row.precision_at_1:.2f}",
            f"{row.dimension:,}",
            f"{row.n_queries:,}",
        )
        for index, ((_, width), text) in enumerate(zip(self._columns(), texts, strict=False)):
            painter.setFont(text_font(12, semibold=index == 0))
            painter.setPen(theme.text if index == 0 else theme.secondary)
            painter.drawText(QRectF(x, top, width, ROW_HEIGHT), RIGHT, text)
            x += width


def interval_text(row: EvaluationRow) -> str:
    """ "81.2 to 89.6", in percent."""
    return f"{row.number(row.low)} to {row.number(row.high)}"
