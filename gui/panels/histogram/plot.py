"""The plot of a histogram: the exact zeros apart, then the bins, read out one by one."""

from __future__ import annotations

import math

import numpy as np
from PyQt5.QtCore import QPoint, QPointF, QSize, Qt
from PyQt5.QtGui import QKeyEvent, QMouseEvent
from PyQt5.QtWidgets import QWidget

from core.words import count_text, share_text, value_text, with_minus
from gui.panels.histogram.colours import series_colour
from gui.panels.histogram.view import HistogramView, Series, side_sentences
from gui.theme import Theme, ThemeKeeper
from gui.widgets.plain_text import Rich, rich
from gui.widgets.plot import (
    Axis,
    PlotView,
    Title,
    bar,
    dashed_line,
    label,
    solid_line,
    steps,
)

ZEROS_WIDTH, AXIS_HEIGHT = 112, 38
LOG_FLOOR = 0.5
"""Counts below one have no logarithm worth drawing: a log axis starts at half a value."""
HEADROOM, LOG_HEADROOM, ZEROS_HEADROOM = 1.06, 1.25, 1.2
BAR_WIDTH = 0.4


class HistogramPlot(PlotView):
    """Draws one HistogramView; the mouse, or Left and Right, read its bins out."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        parent: QWidget | None = None,
        *,
        has_legend: bool = False,
    ) -> None:
        """has_legend: name the series inside the plot, where they do not stand above it."""
        self._view: HistogramView | None = None
        self._bin: int | None = None
        self._zeros_axes = (Axis("bottom"), Axis("left", unit=" %", has_lines=True))
        self._axes = (Axis("bottom"), Axis("left", is_count=True, has_lines=True))
        super().__init__(keeper, parent)
        self._zeros = self._add_plot(0, *self._zeros_axes)
        self._bins = self._add_plot(1, *self._axes)
        self._zeros_title, self._bins_title = Title(self._zeros), Title(self._bins)
        self._zeros.setMouseEnabled(x=False, y=False)
        self.ci.layout.setColumnFixedWidth(0, ZEROS_WIDTH)
        for axis in (self._zeros_axes[0], self._axes[0]):
            axis.setHeight(AXIS_HEIGHT)
        self._legend = self._add_legend(self._bins)
        self._legend.setVisible(has_legend)
        self._cursor = solid_line(0.0, keeper.theme.text)
        self._cursor.hide()
        self.setAccessibleName("Histogram")
        self._dress()

    def show_view(self, view: HistogramView | None) -> None:
        """Draw `view` from end to end, or nothing."""
        self._view = view
        self._select(None)
        self._draw()
        self.show_all()

    def show_all(self) -> None:
        """Take the zoom back."""
        if self._view is None:
            return
        low, high = float(self._view.edges[0]), float(self._view.edges[-1])
        box = self._bins.getViewBox()
        box.setLimits(xMin=low, xMax=high)
        box.setRange(xRange=(low, high), padding=0)

    def place_of(self, value: float) -> QPoint:
        """Where in the widget a value lies, half way up."""
        box = self._bins.getViewBox()
        x = box.mapViewToScene(QPointF(value, 0.0)).x()
        return QPoint(self.mapFromScene(QPointF(x, box.sceneBoundingRect().center().y())))

    def shown_range(self) -> tuple[float, float]:
        """The values at both ends of the axis."""
        low, high = self._bins.getViewBox().viewRange()[0]
        return float(low), float(high)

    def sizeHint(self) -> QSize:
        return QSize(420, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 120)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._view is None:
            return
        step = {Qt.Key_Left: -1, Qt.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None:
            start = self._view.bin_at(0.0) - step if self._bin is None else self._bin
            self._select(min(max(start + step, 0), self._view.n_bins - 1))
        elif event.key() == Qt.Key_Escape and self._bin is not None:
            self._select(None)
        elif event.key() == Qt.Key_Escape:
            self.show_all()
            event.ignore()
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def _hover(self, place: QPointF) -> None:
        if self._view is None:
            return
        box = self._bins.getViewBox()
        is_inside = box.sceneBoundingRect().adjusted(0, -8, 0, 8).contains(place)
        self._select(self._view.bin_at(box.mapSceneToView(place).x()) if is_inside else None)

    def _leave(self) -> None:
        self._select(None)

    def _select(self, index: int | None) -> None:
        if index == self._bin:
            return
        self._bin = index
        self._cursor.setVisible(index is not None)
        if index is None or self._view is None:
            self._show_readout((), QPointF())
            return
        middle = float(self._view.edges[index : index + 2].mean())
        self._cursor.setValue(middle)
        box = self._bins.getViewBox()
        x = box.mapViewToScene(QPointF(middle, 0.0)).x()
        top = box.sceneBoundingRect().top()
        self._show_readout(readout_lines(self._view, index), QPointF(x, top + 14))

    def _draw(self) -> None:
        for plot in (self._zeros, self._bins):
            plot.clear()
        self._legend.clear()
        self._cursor.setPen(self.keeper.theme.text)
        if self._view is not None:
            self._draw_zeros(self._view, self.keeper.theme)
            self._draw_bins(self._view, self.keeper.theme)

    def _draw_zeros(self, view: HistogramView, theme: Theme) -> None:
        bottom, left = self._zeros_axes
        bottom.dress(theme, "")
        left.dress(theme, "")
        left.fit_width(100)
        left.setTicks([[(percent, f"{percent} %") for percent in (0, 50, 100)]])
        bottom.setTicks([[(i + 0.5, one.letter) for i, one in enumerate(view.series)]])
        for i, one in enumerate(view.series):
            self._draw_zero_bar(one, i + 0.5, theme)
        self._zeros_title.show_words("exactly 0", theme.text)
        box = self._zeros.getViewBox()
        box.setRange(xRange=(0, len(view.series)), yRange=(0, 100 * ZEROS_HEADROOM), padding=0)

    def _draw_zero_bar(self, one: Series, middle: float, theme: Theme) -> None:
        n_values, n_zeros = one.statistics.n_values, one.statistics.n_zeros
        percent = 100 * n_zeros / n_values if n_values else 0.0
        colour = series_colour(one.letter, theme)
        self._zeros.addItem(bar(middle, BAR_WIDTH, percent, colour, is_filled=one.letter == "A"))
        share = label(share_text(n_zeros, n_values, 0), theme.text, (0.5, 0.9))
        share.setPos(middle, percent)
        self._zeros.addItem(share)

    def _draw_bins(self, view: HistogramView, theme: Theme) -> None:
        bottom, left = self._axes
        left.setLogMode(False, view.is_log)
        bottom.dress(theme, "value")
        left.set_unit(" %" if view.is_share else "", is_count=not view.is_share)
        words = "" if view.is_share else "values per bin"
        left.dress(theme, f"{words} (log)" if view.is_log and words else words)
        left.fit_width(1e4 if view.is_share else max(10, view.highest_count) * LOG_HEADROOM)
        self._legend.setLabelTextColor(theme.text)
        self._legend.setBrush(theme.panel)
        for one in view.series:
            self._draw_series(one, view, theme)
        self._bins.addItem(self._cursor, ignoreBounds=True)
        self._draw_outside(view, theme)
        if view.edges[0] <= 0 <= view.edges[-1]:
            self._bins.addItem(dashed_line(0.0, theme.secondary))
        words = _coloured(side_sentences(view), theme)
        self._bins_title.show_words(words, theme.text)
        self._bins.getViewBox().setRange(yRange=self._range(view), padding=0)

    def _draw_series(self, one: Series, view: HistogramView, theme: Theme) -> None:
        counts = one.histogram.counts
        full = np.flatnonzero(counts)
        if not len(full):
            return
        first, last = int(full[0]), int(full[-1])
        scale = self._scale(one, view)
        heights = _height(counts[first : last + 1], scale, is_log=view.is_log)
        item = steps(
            one.histogram.edges[first : last + 2],
            heights,
            float(_height(np.zeros(1), scale, is_log=view.is_log)[0]),
            series_colour(one.letter, theme),
            is_filled=one.letter == "A",
        )
        self._bins.addItem(item)
        self._list(self._legend, item, f"{one.letter} {one.label}")

    def _draw_outside(self, view: HistogramView, theme: Theme) -> None:
        """Say at the ends of the axis how many values lie beyond it, when any do."""
        below = max(one.histogram.n_below for one in view.series)
        above = max(one.histogram.n_above for one in view.series)
        top = self._range(view)[1]
        for count, words, edge, anchor in (
            (below, "below", view.edges[0], 0.0),
            (above, "above", view.edges[-1], 1.0),
        ):
            if count:
                item = label(f"{count_text(count)} {words}", theme.secondary, (anchor, 0.0))
                item.setPos(float(edge), top)
                self._bins.addItem(item)

    def _scale(self, one: Series, view: HistogramView) -> float:
        """How tall one value is."""
        return 100 / max(1, one.statistics.n_values) if view.is_share else 1.0

    def _highest(self, view: HistogramView) -> float:
        """The fullest bin of any series, exact zeros left out."""
        return max(
            float(one.histogram.counts.max(initial=0)) * self._scale(one, view)
            for one in view.series
        )

    def _range(self, view: HistogramView) -> tuple[float, float]:
        least = min(self._scale(one, view) for one in view.series)
        highest = max(least, self._highest(view))
        if not view.is_log:
            return 0.0, highest * HEADROOM
        top = max(10.0 * least, highest * LOG_HEADROOM)
        return float(np.log10(LOG_FLOOR * least)), float(np.log10(top))


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


def _height(counts: np.ndarray, scale: float, *, is_log: bool) -> np.ndarray:
    """Where counts lie on their axis, which on a log axis is their logarithm."""
    heights = counts.astype(np.float64)
    heights = np.maximum(heights, LOG_FLOOR) * scale if is_log else heights * scale
    return np.log10(heights) if is_log else heights


def _coloured(sentences: tuple[str, str], theme: Theme) -> Rich:
    """What holds on each side of zero, in the colour of the series that is alone there."""
    colours = [series_colour("B" if "B only" in said else "A", theme).name() for said in sentences]
    spans = [
        rich('<span style="color: {}">{}</span>', colour, said)
        for colour, said in zip(colours, sentences, strict=True)
        if said
    ]
    return Rich("&nbsp;&nbsp;&nbsp;".join(spans))


def edge_text(value: float, width: float) -> str:
    """A bin edge with enough decimals to tell it from the next one, `width` away."""
    if width <= 0 or not math.isfinite(width):
        return value_text(value)
    decimals = max(0, 2 - math.floor(math.log10(width) + 1e-9) - 1)
    if decimals > 6:
        return with_minus(f"{value:.3e}")
    return with_minus(f"{value:,.{decimals}f}")


def bin_text(low: float, high: float, *, is_last: bool) -> str:
    """`[low, high)`; the last bin holds its upper edge too."""
    width = high - low
    return f"[{edge_text(low, width)}, {edge_text(high, width)}{']' if is_last else ')'}"
