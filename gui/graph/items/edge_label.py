"""The shapes that travel along an arrow, written beside it where they are alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PyQt5.QtCore import QRectF, Qt

from core.net.layout.layered import Direction
from core.net.layout.routes import Point
from core.words import plural
from gui.graph.picture import EdgePicture

_HEIGHT = 14.0
_WIDTH = 190.0
_MOST_SHAPES = 2
_BESIDE = int(Qt.AlignLeft | Qt.AlignVCenter)
_OVER_START = int(Qt.AlignLeft | Qt.AlignBottom)
_OVER_END = int(Qt.AlignRight | Qt.AlignBottom)


@dataclass(frozen=True)
class EdgeLabel:
    """Words, the box they stand in (scene units) and the Qt alignment inside it."""

    words: str
    box: QRectF
    side: int


def edge_labels(
    edges: Iterable[EdgePicture],
    routes: Mapping[tuple[int, int], tuple[Point, ...]],
    direction: Direction,
) -> dict[tuple[int, int], EdgeLabel]:
    """One label an arrow: at its tip if that box has no other arrow, else where it leaves."""
    shown = [edge for edge in edges if not edge.is_inactive]
    n_into = Counter(edge.target for edge in shown)
    n_out_of = Counter(edge.source for edge in shown)
    labels = {}
    for edge in shown:
        ends = (edge.source, edge.target)
        route = routes[ends]
        if n_into[edge.target] == 1:
            box = _at_tip(route[-1], direction)
        elif n_out_of[edge.source] == 1:
            box = _at_start(route[0], direction)
        else:
            box = _halfway(route, direction)
        side = _BESIDE
        if direction == "LR":
            side = _OVER_END if n_into[edge.target] == 1 else _OVER_START
        labels[ends] = EdgeLabel(shape_line(edge), box, side)
    return labels


def shape_line(edge: EdgePicture) -> str:
    """ "1×64×56×56", two shapes with a comma, more as their number."""
    if len(edge.shapes) > _MOST_SHAPES:
        return plural(len(edge.shapes), "blob")
    return ", ".join(edge.shapes)


def _at_tip(tip: Point, direction: Direction) -> QRectF:
    if direction == "LR":
        return QRectF(tip[0] - _WIDTH - 10, tip[1] - _HEIGHT - 3, _WIDTH, _HEIGHT)
    return QRectF(tip[0] + 8, tip[1] - _HEIGHT - 8, _WIDTH, _HEIGHT)


def _at_start(start: Point, direction: Direction) -> QRectF:
    if direction == "LR":
        return QRectF(start[0] + 6, start[1] - _HEIGHT - 3, _WIDTH, _HEIGHT)
    return QRectF(start[0] + 8, start[1] + 5, _WIDTH, _HEIGHT)


def _halfway(route: tuple[Point, ...], direction: Direction) -> QRectF:
    x, y = route[len(route) // 2]
    if direction == "LR":
        return QRectF(x + 4, y - _HEIGHT - 3, _WIDTH, _HEIGHT)
    return QRectF(x + 8, y - _HEIGHT / 2, _WIDTH, _HEIGHT)
