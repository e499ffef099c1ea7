"""Where boxes, lines and bracket labels of a picture go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from core.net.layout.layered import Box, Direction, Edge, lay_out
from core.net.layout.routes import Point
from gui.graph import metrics as m
from gui.graph.picture import BracketPicture, GraphPicture
from gui.graph.rooms import Rectangle, SideRooms, label_rooms, side_rooms

_GAP = 17.0
_WIDE_GAP = 30.0
_LABEL_GAP = 38.0
_WIDE_LABEL_GAP = 132.0


@dataclass(frozen=True)
class Placement:
    """Top left corners by box key, curves by (source, target), free pixels for each label.

    side_rooms: by box key, how far a box may grow where it shows only its name.
    """

    direction: Direction
    corners: Mapping[int, Point]
    routes: Mapping[tuple[int, int], tuple[Point, ...]]
    bounds: Rectangle
    label_rooms: Mapping[BracketPicture, float] = field(default_factory=dict)
    side_rooms: Mapping[int, SideRooms] = field(default_factory=dict)


def place_picture(
    picture: GraphPicture,
    badge_widths: Mapping[int, float],
    direction: Direction = "TB",
    *,
    has_edge_labels: bool = False,
) -> Placement:
    """Lay the picture out; badge_widths: pixels that the badges of a box take, by key.

    has_edge_labels: leave room on the arrows for the shapes that travel along them.
    """
    is_sideways = direction == "LR"
    gap = _WIDE_GAP if is_sideways else _GAP
    if has_edge_labels:
        gap = _WIDE_LABEL_GAP if is_sideways else _LABEL_GAP
    columns = _find_columns(picture)
    bracketed = {key for bracket in picture.brackets for key in bracket.boxes}
    folded = {box.key for box in picture.boxes if box.is_folded}
    head_of = {key: column[0] for column in columns for key in column}
    boxes = [
        _column_box(column, bracketed, folded, badge_widths, is_sideways, gap) for column in columns
    ]
    ends = {(head_of[edge.source], head_of[edge.target]) for edge in picture.edges}
    edges = [Edge(str(a), str(b)) for a, b in sorted(ends) if a != b]
    layout = lay_out(boxes, edges, direction=direction, layer_gap=gap)
    corners: dict[int, Point] = {}
    for column in columns:
        x, y = layout.positions[str(column[0])]
        for key in column:
            corners[key] = (x, y)
            x, y = (x + m.BOX_WIDTH + gap, y) if is_sideways else (x, y + m.BOX_HEIGHT + gap)
    routes = {}
    for edge in picture.edges:
        pair = (str(head_of[edge.source]), str(head_of[edge.target]))
        inside = pair[0] == pair[1]
        start, end = corners[edge.source], corners[edge.target]
        route = _straight(start, end, is_sideways) if inside else layout.routes[pair]
        routes[edge.source, edge.target] = route
    bounds = Rectangle(
        layout.left, layout.top, layout.left + layout.width, layout.top + layout.height
    )
    rooms = label_rooms(picture, corners, routes, badge_widths, is_sideways)
    stubbed = {stub.box for stub in picture.stubs}
    return Placement(
        direction, corners, routes, bounds, rooms, side_rooms(corners, routes, stubbed)
    )


def _find_columns(picture: GraphPicture) -> list[tuple[int, ...]]:
    """Boxes that stay together in one column: the in-place chains, every other box alone.

    Only a run that is entered at its first box and left at its last can be placed as one.
    """
    sources: dict[int, set[int]] = defaultdict(set)
    targets: dict[int, set[int]] = defaultdict(set)
    for edge in picture.edges:
        sources[edge.target].add(edge.source)
        targets[edge.source].add(edge.target)
    after: dict[int, int] = {}
    for bracket in picture.brackets:
        for key, following in pairwise(bracket.boxes):
            if targets[key] == {following} and sources[following] == {key}:
                after[key] = following
    columns = []
    inner = set(after.values())
    for box in picture.boxes:
        if box.key in inner:
            continue
        column = [box.key]
        while column[-1] in after:
            column.append(after[column[-1]])
        columns.append(tuple(column))
    return columns


def _column_box(
    column: tuple[int, ...],
    bracketed: set[int],
    folded: set[int],
    badge_widths: Mapping[int, float],
    is_sideways: bool,
    gap: float,
) -> Box:
    """What a column takes in the layout, with room for its bracket and badges."""
    is_bracketed = not bracketed.isdisjoint(column)
    badges = max((badge_widths.get(key, 0.0) for key in column), default=0.0)
    before, after = _clear_space(is_bracketed, badges, is_sideways)
    # the outlines behind a folded box stand in the gaps around it
    stack = 2 * m.FOLD_OFFSET if not folded.isdisjoint(column) else 0.0
    extra = len(column) - 1
    width, height = m.BOX_WIDTH, m.BOX_HEIGHT
    if is_sideways:
        width += extra * (m.BOX_WIDTH + gap)
    else:
        height += extra * (m.BOX_HEIGHT + gap)
    return Box(str(column[0]), width, height, before, max(after, stack))


def _straight(start: Point, end: Point, is_sideways: bool) -> tuple[Point, ...]:
    """From one box of a column to the next."""
    if is_sideways:
        y = start[1] + m.BOX_HEIGHT / 2
        first, last = (start[0] + m.BOX_WIDTH, y), (end[0], y)
    else:
        x = start[0] + m.BOX_WIDTH / 2
        first, last = (x, start[1] + m.BOX_HEIGHT), (x, end[1])
    return first, first, last, last


def with_label_rooms(
    placement: Placement, picture: GraphPicture, badge_widths: Mapping[int, float]
) -> Placement:
    """The same places for a picture of the same topology, whose brackets may be others."""
    is_sideways = placement.direction == "LR"
    rooms = label_rooms(picture, placement.corners, placement.routes, badge_widths, is_sideways)
    return replace(placement, label_rooms=rooms)


def _clear_space(is_bracketed: bool, badge_width: float, is_sideways: bool) -> tuple[float, float]:
    if is_sideways:
        before = m.BRACKET_GAP + m.BRACKET_TICK + 34 if is_bracketed else 0.0
        return before, 8 + m.BADGE_HEIGHT if badge_width else 0.0
    before = m.BRACKET_GAP + m.BRACKET_TICK if is_bracketed else 0.0
    return before, m.BADGE_GAP + badge_width if badge_width else 0.0


def next_box(picture: GraphPicture, placement: Placement, key: int, way: str) -> int | None:
    """The box that "up", "down", "left" or "right" of box `key` leads to, if any.

    Along the flow the keys follow the arrows, across it they go to the nearest box of the rank.
    """
    is_sideways = placement.direction == "LR"
    back, forth = ("left", "right") if is_sideways else ("up", "down")
    if way == back:
        near: Iterable[int] = [edge.source for edge in picture.edges if edge.target == key]
    elif way == forth:
        near = [edge.target for edge in picture.edges if edge.source == key]
    else:
        near = _beside(placement, key, is_before=way in ("left", "up"))
    x, y = placement.corners[key]

    def distance(other: int) -> float:
        other_x, other_y = placement.corners[other]
        return abs(other_x - x) + abs(other_y - y)

    return min(near, key=distance, default=None)


def _beside(placement: Placement, key: int, *, is_before: bool) -> list[int]:
    along, across = (0, 1) if placement.direction == "LR" else (1, 0)
    here = placement.corners[key]
    return [
        other
        for other, corner in placement.corners.items()
        if abs(corner[along] - here[along]) < m.BOX_HEIGHT
        and corner[across] != here[across]
        and (corner[across] < here[across]) == is_before
    ]
