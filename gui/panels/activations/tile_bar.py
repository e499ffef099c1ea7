"""How the tiles are drawn: their order, their scale with its values, and indices of more axes."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QSignalBlocker, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QResizeEvent, QWheelEvent
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSpinBox, QVBoxLayout, QWidget

from core.activations.channel_stack import OpenAxis
from core.activations.channels import CHANNEL_ORDERS, ChannelOrder
from core.activations.tile_colours import COLOUR_MAPS
from core.activations.tiles import RangeScope
from gui.panels.activations.scale import ValueScale
from gui.panels.activations.shown import Drawing
from gui.theme import ThemeKeeper
from gui.widgets.choice import Choice
from gui.widgets.kept import keep
from gui.widgets.labels import ThemedLabel
from gui.widgets.plain_text import plain_tip

NARROW_BELOW = 600
ROOM_OF_STYLE = 8
"""Pixels of frame that the hint of a choice leaves out."""


class IndexBox(QSpinBox):
    """An index that goes round at both ends; the wheel passes over it."""

    def __init__(self, axis: OpenAxis) -> None:
        super().__init__()
        self.setRange(0, axis.size - 1)
        self.setValue(axis.index)
        self.setWrapping(True)
        self.setSuffix(f" of {axis.size:,}")
        self.setAccessibleName(f"Index of axis {axis.axis}")
        self.setToolTip(plain_tip(f"Index of axis {axis.axis}, {axis.size:,} long"))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class TileBar(QWidget):
    """Order, range and colours; a line with an index for each axis that is shown piece by piece."""

    changed = pyqtSignal()
    index_changed = pyqtSignal(int, int)
    """Axis and index."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._axes: tuple[tuple[int, int], ...] = ()
        self.order_choice, self.scope_choice, self.colours_choice = Choice(), Choice(), Choice()
        keep("tiles", order=self.order_choice, range=self.scope_choice)
        self._fill()
        self.scale = ValueScale(keeper)
        self._labels: list[QLabel] = []
        self._boxes: list[IndexBox] = []
        self._line = QHBoxLayout()
        self._line.setSpacing(6)
        for words, choice in (
            ("Sort", self.order_choice), ("Range", self.scope_choice),
            ("Colours", self.colours_choice),
        ):  # fmt: skip
            choice.setMinimumWidth(72)
            choice.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
            choice.keep_to_contents(ROOM_OF_STYLE)
            label = ThemedLabel(words, "secondary")
            label.setBuddy(choice)
            self._labels.append(label)
            self._line.addWidget(label)
            self._line.addWidget(choice, choice.sizeHint().width())  # long entries need more room
            self._line.addSpacing(4)
        self._line.addWidget(self.scale)
        self._line.addStretch(1)
        self._indices = QWidget()
        self._index_line = QHBoxLayout(self._indices)
        self._index_line.setContentsMargins(0, 0, 0, 0)
        self._index_line.setSpacing(6)
        self._index_line.addStretch(1)
        self._indices.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(4)
        column.addLayout(self._line)
        column.addWidget(self._indices)
        for choice in (self.order_choice, self.scope_choice):
            choice.activated.connect(lambda _index: self.changed.emit())
        self.colours_choice.activated.connect(
            lambda _index: keeper.choose_tile_map(self.colours_choice.currentData())
        )
        keeper.changed.connect(self._show_colours)
        self._show_colours()

    def _fill(self) -> None:
        """Offer what can be chosen."""
        for order in CHANNEL_ORDERS:
            self.order_choice.addItem(order, order)
        self.order_choice.setToolTip("Order of the channels, the same for a whole chain")
        self.order_choice.setAccessibleName("Sort")
        self.scope_choice.addItem("whole layer", "layer")
        self.scope_choice.addItem("p1–p99", "percentile")
        self.scope_choice.addItem("each channel", "channel")
        self.scope_choice.setToolTip(
            "Scale of the colours: one for all channels, the same from the 1st to the 99th "
            "percentile, or each its own"
        )
        self.scope_choice.setAccessibleName("Range")
        for name in COLOUR_MAPS:
            self.colours_choice.addItem(name, name)
        self.colours_choice.setToolTip(
            "Colours of values without negative ones; signed values always have two"
        )
        self.colours_choice.setAccessibleName("Colours")

    @property
    def order(self) -> ChannelOrder:
        """How channels are sorted."""
        chosen: ChannelOrder = self.order_choice.currentData()
        return chosen

    @property
    def scope(self) -> RangeScope:
        """Whose range the colours have."""
        chosen: RangeScope = self.scope_choice.currentData()
        return chosen

    @property
    def options(self) -> tuple[str, ...]:
        """The same choices for the command `tiles`."""
        chosen = ("--order", self.order), ("--range", self.scope)
        colours = ("--colours", self._keeper.theme.tile_map)
        return tuple(word for pair in (*chosen, colours) for word in pair)

    @property
    def index_boxes(self) -> tuple[IndexBox, ...]:
        """The index of each axis that is shown piece by piece."""
        return tuple(self._boxes)

    def show_drawing(self, drawing: Drawing, channel: int | None) -> None:
        """Show the scale of what is drawn, and its open axes."""
        self.scale.setVisible(bool(drawing.cards))
        if not drawing.cards:
            self._show_axes(())
            return
        stack, highs = drawing.cards[drawing.leader].stack, drawing.highs[drawing.leader]
        self.order_choice.setEnabled(len(stack.maps) > 1)
        one = channel if channel is not None and channel < len(highs) else 0
        n = len(drawing.cards)
        self.colours_choice.setEnabled(not drawing.is_diverging)
        if drawing.is_shared:
            whose = "of every channel of the chain" if n > 1 else "of every channel"
        else:
            whose = f"of channel {one}; each channel has its own"
        if drawing.scope == "percentile":
            whose += (
                "; p1 to p99, values beyond have the colour of the end"
                if drawing.is_clipped
                else "; p1 and p99 are the same, so the whole range"
            )
        high = float(highs[one]) if len(highs) else 1.0
        self.scale.show_scale(
            high,
            whose,
            is_diverging=drawing.is_diverging,
            low=drawing.low,
            is_clipped=drawing.is_clipped,
        )
        self._show_axes(stack.axes)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for label in self._labels:
            label.setVisible(event.size().width() >= NARROW_BELOW)

    @pyqtSlot()
    def _show_colours(self) -> None:
        at = self.colours_choice.findData(self._keeper.theme.tile_map)
        self.colours_choice.setCurrentIndex(at)

    def _show_axes(self, axes: Sequence[OpenAxis]) -> None:
        """New boxes only where the axes are others: one may be in use."""
        shape = tuple((one.axis, one.size) for one in axes)
        if shape == self._axes:
            for box, one in zip(self._boxes, axes, strict=True):
                with QSignalBlocker(box):
                    box.setValue(one.index)
            return
        self._axes = shape
        while self._index_line.count() > 1:
            item = self._index_line.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._boxes = []
        for place, one in enumerate(axes):
            box = IndexBox(one)
            label = ThemedLabel(f"axis {one.axis}", "secondary")
            label.setBuddy(box)
            box.valueChanged.connect(
                lambda value, axis=one.axis: self.index_changed.emit(axis, value)
            )
            self._index_line.insertWidget(2 * place, label)
            self._index_line.insertWidget(2 * place + 1, box)
            self._boxes.append(box)
        self._indices.setVisible(bool(axes))
