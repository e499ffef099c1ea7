"""How far paired values of two nets are apart: a table, one pair's histogram, the class scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt5.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.activations.histogram import Histogram
from core.words import value_text
from gui.theme import ThemeKeeper, pale, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.figure_table import FigureRow, FigureTable
from gui.widgets.kept import keep
from gui.widgets.labels import SectionHeader, ThemedLabel
from gui.widgets.panel_bar import PanelBar
from gui.widgets.plain_text import plain_tip

HEADINGS = ("Layer · blob@version", "Cosine", "rel. L2", "zeros, pt")
_N_CLASSES = 5


@dataclass(frozen=True)
class PairRow:
    """One pair of values: its row in the table, and what is shown of it once it is chosen.

    order: how far apart, the farthest first; is_equal: bit for bit. layer, is_first: a layer of the
    pair and whether it is of the first net.
    """

    row: FigureRow
    layer: str
    is_first: bool
    order: float
    is_equal: bool
    title: str
    facts: str = ""
    histograms: tuple[Histogram, Histogram] | None = None


@dataclass(frozen=True)
class Scores:
    """The best classes of one net: (name, share from 0 to 1)."""

    layer_words: str
    classes: tuple[tuple[str, float], ...]


class ValuesPanel(QWidget):
    """Ordered by distance or as the net is; equal pairs can be left out."""

    layer_chosen = pyqtSignal(bool, str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs: tuple[PairRow, ...] = ()
        self.image = ""
        self._shown: list[PairRow] = []
        self._chosen = ""
        self.by_distance = QPushButton("By distance")
        self.net_order = QPushButton("Net order")
        self._order = QButtonGroup(self)
        self.with_equal = QPushButton("Equal too")
        self.with_equal.setCheckable(True)
        keep(
            "compared values", by_distance=self.by_distance, net_order=self.net_order,
            equal=self.with_equal,
        )  # fmt: skip
        self.with_equal.setToolTip("Show pairs that are equal, bit for bit, as well")
        self.counts = ThemedLabel("", "secondary", pixels=11)
        self.table = FigureTable(keeper, HEADINGS, "Paired values by distance")
        self.pair = SectionHeader("No pair selected")
        self.histogram = PairHistogram(keeper)
        self.facts = ThemedLabel("", "secondary", pixels=11)
        self.facts.setWordWrap(True)
        self.facts.setMinimumHeight(32)
        self.facts.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.classes_head = SectionHeader("Class scores")
        self.scores = ScoreBars(keeper)
        self._lay_out(keeper)
        for button in (self.by_distance, self.net_order):
            button.clicked.connect(self._refill)
        self.with_equal.toggled.connect(self._refill)
        self.table.row_chosen.connect(self._on_row)

    def show_pairs(
        self, pairs: Sequence[PairRow], scores: tuple[Scores | None, Scores | None], image: str
    ) -> None:
        """Show another comparison; scores: of each net that gives class scores."""
        self._pairs, self.image = tuple(pairs), image
        self.below.setVisible(bool(pairs))
        n_equal = sum(pair.is_equal for pair in pairs)
        n_told = sum(pair.histograms is not None for pair in pairs)
        self.counts.setText(f"{n_told - n_equal:,} differ, {n_equal:,} equal" if pairs else "")
        has_scores = any(one is not None for one in scores)
        self.classes_head.setVisible(has_scores)
        self.classes_head.set_note(image)
        self.scores.setVisible(has_scores)
        self.scores.show_scores(scores)
        self._refill()

    def choose(self, first: str, second: str) -> None:
        """Select the pair of a layer of the first net, or else of one of the second."""
        for pair in self._pairs:
            if pair.layer == (first if pair.is_first else second):
                self._chosen = pair.layer
                self._show_pair(pair)
                self._mark()
                return
        self._show_pair(None)
        self.table.choose(None)

    def _lay_out(self, keeper: ThemeKeeper) -> None:
        bar = PanelBar(keeper)
        for button, tip in ((self.by_distance, "The farthest apart first"),
                            (self.net_order, "As the layers stand in the net")):  # fmt: skip
            button.setCheckable(True)
            button.setToolTip(plain_tip(tip))
            self._order.addButton(button)
            bar.row.addWidget(button)
        self.by_distance.setChecked(True)
        bar.row.addWidget(self.with_equal)
        bar.row.addStretch(1)
        bar.row.addWidget(self.counts)
        below = QWidget()
        lower = QVBoxLayout(below)
        lower.setContentsMargins(12, 0, 12, 8)
        lower.setSpacing(4)
        for widget in (self.pair, self.histogram, self.facts, self.classes_head, self.scores):
            lower.addWidget(widget)
        lower.addStretch(1)
        self.below = below
        splitter = QSplitter(Qt.Vertical)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.table)
        splitter.addWidget(below)
        splitter.setStretchFactor(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(splitter, 1)

    def _refill(self, *_: object) -> None:
        shown = [pair for pair in self._pairs if self.with_equal.isChecked() or not pair.is_equal]
        if self.by_distance.isChecked():
            shown.sort(key=lambda pair: -pair.order)
        self._shown = shown
        self.table.show_rows([pair.row for pair in shown])
        self._mark()

    def _mark(self) -> None:
        names = [pair.layer for pair in self._shown]
        self.table.choose(names.index(self._chosen) if self._chosen in names else None)

    def _on_row(self, place: int) -> None:
        pair = self._shown[place]
        self.layer_chosen.emit(pair.is_first, pair.layer)

    def _show_pair(self, pair: PairRow | None) -> None:
        self.pair.set_text(pair.title if pair is not None else "No pair selected", as_written=True)
        self.histogram.show_histograms(pair.histograms if pair is not None else None)
        self.facts.setText(pair.facts if pair is not None else "")


class PairHistogram(QWidget):
    """Two histograms over the same edges: A filled, B as a line; the exact zeros in words."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._found: tuple[Histogram, Histogram] | None = None
        self.setFixedHeight(128)
        self.setAccessibleName("Histogram of the selected pair")
        keeper.changed.connect(self.update)

    @property
    def shown(self) -> tuple[Histogram, Histogram] | None:
        """What is drawn."""
        return self._found

    def show_histograms(self, found: tuple[Histogram, Histogram] | None) -> None:
        """Draw two histograms, or none."""
        self._found = found
        self.setVisible(found is not None)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 128)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._found is None:
            return
        theme = self._keeper.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        box = QRectF(self.rect()).adjusted(4, 18, -4, -18)
        edges = self._found[0].edges
        highest = max(int(one.counts.max(initial=0)) for one in self._found) or 1
        painter.setPen(QPen(theme.border, 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        for one, colour, is_filled in zip(
            self._found, (theme.series_a, theme.series_b), (True, False), strict=True
        ):
            self._paint(painter, one, highest, box, colour, is_filled=is_filled)
        painter.setFont(text_font(11))
        painter.setPen(theme.secondary)
        below = QRectF(box.left(), box.bottom() + 2, box.width(), 16)
        painter.drawText(below, LEFT, value_text(float(edges[0])))
        painter.drawText(below, RIGHT, value_text(float(edges[-1])))
        painter.setFont(text_font(11, semibold=True))
        above = QRectF(box.left(), 0, box.width(), 16)
        for one, colour, letter, place in zip(
            self._found, (theme.series_a, theme.series_b), "AB", (LEFT, RIGHT), strict=True
        ):
            painter.setPen(colour)
            share = 100 * one.n_zeros / one.n_values if one.n_values else 0.0
            painter.drawText(above, place, f"{letter}, zeros {share:.0f} %")
        painter.end()

    def _paint(
        self,
        painter: QPainter,
        one: Histogram,
        highest: int,
        box: QRectF,
        colour: QColor,
        *,
        is_filled: bool,
    ) -> None:
        xs = np.linspace(box.left(), box.right(), one.counts.size + 1)
        ys = box.bottom() - box.height() * one.counts / highest
        points = [QPointF(xs[0], box.bottom())]
        for k, y in enumerate(ys):
            points += [QPointF(xs[k], y), QPointF(xs[k + 1], y)]
        points.append(QPointF(xs[-1], box.bottom()))
        painter.setPen(QPen(colour, 1.0 if is_filled else 2.0))
        painter.setBrush(pale(colour) if is_filled else Qt.NoBrush)
        painter.drawPolyline(QPolygonF(points)) if not is_filled else painter.drawPolygon(
            QPolygonF(points)
        )


class ScoreBars(QWidget):
    """The best classes of both nets, beside each other."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(_ScoreColumn(keeper, letter) for letter in "AB")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        for column in self._columns:
            row.addWidget(column, 1)
        self.setAccessibleName("Class scores of both nets")

    @property
    def words(self) -> tuple[str, str]:
        """What each column says, one class a line."""
        return self._columns[0].words, self._columns[1].words

    def show_scores(self, scores: tuple[Scores | None, Scores | None]) -> None:
        """Show the classes of both nets; None for one that gives none."""
        for column, one in zip(self._columns, scores, strict=True):
            column.show_scores(one)


class _ScoreColumn(QWidget):
    def __init__(self, keeper: ThemeKeeper, letter: str) -> None:
        super().__init__()
        self._keeper, self._letter = keeper, letter
        self._scores: Scores | None = None
        self.setFixedHeight(18 + 18 * _N_CLASSES)
        keeper.changed.connect(self.update)

    @property
    def words(self) -> str:
        classes = self._scores.classes if self._scores is not None else ()
        return "\n".join(f"{name}: {100 * share:.1f} %" for name, share in classes)

    def show_scores(self, scores: Scores | None) -> None:
        self._scores = scores
        self.setAccessibleDescription(self.words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._keeper.theme, QPainter(self)
        colour = theme.series_a if self._letter == "A" else theme.series_b
        painter.setFont(text_font(11, semibold=True))
        painter.setPen(colour)
        words = self._scores.layer_words if self._scores is not None else "no class scores"
        painter.drawText(QRectF(0, 0, self.width(), 16), LEFT, f"{self._letter}, {words}")
        painter.setFont(text_font(11))
        classes = self._scores.classes if self._scores is not None else ()
        for k, (name, share) in enumerate(classes[:_N_CLASSES]):
            self._paint_class(painter, QRectF(0, 18 + 18 * k, self.width(), 16), name, share)
        painter.end()

    def _paint_class(self, painter: QPainter, row: QRectF, name: str, share: float) -> None:
        theme = self._keeper.theme
        colour = theme.series_a if self._letter == "A" else theme.series_b
        number = f"{100 * share:.0f} %"
        painter.setPen(theme.text)
        painter.drawText(row, RIGHT, number)
        bar = QRectF(row.right() - 40 - 52, row.center().y() - 4, 48, 8)
        painter.fillRect(bar, theme.grid)
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), colour)
        room = bar.left() - row.left() - 8
        shown = painter.fontMetrics().elidedText(name, Qt.ElideRight, int(room))
        painter.drawText(row, LEFT, shown)
