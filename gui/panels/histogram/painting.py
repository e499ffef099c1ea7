"""Draws a histogram with QPainter: the exact zeros apart, then the bins, on screen or in a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from core.words import count_text, share_text
from gui.panels.histogram.scales import Scale, count_axis, linear_ticks
from gui.panels.histogram.view import HistogramView, Series, side_sentences
from gui.panels.histogram.words import tick_text
from gui.theme import Theme
from gui.widgets.alignment import CENTRE, LEFT, RIGHT, TOP, TOP_LEFT, TOP_RIGHT

HEADING_HEIGHT = 24.0
AXIS_HEIGHT = 22.0
ZEROS_WIDTH = 62.0
FILL_ALPHA = round(0.28 * 255)
TICK_PIXELS = 10.5


@dataclass(frozen=True)
class PlotFrame:
    """Where things lie, in pixels: the panel of exact zeros, the bins, and their scales."""

    zeros: QRectF
    bins: QRectF
    x: Scale
    y: Scale
    y_ticks: tuple[float, ...]


def tick_font(base: QFont, *, is_bold: bool = False) -> QFont:
    """The font of tick labels and headings: 10.5 px."""
    font = QFont(base)
    font.setPixelSize(round(TICK_PIXELS + 0.5))
    font.setWeight(QFont.DemiBold if is_bold else QFont.Normal)
    return font


def plan_frame(view: HistogramView, area: QRectF, base: QFont) -> PlotFrame:
    """Lay the zeros panel and the bins into `area`."""
    metrics = QFontMetricsF(tick_font(base))
    top = area.top() + HEADING_HEIGHT
    height = max(20.0, area.height() - HEADING_HEIGHT - AXIS_HEIGHT)
    zeros_left = area.left() + 8 + metrics.horizontalAdvance("100 %") + 6
    zeros = QRectF(zeros_left, top, ZEROS_WIDTH, height)
    low, high, ticks = count_axis(view.highest_count, max(2, int(height // 45)), is_log=view.is_log)
    widest = max(metrics.horizontalAdvance(tick_text(t, 1.0)) for t in (*ticks, 0.0))
    left = zeros.right() + 12 + metrics.height() + 6 + widest + 6
    bins = QRectF(left, top, max(20.0, area.right() - 16 - left), height)
    return PlotFrame(
        zeros,
        bins,
        Scale(float(view.edges[0]), float(view.edges[-1]), bins.left(), bins.right()),
        Scale(low, high, bins.bottom(), bins.top(), view.is_log),
        ticks,
    )


def paint_histogram(painter: QPainter, view: HistogramView, frame: PlotFrame, theme: Theme) -> None:
    """Draw the whole plot of `view` laid out by `plan_frame`."""
    painter.setRenderHint(QPainter.Antialiasing, False)
    _paint_zeros(painter, view, frame.zeros, theme)
    _paint_count_axis(painter, frame, theme)
    _paint_value_axis(painter, view, frame, theme)
    for one in view.series:
        colour = series_colour(one.letter, theme)
        _paint_series(painter, one, frame, colour, is_filled=one.letter == "A")
    _paint_zero_line(painter, view, frame, theme)
    _paint_sides(painter, view, frame, theme)


def series_colour(letter: str, theme: Theme) -> QColor:
    """The colour of series A or B."""
    return QColor(theme.series_a if letter == "A" else theme.series_b)


def series_path(counts: np.ndarray, edges: np.ndarray, frame: PlotFrame) -> QPainterPath:
    """The outline over the bins from the first to the last that is not empty.

    counts: (bins,) int64; edges: (bins + 1,) float64, in units of the value.
    """
    path = QPainterPath()
    filled = np.flatnonzero(counts)
    if not len(filled):
        return path
    first, last = int(filled[0]), int(filled[-1])
    base = frame.y.start
    path.moveTo(frame.x.pixel(float(edges[first])), base)
    for index in range(first, last + 1):
        y = frame.y.pixel(float(counts[index]))
        path.lineTo(frame.x.pixel(float(edges[index])), y)
        path.lineTo(frame.x.pixel(float(edges[index + 1])), y)
    path.lineTo(frame.x.pixel(float(edges[last + 1])), base)
    return path


def _paint_series(
    painter: QPainter, one: Series, frame: PlotFrame, colour: QColor, *, is_filled: bool
) -> None:
    path = series_path(one.histogram.counts, one.histogram.edges, frame)
    painter.save()
    painter.setRenderHint(QPainter.Antialiasing, True)
    if is_filled:
        fill = QColor(colour)
        fill.setAlpha(FILL_ALPHA)
        painter.fillPath(path, fill)
    pen = QPen(colour, 1.0 if is_filled else 2.0)
    pen.setJoinStyle(Qt.MiterJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.NoBrush)
    painter.drawPath(path)
    painter.restore()


def _paint_zeros(painter: QPainter, view: HistogramView, area: QRectF, theme: Theme) -> None:
    font = painter.font()
    painter.setFont(tick_font(font, is_bold=True))
    painter.setPen(theme.text)
    heading = QRectF(area.left() - 20, area.top() - HEADING_HEIGHT, area.width() + 40, 20)
    painter.drawText(heading, CENTRE, "exactly 0")
    painter.setFont(tick_font(font))
    for percent in (0, 50, 100):
        y = round(area.bottom() - area.height() * percent / 100)
        painter.setPen(theme.border if percent == 0 else theme.grid)
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(theme.secondary)
        label = QRectF(area.left() - 56, y - 8, 50, 16)
        painter.drawText(label, RIGHT, f"{percent} %")
    slot = area.width() / len(view.series)
    for index, one in enumerate(view.series):
        _paint_zero_bar(painter, one, area, area.left() + (index + 0.5) * slot, theme)
    painter.setFont(font)


def _paint_zero_bar(
    painter: QPainter, one: Series, area: QRectF, centre: float, theme: Theme
) -> None:
    colour = series_colour(one.letter, theme)
    n_values, n_zeros = one.statistics.n_values, one.statistics.n_zeros
    height = area.height() * n_zeros / n_values if n_values else 0.0
    bar = QRectF(centre - 10, area.bottom() - height, 20, height)
    if one.letter == "A":
        fill = QColor(colour)
        fill.setAlpha(FILL_ALPHA)
        painter.fillRect(bar, fill)
        painter.setPen(colour)
        painter.setBrush(Qt.NoBrush)
        painter.drawRect(bar)
    else:
        painter.fillRect(bar, colour)
    painter.setPen(theme.text)
    label = QRectF(centre - 30, max(area.top() - 15, bar.top() - 16), 60, 14)
    painter.drawText(label, CENTRE, share_text(n_zeros, n_values, 0))
    painter.save()
    painter.setFont(tick_font(painter.font(), is_bold=True))
    painter.setPen(colour)
    below = QRectF(centre - 15, area.bottom() + 4, 30, 16)
    painter.drawText(below, TOP, one.letter)
    painter.restore()


def _paint_count_axis(painter: QPainter, frame: PlotFrame, theme: Theme) -> None:
    font, bins = painter.font(), frame.bins
    painter.setFont(tick_font(font))
    widest = 0.0
    for tick in frame.y_ticks:
        y = round(frame.y.pixel(tick))
        painter.setPen(theme.grid)
        painter.drawLine(QPointF(bins.left(), y), QPointF(bins.right(), y))
        painter.setPen(theme.secondary)
        text = tick_text(tick, 1.0)
        widest = max(widest, painter.fontMetrics().horizontalAdvance(text))
        label = QRectF(bins.left() - 86, y - 8, 80, 16)
        painter.drawText(label, RIGHT, text)
    painter.save()
    painter.translate(bins.left() - widest - 14, bins.center().y())
    painter.rotate(-90)
    words = "values per bin (log)" if frame.y.is_log else "values per bin"
    painter.drawText(QRectF(-90, -14, 180, 16), CENTRE, words)
    painter.restore()
    painter.setFont(font)


def _paint_value_axis(
    painter: QPainter, view: HistogramView, frame: PlotFrame, theme: Theme
) -> None:
    font, bins = painter.font(), frame.bins
    painter.setFont(tick_font(font))
    metrics = painter.fontMetrics()
    painter.setPen(theme.outline)
    painter.drawLine(bins.bottomLeft(), bins.bottomRight())
    painter.setPen(theme.secondary)
    name_left = bins.right() - metrics.horizontalAdvance("value")
    painter.drawText(QRectF(name_left, bins.bottom() + 4, 60, 16), TOP_LEFT, "value")
    ticks = linear_ticks(frame.x.low, frame.x.high, max(2, int(bins.width() // 45)))
    step = ticks[1] - ticks[0] if len(ticks) > 1 else frame.x.high - frame.x.low
    for tick in ticks:
        x = round(frame.x.pixel(tick))
        painter.drawLine(QPointF(x, bins.bottom()), QPointF(x, bins.bottom() + 3))
        text = tick_text(tick, step)
        half = metrics.horizontalAdvance(text) / 2
        if x + half + 6 < name_left:
            label = QRectF(x - 40, bins.bottom() + 4, 80, 16)
            painter.drawText(label, TOP, text)
    _paint_outside(painter, view, frame, theme)
    painter.setFont(font)


def _paint_outside(painter: QPainter, view: HistogramView, frame: PlotFrame, theme: Theme) -> None:
    """Say at the ends of the axis how many values lie beyond it, when any do."""
    below = max(one.histogram.n_below for one in view.series)
    above = max(one.histogram.n_above for one in view.series)
    area = frame.bins.adjusted(2, 2, -2, 0)
    painter.setPen(theme.secondary)
    if below:
        words = f"{count_text(below)} below"
        painter.drawText(area, TOP_LEFT, words)
    if above:
        words = f"{count_text(above)} above"
        painter.drawText(area, TOP_RIGHT, words)


def _paint_zero_line(
    painter: QPainter, view: HistogramView, frame: PlotFrame, theme: Theme
) -> None:
    if not frame.x.low <= 0 <= frame.x.high:
        return
    pen = QPen(theme.secondary, 1.0, Qt.CustomDashLine)
    pen.setDashPattern([3.0, 3.0])
    painter.setPen(pen)
    x = round(frame.x.pixel(0.0))
    painter.drawLine(QPointF(x, frame.bins.top() - 4), QPointF(x, frame.bins.bottom()))


def _paint_sides(painter: QPainter, view: HistogramView, frame: PlotFrame, theme: Theme) -> None:
    left, right = side_sentences(view)
    font = painter.font()
    painter.setFont(tick_font(font, is_bold=True))
    x, top = frame.x.pixel(0.0), frame.bins.top() - HEADING_HEIGHT
    metrics = painter.fontMetrics()
    if left and x - metrics.horizontalAdvance(left) - 6 > frame.zeros.right() + 14:
        painter.setPen(series_colour("B" if "B only" in left else "A", theme))
        area = QRectF(x - 206, top, 200, 20)
        painter.drawText(area, RIGHT, left)
    if right and x + metrics.horizontalAdvance(right) + 6 < frame.bins.right() + 12:
        painter.setPen(series_colour("A" if "A only" in right else "B", theme))
        painter.drawText(QRectF(x + 6, top, 200, 20), LEFT, right)
    painter.setFont(font)
