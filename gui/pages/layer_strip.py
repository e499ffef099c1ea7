"""The layers around the selected one, in the order of the net, with in-place chains bracketed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PyQt5.QtCore import QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from core.net.elision import elide_names
from gui.theme import ThemeKeeper, text_font
from gui.widgets.buttons import IconButton
from gui.widgets.keyboard import shows_keyboard
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_tip

HEIGHT = 38
_GAP, _SQUARE, _MOST = 22, 10, 150


@dataclass(frozen=True)
class StripLayer:
    """A layer as the strip shows it; chain: the blob that it shares with others, "" for none."""

    name: str
    family: str
    chain: str = ""


class LayerStrip(QWidget):
    """Left and right walk; a click selects."""

    layer_selected = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layerStrip")
        self.setAttribute(Qt.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self.before = IconButton(keeper, "left", "The layer before (Alt+Up)")
        self.after = IconButton(keeper, "right", "The layer after (Alt+Down)")
        self.place = ThemedLabel("", "secondary")
        self.row = _Row(keeper)
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 0, 12, 1)
        line.setSpacing(8)
        for widget in (self.before, self.row, self.after, self.place):
            line.addWidget(widget, 1 if widget is self.row else 0)
        self.before.clicked.connect(lambda: self.walk(-1))
        self.after.clicked.connect(lambda: self.walk(1))
        self.row.layer_selected.connect(self.layer_selected)
        self.show_layers((), "")

    def show_layers(self, layers: Sequence[StripLayer], current: str) -> None:
        """Show the layers of a net around the current one."""
        self.row.show_layers(layers, current)
        at, n_layers = self.row.at, len(layers)
        self.before.setEnabled(at is not None and at > 0)
        self.after.setEnabled(n_layers > 0 and (at is None or at + 1 < n_layers))
        self.place.setText("" if at is None else f"layer {at + 1:,} of {n_layers:,}")

    def walk(self, by: int) -> None:
        """Select the layer before or after."""
        name = self.row.beside(by)
        if name:
            self.layer_selected.emit(name)


class _Row(QWidget):
    """Paints as many names as there is room for, the current one in the middle."""

    layer_selected = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self._layers: tuple[StripLayer, ...] = ()
        self._places: list[tuple[int, QRect]] = []
        self.at: int | None = None
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.TabFocus)
        self.setAccessibleName("Layers around the selected one")
        keeper.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, HEIGHT)

    def show_layers(self, layers: Sequence[StripLayer], current: str) -> None:
        """Keep the layers and which of them is current."""
        self._layers = tuple(layers)
        names = {layer.name: i for i, layer in enumerate(self._layers)}
        self.at = names.get(current)
        self.setAccessibleDescription(current)
        self.update()

    def beside(self, by: int) -> str:
        """The name of the layer `by` places on; the first one while none is selected."""
        if not self._layers:
            return ""
        at = 0 if self.at is None else self.at + by
        return self._layers[at].name if 0 <= at < len(self._layers) else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key_Left: -1, Qt.Key_Right: 1}.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
            return
        name = self.beside(by)
        if name:
            self.layer_selected.emit(name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event)
        self.setCursor(Qt.PointingHandCursor if index is not None else Qt.ArrowCursor)
        self.setToolTip("" if index is None else plain_tip(self._layers[index].name))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event)
        if index is not None:
            self.layer_selected.emit(self._layers[index].name)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._places = self._laid_out()
        theme = self._keeper.theme
        painter = QPainter(self)
        names = self._names()
        for (index, box), name in zip(self._places, names, strict=True):
            layer = self._layers[index]
            is_current = index == self.at
            if is_current:
                painter.setRenderHint(QPainter.Antialiasing)
                painter.setPen(theme.accent)
                painter.setBrush(theme.panel)
                frame = QRectF(box).adjusted(-7.5, 5.5, 7.5, -6.5)
                painter.drawRoundedRect(frame, 4, 4)
                painter.setRenderHint(QPainter.Antialiasing, False)
            square = QRect(box.x(), box.center().y() - 4, _SQUARE, _SQUARE)
            painter.fillRect(square, theme.family(layer.family))
            painter.setFont(text_font(12, semibold=is_current))
            painter.setPen(theme.text)
            words = box.adjusted(_SQUARE + 6, 0, 0, 0)
            painter.drawText(words, int(Qt.AlignVCenter), name)
        self._paint_chains(painter)
        if shows_keyboard(self):
            painter.setPen(theme.accent)
            painter.setBrush(Qt.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 2, -1, -3))
        painter.end()

    def _names(self) -> tuple[str, ...]:
        """What is written for each layer in view, told apart from its neighbours."""
        names = [self._layers[index].name for index, _ in self._places]
        rooms = [float(box.width() - _SQUARE - 6) for _, box in self._places]
        advance = QFontMetrics(text_font(12, semibold=True)).horizontalAdvance
        return elide_names(names, rooms, advance) if names else ()

    def _paint_chains(self, painter: QPainter) -> None:
        """A line under the neighbours that share a blob."""
        shown = [(self._layers[index], box) for index, box in self._places]
        current = self._layers[self.at].chain if self.at is not None else ""
        for (one, box), (other, next_box) in pairwise(shown):
            if one.chain and one.chain == other.chain:
                theme = self._keeper.theme
                painter.setOpacity(1.0 if one.chain == current else 0.5)
                left, right = box.x() + 5, next_box.x() + 5
                painter.fillRect(left, self.height() - 4, right - left, 1, theme.mark)
                painter.fillRect(left, self.height() - 6, 1, 3, theme.mark)
                painter.fillRect(right, self.height() - 6, 1, 3, theme.mark)
        painter.setOpacity(1.0)

    def _laid_out(self) -> list[tuple[int, QRect]]:
        """Places of the layers that fit, growing from the current one to both sides."""
        if not self._layers:
            return []
        bold = QFontMetrics(text_font(12, semibold=True))

        def width(index: int) -> int:
            return min(_MOST, bold.horizontalAdvance(self._layers[index].name) + _SQUARE + 8)

        first = last = self.at or 0
        used = width(first)
        room = self.width() - 20
        while True:
            grown = False
            for index in (last + 1, first - 1):
                if 0 <= index < len(self._layers) and used + width(index) + _GAP <= room:
                    used += width(index) + _GAP
                    first, last = min(first, index), max(last, index)
                    grown = True
            if not grown:
                break
        places, x = [], 10
        for index in range(first, last + 1):
            places.append((index, QRect(x, 0, width(index), self.height())))
            x += width(index) + _GAP
        return places

    def _index_at(self, event: QMouseEvent) -> int | None:
        return next((i for i, box in self._places if box.contains(event.pos())), None)
