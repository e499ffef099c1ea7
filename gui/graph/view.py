"""The graph panel: bar, canvas, minimap and legend over one picture of the net."""

from __future__ import annotations

from collections.abc import Iterable

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QContextMenuEvent, QImage, QKeyEvent, QShowEvent
from PyQt5.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from core.layers.records import find_records
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.net.layout import Direction
from gui.graph.box_menu import fill_box_menu
from gui.graph.canvas import GraphCanvas
from gui.graph.find_bar import GraphBar
from gui.graph.finder import Finder
from gui.graph.folding import FoldState
from gui.graph.ink import Ink
from gui.graph.layer_item import LayerItem
from gui.graph.legend import Legend
from gui.graph.minimap import Minimap
from gui.graph.picture import BadgePicture, GraphPicture, draw_picture, has_same_layers
from gui.graph.placing import Placement, place_picture, with_label_rooms
from gui.graph.scene import EMPTY_PICTURE, GraphScene
from gui.graph.sentences import badge_sentence
from gui.graph.verified_item import VerifiedMark
from gui.graph.viewpoint import Viewpoint
from gui.graph.walking import next_box
from gui.theme import ThemeKeeper
from gui.widgets.empty_state import EmptyState

__all__ = ["GraphPanel", "VerifiedMark"]


class GraphPanel(QWidget):
    """Shows a net as boxes and arrows; says what was selected, pointed at or asked for."""

    layer_selected = pyqtSignal(str)
    layer_hovered = pyqtSignal(str)
    rename_requested = pyqtSignal(str)
    second_layer_selected = pyqtSignal(str)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._net: Net | None = None
        self._shapes: NetShapes | None = None
        self._finder = Finder()
        self._folds = FoldState()
        self._direction: Direction = "TB"
        self._picture: GraphPicture = EMPTY_PICTURE
        self._placement: Placement | None = None
        self._selection = ""
        self._second = ""
        self._own: frozenset[tuple[str, str]] = frozenset()
        self._kept_folded: int | None = None
        self._needs_first_view = False
        self.scene = GraphScene(Ink(keeper.theme), self)
        self.scene.sentence_of = lambda badge: badge_sentence(self._net, badge)
        self.canvas = GraphCanvas(self.scene)
        self.bar = GraphBar(keeper)
        self.minimap = Minimap(keeper, self.scene, self.canvas)
        self.legend = Legend(keeper, self.canvas)
        self.viewpoint = Viewpoint(self.canvas, self.scene, self.minimap, self.legend)
        self.empty = EmptyState(keeper, "layout", "Open or drop a prototxt to draw its graph.")
        self._arrange()
        self._connect()
        self._tint()
        self.show_net(None, None)

    @property
    def picture(self) -> GraphPicture:
        """What is drawn now."""
        return self._picture

    @property
    def is_folded(self) -> bool:
        """Whether stages and chains are drawn as one box each."""
        return self._folds.is_on

    @property
    def direction(self) -> Direction:
        """ "TB" from top to bottom, "LR" from left to right."""
        return self._direction

    def show_net(self, net: Net | None, shapes: NetShapes | None) -> None:
        """Draw a net; the same layers again keep their places, folds and view."""
        is_same = has_same_layers(net, self._net)
        self._net, self._shapes = net, shapes
        self._stack.setCurrentWidget(self.empty if net is None else self._page)
        if net is None or shapes is None:
            self._clear()
            return
        self._finder.set_records(find_records(net, shapes))
        if not is_same:
            self._start_anew(net)
        self._redraw()
        self._find(self.bar.field.text())
        if not is_same:
            self._needs_first_view = True
            self._show_first_view()

    def show_selection(self, name: str) -> None:
        """Select the layer; a hidden one unfolds its block, and the view glides to it."""
        if name == self._selection and name:
            return
        self._selection = name
        if self._net is None or not self._net.has_layer(name):
            self.scene.show_selection(None, self._key_of(self._second))
            return
        index = self._net.layer(name).index
        is_kept = self._kept_folded == self._picture.box_of.get(index)
        if not is_kept and self._folds.open_around(index):
            self._redraw()
        self._kept_folded = None
        self._mark_selection()
        item = self.scene.layer_items.get(self._picture.box_of[index])
        if item is not None:
            self.viewpoint.reveal(item, self._direction)

    def show_second(self, name: str) -> None:
        """Outline a second layer, the one that is compared with the selection."""
        self._second = name
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

    def show_verified(self, mark: VerifiedMark | None) -> None:
        """Show how verifying the rename went, beside the renamed badges."""
        self.scene.show_verified(mark)

    def highlight(self, name: str) -> None:
        """Light the layer that the mouse is on elsewhere; "" for none."""
        self.scene.show_lit(self._key_of(name))

    def focus_find(self) -> None:
        """Go to the find field; what was typed stays."""
        self.bar.field.setFocus(Qt.ShortcutFocusReason)
        self.bar.field.selectAll()

    def set_folded(self, is_folded: bool) -> None:
        """Fold all stages and chains, or unfold them."""
        self._folds.turn(is_folded)
        self.bar.show_fold(is_folded, self._folds.can_fold)
        if self._net is not None and self._net.has_layer(self._selection):
            self._folds.open_around(self._net.layer(self._selection).index)
        self._redraw_around_selection()

    def set_direction(self, direction: Direction) -> None:
        """Draw from top to bottom or from left to right."""
        if direction != self._direction:
            self._direction = direction
            self._placement = None
            self.bar.show_direction(direction == "LR")
            self._redraw_around_selection()

    def toggle_direction(self) -> None:
        """The other direction."""
        self.set_direction("LR" if self._direction == "TB" else "TB")

    def fit(self) -> None:
        """Show the whole graph, beside the legend where there is room."""
        self.viewpoint.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_F and event.modifiers() & Qt.ControlModifier:
            self.focus_find()
            return
        super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place_overlays()
        self._show_first_view()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._net is None:
            return
        place = self.canvas.viewport().mapFromGlobal(event.globalPos())
        item = self.scene.item_of(self.canvas.itemAt(place))
        menu = self.menu_of(item)
        menu.exec(event.globalPos())
        menu.deleteLater()

    def menu_of(self, item: LayerItem | None) -> QMenu:
        """What a right click on a box, or beside all boxes, offers."""
        menu = QMenu(self)
        if item is not None:
            opened = self._folds.opened_around(item.box.key)
            fill_box_menu(
                menu,
                item.box,
                on_rename=self._on_badge_pressed,
                on_unfold=lambda: self._on_double_clicked(item),
                on_fold=(lambda: self._fold_again(opened)) if opened else None,
            )
            menu.addSeparator()
        menu.addAction("Fit the whole graph", self.fit)
        if not self.viewpoint.is_legend_open:
            menu.addAction("Show the legend", lambda: self._open_legend(True))
        return menu

    def _fold_again(self, keys: Iterable[tuple[str, int]]) -> None:
        self._folds.close(keys)
        self._redraw_around_selection()

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

    def _connect(self) -> None:
        self.bar.query_changed.connect(self._find)
        self.bar.stepped.connect(self._step)
        self.bar.find_left.connect(self._leave_find)
        self.bar.fold_toggled.connect(self.set_folded)
        self.bar.direction_toggled.connect(self.toggle_direction)
        self.bar.zoomed_in.connect(self.canvas.zoom_in)
        self.bar.zoomed_out.connect(self.canvas.zoom_out)
        self.bar.zoom_reset.connect(lambda: self.canvas.set_scale(1.0))
        self.bar.fit_pressed.connect(self.fit)
        self.canvas.item_clicked.connect(self._on_clicked)
        self.canvas.item_double_clicked.connect(self._on_double_clicked)
        self.canvas.item_hovered.connect(self._on_hovered)
        self.canvas.walked.connect(self._walk)
        self.canvas.zoom_changed.connect(self.bar.show_zoom)
        self.canvas.view_changed.connect(self._on_view_changed)
        self.canvas.resized.connect(self._place_overlays)
        self.scene.badge_pressed.connect(self._on_badge_pressed)
        self.minimap.place_chosen.connect(self.canvas.centerOn)
        self.minimap.place_chosen.connect(self._on_view_changed)
        self.legend.closed.connect(lambda: self._open_legend(False))
        self._keeper.changed.connect(self._tint)

    def _tint(self) -> None:
        theme = self._keeper.theme
        self.scene.set_ink(Ink(theme))
        self.scene.setBackgroundBrush(theme.canvas)
        self.minimap.redraw()

    def _clear(self) -> None:
        self._finder.set_records(())
        self._placement = None
        self._picture = EMPTY_PICTURE
        self.scene.show_picture(EMPTY_PICTURE, place_picture(EMPTY_PICTURE, {}))

    def _start_anew(self, net: Net) -> None:
        self._folds.start(net)
        self._placement = None
        self._selection = self._second = ""
        self.bar.show_fold(self._folds.is_on, self._folds.can_fold)
        self.scene.show_selection(None)

    def _redraw(self) -> None:
        """Draw the picture again; positions stay where boxes and arrows are the same."""
        if self._net is None or self._shapes is None:
            return
        folded = self._folds.folded()
        before = self._picture
        self._picture = draw_picture(self._net, self._shapes, folded=folded, own_blobs=self._own)
        widths = self.scene.badge_widths(self._picture)
        if self._placement is not None and before.topology == self._picture.topology:
            self._placement = with_label_rooms(self._placement, self._picture, widths)
        else:
            self._placement = place_picture(self._picture, widths, self._direction)
        self.scene.show_picture(self._picture, self._placement)
        self.legend.show_families(box.family for box in self._picture.boxes)
        self.minimap.redraw()
        self._place_overlays()
        self._mark_selection()
        self._show_hits()

    def _redraw_around_selection(self) -> None:
        self._redraw()
        key = self._key_of(self._selection)
        if key is None:
            self._needs_first_view = True
            self._show_first_view()
        else:
            self.viewpoint.look_at(self.scene.layer_items[key], self._direction, at_once=True)

    def _mark_selection(self) -> None:
        self.scene.show_selection(self._key_of(self._selection), self._key_of(self._second))

    def _key_of(self, name: str) -> int | None:
        if self._net is None or not name or not self._net.has_layer(name):
            return None
        return self._picture.box_of.get(self._net.layer(name).index)

    def _show_first_view(self) -> None:
        if self._placement is not None and self._needs_first_view and self.isVisible():
            self._needs_first_view = False
            self.viewpoint.show_beginning(self._direction)

    def _place_overlays(self) -> None:
        self.viewpoint.place_overlays(has_net=self._net is not None)

    def _open_legend(self, is_open: bool) -> None:
        self.viewpoint.is_legend_open = is_open
        self._place_overlays()

    def _on_view_changed(self) -> None:
        self.minimap.show_view(self.canvas.shown_rect())

    def _on_clicked(self, item: LayerItem, modifiers: Qt.KeyboardModifiers) -> None:
        name = item.box.layers[0]
        if modifiers & Qt.ControlModifier:
            self.show_second(name)
            self.second_layer_selected.emit(name)
            return
        self._select(name, item)

    def _select(self, name: str, item: LayerItem | None = None) -> None:
        """Select what was clicked; a block stays folded, a chain opens to show its versions."""
        if item is not None and item.box.group is not None and item.box.group.kind == "block":
            self._kept_folded = item.box.key
        self.show_selection(name)
        self.layer_selected.emit(name)

    def _on_double_clicked(self, item: LayerItem) -> None:
        group = item.box.group
        if group is not None:
            self._folds.open_group(group)
            self._redraw_around_selection()

    def _on_hovered(self, item: LayerItem | None) -> None:
        name = item.box.layers[0] if item is not None else ""
        self.scene.show_lit(item.box.key if item is not None else None)
        self.layer_hovered.emit(name)

    def _on_badge_pressed(self, badge: BadgePicture) -> None:
        self.rename_requested.emit(badge.wish)

    def _walk(self, way: str) -> None:
        """Arrow keys: along the arrows of the graph, or to the box beside."""
        key = self._key_of(self._selection)
        if key is None:
            if self._net is not None and self._net.layers:
                self._select(self._net.layers[0].name)
            return
        if way == "open":
            self._on_double_clicked(self.scene.layer_items[key])
            return
        if self._placement is None:
            return
        following = next_box(self._picture, self._placement, key, way)
        if following is not None:
            item = self.scene.layer_items[following]
            self._select(item.box.layers[0], item)

    def _find(self, text: str) -> None:
        self._finder.search(text)
        self.bar.show_hits(None, len(self._finder.hits), self._finder.problem)
        self._show_hits()

    def _show_hits(self) -> None:
        box_of = self._picture.box_of
        hits = None if self._finder.is_idle else {box_of[i] for i in self._finder.hits}
        self.scene.show_hits(hits)

    def _step(self, by: int) -> None:
        index = self._finder.step(by)
        if index is None or self._net is None:
            return
        self.bar.show_hits(self._finder.position, len(self._finder.hits))
        self._show_hits()
        name = self._net.layers[index].name
        self.show_selection(name)
        self.layer_selected.emit(name)

    def _leave_find(self) -> None:
        self.scene.show_hits(None)
        self.canvas.setFocus(Qt.OtherFocusReason)
