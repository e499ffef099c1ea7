"""The graph panel: bar, canvas, overview and legend of one picture of the net."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from PyQt5.QtCore import QPoint, Qt, pyqtSignal
from PyQt5.QtGui import QContextMenuEvent, QKeyEvent
from PyQt5.QtWidgets import QApplication, QMenu, QWidget

from core.layers.records import find_records
from core.layers.shapes import NetShapes
from core.net.definition import Net
from gui.graph import metrics as m
from gui.graph.box_menu import copy_offers, fill_box_menu
from gui.graph.finder import Finder
from gui.graph.inactive_layers import is_of_phase
from gui.graph.items.badge import badge_sentence
from gui.graph.items.layer import LayerItem
from gui.graph.net_graph import NetGraph
from gui.graph.picture import BadgePicture, FoldGroup, has_same_layers
from gui.graph.placing import next_box
from gui.graph.view_menu import ViewWishes, fill_view_menu
from gui.theme import ThemeKeeper
from gui.widgets.layer_rows import LayerRow, layer_rows


class GraphPanel(NetGraph):
    """Shows a net as boxes and arrows; says what was selected, pointed at or asked for."""

    layer_selected = pyqtSignal(str)
    layer_hovered = pyqtSignal(str)
    rename_requested = pyqtSignal(str)
    second_layer_selected = pyqtSignal(str)
    layer_opened = pyqtSignal(str)
    state_requested = pyqtSignal(object)
    export_requested = pyqtSignal()

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self._finder = Finder()
        self._kept_folded: int | None = None
        self._sentences: dict[BadgePicture, str] = {}
        self._rows: Sequence[LayerRow] | None = None
        self.scene.sentence_of = self._sentence_of
        self._connect()
        self.show_net(None, None)

    def show_net(
        self,
        net: Net | None,
        shapes: NetShapes | None,
        own_blobs: Iterable[tuple[str, str]] | None = None,
    ) -> None:
        """Draw a net; an edited one keeps its folds and, with the same layers, places and view.

        own_blobs: (layer, top) pairs that a rename gave blobs of their own; None: as before.
        """
        before = self._net
        self._net, self._shapes = net, shapes
        self._sentences = {}
        if own_blobs is not None:
            self._own = frozenset(own_blobs)
        self.show_page(has_net=net is not None)
        if net is None or shapes is None:
            self._finder.set_source(tuple)
            self._rows = None
            self._show_hidden()
            self.redrawer.clear()
            self._is_another_net = True
            return
        self._finder.set_source(partial(find_records, net, shapes))
        is_new = self._is_another_net
        is_same = not is_new and has_same_layers(net, before)
        if is_new:
            self._start_anew(net)
        elif not is_same:
            self._folds.start(net, self._folds.memory)
            self.bar.show_fold(self._folds.is_on, self._folds.can_fold)
        if is_same:
            self._redraw()
        else:
            self._redraw(self._show_place if is_new else self._holding())
        self._rows = None
        self._show_hits()
        self._show_hidden()

    def _show_hidden(self) -> None:
        net, n_hidden, phase = self._net, 0, ""
        if net is not None and not self._options.shows_inactive:
            n_hidden = len(net.inactive)
            other = "TRAIN" if net.state.phase == "TEST" else "TEST"
            phase = other if all(is_of_phase(layer, other) for layer in net.inactive) else ""
        self.bar.show_hidden(n_hidden, phase)

    def show_selection(self, name: str) -> None:
        """Select the layer; a hidden one unfolds its block, and the view glides to it."""
        if name == self._selection and name:
            return
        self._selection = name
        if self._net is None or not self._net.has_layer(name):
            self._mark_selection()
            return
        index = self._net.layer(name).index
        is_kept = self._kept_folded is not None and (
            self._kept_folded == self.picture.box_of.get(index)
        )
        self._kept_folded = None
        has_opened = not is_kept and self._folds.open_around(index)
        if has_opened or self.redrawer.is_drawing:
            hold = self._holding()

            def reveal() -> None:
                hold()
                self._reveal_selection()

            self._redraw(reveal)
        else:
            self._mark_selection()
            self._reveal_selection()

    def focus_find(self) -> None:
        """Go to the find field; what was typed stays."""
        self.bar.field.setFocus(Qt.ShortcutFocusReason)
        self.bar.field.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_F and event.modifiers() & Qt.ControlModifier:
            self.focus_find()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._net is None:
            return
        place = event.globalPos()
        item = self.scene.item_of(self.canvas.itemAt(self.canvas.viewport().mapFromGlobal(place)))
        if event.reason() == QContextMenuEvent.Keyboard:
            item = self._selected_item()
            if item is not None:
                place = self._place_of(item)
        menu = self.menu_of(item)
        menu.exec(place)
        menu.deleteLater()

    def menu_of(self, item: LayerItem | None) -> QMenu:
        """What a right click on a box, or beside all boxes, offers."""
        menu = QMenu(self)
        net = self._net
        if item is not None and net is not None:
            name = item.box.layers[0]
            others = bool(self._selection) and self._selection not in item.box.layers
            fill_box_menu(
                menu,
                item.box,
                opened=self._folds.opened_around(item.box.key),
                offers=copy_offers(net, item.box.layers),
                on_rename=self._on_badge_pressed,
                on_unfold=lambda: self._unfold(item),
                on_fold=self._fold,
                on_compare=(lambda: self._compare(name)) if others else None,
            )
            menu.addSeparator()
        menu.addAction("Fit the whole graph\tF", self.fit)
        if net is not None:
            fill_view_menu(menu, net, self._options, self._view_wishes)
        return menu

    @property
    def _view_wishes(self) -> ViewWishes:
        return ViewWishes(
            on_state=lambda state: self.state_requested.emit(state),
            on_dropped=self.set_shows_dropped,
            on_edge_shapes=self.set_shows_edge_shapes,
            on_export=lambda: self.export_requested.emit(),
        )

    def _open_view_menu(self) -> None:
        menu = self.menu_of(None)
        menu.exec(self.bar.options.mapToGlobal(QPoint(0, self.bar.options.height())))
        menu.deleteLater()

    def _connect(self) -> None:
        self.drawn.connect(self._show_hits)
        self.drawn.connect(self._show_hidden)
        self.bar.field.focus_changed.connect(lambda _has_focus: self._list_hits())
        self.find_list.taken.connect(self._go_to)
        self.bar.query_changed.connect(self._find)
        self.bar.stepped.connect(self._step)
        self.bar.find_left.connect(self._leave_find)
        self.bar.fold_toggled.connect(self.set_folded)
        self.bar.direction_toggled.connect(self.toggle_direction)
        self.bar.options_pressed.connect(self._open_view_menu)
        self.canvas.item_clicked.connect(self._on_clicked)
        self.canvas.item_double_clicked.connect(self._open)
        self.canvas.item_hovered.connect(self._on_hovered)
        self.canvas.walked.connect(self._walk)
        self.scene.badge_pressed.connect(self._on_badge_pressed)

    def _place_of(self, item: LayerItem) -> QPoint:
        """Where on the screen the middle of a box is."""
        middle = self.canvas.mapFromScene(item.frame().center())
        return QPoint(self.canvas.viewport().mapToGlobal(middle))

    def _on_clicked(self, item: LayerItem, modifiers: Qt.KeyboardModifiers) -> None:
        if modifiers & Qt.ControlModifier:
            self._compare(item.box.layers[0])
        else:
            self._select(item)

    def _compare(self, name: str) -> None:
        self.show_second(name)
        self.second_layer_selected.emit(name)

    def _select(self, item: LayerItem) -> None:
        """Select what was clicked; a block stays folded, a chain opens to show its versions."""
        name, group = item.box.layers[0], item.box.group
        if self._net is None or not self._net.has_layer(name):
            return  # dropped by the phase, or of the net before
        if group is not None and group.kind != "chain":
            self._kept_folded = item.box.key
        self.show_selection(name)
        self.layer_selected.emit(name)

    def _open(self, item: LayerItem) -> None:
        """Unfold a block; of a layer, show what it holds; from far, come near."""
        if self.canvas.scale_now < m.NAMES_FROM:
            self.canvas.set_scale(1.0)
            self.viewpoint.look_at(item, self.direction, at_once=True)
        elif item.box.group is not None:
            self._unfold(item)
        elif self._net is not None and self._net.has_layer(item.box.layers[0]):
            self._select(item)
            self.layer_opened.emit(item.box.layers[0])

    def _unfold(self, item: LayerItem) -> None:
        if item.box.group is not None:
            self._folds.open_group(item.box.group)
            self._redraw(self._holding(item))

    def _fold(self, group: FoldGroup) -> None:
        if self._net is None:
            return
        self._folds.close([group])
        key = self.picture.box_of.get(group.layers[0])
        self._redraw(self._holding(self.scene.layer_items.get(-1 if key is None else key)))

    def _on_hovered(self, item: LayerItem | None) -> None:
        self.scene.show_lit(item.box.key if item is not None else None)
        self.layer_hovered.emit(item.box.layers[0] if item is not None else "")

    def _sentence_of(self, badge: BadgePicture) -> str:
        """What the tooltip says, planned once for each badge of a net."""
        if badge not in self._sentences:
            self._sentences[badge] = badge_sentence(self._net, badge)
        return self._sentences[badge]

    def _on_badge_pressed(self, badge: BadgePicture) -> None:
        self.rename_requested.emit(badge.wish)

    def _walk(self, way: str) -> None:
        """Arrow keys: along the arrows of the graph, or to the box beside."""
        item = self._selected_item()
        if item is None:
            if self.scene.layer_items:
                self._select(self.scene.layer_items[min(self.scene.layer_items)])
        elif way == "open":
            self._open(item)
        elif way == "fold":
            for group in self._folds.opened_around(item.box.key)[-1:]:
                self._kept_folded = item.box.key
                self._fold(group)
        elif way == "copy":
            QApplication.clipboard().setText("\n".join(item.box.layers))
        else:
            shown = self.redrawer.shown
            following = next_box(shown.picture, shown.placement, item.box.key, way)
            if following is not None:
                self._select(self.scene.layer_items[following])

    def _find(self, text: str) -> None:
        self._finder.search(text)
        self._show_hits()

    def _show_hits(self) -> None:
        """Dim what is not found, count and list what is."""
        finder, box_of = self._finder, self.picture.box_of
        hits = None
        if not finder.is_idle:
            hits = {box_of[i] for i in finder.hits if i in box_of}
        self.scene.show_hits(hits)
        self.overview.show_hits(hits)
        self.bar.show_hits(finder.position, len(finder.hits), finder.problem)
        self._list_hits()

    def _list_hits(self) -> None:
        finder = self._finder
        if not self.bar.field.hasFocus() or self._net is None or self._shapes is None:
            self.find_list.hide()
            return
        found = {self._net.layers[i].name for i in finder.hits}
        rows = [row for row in self._all_rows() if row.layer in found] if found else []
        self.find_list.show_hits(rows, finder.problem)
        if finder.position is not None:
            self.find_list.go_to(self._net.layers[finder.hits[finder.position]].name)
        self.place_find_list()

    def _all_rows(self) -> Sequence[LayerRow]:
        """A row for each layer, its last value; made when first needed."""
        if self._rows is None and self._net is not None and self._shapes is not None:
            rows = {row.layer: row for row in layer_rows(self._net, self._shapes)}
            self._rows = tuple(rows.values())
        return self._rows or ()

    def _step(self, by: int) -> None:
        if self._finder.is_idle:  # Escape left the words in the field
            self._finder.search(self.bar.field.text())
        index = self._finder.step(by)
        if index is None or self._net is None:
            return
        self._show_hits()
        self._go_to(self._net.layers[index].name)

    def _go_to(self, name: str) -> None:
        self.show_selection(name)
        self.layer_selected.emit(name)

    def _leave_find(self) -> None:
        """The words stay in the field, and find nothing until they are asked for again."""
        self._finder.search("")
        self._show_hits()
        self.canvas.setFocus(Qt.OtherFocusReason)
