"""Painted pieces beside the filters: the spread of weights, pairs of filters, changed layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from core.activations.histogram import Histogram
from core.words import share_text, tick_text
from gui.theme import ThemeKeeper, text_font
from gui.widgets.alignment import LEFT, RIGHT
from gui.widgets.plain_text import plain_tip

_PICTURE, _PAIR_WIDE, _PAIR_TALL = 40, 168, 48
_BAR_ROW = 19


class WeightHistogram(QWidget):
    """Counts under a square root, so that rare weights show; exact zeros stand apart in words."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._found: Histogram | None = None
        self.setFixedHeight(104)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.setAccessibleName("How the weights spread")
        keeper.changed.connect(self.update)

    def show_histogram(self, found: Histogram | None) -> None:
        """Draw one, or nothing."""
        self._found = found
        words = ""
        if found is not None:
            words = (
                f"{found.n_values:,} weights, {share_text(found.n_zeros, found.n_values)} exact"
                f" zeros, {found.n_nan + found.n_inf:,} not finite"
            )
        self.setToolTip(plain_tip(words))
        self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        found, theme = self._found, self._keeper.theme
        if found is None or not len(found.counts):
            return
        painter = QPainter(self)
        floor, top = self.height() - 17.0, 4.0
        heights = np.sqrt(found.counts / max(1, int(found.counts.max())))
        step = self.width() / len(heights)
        fill = QColor(theme.sweep_bar)
        for place, share in enumerate(heights.tolist()):
            tall = share * (floor - top)
            painter.fillRect(QRectF(place * step, floor - tall, max(1.0, step - 0.5), tall), fill)
        painter.setPen(QPen(theme.border, 1))
        painter.drawLine(QPointF(0, floor), QPointF(self.width(), floor))
        self._paint_ticks(painter, found, floor)
        painter.end()

    def _paint_ticks(self, painter: QPainter, found: Histogram, floor: float) -> None:
        theme = self._keeper.theme
        low, high = float(found.edges[0]), float(found.edges[-1])
        step = _nice_step((high - low) / 5)
        painter.setFont(text_font(10.5))
        for number in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1):
            x = self.width() * (number * step - low) / (high - low)
            if number == 0:
                painter.setPen(QPen(theme.secondary, 1, Qt.DashLine))
                painter.drawLine(QPointF(x, 4), QPointF(x, floor))
            painter.setPen(theme.secondary)
            words = tick_text(number * step, step)
            wide = painter.fontMetrics().horizontalAdvance(words)
            left = min(max(0.0, x - wide / 2), self.width() - wide)
            painter.drawText(QPointF(left, self.height() - 4), words)


def _nice_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten."""
    if not rough > 0 or not np.isfinite(rough):
        return 1.0
    power: float = 10.0 ** np.floor(np.log10(rough))
    return float(next(k * power for k in (1, 2, 5, 10) if k * power >= rough))


@dataclass(frozen=True)
class FilterPair:
    """Two filters side by side, with what there is to say: a number, and which they are."""

    first: QImage
    second: QImage
    number: str
    words: str
    index: int


class FilterPairs(QWidget):
    """As many pairs in a row as there is room for; a click chooses the first of a pair."""

    filter_chosen = pyqtSignal(int)

    def __init__(self, keeper: ThemeKeeper, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._pairs: tuple[FilterPair, ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        keeper.changed.connect(self.update)

    @property
    def pairs(self) -> tuple[FilterPair, ...]:
        """What is shown."""
        return self._pairs

    def show_pairs(self, pairs: Sequence[FilterPair]) -> None:
        """Show others."""
        self._pairs = tuple(pairs)
        said = "; ".join(f"{pair.words}: {pair.number}" for pair in pairs)
        self.setAccessibleDescription(said)
        self._fit()
        self.update()

    def resizeEvent(self, event: object) -> None:
        self._fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for place, pair in enumerate(self._pairs):
            if self._box(place).contains(event.localPos()):
                self.filter_chosen.emit(pair.index)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._keeper.theme, QPainter(self)
        for place, pair in enumerate(self._pairs):
            box, left = self._box(place), self._box(place).left()
            for image in (pair.first, pair.second):
                target = QRectF(left, box.top(), _PICTURE, _PICTURE)
                fast = max(image.width(), image.height()) <= _PICTURE
                painter.setRenderHint(QPainter.SmoothPixmapTransform, not fast)
                painter.drawImage(_fitting(image, target), image, QRectF(image.rect()))
                left += _PICTURE + 4
            words = QRectF(left + 4, box.top() + 3, box.right() - left - 4, 17)
            painter.setFont(text_font(12, semibold=True))
            painter.setPen(theme.text)
            painter.drawText(words, LEFT, pair.number)
            painter.setFont(text_font(11))
            painter.setPen(theme.secondary)
            painter.drawText(words.translated(0, 17), LEFT, pair.words)
        painter.end()

    def _columns(self) -> int:
        return max(1, self.width() // _PAIR_WIDE)

    def _box(self, place: int) -> QRectF:
        row, column = divmod(place, self._columns())
        wide = self.width() / self._columns()
        return QRectF(column * wide, row * _PAIR_TALL, wide - 6, _PAIR_TALL)

    def _fit(self) -> None:
        rows = -(-len(self._pairs) // self._columns())
        self.setFixedHeight(rows * _PAIR_TALL)


def _fitting(image: QImage, target: QRectF) -> QRectF:
    """The picture's shape inside a square."""
    width, height = max(1, image.width()), max(1, image.height())
    scale = target.width() / max(width, height)
    found = QRectF(0, 0, width * scale, height * scale)
    found.moveTopLeft(target.topLeft())
    return found


@dataclass(frozen=True)
class ChangedLayer:
    """A layer in both files: how far it moved, None with why not."""

    layer: str
    change: float | None
    words: str
    colour: str
    is_shown: bool = False


class ChangeBars(QWidget):
    """A row for each layer: its name, a bar as long as its change, and the change in words."""

    layer_chosen = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._layers: tuple[ChangedLayer, ...] = ()
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.setAccessibleName("How far each layer moved")
        self.setCursor(Qt.PointingHandCursor)
        keeper.changed.connect(self.update)

    @property
    def layers(self) -> tuple[ChangedLayer, ...]:
        """What is shown."""
        return self._layers

    def show_layers(self, layers: Sequence[ChangedLayer]) -> None:
        """Show others."""
        self._layers = tuple(layers)
        said = "; ".join(f"{one.layer} {one.words}" for one in layers)
        self.setAccessibleDescription(said)
        self.setFixedHeight(_BAR_ROW * len(layers))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.y() // _BAR_ROW
        if 0 <= place < len(self._layers):
            self.layer_chosen.emit(self._layers[place].layer)

    def sizeHint(self) -> QSize:
        return QSize(200, _BAR_ROW * len(self._layers))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._keeper.theme, QPainter(self)
        known = [one.change for one in self._layers if one.change is not None]
        most = max((c for c in known if np.isfinite(c)), default=0.0) or 1.0
        painter.setFont(text_font(12))
        wide = painter.fontMetrics().horizontalAdvance
        words = max((wide(one.words) for one in self._layers), default=0) + 8
        names = min(self.width() // 2, max((wide(x.layer) for x in self._layers), default=0) + 30)
        for place, one in enumerate(self._layers):
            row = QRectF(0, place * _BAR_ROW, self.width(), _BAR_ROW)
            painter.setPen(theme.outline)
            painter.setBrush(theme.family(one.colour))
            painter.drawRect(QRectF(0.5, row.top() + 5.5, 9, 9))
            painter.setFont(text_font(12, semibold=one.is_shown))
            painter.setPen(theme.text)
            name = QRectF(16, row.top(), names - 20, _BAR_ROW)
            shown = painter.fontMetrics().elidedText(one.layer, Qt.ElideMiddle, int(name.width()))
            painter.drawText(name, LEFT, shown)
            track = QRectF(names, row.top() + 6, self.width() - names - words, 8)
            if one.change is not None and track.width() > 8:
                painter.fillRect(track, theme.grid)
                part = min(1.0, one.change / most)
                filled = QRectF(track.left(), track.top(), track.width() * part, track.height())
                painter.fillRect(filled, theme.accent if one.is_shown else theme.sweep_bar)
            painter.setPen(theme.text if one.change is not None else theme.secondary)
            painter.drawText(row, RIGHT, one.words)
        painter.end()
