"""The histogram widget: draws a view, reads out the bin under the mouse or the arrow keys."""

from __future__ import annotations

from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from core.words import count_text, share_text
from gui.panels.histogram.painting import PlotFrame, paint_histogram, plan_frame
from gui.panels.histogram.view import HistogramView
from gui.panels.histogram.words import bin_text
from gui.theme import ThemeKeeper
from gui.widgets.readout import paint_readout


class HistogramPlot(QWidget):
    """Paints one HistogramView and its hover readout; Left and Right walk the bins."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._view: HistogramView | None = None
        self._bin: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAccessibleName("Histogram")
        keeper.changed.connect(self.update)

    def show_view(self, view: HistogramView | None) -> None:
        """Draw `view`, or nothing."""
        self._view = view
        self._bin = None
        self.update()

    def readout(self) -> tuple[str, ...]:
        """The lines shown for the bin under the mouse; empty when there is none."""
        if self._view is None or self._bin is None:
            return ()
        return readout_lines(self._view, self._bin)

    def sizeHint(self) -> QSize:
        return QSize(420, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(260, 120)

    def frame(self) -> PlotFrame | None:
        """Where the parts of the plot lie now."""
        if self._view is None:
            return None
        return plan_frame(self._view, QRectF(self.rect()), self.font())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._keeper.theme.panel)
        frame = self.frame()
        if self._view is None or frame is None:
            return
        paint_histogram(painter, self._view, frame, self._keeper.theme)
        if self._bin is not None:
            self._paint_readout(painter, self._view, frame, self._bin)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        frame = self.frame()
        if self._view is None or frame is None:
            return
        inside = frame.bins.adjusted(0, -8, 0, 8).contains(event.localPos())
        self._select(self._view.bin_at(frame.x.value(event.localPos().x())) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        self._select(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._view is None:
            return
        step = {Qt.Key_Left: -1, Qt.Key_Right: 1}.get(Qt.Key(event.key()))
        if event.key() == Qt.Key_Escape and self._bin is not None:
            self._select(None)
        elif step is None:
            super().keyPressEvent(event)
        else:
            start = self._view.bin_at(0.0) - step if self._bin is None else self._bin
            self._select(min(max(start + step, 0), self._view.n_bins - 1))

    def _select(self, index: int | None) -> None:
        if index != self._bin:
            self._bin = index
            self.update()

    def _paint_readout(
        self, painter: QPainter, view: HistogramView, frame: PlotFrame, index: int
    ) -> None:
        theme = self._keeper.theme
        x = frame.x.pixel(float(view.edges[index : index + 2].mean()))
        painter.setPen(QPen(theme.text, 1.0))
        painter.drawLine(
            QPointF(round(x), frame.bins.top()), QPointF(round(x), frame.bins.bottom())
        )
        anchor = QRectF(x, frame.bins.top() + 14, 0, 0)
        paint_readout(painter, readout_lines(view, index), anchor, QRectF(self.rect()), theme)


def readout_lines(view: HistogramView, index: int) -> tuple[str, ...]:
    """The interval of bin `index`, then how many values of each series it holds."""
    low, high = float(view.edges[index]), float(view.edges[index + 1])
    head = bin_text(low, high, is_last=index == view.n_bins - 1)
    counts = [int(one.histogram.counts[index]) for one in view.series]
    totals = [one.statistics.n_values for one in view.series]
    if len(set(counts)) == 1 and len(set(totals)) == 1:
        who = "A and B: " if len(counts) == 2 else ""
        share = f"{share_text(counts[0], totals[0], 2)} of {count_text(totals[0])}"
        return head, f"{who}{_values(counts[0])}", share
    lines = (
        f"{one.letter}: {_values(count)}, {share_text(count, total, 2)}"
        for one, count, total in zip(view.series, counts, totals, strict=True)
    )
    return head, *lines


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count_text(count)} values"
