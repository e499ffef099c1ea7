"""The layered drawing of a net: boxes and edges in, positions and curved routes out.

Layers by longest path, barycentre sweeps against crossings (Sugiyama, Tagawa and Toda, 1981),
isotonic placement across, long edges as straight lines past the boxes of other layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.net.layout.order import order_ranks
from core.net.layout.placement import Spacing, place_across
from core.net.layout.ranks import RankedGraph, rank_graph
from core.net.layout.routes import Bands, Point, direct_route, route_edges, stack_ranks

Direction = Literal["TB", "LR"]


@dataclass(frozen=True)
class Box:
    """One box to place; `width` and `height` in pixels, as it is drawn.

    before, after: pixels kept clear beside it (left and right in TB, above and below in LR),
    for what hangs on the box: an in-place bracket, a badge.
    """

    key: str
    width: float
    height: float
    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True)
class Edge:
    """One line from box `source` to box `target`; doubles and self-loops draw once and never."""

    source: str
    target: str


@dataclass(frozen=True)
class Layout:
    """Where every box and every line goes, in pixels.

    positions: top left corner of each box. Boxes that are alone in their layer are centred on
    the axis (x = 0 in TB, y = 0 in LR), so half of the drawing has negative coordinates.
    routes: per (source, target) a path of cubic curves: the start, then two control points and
    an end for each curve. It leaves below the source and arrives above the target.
    left, top, width, height: what boxes (with their clear space) and routes cover.
    """

    positions: Mapping[str, Point]
    routes: Mapping[tuple[str, str], tuple[Point, ...]]
    width: float
    height: float
    left: float = 0.0
    top: float = 0.0
    ranks: Mapping[str, int] | None = None


def lay_out(
    boxes: Sequence[Box],
    edges: Sequence[Edge],
    *,
    direction: Direction = "TB",
    layer_gap: float = 18.0,
    gap: float = 24.0,
    pinned: Mapping[str, Point] | None = None,
) -> Layout:
    """Place boxes in layers and route the edges between them; the same input, the same drawing.

    layer_gap: pixels between layers, more where lines have far to go. gap: pixels between
    neighbours of a layer. pinned: top left corners that the user chose; these boxes stay there
    and their lines go straight. Raises ValueError for an edge to a box that is not there.
    """
    is_sideways = direction == "LR"
    graph = rank_graph([box.key for box in boxes], [(edge.source, edge.target) for edge in edges])
    breadths = [box.height if is_sideways else box.width for box in boxes]
    depths = [box.width if is_sideways else box.height for box in boxes]
    order_ranks(graph)
    spacing = Spacing(
        before=[b / 2 + box.before for b, box in zip(breadths, boxes, strict=True)],
        after=[b / 2 + box.after for b, box in zip(breadths, boxes, strict=True)],
        gap=gap,
    )
    across = place_across(graph, spacing)
    bands = stack_ranks(graph, across, depths, layer_gap)
    centres = [(across[i], bands.middle(graph.ranks[i])) for i in range(len(boxes))]
    corners = [
        (a - b / 2, d - depth / 2)
        for (a, d), b, depth in zip(centres, breadths, depths, strict=True)
    ]
    routes = route_edges(graph, across, depths, bands)
    layout = _as_layout(graph, boxes, corners, routes, bands, is_sideways)
    return _with_pinned(layout, boxes, pinned, is_sideways) if pinned else layout


def _as_layout(
    graph: RankedGraph,
    boxes: Sequence[Box],
    corners: Sequence[Point],
    routes: Mapping[tuple[int, int], tuple[Point, ...]],
    bands: Bands,
    is_sideways: bool,
) -> Layout:
    """Turn (across, along) into (x, y) and numbers into keys."""

    def turned(point: Point) -> Point:
        return (point[1], point[0]) if is_sideways else point

    starts = [a - box.before for (a, _), box in zip(corners, boxes, strict=True)]
    ends = [
        a + (box.height if is_sideways else box.width) + box.after
        for (a, _), box in zip(corners, boxes, strict=True)
    ]
    line_places = [point[0] for route in routes.values() for point in route]
    low = min([*starts, *line_places], default=0.0)
    high = max([*ends, *line_places], default=0.0)
    left, top = turned((low, 0.0))
    width, height = turned((high - low, bands.total))
    keys = graph.keys
    return Layout(
        positions={key: turned(corner) for key, corner in zip(keys, corners, strict=True)},
        routes={
            (keys[source], keys[target]): tuple(turned(point) for point in route)
            for (source, target), route in routes.items()
        },
        width=width,
        height=height,
        left=left,
        top=top,
        ranks={key: graph.ranks[i] for i, key in enumerate(keys)},
    )


def _with_pinned(
    layout: Layout, boxes: Sequence[Box], pinned: Mapping[str, Point], is_sideways: bool
) -> Layout:
    """The same drawing with some boxes where the user put them."""
    by_key = {box.key: box for box in boxes}
    moved = {key: place for key, place in pinned.items() if key in by_key}
    positions = {**layout.positions, **moved}

    def port(key: str, *, leaves: bool) -> Point:
        box, (x, y) = by_key[key], positions[key]
        if is_sideways:
            return (x + (box.width if leaves else 0.0), y + box.height / 2)
        return (x + box.width / 2, y + (box.height if leaves else 0.0))

    routes = {
        (source, target): route
        if source not in moved and target not in moved
        else direct_route(port(source, leaves=True), port(target, leaves=False), is_sideways)
        for (source, target), route in layout.routes.items()
    }
    xs = [x for key in moved for x in (positions[key][0], positions[key][0] + by_key[key].width)]
    ys = [y for key in moved for y in (positions[key][1], positions[key][1] + by_key[key].height)]
    left, top = min([layout.left, *xs]), min([layout.top, *ys])
    return Layout(
        positions=positions,
        routes=routes,
        width=max([layout.left + layout.width, *xs]) - left,
        height=max([layout.top + layout.height, *ys]) - top,
        left=left,
        top=top,
        ranks=layout.ranks,
    )
