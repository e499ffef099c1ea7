"""Plots in the window's colours and type, drawn by pyqtgraph: steps and bars, with a readout."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

import numpy as np
from PyQt5.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, pyqtSlot
from PyQt5.QtGui import QBrush, QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QFrame, QGraphicsTextItem, QWidget

from core.words import tick_text
from gui.theme import Theme, ThemeKeeper, pale, text_font
from gui.widgets.plain_text import rich
from gui.widgets.readout import paint_readout

_hooks = sys.excepthook, threading.excepthook
import pyqtgraph as pg  # noqa: E402

# pyqtgraph puts hooks of its own around both when it is imported, and whoever gives a hook back
# later (gui/crash.py) would bring an old one back.
sys.excepthook, threading.excepthook = _hooks

TICK_PIXELS = 11
TITLE_HEIGHT = 22
OVERHANG = 12
"""Pixels by which the first and the last number may reach beyond an axis."""
NUMBER_GAP = 6
"""Pixels between two numbers below an axis."""


class Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis with plain numbers; of counts, at whole ones.

    unit: comes behind each number. has_lines: lines go across the plot at its ticks.
    """

    def __init__(
        self, side: str, *, unit: str = "", is_count: bool = False, has_lines: bool = False
    ) -> None:
        super().__init__(side)
        self._unit = unit
        self._is_count = is_count
        self._has_lines = has_lines
        self.enableAutoSIPrefix(False)
        self.setStyle(
            tickFont=text_font(TICK_PIXELS),
            tickLength=3,
            tickAlpha=255,
            autoExpandTextSpace=False,
            hideOverlappingLabels=OVERHANG,
        )

    def set_unit(self, unit: str, *, is_count: bool) -> None:
        """Other numbers than before."""
        self._unit, self._is_count = unit, is_count
        self.picture = None

    def dress(self, theme: Theme, name: str) -> None:
        """Take a theme's colours, and the words beside the axis."""
        self.setPen(QPen(theme.outline, 1))
        self.setTextPen(QPen(theme.secondary))
        self.setTickPen(QPen(theme.grid if self._has_lines else theme.outline, 1))
        self.setGrid(255 if self._has_lines else False)
        style = {"color": theme.secondary.name(), "font-size": f"{TICK_PIXELS}px"}
        self.setLabel(name, **style) if name else self.showLabel(False)

    def fit_width(self, highest: float) -> None:
        """As wide as the largest number needs; else the plot would jump once it is drawn."""
        text = tick_text(highest, 1.0) + self._unit
        label = TICK_PIXELS + 8 if self.label.isVisible() else 0
        metrics = QFontMetricsF(text_font(TICK_PIXELS))
        self.setWidth(round(metrics.horizontalAdvance(text)) + label + 12)

    def boundingRect(self) -> QRectF:
        """With lines, pyqtgraph forgets the room for numbers at the ends."""
        room = OVERHANG if self._has_lines else 0
        return QRectF(super().boundingRect()).adjusted(0, -room, 0, room)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        shown = [10.0**value for value in values] if self.logMode else values
        if self.logMode and not self._is_count:
            return [f"{value:.4g}{self._unit}" for value in shown]
        step = 1.0 if self.logMode else spacing
        return [tick_text(float(value), step) + self._unit for value in shown]

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = super().tickSpacing(low, high, size)[:1]
        if not self._is_count or self.logMode:
            return [(self._with_room(s, low, high, size), offset) for s, offset in found]
        return [(max(1.0, spacing), offset) for spacing, offset in found]

    def _with_room(self, spacing: float, low: float, high: float, size: float) -> float:
        """A multiple of a spacing at which numbers that stand side by side do not touch."""
        if self.orientation in ("left", "right") or high <= low:
            return spacing
        metrics = QFontMetricsF(text_font(TICK_PIXELS))
        widest = max(metrics.horizontalAdvance(tick_text(v, spacing) + self._unit)
                     for v in (low, high))  # fmt: skip
        while spacing < high - low and spacing / (high - low) * size < widest + NUMBER_GAP:
            spacing *= 2
        return spacing

    def logTickValues(
        self, low: float, high: float, size: float, levels: object
    ) -> list[tuple[float | None, list[float]]]:
        """Powers of ten alone: the lines between them say nothing a reader needs."""
        first, last = int(np.ceil(low)), int(np.floor(high))
        first = max(0, first) if self._is_count else first
        return [(1.0, [float(power) for power in range(first, last + 1)])]


class Title(QGraphicsTextItem):
    """Words above a plot, at its middle where they fit; pyqtgraph's own would widen the plot."""

    def __init__(self, plot: pg.PlotItem) -> None:
        super().__init__(plot)
        self._plot = plot
        self.setFont(text_font(TICK_PIXELS, semibold=True))
        plot.geometryChanged.connect(self.place)

    def show_words(self, words: str, colour: QColor) -> None:
        """Show words as they are, or Rich ones with their markup."""
        self.setDefaultTextColor(colour)
        self.setHtml(rich("{}", words))
        self.place()

    def place(self) -> None:
        """Above the middle of what is drawn; out of sight where the plot is too narrow."""
        width, room = self.boundingRect().width(), self._plot.size().width()
        middle = self._plot.getViewBox().geometry().center().x()
        self.setPos(max(0.0, min(middle - width / 2, room - width)), 1.0)
        self.setVisible(width <= room)


class PlotView(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Plots side by side; who builds on it draws in `_draw`, first by a `_dress` of its own."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.keeper = keeper
        self._readout: tuple[str, ...] = ()
        self._readout_at = QPointF()
        self.setFrameShape(QFrame.NoFrame)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setMouseTracking(True)
        for widget in (self, self.viewport()):
            widget.setAcceptDrops(False)  # files are the window's, wherever they fall
        self.ci.layout.setContentsMargins(6, 0, 8, 2)
        self.ci.layout.setHorizontalSpacing(4)
        keeper.changed.connect(self._dress)

    def readout(self) -> tuple[str, ...]:
        """The lines in the dark box; empty where there is none."""
        return self._readout

    def render_to(self, painter: QPainter, area: QRectF) -> None:
        """Draw everything but the readout into an area, laid out for its size."""
        self.resize(area.size().toSize())
        self.grab()  # lays out what was never shown
        self.scene().prepareForPaint()
        painter.fillRect(area, self.keeper.theme.panel)
        self.scene().render(painter, area, QRectF(QPointF(), QSizeF(self.size())))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._readout:
            painter = QPainter(self.viewport())
            anchor = QRectF(self._readout_at, QSizeF())
            area = QRectF(self.viewport().rect())
            paint_readout(painter, self._readout, anchor, area, self.keeper.theme)
            painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.mapToScene(event.pos()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._leave()

    def _add_plot(self, column: int, bottom: Axis, left: Axis) -> pg.PlotItem:
        """A plot that zooms and moves along its bottom axis; a double click shows all again."""
        plot = self.addPlot(0, column, axisItems={"bottom": bottom, "left": left})
        for axis in (bottom, left):
            axis.setZValue(-1)  # its lines go behind what is drawn
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(x=True, y=False)
        plot.layout.setRowFixedHeight(0, TITLE_HEIGHT)
        return plot

    def _add_legend(self, plot: pg.PlotItem) -> pg.LegendItem:
        """Names of what is drawn, at the top right, below what stands at the upper edge."""
        return plot.addLegend(
            offset=(-6, 18),
            horSpacing=6,
            verSpacing=-4,
            labelTextSize=f"{TICK_PIXELS}px",
            sampleType=_Sample,
        )

    def _list(self, legend: pg.LegendItem, item: pg.GraphicsObject, name: str) -> None:
        """Name something in the legend, which lays names out as HTML."""
        legend.addItem(item, rich("{}", name))

    def _show_readout(self, lines: tuple[str, ...], place: QPointF) -> None:
        """Put lines beside a place of the scene; none takes the box away."""
        if lines != self._readout:
            self._readout, self._readout_at = lines, QPointF(self.mapFromScene(place))
            self.viewport().update()

    @pyqtSlot()
    def _dress(self) -> None:
        self.setBackground(self.keeper.theme.panel)
        self._draw()

    def _draw(self) -> None:
        """Draw all anew."""

    def _hover(self, place: QPointF) -> None:
        """The mouse is at a place of the scene."""

    def _leave(self) -> None:
        """The mouse is elsewhere."""


class _Sample(pg.ItemSample):  # type: ignore[misc]
    """The square before a name in a legend: filled as the item is, in its line."""

    def paint(self, painter: QPainter, *args: object) -> None:
        painter.setPen(pg.mkPen(self.item.opts["pen"]))
        painter.setBrush(pg.mkBrush(self.item.opts["fillBrush"]))
        painter.drawRect(QRectF(3, 6, 13, 8))


def steps(
    edges: np.ndarray, heights: np.ndarray, base: float, colour: QColor, *, is_filled: bool
) -> pg.PlotDataItem:
    """An outline over bins that goes down to `base` at both ends.

    edges: (bins + 1,); heights: (bins,), in the units of the axes.
    """
    pen = QPen(colour, 1.0 if is_filled else 2.0)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.MiterJoin)
    brush = QBrush(pale(colour)) if is_filled else None
    return pg.PlotDataItem(
        edges, heights, stepMode="center", fillLevel=base, pen=pen, fillBrush=brush
    )


def bar(
    middle: float, width: float, height: float, colour: QColor, *, is_filled: bool
) -> pg.BarGraphItem:
    """One bar from 0 up, pale with an outline or, not to be filled pale, in full colour."""
    pen = QPen(colour, 1.0)
    pen.setCosmetic(True)
    brush = QBrush(pale(colour) if is_filled else colour)
    return pg.BarGraphItem(x=[middle], width=width, y0=0, height=[height], pen=pen, brush=brush)


def label(text: str, colour: QColor, anchor: tuple[float, float]) -> pg.TextItem:
    """Words in a plot; anchor: which point of them lies where they are put, (0, 0) the top left."""
    item = pg.TextItem(text, color=colour, anchor=anchor)
    item.setFont(text_font(TICK_PIXELS))
    return item


def solid_line(value: float, colour: QColor) -> pg.InfiniteLine:
    """A line from top to bottom at a value of the bottom axis."""
    pen = QPen(colour, 1.0)
    pen.setCosmetic(True)
    return pg.InfiniteLine(value, angle=90, pen=pen)


def dashed_line(value: float, colour: QColor) -> pg.InfiniteLine:
    """A line from top to bottom at a value of the bottom axis."""
    pen = QPen(colour, 1.0, Qt.CustomDashLine)
    pen.setDashPattern([3.0, 3.0])
    pen.setCosmetic(True)
    return pg.InfiniteLine(value, angle=90, pen=pen)


def curve(
    xs: np.ndarray,
    ys: np.ndarray,
    colour: QColor,
    *,
    width: float = 2.0,
    is_step: bool = False,
    has_points: bool = False,
) -> pg.PlotDataItem:
    """A line through points, thinned as it is drawn; xs, ys: (n,). is_step: level up to each."""
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    dots = {"symbol": "o", "symbolSize": 6, "symbolBrush": QBrush(colour), "symbolPen": None}
    more = dots if has_points else {}
    step = "left" if is_step else None
    item = pg.PlotDataItem(xs, ys, pen=pen, stepMode=step, connect="finite", antialias=True, **more)
    item.setDownsampling(auto=True, method="peak")
    return item


def ring(x: float, y: float, colour: QColor) -> pg.ScatterPlotItem:
    """An open circle around a point of a line."""
    return pg.ScatterPlotItem([x], [y], size=13, pen=pg.mkPen(colour, width=2), brush=None,
                              antialias=True)  # fmt: skip


def level_line(value: float, colour: QColor) -> pg.InfiniteLine:
    """A dashed line from left to right at a value of the left axis."""
    pen = QPen(colour, 1.0, Qt.CustomDashLine)
    pen.setDashPattern([3.0, 3.0])
    pen.setCosmetic(True)
    return pg.InfiniteLine(value, angle=0, pen=pen)
