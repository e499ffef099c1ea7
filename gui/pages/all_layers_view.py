"""The view of all layers: the table at the left, the chosen row in detail at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.activations.spreads import ValueSpread
from core.words import plural
from gui.panels.histogram.legend import SeriesLegend
from gui.panels.histogram.statistics import StatisticsTable
from gui.panels.histogram.view import HistogramView
from gui.panels.spreads.channels import ChannelChips, ChannelMaxima
from gui.panels.spreads.panel import SpreadsPanel
from gui.panels.spreads.rows import SpreadRow
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import Button
from gui.widgets.kept import keep
from gui.widgets.labels import ElidedLabel, LinkLabel, ThemedLabel

if TYPE_CHECKING:
    from gui.panels.histogram.plot import HistogramPlot

SIDE = 500
_LEAST_SIDE = 330
_PLOT = 232


class AllLayersView(QWidget):
    """Table and side share what is left of the page."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panel = SpreadsPanel(keeper)
        self.side = SpreadSide(keeper)
        self.splitter = QSplitter(Qt.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(self.panel)
        self.splitter.addWidget(self.side)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([900, SIDE])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.splitter)


class SpreadSide(QScrollArea):
    """One value: its histogram, its statistics, its channels."""

    open_requested = pyqtSignal()
    weights_requested = pyqtSignal()
    channel_chosen = pyqtSignal(int)
    scale_changed = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._plot: HistogramPlot | None = None
        self.setObjectName("spreadSide")
        self.setFrameShape(QFrame.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setMinimumWidth(_LEAST_SIDE)
        self.title = ElidedLabel()
        self.title.setFont(text_font(16, semibold=True))
        self.open_button = Button(keeper, "Open values", "grid")
        self.log_button = Button(keeper, "log")
        self.log_button.setCheckable(True)
        self.log_button.setChecked(True)
        keep("all layers", log=self.log_button)
        self.legend = SeriesLegend()
        self.statistics = StatisticsTable(keeper)
        self.maxima = ChannelMaxima(keeper)
        self.chips = ChannelChips(keeper)
        self.weights_link = LinkLabel("Show their weights")
        self._of_channels = _Heading("Highest value of each channel")
        self._of_dead = _Heading("Dead channels")
        self._dead_words = ThemedLabel("", "secondary")
        self._build()
        self.open_button.clicked.connect(lambda: self.open_requested.emit())
        self.log_button.toggled.connect(lambda _is_on: self.scale_changed.emit())
        self.maxima.channel_chosen.connect(self.channel_chosen)
        self.chips.channel_chosen.connect(self.channel_chosen)
        self.weights_link.clicked.connect(self.weights_requested)

    @property
    def is_log(self) -> bool:
        """Whether shares are drawn by their logarithm."""
        return self.log_button.isChecked()

    @property
    def plot(self) -> HistogramPlot:
        """What draws; pyqtgraph takes long to import, so only once there is something to draw."""
        if self._plot is None:
            from gui.panels.histogram.plot import HistogramPlot

            self._plot = HistogramPlot(self._keeper)
            self._plot.setFixedHeight(_PLOT)
            self._column.insertWidget(2, self._plot)
        return self._plot

    def show_row(self, row: SpreadRow, view: HistogramView | None, over: str) -> None:
        """A value and how it spreads; over: "over 387 images" or "in this image"."""
        self.title.setText(row.row.words)
        self.show()
        if view is not None or self._plot is not None:
            self.plot.show_view(view)
            self.plot.setVisible(view is not None)
        self.legend.show_series(() if view is None else view.series)
        self.statistics.show_view(view)
        self.statistics.horizontalHeader().setSectionResizeMode(QHeaderView.Stretch)
        self.statistics.setFixedHeight(self.statistics.sizeHint().height())
        self._show_channels(row.spread, over)

    def show_nothing(self) -> None:
        """No row is chosen."""
        self.hide()

    def _show_channels(self, spread: ValueSpread, over: str) -> None:
        has_channels = spread.n_channels > 1
        for widget in (self._of_channels, self.maxima):
            widget.setVisible(has_channels)
        self.maxima.show_spread(spread if has_channels else None)
        self.chips.show_channels(spread.dead if has_channels else ())
        for part in (self._of_dead, self._dead_words, self.chips):
            part.setVisible(has_channels)
        words = f"{plural(len(spread.dead), 'channel')} 0 everywhere {over}"
        self._dead_words.setText(words if spread.dead else f"None is 0 everywhere {over}.")
        self.chips.setVisible(has_channels and bool(spread.dead))

    def sizeHint(self) -> QSize:
        return QSize(SIDE, 600)

    def _build(self) -> None:
        self._page = QWidget()
        self._page.setObjectName("spreadSidePage")
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(12, 8, 12, 12)
        self._column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.open_button)
        self._column.addLayout(head)
        self._column.addWidget(_Heading("Histogram, percent of values", self.log_button))
        self._column.addWidget(self.legend)
        self._column.addWidget(self.statistics)
        self._column.addWidget(self._of_channels)
        self._column.addWidget(self.maxima)
        self._column.addWidget(self._of_dead)
        self._column.addWidget(self._dead_words)
        self._column.addWidget(self.chips)
        self._column.addWidget(self.weights_link, 0, Qt.AlignLeft)
        self._column.addStretch(1)
        self.statistics.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.statistics.setMinimumWidth(200)  # less than its numbers: columns share what is there
        self.setWidget(self._page)
        self.show_nothing()


class _Heading(QWidget):
    """Small capitals over a line, with a control at the right."""

    def __init__(self, words: str, control: QWidget | None = None) -> None:
        super().__init__()
        self.setObjectName("spreadHeading")
        self.setAttribute(Qt.WA_StyledBackground)
        label = ThemedLabel(words.upper(), "secondary", semibold=True)
        label.setFont(text_font(11, semibold=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 3)
        row.addWidget(label)
        row.addStretch(1)
        if control is not None:
            row.addWidget(control)
