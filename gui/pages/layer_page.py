"""The Layer page: layers around the selected one, its channels, and how its values spread."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gui.pages.layer_strip import LayerStrip
from gui.panels.activations.channel_view import LEAST_SIDE, SIDE, SMALL_SIDE
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.histogram.panel import HistogramPanel
from gui.theme import ThemeKeeper

SMALL_BELOW = 720
"""Pixels of height under which picture and channel are small, so that the histogram has room."""
LEAST_BELOW = 420
"""Of a low window under an opened list of notices."""


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
        self._beside = QVBoxLayout(right)
        self._beside.setContentsMargins(0, 0, 0, 0)
        self._beside.setSpacing(0)
        self._beside.addWidget(activations.channel)
        self._beside.addWidget(histogram, 1)
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
        height = event.size().height()
        small = SMALL_SIDE if height >= LEAST_BELOW else LEAST_SIDE
        self._channel.set_side(SIDE if height >= SMALL_BELOW else small)
        self._beside.activate()  # at once: a paint between would have the old room for it
