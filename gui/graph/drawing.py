"""From a net to a picture with places: the part of drawing that any thread may do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.net.layout.layered import Direction
from gui.graph import metrics as m
from gui.graph.inactive_layers import draw_inactive
from gui.graph.items.badge import badge_width
from gui.graph.items.stub import stub_width
from gui.graph.picture import FoldGroup, GraphPicture, draw_picture
from gui.graph.placing import Placement, place_picture, with_label_rooms
from gui.graph.stubs import cut_wires
from gui.graph.style import GraphStyle

EMPTY_PICTURE = GraphPicture((), (), (), {})


@dataclass(frozen=True)
class DrawingOptions:
    """How a user wants any net drawn."""

    direction: Direction = "TB"
    shows_inactive: bool = False
    shows_edge_shapes: bool = False


DEFAULT_OPTIONS = DrawingOptions()


@dataclass(frozen=True)
class Drawing:
    """What is to be seen: the net it shows, its picture and where everything goes.

    groups: all that folds in the net, folded or not; seen from far it has the names.
    """

    net: Net | None
    picture: GraphPicture
    placement: Placement
    options: DrawingOptions = DEFAULT_OPTIONS
    groups: tuple[FoldGroup, ...] = ()


@dataclass(frozen=True)
class DrawingRequest:
    """All that a drawing depends on; `before` lends its places where nothing has moved."""

    net: Net
    shapes: NetShapes
    style: GraphStyle
    folded: tuple[FoldGroup, ...] = ()
    groups: tuple[FoldGroup, ...] = ()
    own_blobs: frozenset[tuple[str, str]] = frozenset()
    options: DrawingOptions = DEFAULT_OPTIONS
    before: Drawing | None = None

    @property
    def n_boxes(self) -> int:
        """How many boxes there will be."""
        n_folded = sum(len(group.layers) - 1 for group in self.folded)
        n_dropped = len(self.net.inactive) if self.options.shows_inactive else 0
        return len(self.net.layers) - n_folded + n_dropped


def empty_drawing() -> Drawing:
    """Nothing at all."""
    return Drawing(None, EMPTY_PICTURE, place_picture(EMPTY_PICTURE, {}))


def draw(request: DrawingRequest) -> Drawing:
    """Draw the net; positions stay where boxes and arrows are the same as before."""
    picture = draw_picture(
        request.net, request.shapes, folded=request.folded, own_blobs=request.own_blobs
    )
    if request.options.shows_inactive and request.net.inactive:
        boxes, edges = draw_inactive(request.net, picture.box_of)
        picture = replace(picture, boxes=(*picture.boxes, *boxes), edges=(*picture.edges, *edges))
    picture = cut_wires(picture)
    widths = widths_beside(picture, request.style)
    placement = _place(request, picture, widths)
    return Drawing(request.net, picture, placement, request.options, request.groups)


def widths_beside(picture: GraphPicture, style: GraphStyle) -> dict[int, float]:
    """Pixels that badges and the stub of each box take at its right, by key."""
    grown = m.label_growth(m.FULL_FROM)
    widths = {
        box.key: grown * sum(badge_width(badge.label, style) + m.BUTTON_GAP for badge in box.badges)
        - m.BUTTON_GAP
        for box in picture.boxes
        if box.badges
    }
    for stub in picture.stubs:
        # from farther away the words keep their size, and need more of the scene
        width = stub_width(stub.words, style)
        room = width / m.NAMES_FROM if width <= m.SHORT_STUB else width
        widths[stub.box] = widths.get(stub.box, 0.0) + room - m.BADGE_GAP
    return widths


def _place(request: DrawingRequest, picture: GraphPicture, widths: dict[int, float]) -> Placement:
    before, options = request.before, request.options
    if (
        before is not None
        and before.options == options
        and before.picture.topology == picture.topology
    ):
        return with_label_rooms(before.placement, picture, widths)
    return place_picture(
        picture, widths, options.direction, has_edge_labels=options.shows_edge_shapes
    )
