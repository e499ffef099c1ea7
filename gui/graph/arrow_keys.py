"""Where the arrow keys lead from a box."""

from __future__ import annotations

from collections.abc import Iterable

from gui.graph import metrics as m
from gui.graph.picture import GraphPicture
from gui.graph.placing import Placement


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
