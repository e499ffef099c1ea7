"""The scene that mirrors a GraphPicture: it adds, changes and removes only what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from PyQt5.QtCore import QObject, QPointF, QRectF, pyqtSignal
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QGraphicsItem, QGraphicsScene

from gui.graph import metrics as m
from gui.graph.drawing import EMPTY_PICTURE, Drawing
from gui.graph.far_view import FarView
from gui.graph.items.badge import BadgeItem
from gui.graph.items.block import BlockItem
from gui.graph.items.bracket import BracketItem
from gui.graph.items.edge import EdgeItem
from gui.graph.items.edge_label import edge_labels
from gui.graph.items.layer import LayerItem
from gui.graph.items.layer_words import near_names
from gui.graph.items.stub import StubItem, stub_width
from gui.graph.items.tip import TipItem
from gui.graph.overlay import OverlayScale
from gui.graph.picture import BadgePicture, BracketPicture, GraphPicture, StubPicture
from gui.graph.placing import Placement
from gui.graph.rooms import NO_ROOM, SideRooms
from gui.graph.style import GraphStyle

Key = TypeVar("Key")
Item = TypeVar("Item", bound=QGraphicsItem)
InkedItem = LayerItem | EdgeItem | BadgeItem | BracketItem | StubItem | TipItem
_MARGIN = 500.0


class GraphScene(QGraphicsScene):
    """Boxes by key, edges by ends, badges by (box, position), brackets by what they are."""

    badge_pressed = pyqtSignal(object)

    def __init__(self, style: GraphStyle, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.graph_style = style
        self.picture = EMPTY_PICTURE
        self.layer_items: dict[int, LayerItem] = {}
        self.edge_items: dict[tuple[int, int], EdgeItem] = {}
        self.badge_items: dict[tuple[int, int], BadgeItem] = {}
        self.bracket_items: dict[BracketPicture, BracketItem] = {}
        self.stub_items: dict[StubPicture, StubItem] = {}
        self.far_view = FarView(self)
        self.sentence_of: Callable[[BadgePicture], str] = lambda badge: badge.label
        self._placement: Placement | None = None
        self._drawing: Drawing | None = None
        self.overlay: OverlayScale | None = None
        self._scale = 1.0
        self._thumbnail: QImage | None = None
        self._content = QRectF()
        self._chosen: int | None = None
        self._together: frozenset[int] = frozenset()
        self._lit: int | None = None
        self._ends: frozenset[int] = frozenset()
        self._hits: frozenset[int] | None = None
        self._tip = TipItem(style)
        self.addItem(self._tip)

    @property
    def tip(self) -> str:
        """What the tooltip of a badge says now."""
        return self._tip.sentence

    def show_drawing(self, drawing: Drawing) -> None:
        """Mirror the picture at the places of the drawing."""
        self._tip.say("")
        picture, placement = drawing.picture, drawing.placement
        self._drawing, self.picture, self._placement = drawing, picture, placement
        self._content = QRectF()
        self._mirror_boxes(picture, placement)
        self._mirror_edges(drawing)
        self._mirror_badges(picture)
        self._mirror_stubs(picture)
        self._mirror_brackets(picture, placement)
        self._show_thumbnail()
        self.far_view.show(drawing, self._scale, self.graph_style)
        self._mark()
        bounds = placement.bounds
        frame = QRectF(
            QPointF(bounds.left - m.LABEL_ROOM - m.BRACKET_GAP, bounds.top),
            QPointF(bounds.right + m.LABEL_ROOM, bounds.bottom),
        )
        self.setSceneRect(frame.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN))

    def restyle(self, style: GraphStyle) -> None:
        """Draw everything in another theme."""
        self.graph_style = style
        items: tuple[InkedItem, ...] = (
            *self.layer_items.values(),
            *self.edge_items.values(),
            *self.badge_items.values(),
            *self.bracket_items.values(),
            *self.stub_items.values(),
            self._tip,
        )
        for item in items:
            item.restyle(style)
        self.far_view.restyle(style)

    def show_scale(self, scale: float) -> None:
        """Boxes show what has room at this scale; below NAMES_FROM blocks stand for them."""
        grown = m.label_growth(self._scale)
        self._scale = scale
        if m.label_growth(scale) != grown:
            self._place_badges()
        if self.far_view.show(self._drawing, scale, self.graph_style):
            self._mark()
            self._show_overlay()

    def drawn_layers(self) -> list[tuple[str, ...]]:
        """The layers of each box, or of each block where these stand for the boxes."""
        if not self.far_view.items:
            return [item.box.layers for item in self.layer_items.values()]
        return [self._layers_of(item) for item in self.far_view.items]

    def _layers_of(self, block: BlockItem) -> tuple[str, ...]:
        boxes = (self.layer_items[key].box for key in block.block.keys)
        return tuple(name for box in boxes for name in box.layers)

    def show_overlay(self, scale: OverlayScale | None) -> None:
        """Fill the boxes by a number each; None for no overlay."""
        self.overlay = scale
        self._show_overlay()

    def _show_overlay(self) -> None:
        scale, is_on = self.overlay, self.overlay is not None
        for item in self.layer_items.values():
            mark = scale.mark_of(item.box.layers) if scale is not None else None
            item.show_overlay(mark, is_on=is_on)
        self.far_view.show_overlay(scale, self._layers_of, self.graph_style)

    def content_rect(self) -> QRectF:
        """What boxes, badges and labels cover."""
        if not self._content.isEmpty():
            return QRectF(self._content)
        frame = QRectF()
        for item in self.layer_items.values():
            frame = frame.united(item.frame())
        for badge in self.badge_items.values():
            frame = frame.united(badge.badge_frame())
        for stub in self.stub_items.values():
            frame = frame.united(stub.frame())
        for bracket in self.bracket_items.values():
            frame = frame.united(bracket.line_frame()).united(bracket.label_frame())
        self._content = frame
        return QRectF(frame)

    def painted_rect(self, scale: float) -> QRectF:
        """What the whole graph covers at a scale: names keep their size, so less than at 100 %."""
        if scale >= m.FULL_FROM:
            return self.content_rect()
        if scale < m.NAMES_FROM:  # a block at an end may reach beyond its boxes
            beyond = m.BLOCK_LEAST_WIDTH / scale if self.is_sideways else 0.0
            return self.boxes_rect().adjusted(-beyond / 2, 0, beyond, 0)
        frame = QRectF()
        for item in self.layer_items.values():
            frame = frame.united(item.painted_frame(scale))
        return frame

    def boxes_rect(self) -> QRectF:
        """What the boxes alone cover."""
        if self._placement is None or not self._placement.corners:
            return QRectF()
        xs, ys = zip(*self._placement.corners.values(), strict=True)
        corner = QPointF(max(xs) + m.BOX_WIDTH, max(ys) + m.BOX_HEIGHT)
        return QRectF(QPointF(min(xs), min(ys)), corner)

    def show_selection(self, chosen: int | None, together: Iterable[int] = ()) -> None:
        """Outline the box with this key, and those that are selected together with it."""
        marked = (chosen, frozenset(together))
        if marked != (self._chosen, self._together):
            self._chosen, self._together = marked
            self._mark()

    def show_lit(self, key: int | None) -> None:
        """Light one box and its arrows."""
        if key == self._lit:
            return
        self._lit = key
        self._mark()
        for (source, target), item in self.edge_items.items():
            item.set_lit(key is not None and key in (source, target))

    @property
    def ends(self) -> frozenset[int]:
        """The boxes that are lit because a stub of theirs was clicked."""
        return self._ends

    def show_ends(self, keys: Iterable[int]) -> None:
        """Light all boxes that the wires of a stub join; none for no stub."""
        ends = frozenset(keys)
        if ends != self._ends:
            self._ends = ends
            for stub, item in self.stub_items.items():
                item.set_lit(self._is_lit_stub(stub))
            self._mark()

    def show_hits(self, keys: Iterable[int] | None) -> None:
        """Let all other boxes step back; None shows all again."""
        self._hits = None if keys is None else frozenset(keys)
        self._mark()

    def show_thumbnail(self, image: QImage | None) -> None:
        """Show the input image on the data boxes."""
        self._thumbnail = image
        self._show_thumbnail()

    def item_of(self, item: QGraphicsItem | None) -> LayerItem | None:
        """The box an item belongs to, for clicks."""
        if isinstance(item, LayerItem):
            return item
        if isinstance(item, BlockItem):
            keys = item.block.keys
            return self.layer_items.get(self._chosen if self._chosen in keys else keys[0])
        for (key, _), badge in self.badge_items.items():
            if badge is item:
                return self.layer_items.get(key)
        return None

    def _mirror_boxes(self, picture: GraphPicture, placement: Placement) -> None:
        wanted = {box.key: box for box in picture.boxes}
        self._drop(self.layer_items, wanted)
        for key, box in wanted.items():
            item = self.layer_items.get(key)
            if item is None:
                item = self.layer_items[key] = LayerItem(box, self.graph_style)
                self.addItem(item)
            item.set_box(box)
            item.setPos(*placement.corners[key])
        order = sorted(wanted)
        near_of = near_names([wanted[key].name for key in order])
        reserved = {s.box: stub_width(s.words, self.graph_style) for s in picture.stubs}
        for key, near in zip(order, near_of, strict=True):
            room = placement.side_rooms.get(key, NO_ROOM)
            self.layer_items[key].set_surroundings(near, room, reserved.get(key, 0.0))

    def _mirror_edges(self, drawing: Drawing) -> None:
        placement = drawing.placement
        wanted = {
            (edge.source, edge.target): edge
            for edge in drawing.picture.edges
            if not edge.is_inactive
        }
        labels = {}
        if drawing.options.shows_edge_shapes:
            labels = edge_labels(wanted.values(), placement.routes, placement.direction)
        self._drop(self.edge_items, wanted)
        for ends, edge in wanted.items():
            item = self.edge_items.get(ends)
            if item is None:
                item = self.edge_items[ends] = EdgeItem(edge, self.graph_style)
                self.addItem(item)
            item.set_edge(edge)
            item.set_route(placement.routes[ends], placement.direction, labels.get(ends))

    def _mirror_badges(self, picture: GraphPicture) -> None:
        wanted = {
            (box.key, i): badge for box in picture.boxes for i, badge in enumerate(box.badges)
        }
        self._drop(self.badge_items, wanted)
        for place, badge in wanted.items():
            item = self.badge_items.get(place)
            if item is None:
                item = BadgeItem(badge, self.graph_style, self._press, self._point)
                self.badge_items[place] = item
                self.addItem(item)
            item.set_badge(badge)
        self._place_badges()

    def _place_badges(self) -> None:
        is_sideways = self.is_sideways
        ends: dict[int, float] = {}
        for (key, _), item in sorted(self.badge_items.items(), key=lambda pair: pair[0]):
            frame = self.layer_items[key].frame()
            if is_sideways:
                x, y = ends.get(key, frame.left()), frame.bottom() + 8
            else:
                x = ends.get(key, frame.right() + m.BADGE_GAP)
                y = frame.center().y() - m.BADGE_HEIGHT / 2
            item.setPos(x, y)
            item.show_scale(self._scale)
            ends[key] = x + item.scale() * (item.width + m.BUTTON_GAP)

    def _mirror_stubs(self, picture: GraphPicture) -> None:
        self._ends = frozenset()
        wanted = {stub: stub for stub in picture.stubs}
        self._drop(self.stub_items, wanted)
        for stub in picture.stubs:
            item = self.stub_items.get(stub)
            if item is None:
                item = StubItem(stub, self.graph_style, self._press_stub, self._point_stub)
                self.stub_items[stub] = item
                self.addItem(item)
            box = self.layer_items[stub.box]
            badges = [b for (key, _), b in self.badge_items.items() if key == stub.box]
            beside = m.BADGE_GAP + sum(b.width + m.BUTTON_GAP for b in badges) if badges else 0.0
            sideways = self.is_sideways
            item.set_place(box.frame(), beside, box.rooms, is_sideways=sideways)

    def _press_stub(self, item: StubItem) -> None:
        """Light all ends, or none again."""
        ends = frozenset(item.stub.ends)
        self.show_ends(frozenset() if ends == self._ends else ends)

    def _point_stub(self, item: StubItem, is_on: bool) -> None:
        item.set_lit(is_on or self._is_lit_stub(item.stub))

    def _is_lit_stub(self, stub: StubPicture) -> bool:
        return stub.box in self._ends and self._ends.issuperset(stub.ends)

    def _mirror_brackets(self, picture: GraphPicture, placement: Placement) -> None:
        wanted = {bracket: bracket for bracket in picture.brackets}
        self._drop(self.bracket_items, wanted)
        for bracket in picture.brackets:
            item = self.bracket_items.get(bracket)
            if item is None:
                item = self.bracket_items[bracket] = BracketItem(bracket, self.graph_style)
                self.addItem(item)
            frame = QRectF()
            for key in bracket.boxes:
                frame = frame.united(self.layer_items[key].frame())
            room = placement.label_rooms.get(bracket, 0.0)
            rooms = [self.layer_items[key].rooms for key in bracket.boxes]
            least = SideRooms(min(r.left for r in rooms), min(r.right for r in rooms))
            item.set_place(frame, placement.direction, room, least)

    def _show_thumbnail(self) -> None:
        for item in self.layer_items.values():
            if item.box.is_data:
                item.set_thumbnail(self._thumbnail)

    def _mark(self) -> None:
        hits = self._hits
        for key, item in self.layer_items.items():
            item.set_marks(
                chosen=key == self._chosen,
                together=key in self._together,
                lit=key == self._lit or key in self._ends,
                dimmed=hits is not None and key not in hits,
            )
        for (key, _), badge in self.badge_items.items():
            badge.set_dimmed(hits is not None and key not in hits)
        chain = self._chosen_chain()
        for (key, _), badge in self.badge_items.items():
            badge.set_strong(key in chain)
        for bracket in self.bracket_items.values():
            bracket.set_strong(not chain.isdisjoint(bracket.bracket.boxes))
        self.far_view.mark(
            lambda key: key == self._chosen or key in self._together,
            lambda key: key == self._lit or key in self._ends,
            lambda key: hits is not None and key not in hits,
        )

    def _chosen_chain(self) -> frozenset[int]:
        """The selected box with those that share a bracket with it."""
        if self._chosen is None:
            return frozenset()
        boxes = (bracket.boxes for bracket in self.bracket_items)
        chains = [set(keys) for keys in boxes if self._chosen in keys]
        return frozenset().union([self._chosen], *chains)

    @property
    def is_sideways(self) -> bool:
        """Whether the net runs from left to right."""
        return self._placement is not None and self._placement.direction == "LR"

    def _drop(self, items: dict[Key, Item], wanted: Mapping[Key, object]) -> None:
        for key in [key for key in items if key not in wanted]:
            self.removeItem(items.pop(key))

    def _press(self, item: BadgeItem) -> None:
        self._tip.say("")
        self.badge_pressed.emit(item.badge)

    def _point(self, item: BadgeItem, is_on: bool) -> None:
        view = next(iter(self.views()), None)
        if is_on and view is not None:
            self._tip.show_beside(item, self.sentence_of(item.badge), self._column_of(item), view)
        else:
            self._tip.say("")

    def _column_of(self, item: BadgeItem) -> QRectF:
        """What the badges of a chain cover."""
        column = item.badge_frame()
        chain = {key for (key, _), other in self.badge_items.items() if other is item}
        for bracket in self.bracket_items:
            chain |= set(bracket.boxes) if not chain.isdisjoint(bracket.boxes) else set()
        for (key, _), other in self.badge_items.items():
            if key in chain:
                column = column.united(other.badge_frame())
        return column
