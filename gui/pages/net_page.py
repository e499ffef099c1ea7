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
from gui.widgets.buttons import IconButton
from gui.widgets.side import Side
from gui.widgets.tabs import FlatTabs

LEFT_WIDTH, RIGHT_WIDTH = 316, 316
LEAST_LEFT, LEAST_RIGHT = 220, 274
CHANGES_WIDTH, CHANGES_SHARE = 420, 0.32
"""The Changes panel has lines of text, so it gets this width, or that share of a narrow page."""


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
        self.fold_button = IconButton(keeper, "right", "Fold the inspector (Ctrl+Shift+B)")
        self.tabs.set_corner(self.fold_button)
        self.left = Side(keeper, "Layers", layers, least_width=LEAST_LEFT, is_left=True)
        self.right = Side(keeper, "Inspector", self.tabs, least_width=LEAST_RIGHT, is_left=False)
        self.splitter = SideSplitter(self.left, graph, self.right, (LEFT_WIDTH, RIGHT_WIDTH))
        self._narrow: int | None = None
        self.changes_bar = ChangesBar(keeper)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.changes_bar)
        self.tabs.currentChanged.connect(lambda _index: self._fit_right())
        self.fold_button.clicked.connect(lambda: self.right.set_folded(True))

    @property
    def side_widths(self) -> tuple[int, int]:
        """How wide the list of layers and the inspector are while they are open."""
        left, right = self.splitter.widths
        return left, right if self._narrow is None else self._narrow

    def set_side_widths(self, left: int, right: int) -> None:
        """Give list and inspector these widths, now or when they are shown."""
        self._narrow = None
        self.splitter.set_widths(left, right)
        self._fit_right()

    def _fit_right(self) -> None:
        """Widen the right side for the Changes panel, and take that back for the inspector."""
        left, right = self.splitter.widths
        wide = min(CHANGES_WIDTH, int(self.width() * CHANGES_SHARE))
        if self.tabs.currentIndex() == 1:
            if right < wide:
                self._narrow = right
                self.splitter.set_widths(left, wide)
        elif self._narrow is not None:
            narrow, self._narrow = self._narrow, None
            self.splitter.set_widths(left, narrow)

    def widen_left(self, width: int) -> None:
        """Give the list of layers this width, as far as the page has it."""
        left, right = self.splitter.widths
        self.splitter.set_widths(max(left, min(width, self.width() - 2 * LEAST_RIGHT)), right)
