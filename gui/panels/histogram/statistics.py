"""The statistics table beside the histogram: B stands out where it differs from A."""

from __future__ import annotations

from PyQt5.QtCore import QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QFont, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PyQt5.QtWidgets import QApplication, QWidget

from core.activations.statistics import Statistics
from core.words import count_text, share_text, value_text
from gui.panels.histogram.painting import series_colour
from gui.panels.histogram.view import HistogramView
from gui.theme import ThemeKeeper
from gui.widgets.alignment import LEFT, RIGHT

HEADER_HEIGHT = 24
ROW_HEIGHT = 15
NAME_WIDTH = 56
NAMES = (
    *("values", "min", "max", "mean", "std", "median", "p1", "p99"),
    *("zeros", "sparsity", "negative", "NaN, Inf", "L2 norm"),
)


def statistics_texts(one: Statistics) -> tuple[str, ...]:
    """The cells of one series, in the order of NAMES."""
    measures = (one.minimum, one.maximum, one.mean, one.std, one.median, one.p1, one.p99)
    return (
        count_text(one.n_values),
        *(value_text(measure) for measure in measures),
        count_text(one.n_zeros),
        share_text(one.n_zeros, one.n_values),
        count_text(one.n_negative),
        f"{count_text(one.n_nan)}, {count_text(one.n_inf)}",
        value_text(one.l2),
    )


class StatisticsTable(QWidget):
    """Paints the statistics of up to two series; Ctrl+C copies them as tab-separated text."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._view: HistogramView | None = None
        self.setFocusPolicy(Qt.ClickFocus)
        self.setAccessibleName("Statistics")
        self.setToolTip("Ctrl+C copies the table")
        keeper.changed.connect(self.update)

    def show_view(self, view: HistogramView | None) -> None:
        """Show the statistics of every series in `view`."""
        self._view = view
        self.updateGeometry()
        self.update()

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Name and cells of each row, as text."""
        if self._view is None:
            return ()
        columns = [statistics_texts(one.statistics) for one in self._view.series]
        return tuple(zip(NAMES, *columns, strict=True))

    def text(self) -> str:
        """The whole table, tab-separated, with its header."""
        if self._view is None:
            return ""
        header = ("Statistic", *(f"{one.letter} {one.label}" for one in self._view.series))
        return "\n".join("\t".join(row) for row in (header, *self.rows()))

    def sizeHint(self) -> QSize:
        return QSize(self._wanted_width(), HEADER_HEIGHT + ROW_HEIGHT * len(NAMES) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._wanted_width(), HEADER_HEIGHT + ROW_HEIGHT * len(NAMES))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None and event.matches(QKeySequence.Copy):
            clipboard.setText(self.text())
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._keeper.theme
        painter.fillRect(self.rect(), theme.panel)
        if self._view is None:
            return
        painter.fillRect(QRect(0, 0, self.width(), HEADER_HEIGHT), theme.header)
        painter.setPen(theme.border)
        painter.drawLine(0, HEADER_HEIGHT - 1, self.width(), HEADER_HEIGHT - 1)
        self._paint_header(painter, self._view)
        for number, row in enumerate(self.rows()):
            self._paint_row(painter, number, row)

    def _paint_header(self, painter: QPainter, view: HistogramView) -> None:
        painter.setFont(self._font(is_bold=True))
        painter.setPen(self._keeper.theme.text)
        first, *cells = self._cells(0, HEADER_HEIGHT)
        painter.drawText(first, LEFT, "Statistic")
        for cell, one in zip(cells, view.series, strict=True):
            painter.setPen(series_colour(one.letter, self._keeper.theme))
            title = painter.fontMetrics().elidedText(
                f"{one.letter} {one.label}", Qt.ElideMiddle, int(cell.width())
            )
            painter.drawText(cell, RIGHT, title)

    def _paint_row(self, painter: QPainter, number: int, row: tuple[str, ...]) -> None:
        theme = self._keeper.theme
        top = HEADER_HEIGHT + number * ROW_HEIGHT
        if number % 2 == 1:
            painter.fillRect(QRect(0, top, self.width(), ROW_HEIGHT), theme.alternate_row)
        name, *cells = self._cells(top, ROW_HEIGHT)
        painter.setFont(self._font())
        painter.setPen(theme.secondary)
        painter.drawText(name, LEFT, row[0])
        painter.setPen(theme.text)
        for index, cell in enumerate(cells, start=1):
            painter.setFont(self._font(is_bold=index == 2 and row[2] != row[1]))
            painter.drawText(cell, RIGHT, row[index])

    def _cells(self, top: int, height: int) -> list[QRectF]:
        n_series = len(self._view.series) if self._view else 1
        name = float(NAME_WIDTH)
        width = (self.width() - 8 - name) / n_series
        cells = [QRectF(8, top, name, height)]
        for index in range(n_series):
            cells.append(QRectF(8 + name + index * width, top, width - 8, height))
        return cells

    def _wanted_width(self) -> int:
        if self._view is None:
            return 204
        metrics = QFontMetrics(self._font(is_bold=True))
        n_series = len(self._view.series)
        widest = max(metrics.horizontalAdvance(cell) for row in self.rows() for cell in row[1:])
        titles = (metrics.horizontalAdvance(f"B {one.label}") for one in self._view.series)
        cell = max(widest, min(96, max(titles))) + 12
        return max(150, 8 + NAME_WIDTH + n_series * cell)

    def _font(self, *, is_bold: bool = False) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(11)
        font.setWeight(QFont.DemiBold if is_bold else QFont.Normal)
        return font
