"""The widgets of the graph panel: bar, canvas, overview, legend, and the page without a net."""

from __future__ import annotations

from PyQt5.QtCore import QPoint, pyqtSlot
from PyQt5.QtWidgets import QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.graph.canvas import GraphCanvas
from gui.graph.drawing import Drawing
from gui.graph.find_bar import GraphBar
from gui.graph.find_list import FindList
from gui.graph.legend_line import LegendLine
from gui.graph.overview import Overview
from gui.graph.scene import GraphScene
from gui.graph.style import GraphStyle
from gui.graph.viewpoint import Viewpoint
from gui.theme import ThemeKeeper
from gui.widgets.empty_state import EmptyState


class GraphFrame(QWidget):
    """Arranges and tints; what a net is and what a click means is none of its business."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self.scene = GraphScene(GraphStyle(keeper.theme), self)
        self.canvas = GraphCanvas(self.scene)
        self.bar = GraphBar(keeper)
        self.find_list = FindList(keeper, self)
        self.overview = Overview(keeper, self.scene)
        self.legend = LegendLine(keeper)
        self.viewpoint = Viewpoint(self.canvas, self.scene)
        self.empty = EmptyState(keeper, "layout", "Open or drop a prototxt to draw its graph.")
        self._arrange()
        self._connect_frame()
        self._tint()

    def fit(self) -> None:
        """Show the whole graph."""
        self.canvas.fit()

    def show_page(self, *, has_net: bool) -> None:
        """The graph, or one sentence where there is none."""
        self._stack.setCurrentWidget(self._page if has_net else self.empty)

    def mirror(self, drawing: Drawing) -> None:
        """Bring scene, legend and overview to what `drawing` shows."""
        self.scene.show_drawing(drawing)
        self.legend.show_picture(drawing.picture)
        self.overview.redraw()

    def place_find_list(self) -> None:
        """Put the hits below the find field."""
        corner = self.bar.field.mapTo(self, self.bar.field.rect().bottomLeft())
        self.find_list.place_below(corner + QPoint(0, 6), self.canvas.height() - 12)

    def _arrange(self) -> None:
        self._page = QWidget()
        grid = QGridLayout(self._page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.bar, 0, 0, 1, 2)
        grid.addWidget(self.canvas, 1, 0)
        grid.addWidget(self.overview, 1, 1)
        grid.addWidget(self.legend, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setRowStretch(1, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._page)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        self.setFocusProxy(self.canvas)

    def _connect_frame(self) -> None:
        self.bar.zoomed_in.connect(self.canvas.zoom_in)
        self.bar.zoomed_out.connect(self.canvas.zoom_out)
        self.bar.zoom_reset.connect(lambda: self.canvas.set_scale(1.0))
        self.bar.fit_pressed.connect(self.fit)
        self.canvas.zoom_changed.connect(self.bar.show_zoom)
        self.canvas.zoom_changed.connect(self.legend.show_scale)
        self.canvas.view_changed.connect(self._on_view_changed)
        self.overview.place_chosen.connect(self.canvas.centerOn)
        self.overview.place_chosen.connect(self._on_view_changed)
        self._keeper.changed.connect(self._tint)

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self.scene.restyle(GraphStyle(theme))
        self.scene.setBackgroundBrush(theme.canvas)
        self.overview.redraw()

    def _on_view_changed(self) -> None:
        self.overview.show_view(self.canvas.shown_rect())
