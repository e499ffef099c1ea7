"""The Layer page: layers around the selected one, its channels, and how its values spread."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gui.pages.layer_strip import LayerStrip
from gui.panels.activations.channel_view import SIDE, SMALL_SIDE
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.histogram.panel import HistogramPanel
from gui.theme import ThemeKeeper

SMALL_BELOW = 720
"""Pixels of height under which picture and channel are small, so that the histogram has room."""


class LayerPage(QWidget):
    """Tiles at the left; at the right the chosen channel, and under it histogram and statistics."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        activations: ActivationsPanel,
        histogram: HistogramPanel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.strip = LayerStrip(keeper)
        self._channel = activations.channel
        right = QWidget()
        beside = QVBoxLayout(right)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(0)
        beside.addWidget(activations.channel)
        beside.addWidget(histogram, 1)
        self.splitter = QSplitter(Qt.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        for side in (activations, right):
            self.splitter.addWidget(side)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(activations.bar)
        column.addWidget(self.splitter, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._channel.set_side(SMALL_SIDE if event.size().height() < SMALL_BELOW else SIDE)
