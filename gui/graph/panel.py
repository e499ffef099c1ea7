"""The graph panel: bar, canvas, overview and legend of one picture of the net."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from PyQt5.QtCore import QPoint, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QContextMenuEvent, QKeyEvent
from PyQt5.QtWidgets import QApplication, QMenu, QWidget

from core.layer_numbers import LayerNumbers
from core.layers.shapes import NetShapes
from core.net.definition import Net
from gui.graph import metrics as m
from gui.graph.box_menu import copy_offers, fill_box_menu
from gui.graph.finding import Finding
from gui.graph.inactive_layers import is_of_phase
from gui.graph.items.badge import badge_sentence
from gui.graph.items.layer import LayerItem
from gui.graph.memory import GraphMemory
from gui.graph.net_graph import NetGraph
from gui.graph.overlay import CostKind, cost_overlay, overlay_of
from gui.graph.overlay_menu import OverlayOffer, fill_overlay_menu
from gui.graph.picture import BadgePicture, FoldGroup, has_same_layers
from gui.graph.placing import next_box
from gui.graph.view_menu import ViewWishes, fill_view_menu
from gui.theme import ThemeKeeper


class GraphPanel(NetGraph):
    """Shows a net as boxes and arrows; says what was selected, pointed at or asked for."""

    layer_selected = pyqtSignal(str)
    layer_hovered = pyqtSignal(str)
    rename_requested = pyqtSignal(str)
    layers_chosen = pyqtSignal(tuple)
    """Layers to select together, () for the selected one alone."""
    layer_opened = pyqtSignal(str)
    state_requested = pyqtSignal(object)
    export_requested = pyqtSignal()
    overlay_chosen = pyqtSignal(str)
    """The key of an offer, "" for none."""

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(keeper, parent)
        self._kept_folded: int | None = None
        self._sentences: dict[BadgePicture, str] = {}
        self.scene.sentence_of = self._sentence_of
        self._cost_kind: CostKind | None = None
        self._numbers_key = ""
        self.overlay_offers: Callable[[], Sequence[OverlayOffer]] = tuple
        self.finding = Finding(self.bar, self.find_list)
        self._connect()
        self.show_net(None, None)

    @property
    def memory(self) -> GraphMemory:
        """How the graph stands, for the next time this net is opened."""
        return replace(super().memory, colour=self._cost_kind)

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
            self.finding.show_net(None, None)
            self._show_hidden()
            self.redrawer.clear()
            self._is_another_net = True
            return
        self.finding.show_net(net, shapes)
        is_new = self._is_another_net
        if is_new and self._memory is not None and self._memory.colour != self._cost_kind:
            self._cost_kind = self._memory.colour
            if self._cost_kind is None:
                self.show_overlay(None)
        if self._cost_kind is not None:
            self._overlay = cost_overlay(self._cost_kind, net, shapes)
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
        self.finding.tell()
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

    def show_layers(self, names: Iterable[str]) -> None:
        """Bring several layers into view, each in a box of its own, the first in any case."""
        net, known = self._net, self._known(names)
        if net is None or not known:
            return
        has_opened = [self._folds.open_around(net.layer(name).index) for name in known]

        def look() -> None:
            keys = (self._key_of(name) for name in known)
            items = [self.scene.layer_items[key] for key in keys if key is not None]
            self.viewpoint.show_all(items, self.direction)

        if any(has_opened):
            self._redraw(look)
        else:
            self.redrawer.after(look)

    def colour_by(self, kind: CostKind | None) -> None:
        """Fill the boxes by what their layers cost, or by nothing; an edit keeps it up to date."""
        self._cost_kind = kind
        overlay = None
        if kind is not None and self._net is not None and self._shapes is not None:
            overlay = cost_overlay(kind, self._net, self._shapes)
        self.show_overlay(overlay)

    def show_numbers(self, numbers: LayerNumbers | None, key: str = "") -> None:
        """Fill the boxes by a number each; key: of the offer that they come from."""
        self._cost_kind, self._numbers_key = None, key
        self.show_overlay(None if numbers is None else overlay_of(numbers))
        self.bar.show_overlay("" if numbers is None else numbers.name)

    def overlay_menu(self) -> QMenu:
        """What the boxes can be coloured by."""
        menu = QMenu(self)
        fill_overlay_menu(menu, self.overlay_offers(), self._numbers_key, self.overlay_chosen.emit)
        return menu

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
            fill_box_menu(
                menu,
                item.box,
                opened=self._folds.opened_around(item.box.key),
                offers=copy_offers(net, item.box.layers),
                on_rename=self._on_badge_pressed,
                on_unfold=lambda: self._unfold(item),
                on_fold=self._fold,
            )
            menu.addSeparator()
        menu.addAction("Fit the whole graph\tF", self.fit)
        if net is not None:
            title = self._overlay.title if self._overlay else ""
            fill_view_menu(menu, net, self._options, self._view_wishes, overlay=title)
        return menu

    @property
    def _view_wishes(self) -> ViewWishes:
        return ViewWishes(
            on_state=lambda state: self.state_requested.emit(state),
            on_dropped=self.set_shows_dropped,
            on_edge_shapes=self.set_shows_edge_shapes,
            on_colour=self.colour_by,
            on_export=lambda: self.export_requested.emit(),
        )

    def _open_overlay_menu(self) -> None:
        menu = self.overlay_menu()
        menu.exec(self.bar.overlay.mapToGlobal(QPoint(0, self.bar.overlay.height())))
        menu.deleteLater()

    def _open_view_menu(self) -> None:
        menu = self.menu_of(None)
        menu.exec(self.bar.options.mapToGlobal(QPoint(0, self.bar.options.height())))
        menu.deleteLater()

    def _connect(self) -> None:
        self.drawn.connect(lambda: self.finding.show_boxes(self.picture.box_of))
        self.drawn.connect(self._show_hidden)
        self.finding.found.connect(self._show_found)
        self.finding.listed.connect(self.place_find_list)
        self.finding.taken.connect(self._go_to)
        self.bar.find_left.connect(lambda: self.canvas.setFocus(Qt.OtherFocusReason))
        self.bar.fold_toggled.connect(self.set_folded)
        self.bar.direction_toggled.connect(self.toggle_direction)
        self.bar.options_pressed.connect(self._open_view_menu)
        self.bar.overlay_pressed.connect(self._open_overlay_menu)
        self.bar.show_overlay("")
        self.canvas.item_clicked.connect(self._on_clicked)
        self.canvas.item_double_clicked.connect(self._open)
        self.canvas.band_drawn.connect(self._choose_band)
        self.canvas.empty_clicked.connect(lambda: self.scene.show_ends(()))
        self.canvas.item_hovered.connect(self._on_hovered)
        self.canvas.walked.connect(self._walk)
        self.scene.badge_pressed.connect(self._on_badge_pressed)

    def _place_of(self, item: LayerItem) -> QPoint:
        """Where on the screen the middle of a box is."""
        middle = self.canvas.mapFromScene(item.frame().center())
        return QPoint(self.canvas.viewport().mapToGlobal(middle))

    def _on_clicked(self, item: LayerItem, modifiers: Qt.KeyboardModifiers) -> None:
        if modifiers & Qt.ControlModifier:
            self._choose_together(toggled(self._chosen_names, self._known(item.box.layers)))
        elif modifiers & Qt.ShiftModifier:
            self._choose_together(self._names_up_to(item))
        else:
            if self._together:
                self.layers_chosen.emit(())
            self._select(item)

    @property
    def _chosen_names(self) -> tuple[str, ...]:
        return self._together or ((self._selection,) if self._selection else ())

    def _known(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those that are layers of the net in this phase."""
        net = self._net
        return tuple(name for name in names if net is not None and net.has_layer(name))

    def _names_up_to(self, item: LayerItem) -> tuple[str, ...]:
        """All layers in the file from the selected one to a box."""
        net, names = self._net, self._known(item.box.layers)
        if net is None or not names:
            return ()
        ends = [net.layer(name).index for name in names]
        if net.has_layer(self._selection):
            ends.append(net.layer(self._selection).index)
        return tuple(layer.name for layer in net.layers[min(ends) : max(ends) + 1])

    def _choose_band(self, frame: QRectF) -> None:
        """Select all boxes that a band touches, together."""
        items = self.scene.layer_items.values()
        inside = [item.box for item in items if item.frame().intersects(frame)]
        inside.sort(key=lambda box: box.key)
        self._choose_together(self._known(name for box in inside for name in box.layers))

    def _choose_together(self, names: tuple[str, ...]) -> None:
        if not names:
            return
        if self._selection not in names:
            self._go_to(names[0])
        self.layers_chosen.emit(names if len(names) > 1 else ())

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

    def _go_to(self, name: str) -> None:
        self.show_selection(name)
        self.layer_selected.emit(name)

    def _show_found(self, keys: frozenset[int] | None) -> None:
        self.scene.show_hits(keys)
        self.overview.show_hits(keys)


def toggled(names: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """The names with others added, or without them where they are all among them."""
    if set(others) <= set(names):
        return tuple(name for name in names if name not in others)
    return tuple(dict.fromkeys([*names, *others]))
