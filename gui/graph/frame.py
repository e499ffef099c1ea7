"""The widgets of the graph panel: bar, canvas, minimap, legend, and the page without a net."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.graph.canvas import GraphCanvas
from gui.graph.drawing import Drawing
from gui.graph.find_bar import GraphBar
from gui.graph.legend import Legend
from gui.graph.minimap import Minimap
from gui.graph.overlays import Overlays
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
        self._has_net = False
        self.scene = GraphScene(GraphStyle(keeper.theme), self)
        self.canvas = GraphCanvas(self.scene)
        self.bar = GraphBar(keeper)
        self.minimap = Minimap(keeper, self.scene, self.canvas)
        self.legend = Legend(keeper, self.canvas)
        self.overlays = Overlays(self.canvas, self.scene, self.minimap, self.legend)
        self.viewpoint = Viewpoint(self.canvas, self.scene, self.overlays)
        self.empty = EmptyState(keeper, "layout", "Open or drop a prototxt to draw its graph.")
        self._arrange()
        self._connect_frame()
        self._tint()

    def fit(self) -> None:
        """Show the whole graph, clear of the minimap where there is room."""
        self.viewpoint.fit()

    def show_page(self, *, has_net: bool) -> None:
        """The graph, or one sentence where there is none."""
        self._has_net = has_net
        self._stack.setCurrentWidget(self._page if has_net else self.empty)

    def mirror(self, drawing: Drawing) -> None:
        """Bring scene, legend and minimap to what `drawing` shows."""
        self.scene.show_drawing(drawing)
        self.legend.show_families(box.family for box in drawing.picture.boxes)
        self.minimap.redraw()
        self.place_overlays()

    def place_overlays(self) -> None:
        """Put minimap and legend in their corners."""
        self.overlays.place(has_net=self._has_net)

    def open_legend(self, is_open: bool) -> None:
        """Show the legend, or not; one that was asked for shows wherever it lies."""
        self.overlays.is_legend_open = self.overlays.is_legend_wanted = is_open
        self.place_overlays()

    def _arrange(self) -> None:
        self._page = QWidget()
        column = QVBoxLayout(self._page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.canvas, 1)
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
        self.canvas.view_changed.connect(self._on_view_changed)
        self.canvas.resized.connect(self.place_overlays)
        self.canvas.rested.connect(self.place_overlays)
        self.minimap.place_chosen.connect(self.canvas.centerOn)
        self.minimap.place_chosen.connect(self._on_view_changed)
        self.legend.closed.connect(lambda: self.open_legend(False))
        self._keeper.changed.connect(self._tint)

    @pyqtSlot()
    def _tint(self) -> None:
        theme = self._keeper.theme
        self.scene.restyle(GraphStyle(theme))
        self.scene.setBackgroundBrush(theme.canvas)
        self.minimap.redraw()

    def _on_view_changed(self) -> None:
        self.minimap.show_view(self.canvas.shown_rect())
