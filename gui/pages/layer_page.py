"""The Layer page: layers around the selected one, its channels, and how its values spread."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gui.pages.layer_strip import LayerStrip
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.histogram.panel import HistogramPanel
from gui.theme import ThemeKeeper


class LayerPage(QWidget):
    """Tiles at the left, histogram and statistics at the right."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        activations: ActivationsPanel,
        histogram: HistogramPanel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.strip = LayerStrip(keeper)
        self.splitter = QSplitter(Qt.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        for panel in (activations, histogram):
            self.splitter.addWidget(panel)
        self.splitter.setStretchFactor(0, 5)
        self.splitter.setStretchFactor(1, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.splitter, 1)
