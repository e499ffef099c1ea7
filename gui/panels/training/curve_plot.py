"""Lines over the iterations of a run, with its snapshots, its best test and where it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PyQt5.QtCore import QPointF, QSize
from PyQt5.QtGui import QColor, QFontMetricsF, QMouseEvent
from PyQt5.QtWidgets import QWidget

from core.words import value_text
from gui.panels.training.curves import Curve, Marks
from gui.theme import Theme, ThemeKeeper, text_font
from gui.widgets.plot import (
    TICK_PIXELS,
    Axis,
    PlotView,
    curve,
    dashed_line,
    label,
    level_line,
    ring,
    solid_line,
)

AXIS_WIDTH = 52
_STEPS = (1.0, 2.0, 5.0)
_MOST_LINES = 15
"""Of snapshots; more would hide the curves."""


class LogAxis(Axis):
    """Numbers at 1, 2 and 5 of each power of ten."""

    def logTickValues(
        self, low: float, high: float, size: float, levels: object
    ) -> list[tuple[float | None, list[float]]]:
        steps = _STEPS if high - low < 2.5 else _STEPS[:1]
        powers = range(int(np.floor(low)) - 1, int(np.ceil(high)) + 1)
        ticks = [power + float(np.log10(step)) for power in powers for step in steps]
        return [(1.0, [tick for tick in ticks if low <= tick <= high])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if not self.logMode:
            return super().tickStrings(values, scale, spacing)
        return [f"{10.0**value:.4g}" for value in values]


class CurvePlot(PlotView):
    """One plot; a wheel zooms along the iterations, a double click shows all again."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        name: str,
        *,
        is_log: bool = False,
        is_share: bool = False,
        from_zero: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """is_share: values from 0 to 1, shown as per cent. from_zero: the left axis begins at 0."""
        self._curves: tuple[Curve, ...] = ()
        self._marks = Marks()
        self._is_log, self._is_share, self._from_zero = is_log, is_share, from_zero
        unit = " %" if is_share else ""
        self._axes = Axis("bottom", is_count=True), LogAxis("left", unit=unit, has_lines=True)
        super().__init__(keeper, parent)
        self._plot = self._add_plot(0, *self._axes)
        self._plot.layout.setRowFixedHeight(0, 4)
        self.ci.layout.setContentsMargins(4, 0, 18, 2)
        self._axes[1].setWidth(AXIS_WIDTH)
        self._plot.setLogMode(y=is_log)
        self.setAccessibleName(name)
        self._dress()

    @property
    def curves(self) -> tuple[Curve, ...]:
        """The lines that are drawn."""
        return self._curves

    @property
    def marks(self) -> Marks:
        """What stands at iterations."""
        return self._marks

    def show_curves(self, curves: Sequence[Curve], marks: Marks) -> None:
        """Draw other lines; a zoom stays while the run has the same end."""
        is_new = marks.last != self._marks.last
        self._curves, self._marks = tuple(curves), marks
        self._draw()
        if is_new:
            self.show_all()

    def set_log(self, is_log: bool) -> None:
        """Losses as they are, or their logarithms."""
        self._is_log = is_log
        self._plot.setLogMode(y=is_log)
        self._draw()

    def show_all(self) -> None:
        """Take the zoom back."""
        box = self._plot.getViewBox()
        box.setLimits(xMin=0, xMax=max(1, self._marks.last))
        box.setRange(xRange=(0, max(1, self._marks.last)), padding=0)

    def sizeHint(self) -> QSize:
        return QSize(480, 160)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 76)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def _draw(self) -> None:
        theme, plot, marks = self.keeper.theme, self._plot, self._marks
        plot.clear()
        for axis in self._axes:
            axis.dress(theme, "")
        for one in self._curves:
            if len(one.xs):
                colour = _mixed(theme, one)
                plot.addItem(curve(one.xs, self._scaled(one.ys), colour, width=one.width,
                                   is_step=one.is_step, has_points=one.has_points))  # fmt: skip
        if marks.level is not None:
            plot.addItem(level_line(self._place(marks.level), theme.edge))
        self._fit_height()
        self._draw_marks(theme)

    def _draw_marks(self, theme: Theme) -> None:
        plot, marks = self._plot, self._marks
        top = plot.getViewBox().viewRange()[1][1]
        for at in marks.snapshots if len(marks.snapshots) <= _MOST_LINES else ():
            plot.addItem(dashed_line(at, theme.outline), ignoreBounds=True)
        if not self._is_share and not self._from_zero:
            for at in marks.snapshots if self._has_room(marks) else ():
                words = label(f"snapshot {at:,}", theme.secondary, (1.0, 0.0))
                words.setPos(at, top)
                plot.addItem(words, ignoreBounds=True)
        if marks.level is not None and marks.level_words:
            words = label(marks.level_words, theme.secondary, (1.0, 1.0))
            words.setPos(marks.last, self._place(marks.level))
            plot.addItem(words, ignoreBounds=True)
        if marks.now:
            plot.addItem(solid_line(marks.now, theme.accent), ignoreBounds=True)
        if marks.best is not None:
            place, value = marks.best
            plot.addItem(ring(place, self._place(value), theme.ok_text), ignoreBounds=True)
            words = label(f"best, {place:,.0f}", theme.ok_text, (0.5, 1.3))
            words.setPos(place, self._place(value))
            plot.addItem(words, ignoreBounds=True)

    def _has_room(self, marks: Marks) -> bool:
        """Whether the words of each snapshot end before the next one's begin."""
        gaps = [after - before for before, after in pairwise((0, *marks.snapshots))]
        widest = QFontMetricsF(text_font(TICK_PIXELS)).horizontalAdvance(f"snapshot {marks.last:,}")
        room = max(1, self.width() - AXIS_WIDTH) / max(1, marks.last)
        return bool(gaps) and min(gaps) * room > widest + 8

    def _fit_height(self) -> None:
        """All values in view, with room above for words; per cent from 0 to 100."""
        box = self._plot.getViewBox()
        if self._is_share:
            box.setRange(yRange=(0, 104), padding=0)
            return
        values = [self._scaled(one.ys) for one in self._curves if len(one.ys)]
        every = np.concatenate(values) if values else np.array([1.0])
        every = every[np.isfinite(every)]
        if self._is_log:
            every = np.log10(every[every > 0])
        low, high = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
        low = 0.0 if self._from_zero else low
        room = (high - low) or 1.0
        below = 0.0 if self._from_zero else 0.06 * room
        box.setRange(yRange=(low - below, high + 0.16 * room), padding=0)

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        return 100.0 * values if self._is_share else values

    def _place(self, value: float) -> float:
        """Of a value on the left axis, as items that know nothing of logarithms are put."""
        if self._is_share:
            return 100.0 * value
        return float(np.log10(max(value, 1e-12))) if self._is_log else value

    def _hover(self, place: QPointF) -> None:
        box = self._plot.getViewBox()
        if not box.sceneBoundingRect().contains(place):
            self._leave()
            return
        at = box.mapSceneToView(place).x()
        lines = [f"iteration {max(0, round(at)):,}"]
        for one in self._curves:
            if one.is_read and len(one.xs):
                near = int(np.argmin(np.abs(one.xs - at)))
                value = self._scaled(one.ys)[near]
                unit = " %" if self._is_share else ""
                where = f" at {one.xs[near]:,.0f}" if one.has_points else ""
                lines.append(f"{one.name} {value_text(float(value))}{unit}{where}")
        self._show_readout(tuple(lines), place)

    def _leave(self) -> None:
        self._show_readout((), QPointF())


def _mixed(theme: Theme, one: Curve) -> QColor:
    """The line's colour, or one between that and the panel's."""
    colour: QColor = getattr(theme, one.role)
    parts = zip(theme.panel.getRgb()[:3], colour.getRgb()[:3], strict=True)
    return QColor(*(round(low + one.share * (high - low)) for low, high in parts))
