"""The Net page: layers, graph, inspector or changes, and the line of changes below."""

from __future__ import annotations

from PyQt5.QtWidgets import QVBoxLayout, QWidget

from gui.graph.panel import GraphPanel
from gui.pages.changes_bar import ChangesBar
from gui.pages.splitter import SideSplitter
from gui.panels.changes.panel import ChangesPanel
from gui.panels.inspector.panel import Inspector
from gui.panels.layers.table import LayerTable
from gui.theme import ThemeKeeper
from gui.widgets.side import Side
from gui.widgets.tabs import FlatTabs

LEFT_WIDTH, RIGHT_WIDTH = 316, 316
LEAST_LEFT, LEAST_RIGHT = 220, 274


class NetPage(QWidget):
    """Graph first; both sides fold."""

    def __init__(
        self,
        keeper: ThemeKeeper,
        layers: LayerTable,
        graph: GraphPanel,
        inspector: Inspector,
        changes: ChangesPanel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.tabs = FlatTabs(keeper)
        self.tabs.add_panel(inspector, "Inspector")
        self.tabs.add_panel(changes, "Changes")
        self.left = Side(keeper, "Layers", layers, least_width=LEAST_LEFT, is_left=True)
        self.right = Side(keeper, "Inspector", self.tabs, least_width=LEAST_RIGHT, is_left=False)
        self.splitter = SideSplitter(self.left, graph, self.right, (LEFT_WIDTH, RIGHT_WIDTH))
        self.changes_bar = ChangesBar(keeper)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.changes_bar)

    def widen_left(self, width: int) -> None:
        """Give the list of layers this width, as far as the page has it."""
        left, right = self.splitter.widths
        self.splitter.set_widths(max(left, min(width, self.width() - 2 * LEAST_RIGHT)), right)
