"""The graph of one net as it is drawn: folds, options, selection and where the view stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from PyQt5.QtCore import QPointF, pyqtSignal
from PyQt5.QtGui import QImage, QShowEvent
from PyQt5.QtWidgets import QWidget

from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.net.layout.layered import Direction
from gui.graph.drawing import Drawing, DrawingOptions, DrawingRequest
from gui.graph.folding import FoldState
from gui.graph.frame import GraphFrame
from gui.graph.items.layer import LayerItem
from gui.graph.memory import GraphMemory
from gui.graph.overlay import Overlay, scale_over
from gui.graph.picture import GraphPicture
from gui.graph.redrawer import Redrawer
from gui.theme import ThemeKeeper


class NetGraph(GraphFrame):
    """Draws what it is told to; clicks and keys are for who builds on it."""

    drawn = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self._net: Net | None = None
        self._shapes: NetShapes | None = None
        self._folds = FoldState()
        self._options = DrawingOptions()
        self._selection = ""
        self._together: tuple[str, ...] = ()
        self._own: frozenset[tuple[str, str]] = frozenset()
        self._overlay: Overlay | None = None
        self._is_another_net = True
        self._memory: GraphMemory | None = None
        self._needs_first_view = False
        self.redrawer = Redrawer(self._show_drawing)
        self.canvas.zoom_changed.connect(self._follow_zoom)
        self.canvas.resized.connect(
            lambda place: self.viewpoint.stay_at_beginning(place, self.direction)
        )

    @property
    def picture(self) -> GraphPicture:
        """What is drawn now."""
        return self.redrawer.shown.picture

    @property
    def overlay(self) -> Overlay | None:
        """What the boxes are coloured by."""
        return self._overlay

    @property
    def drawing(self) -> Drawing:
        """What is drawn now, with its places; for an export."""
        return self.redrawer.shown

    @property
    def is_folded(self) -> bool:
        """Whether stages, blocks and chains are drawn as one box each."""
        return self._folds.is_on

    @property
    def direction(self) -> Direction:
        """ "TB" from top to bottom, "LR" from left to right."""
        return self._options.direction

    @property
    def memory(self) -> GraphMemory:
        """How the graph stands, for the next time this net is opened."""
        centre = self.canvas.shown_rect().center()
        place = (round(centre.x(), 1), round(centre.y(), 1))
        return GraphMemory(self._folds.memory, self._options, self.canvas.scale_now, place)

    @property
    def has_waiting_memory(self) -> bool:
        """Whether someone said how the next net is to be shown."""
        return self._memory is not None

    def expect_net(self, memory: GraphMemory | None) -> None:
        """The next net is another file: begin anew, or as it was left, whatever its layers."""
        self._is_another_net = True
        self._memory = memory

    def show_together(self, names: Iterable[str]) -> None:
        """Outline layers that are selected together with the one; none for that one alone."""
        self._together = tuple(names)
        self._mark_selection()

    def show_thumbnail(self, image: QImage | None) -> None:
        """Put the input image on the data box."""
        self.scene.show_thumbnail(image)

    def show_own_blobs(self, own_blobs: Iterable[tuple[str, str]]) -> None:
        """Mark the (layer, top) pairs that a rename gave blobs of their own."""
        own = frozenset(own_blobs)
        if own != self._own:
            self._own = own
            self._redraw()

    def show_overlay(self, overlay: Overlay | None) -> None:
        """Fill the boxes by a number for each layer; None for the families alone."""
        self._overlay = overlay
        self._scale_overlay()

    def _scale_overlay(self) -> None:
        """Colours run over what is drawn: a block seen from far has the sum of its layers."""
        scale = (
            None if self._overlay is None else scale_over(self._overlay, self.scene.drawn_layers())
        )
        self.scene.show_overlay(scale)
        self.legend.show_overlay(scale)
        self.overview.redraw()

    def _follow_zoom(self) -> None:
        if self._overlay is not None:
            self._scale_overlay()

    def highlight(self, name: str) -> None:
        """Light the layer that the mouse is on elsewhere; "" for none."""
        self.scene.show_lit(self._key_of(name))

    def set_folded(self, is_folded: bool) -> None:
        """Fold all stages, blocks and chains, or unfold them."""
        self._folds.turn(is_folded)
        self.bar.show_fold(is_folded, self._folds.can_fold)
        if self._net is not None and self._net.has_layer(self._selection):
            self._folds.open_around(self._net.layer(self._selection).index)
        self._redraw(self._holding())

    def fit(self) -> None:
        """Show the whole graph, the one on its way if there is one."""
        self.redrawer.after(super().fit)

    def set_direction(self, direction: Direction) -> None:
        """Draw from top to bottom or from left to right."""
        self._choose(replace(self._options, direction=direction))

    def toggle_direction(self) -> None:
        """The other direction."""
        self.set_direction("LR" if self.direction == "TB" else "TB")

    def set_shows_dropped(self, shows: bool) -> None:
        """Draw layers that the phase drops as pale boxes, or not at all."""
        self._choose(replace(self._options, shows_inactive=shows))

    def set_shows_edge_shapes(self, shows: bool) -> None:
        """Write shapes beside the arrows, or not."""
        self._choose(replace(self._options, shows_edge_shapes=shows))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_first_view()

    def _start_anew(self, net: Net) -> None:
        memory = self._memory
        self._is_another_net = False
        self._selection, self._together = "", ()
        self._folds.start(net, memory.folds if memory else None)
        if memory is not None:
            self._options = memory.options
        self.bar.show_fold(self._folds.is_on, self._folds.can_fold)
        self.bar.show_direction(self.direction == "LR")
        self.redrawer.start_anew()

    def _choose(self, options: DrawingOptions) -> None:
        if options != self._options:
            self._options = options
            self.bar.show_direction(self.direction == "LR")
            self._redraw(self._holding())

    def _redraw(self, then: Callable[[], None] = lambda: None) -> None:
        """Draw again, then go on; the picture before stays until the new one is there."""
        if self._net is None or self._shapes is None:
            return
        request = DrawingRequest(
            net=self._net,
            shapes=self._shapes,
            style=self.scene.graph_style,
            folded=self._folds.folded(),
            groups=self._folds.groups,
            own_blobs=self._own,
            options=self._options,
        )
        self.redrawer.start(request, then)

    def _show_drawing(self, drawing: Drawing) -> None:
        self.mirror(drawing)
        if self._overlay is not None:
            self._scale_overlay()
        self._mark_selection()
        self.drawn.emit()

    def _mark_selection(self) -> None:
        keys = (self._key_of(name) for name in self._together)
        together = [key for key in keys if key is not None]
        self.scene.show_selection(self._key_of(self._selection), together)

    def _key_of(self, name: str) -> int | None:
        """The box of a layer in what shows now, which may be the net before."""
        net = self.redrawer.shown.net
        if net is None or not name or not net.has_layer(name):
            return None
        return self.picture.box_of.get(net.layer(name).index)

    def _selected_item(self) -> LayerItem | None:
        key = self._key_of(self._selection)
        return None if key is None else self.scene.layer_items.get(key)

    def _reveal_selection(self) -> None:
        item = self._selected_item()
        if item is not None:
            self.viewpoint.reveal(item, self.direction)

    def _holding(self, item: LayerItem | None = None) -> Callable[[], None]:
        """What leaves a box where it is on screen when the graph is drawn anew.

        item: that box; else the selected one if it shows, else the one nearest to the middle.
        """
        item = item or self.viewpoint.find_anchor(self._selected_item())
        if item is None:
            return self._show_place
        layers, place = item.box.layers, self.viewpoint.place_of(item)

        def hold() -> None:
            keys = (self._key_of(name) for name in layers)
            key = next((key for key in keys if key is not None), None)
            if key is not None:
                self.viewpoint.put(self.scene.layer_items[key], place)

        return hold

    def _show_place(self) -> None:
        """A new net begins where it was left, else at its beginning."""
        self._needs_first_view = True
        self._show_first_view()

    def _show_first_view(self) -> None:
        if not (self._needs_first_view and self.isVisible() and self.picture.boxes):
            return
        self._needs_first_view = False
        memory, self._memory = self._memory, None
        if memory is None or memory.scale is None or memory.centre is None:
            self.viewpoint.show_beginning(self.direction)
        else:
            self.viewpoint.show_place(memory.scale, QPointF(*memory.centre))
