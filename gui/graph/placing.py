"""Where boxes, lines and bracket labels of a picture go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.net.layout import Box, Direction, Edge, Point, lay_out
from gui.graph import metrics as m
from gui.graph.picture import BracketPicture, GraphPicture

_ROW = 64.0


@dataclass(frozen=True)
class Rectangle:
    """Left, top, right and bottom in scene units."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Rectangle) -> bool:
        """Whether the two have points in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True)
class Placement:
    """Top left corners by box key, curves by (source, target), free pixels for each label."""

    direction: Direction
    corners: Mapping[int, Point]
    routes: Mapping[tuple[int, int], tuple[Point, ...]]
    bounds: Rectangle
    label_rooms: Mapping[BracketPicture, float] = field(default_factory=dict)


def place_picture(
    picture: GraphPicture, badge_widths: Mapping[int, float], direction: Direction = "TB"
) -> Placement:
    """Lay the picture out; badge_widths: pixels that the badges of a box take, by key."""
    bracketed = {key for bracket in picture.brackets for key in bracket.boxes}
    is_sideways = direction == "LR"
    boxes = []
    for box in picture.boxes:
        stack = 2 * m.FOLD_OFFSET if box.is_folded else 0.0
        before, after = _clear_space(box.key in bracketed, badge_widths.get(box.key), is_sideways)
        width = m.BOX_WIDTH + (stack if is_sideways else 0.0)
        height = m.BOX_HEIGHT + (0.0 if is_sideways else stack)
        boxes.append(Box(str(box.key), width, height, before, max(after, stack)))
    edges = [Edge(str(edge.source), str(edge.target)) for edge in picture.edges]
    layout = lay_out(boxes, edges, direction=direction, layer_gap=30 if is_sideways else 16)
    corners = {int(key): corner for key, corner in layout.positions.items()}
    routes = {(int(a), int(b)): route for (a, b), route in layout.routes.items()}
    bounds = Rectangle(
        layout.left, layout.top, layout.left + layout.width, layout.top + layout.height
    )
    rooms = _label_rooms(picture, corners, routes, badge_widths, is_sideways)
    return Placement(direction, corners, routes, bounds, rooms)


def with_label_rooms(
    placement: Placement, picture: GraphPicture, badge_widths: Mapping[int, float]
) -> Placement:
    """The same places for a picture of the same topology, whose brackets may be others."""
    is_sideways = placement.direction == "LR"
    rooms = _label_rooms(picture, placement.corners, placement.routes, badge_widths, is_sideways)
    return Placement(
        placement.direction, placement.corners, placement.routes, placement.bounds, rooms
    )


def _clear_space(
    is_bracketed: bool, badge_width: float | None, is_sideways: bool
) -> tuple[float, float]:
    if is_sideways:
        before = m.BRACKET_GAP + m.BRACKET_TICK + 34 if is_bracketed else 0.0
        return before, 8 + m.BADGE_HEIGHT if badge_width else 0.0
    before = m.BRACKET_GAP + m.BRACKET_TICK if is_bracketed else 0.0
    return before, m.BADGE_GAP + badge_width if badge_width else 0.0


def _label_rooms(
    picture: GraphPicture,
    corners: Mapping[int, Point],
    routes: Mapping[tuple[int, int], tuple[Point, ...]],
    badge_widths: Mapping[int, float],
    is_sideways: bool,
) -> dict[BracketPicture, float]:
    """Pixels free left of each bracket, up to LABEL_ROOM; sideways labels have their own row."""
    if is_sideways:
        return dict.fromkeys(picture.brackets, m.LABEL_ROOM)
    rows = _by_row((*_box_hulls(corners, badge_widths), *_vertical_lines(routes)))
    rooms = {}
    for bracket in picture.brackets:
        right = min(corners[key][0] for key in bracket.boxes) - m.BRACKET_GAP - m.BRACKET_TICK
        top = corners[bracket.boxes[0]][1]
        bottom = corners[bracket.boxes[-1]][1] + m.BOX_HEIGHT
        middle = (top + bottom) / 2
        wanted = Rectangle(right - m.LABEL_ROOM, middle - 17, right, middle + 17)
        taken = [r.right for r in _near(rows, wanted) if r.overlaps(wanted)]
        rooms[bracket] = right - max([wanted.left, *taken]) - m.LABEL_GAP
    return rooms


def _box_hulls(
    corners: Mapping[int, Point], badge_widths: Mapping[int, float]
) -> Iterable[Rectangle]:
    for key, (x, y) in corners.items():
        badges = badge_widths.get(key)
        right = x + m.BOX_WIDTH + (m.BADGE_GAP + badges if badges else 8)
        yield Rectangle(x, y, right, y + m.BOX_HEIGHT)


def _vertical_lines(routes: Mapping[tuple[int, int], tuple[Point, ...]]) -> Iterable[Rectangle]:
    """Straight pieces of lines, one pixel wide."""
    for route in routes.values():
        for i in range(0, len(route) - 3, 3):
            (x, y), (end_x, end_y) = route[i], route[i + 3]
            if abs(x - end_x) < 0.5:
                yield Rectangle(x - 0.5, min(y, end_y), x + 0.5, max(y, end_y))


def _by_row(rectangles: Iterable[Rectangle]) -> dict[int, list[Rectangle]]:
    rows: dict[int, list[Rectangle]] = defaultdict(list)
    for rectangle in rectangles:
        for row in range(int(rectangle.top // _ROW), int(rectangle.bottom // _ROW) + 1):
            rows[row].append(rectangle)
    return rows


def _near(rows: Mapping[int, list[Rectangle]], wanted: Rectangle) -> Iterable[Rectangle]:
    for row in range(int(wanted.top // _ROW), int(wanted.bottom // _ROW) + 1):
        yield from rows.get(row, ())
