"""The histogram of a layer in the inspector: zeros apart, before filled, after outlined."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt5.QtWidgets import QSizePolicy, QWidget

from core.words import share_text, value_text
from gui.panels.histogram.colours import series_colour
from gui.panels.histogram.view import HistogramView, Series
from gui.theme import ThemeKeeper, text_font
from gui.widgets.plain_text import plain_tip

HEIGHT, AXIS = 92, 16
_ZEROS, _GAP, _BAR = 44, 12, 12
_FILL = 0.28
_LABEL = 10.5


class SmallHistogram(QWidget):
    """Paints what the Layer page plots, without its tools; a click there opens that page."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._view: HistogramView | None = None
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("How the values spread")
        keeper.changed.connect(self.update)

    @property
    def view(self) -> HistogramView | None:
        """What is drawn."""
        return self._view

    def show_view(self, view: HistogramView | None) -> None:
        """Draw one or two values, or nothing."""
        self._view = view
        words = "" if view is None else "\n".join(map(series_words, view.series))
        self.setToolTip(plain_tip(words))
        self.setAccessibleDescription(words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(220, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        view = self._view
        if view is None:
            return
        painter = QPainter(self)
        painter.setFont(text_font(_LABEL))
        floor = float(self.height() - AXIS)
        zeros = QRectF(0, 14, _ZEROS, floor - 14)
        bins = QRectF(_ZEROS + _GAP, 4, self.width() - _ZEROS - _GAP, floor - 4)
        self._paint_axis(painter, zeros, bins, view)
        for place, one in enumerate(view.series):
            self._paint_zeros(painter, zeros, one, place, len(view.series))
            self._paint_bins(painter, bins, one, view.highest_count)
        painter.end()

    def _paint_axis(
        self, painter: QPainter, zeros: QRectF, bins: QRectF, view: HistogramView
    ) -> None:
        theme = self._keeper.theme
        painter.setPen(QPen(theme.border, 1))
        for box in (zeros, bins):
            painter.drawLine(box.bottomLeft(), box.bottomRight())
        low, high = float(view.edges[0]), float(view.edges[-1])
        painter.setPen(theme.secondary)
        below = int(zeros.bottom()) + 2
        painter.drawText(QRectF(zeros.x(), below, zeros.width(), AXIS), Qt.AlignHCenter, "zeros")
        place = QRectF(bins.x(), below, bins.width(), AXIS)
        painter.drawText(place, Qt.AlignLeft, value_text(low))
        painter.drawText(place, Qt.AlignRight, value_text(high))
        if low < 0 < high:
            x = bins.x() + bins.width() * (0 - low) / (high - low)
            painter.setPen(QPen(theme.secondary, 1, Qt.DashLine))
            painter.drawLine(QPointF(x, bins.top()), QPointF(x, bins.bottom()))
            metrics = QFontMetrics(painter.font())
            ends = (metrics.horizontalAdvance(value_text(v)) + 10 for v in (low, high))
            left, right = ends
            if bins.x() + left < x < bins.right() - right:
                painter.setPen(theme.secondary)
                painter.drawText(QRectF(x - 10, below, 20, AXIS), Qt.AlignHCenter, "0")

    def _paint_zeros(
        self, painter: QPainter, box: QRectF, one: Series, place: int, n_series: int
    ) -> None:
        """The share of exact zeros as a bar, its number over the tallest."""
        theme = self._keeper.theme
        n_values, n_zeros = one.statistics.n_values, one.statistics.n_zeros
        share = n_zeros / n_values if n_values else 0.0
        middle = box.center().x() + (place - (n_series - 1) / 2) * (_BAR + 4)
        bar = QRectF(middle - _BAR / 2, box.bottom() - share * box.height(), _BAR, 0)
        bar.setBottom(box.bottom())
        self._dress(painter, one.letter)
        painter.drawRect(bar)
        if place == n_series - 1:
            painter.setPen(series_colour(one.letter, theme))
            words = share_text(n_zeros, n_values, 0)
            painter.drawText(QRectF(0, 0, box.right(), 14), Qt.AlignRight, words)

    def _paint_bins(self, painter: QPainter, box: QRectF, one: Series, highest: int) -> None:
        """The outline of the bins as steps, closed at the floor."""
        counts = one.histogram.counts
        if not highest or not len(counts):
            return
        xs = box.x() + box.width() * np.arange(len(counts) + 1) / len(counts)
        ys = box.bottom() - box.height() * counts / highest
        points = [QPointF(xs[0], box.bottom())]
        for left, right, y in zip(xs[:-1], xs[1:], ys, strict=True):
            points += [QPointF(left, y), QPointF(right, y)]
        points.append(QPointF(xs[-1], box.bottom()))
        self._dress(painter, one.letter)
        painter.drawPolygon(QPolygonF(points))

    def _dress(self, painter: QPainter, letter: str) -> None:
        """A is filled, B an outline, as in every histogram of the window."""
        colour = series_colour(letter, self._keeper.theme)
        fill = QColor(colour)
        fill.setAlphaF(_FILL if letter == "A" else 0.0)
        painter.setPen(QPen(colour, 1.0 if letter == "A" else 1.6))
        painter.setBrush(fill)


def series_words(one: Series) -> str:
    """ "A fc7 · fc7@0: mean -0.31, deviation 1.20, 0 % zeros"."""
    found = one.statistics
    return (
        f"{one.letter} {one.label}: mean {value_text(found.mean)},"
        f" deviation {value_text(found.std)},"
        f" {share_text(found.n_zeros, found.n_values, 0)} zeros"
    )
