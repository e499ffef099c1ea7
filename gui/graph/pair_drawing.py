"""Two nets drawn beside each other in one picture, with their paired layers at one height."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.net.layout.routes import Point
from gui.graph import metrics as m
from gui.graph.drawing import Drawing, DrawingRequest, draw
from gui.graph.picture import BoxPicture, BracketPicture, EdgePicture, GraphPicture
from gui.graph.placing import Placement

SECOND = 1_000_000
"""What is added to the keys of the second net's boxes, which are indices of layers."""

MIDDLE = 216.0
"""Scene units between the boxes of both nets, where their links are."""

_LEAST_GAP = 16.0
IndexPair = tuple[int | None, int | None]
"""The indices of a layer and its counterpart; None where a net has none."""


@dataclass(frozen=True)
class PairRequest:
    """Two nets to draw, and which of their layers belong together, in matched order."""

    first: DrawingRequest
    second: DrawingRequest
    pairs: tuple[IndexPair, ...]


@dataclass(frozen=True)
class PairDrawing:
    """Both nets as one drawing.

    links: pairs of boxes that hold paired layers, the second key with SECOND added. middle: where
    the links have their words, in scene units from the left.
    """

    drawing: Drawing
    links: tuple[tuple[int, int], ...]
    middle: float


def draw_pair(request: PairRequest) -> PairDrawing:
    """Draw both from top to bottom and put what belongs together at one height."""
    first, second = draw(request.first), draw(request.second)
    links = box_links(first.picture, second.picture, request.pairs)
    rows = _rows(first), _rows(second)
    tops = _common_tops(rows, links)
    one, other = (_Warp(r, t) for r, t in zip(rows, tops, strict=True))
    room = m.LABEL_ROOM + m.BRACKET_GAP if second.picture.brackets else 0.0
    right = max((x for x, _ in first.placement.corners.values()), default=0.0) + m.BOX_WIDTH
    left = min((x for x, _ in second.placement.corners.values()), default=0.0)
    along = right + MIDDLE + room - left
    placement = _joined(
        _moved(first.placement, one, 0.0, 0), _moved(second.placement, other, along, SECOND),
        _bare(first.picture, 0), _bare(second.picture, SECOND),
    )  # fmt: skip
    return PairDrawing(
        Drawing(None, placement[0], placement[1], first.options),
        tuple((a, b + SECOND) for a, b in links),
        right + MIDDLE / 2,
    )


def box_links(
    first: GraphPicture, second: GraphPicture, pairs: Iterable[IndexPair]
) -> tuple[tuple[int, int], ...]:
    """Which boxes hold paired layers, each pair of boxes once."""
    found: dict[tuple[int, int], None] = {}
    for one, other in pairs:
        if one in first.box_of and other in second.box_of and one is not None and other is not None:
            found[first.box_of[one], second.box_of[other]] = None
    return tuple(found)


@dataclass(frozen=True)
class _Row:
    """Boxes that stand beside each other: no line across the picture passes between them."""

    top: float
    bottom: float
    keys: frozenset[int]


def _rows(drawing: Drawing) -> list[_Row]:
    folded = {box.key for box in drawing.picture.boxes if box.is_folded}
    spans = sorted(
        (y, y + m.BOX_HEIGHT + (2 * m.FOLD_OFFSET if key in folded else 0.0), key)
        for key, (_, y) in drawing.placement.corners.items()
    )
    rows: list[_Row] = []
    for top, bottom, key in spans:
        if rows and top < rows[-1].bottom:
            last = rows[-1]
            rows[-1] = _Row(last.top, max(last.bottom, bottom), last.keys | {key})
        else:
            rows.append(_Row(top, bottom, frozenset({key})))
    return rows


def _common_tops(
    rows: tuple[list[_Row], list[_Row]], links: Sequence[tuple[int, int]]
) -> tuple[list[float], list[float]]:
    """Where each row of both nets begins: linked rows together, the others each by themselves."""
    first, second = rows
    anchors = [*_anchors(rows, links), (len(first), len(second))]
    tops: tuple[list[float], list[float]] = ([], [])
    y, i, j = 0.0, 0, 0
    for a, b in anchors:
        for k in range(i, a):
            y += _gap(first, k)
            tops[0].append(y)
            y += first[k].bottom - first[k].top
        for k in range(j, b):
            y += _gap(second, k)
            tops[1].append(y)
            y += second[k].bottom - second[k].top
        if a < len(first) and b < len(second):
            y += max(_gap(first, a), _gap(second, b))
            tops[0].append(y)
            tops[1].append(y)
            y += max(row.bottom - row.top for row in (first[a], second[b]))
        i, j = a + 1, b + 1
    return tops


def _gap(rows: Sequence[_Row], k: int) -> float:
    return max(_LEAST_GAP, rows[k].top - rows[k - 1].bottom) if k else 0.0


def _anchors(
    rows: tuple[list[_Row], list[_Row]], links: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The most rows that are linked one to one without a crossing."""
    row_of = tuple({key: k for k, row in enumerate(side) for key in row.keys} for side in rows)
    found = sorted({(row_of[0][a], row_of[1][b]) for a, b in links}, key=lambda p: (p[0], -p[1]))
    ends: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for n, (_, b) in enumerate(found):
        place = bisect_left(ends, b)
        before.append(last[place - 1] if place else None)
        if place == len(ends):
            ends.append(b)
            last.append(n)
        else:
            ends[place], last[place] = b, n
    chain: list[tuple[int, int]] = []
    at = last[-1] if last else None
    while at is not None:
        chain.append(found[at])
        at = before[at]
    return chain[::-1]


class _Warp:
    """Moves rows to their new tops and stretches what lies between them."""

    def __init__(self, rows: Sequence[_Row], tops: Sequence[float]) -> None:
        self._from = [edge for row in rows for edge in (row.top, row.bottom)]
        self._to = [
            edge
            for row, top in zip(rows, tops, strict=True)
            for edge in (top, top + row.bottom - row.top)
        ]

    def __call__(self, y: float) -> float:
        if not self._from:
            return y
        k = bisect_right(self._from, y)
        if k == 0 or k == len(self._from):
            edge = 0 if k == 0 else -1
            return y - self._from[edge] + self._to[edge]
        start, end = self._from[k - 1], self._from[k]
        share = (y - start) / (end - start) if end > start else 0.0
        return self._to[k - 1] + share * (self._to[k] - self._to[k - 1])


def _moved(placement: Placement, warp: _Warp, along: float, keys: int) -> Placement:
    def moved(point: Point) -> Point:
        return point[0] + along, warp(point[1])

    bounds = placement.bounds
    return replace(
        placement,
        corners={key + keys: moved(corner) for key, corner in placement.corners.items()},
        routes={
            (a + keys, b + keys): tuple(map(moved, route))
            for (a, b), route in placement.routes.items()
        },
        bounds=replace(
            bounds, left=bounds.left + along, right=bounds.right + along,
            top=warp(bounds.top), bottom=warp(bounds.bottom),
        ),
        label_rooms={_rekeyed(b, keys): room for b, room in placement.label_rooms.items()},
        side_rooms={key + keys: room for key, room in placement.side_rooms.items()},
    )  # fmt: skip


def _bare(picture: GraphPicture, keys: int) -> GraphPicture:
    """The picture without badges, which are for renaming, and with other keys."""
    boxes: list[BoxPicture] = [replace(box, key=box.key + keys, badges=()) for box in picture.boxes]
    edges: list[EdgePicture] = [
        replace(edge, source=edge.source + keys, target=edge.target + keys)
        for edge in picture.edges
    ]
    brackets = tuple(_rekeyed(bracket, keys) for bracket in picture.brackets)
    box_of = {index + keys: key + keys for index, key in picture.box_of.items()}
    stubs = tuple(
        replace(stub, box=stub.box + keys, ends=tuple(end + keys for end in stub.ends))
        for stub in picture.stubs
    )
    return GraphPicture(tuple(boxes), tuple(edges), brackets, box_of, stubs)


def _rekeyed(bracket: BracketPicture, keys: int) -> BracketPicture:
    return replace(bracket, boxes=tuple(key + keys for key in bracket.boxes))


def _joined(
    one: Placement, other: Placement, first: GraphPicture, second: GraphPicture
) -> tuple[GraphPicture, Placement]:
    picture = GraphPicture(
        (*first.boxes, *second.boxes),
        (*first.edges, *second.edges),
        (*first.brackets, *second.brackets),
        {**first.box_of, **second.box_of},
        (*first.stubs, *second.stubs),
    )
    bounds = replace(
        one.bounds,
        left=min(one.bounds.left, other.bounds.left),
        top=min(one.bounds.top, other.bounds.top),
        right=max(one.bounds.right, other.bounds.right),
        bottom=max(one.bounds.bottom, other.bounds.bottom),
    )
    placement = replace(
        one,
        corners={**one.corners, **other.corners},
        routes={**one.routes, **other.routes},
        bounds=bounds,
        label_rooms={**one.label_rooms, **other.label_rooms},
        side_rooms={**one.side_rooms, **other.side_rooms},
    )
    return picture, placement
