"""How much room boxes and labels have beside them in a placed picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from core.net.layout.routes import Point
from gui.graph import metrics as m
from gui.graph.picture import BracketPicture, GraphPicture

_ROW = 64.0
_AIR = 6.0
_FARTHEST = m.NAMED_WIDTH / 2 / m.NAMES_FROM


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


def label_rooms(
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


@dataclass(frozen=True)
class SideRooms:
    """How far a box may grow from its middle, in scene units."""

    left: float
    right: float

    @property
    def half(self) -> float:
        """To both sides alike."""
        return min(self.left, self.right)


NO_ROOM = SideRooms(m.BOX_WIDTH / 2, m.BOX_WIDTH / 2)


def side_rooms(
    corners: Mapping[int, Point],
    routes: Mapping[tuple[int, int], tuple[Point, ...]],
    stubbed: Set[int] = frozenset(),
) -> dict[int, SideRooms]:
    """What each box has at its sides: half the way to its neighbours, all of it to a line.

    stubbed: keys of the boxes with a stub, to which all that is right of them belongs.
    """
    boxes = {
        key: Rectangle(x, y, x + m.BOX_WIDTH, y + m.BOX_HEIGHT) for key, (x, y) in corners.items()
    }
    rows = _by_row((*boxes.values(), *_vertical_lines(routes)))
    owners = {boxes[key] for key in stubbed}
    return {key: _rooms_of(box, rows, owners) for key, box in boxes.items()}


def _rooms_of(
    box: Rectangle, rows: Mapping[int, list[Rectangle]], owners: Set[Rectangle]
) -> SideRooms:
    middle = (box.left + box.right) / 2
    wanted = Rectangle(
        middle - 2 * _FARTHEST, box.top - _AIR, middle + 2 * _FARTHEST, box.bottom + _AIR
    )
    left = right = _FARTHEST
    for other in _near(rows, wanted):
        if other is box or not other.overlaps(wanted):
            continue
        is_line = other.right - other.left <= 1
        if is_line and box.left < other.left < box.right:
            continue  # a line of its own
        is_left = other.left + other.right < box.left + box.right
        gap = box.left - other.right if is_left else other.left - box.right
        share = 1.0 if is_line else 0.5
        if not is_line and (other if is_left else box) in owners:
            share = 0.0 if is_left else 1.0
        room = m.BOX_WIDTH / 2 + max(0.0, gap - _AIR) * share
        if is_left:
            left = min(left, room)
        else:
            right = min(right, room)
    return SideRooms(left, right)
