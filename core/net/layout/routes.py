"""Lines of a drawing: port, cubic in the gap, straight past other layers, cubic, port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.net.layout.ranks import RankedGraph

Point = tuple[float, float]

_WIDEST_EXTRA_GAP = 42.0
_GAP_PER_PIXEL_ACROSS = 1 / 12


@dataclass(frozen=True)
class Bands:
    """Where each rank begins and ends along the flow, in pixels from the top."""

    starts: Sequence[float]
    ends: Sequence[float]

    @property
    def total(self) -> float:
        return self.ends[-1] if self.ends else 0.0

    def middle(self, rank: int) -> float:
        return (self.starts[rank] + self.ends[rank]) / 2


def stack_ranks(
    graph: RankedGraph, across: Sequence[float], depths: Sequence[float], layer_gap: float
) -> Bands:
    """Ranks one after the other; a gap grows with the farthest a line in it has to go."""
    starts: list[float] = []
    ends: list[float] = []
    at = 0.0
    for members in graph.order:
        deepest = max((depths[m] for m in members if m < graph.n_boxes), default=0.0)
        starts.append(at)
        ends.append(at + deepest)
        farthest = max(
            (abs(across[m] - across[b]) for m in members for b in graph.below[m]), default=0.0
        )
        extra = min(_WIDEST_EXTRA_GAP, farthest * _GAP_PER_PIXEL_ACROSS)
        at += deepest + layer_gap + round(extra)
    return Bands(starts, ends)


def route_edges(
    graph: RankedGraph, across: Sequence[float], depths: Sequence[float], bands: Bands
) -> dict[tuple[int, int], tuple[Point, ...]]:
    """The path of every edge as (across, along) points of joined cubic curves."""
    routes = {}
    for (source, target), chain in graph.chains.items():
        points = _chain_route(graph, chain, across, depths, bands)
        is_upward = graph.ranks[source] > graph.ranks[target]
        routes[source, target] = tuple(reversed(points)) if is_upward else tuple(points)
    return routes


def direct_route(start: Point, end: Point, is_sideways: bool) -> tuple[Point, ...]:
    """One curve between two ports, leaving and arriving along the flow."""
    if is_sideways:
        reach = max(24.0, (end[0] - start[0]) / 2)
        return (start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end)
    reach = max(24.0, (end[1] - start[1]) / 2)
    return (start, (start[0], start[1] + reach), (end[0], end[1] - reach), end)


def _chain_route(
    graph: RankedGraph,
    chain: Sequence[int],
    across: Sequence[float],
    depths: Sequence[float],
    bands: Bands,
) -> list[Point]:
    upper, lower = chain[0], chain[-1]
    points: list[Point] = [(across[upper], bands.middle(graph.ranks[upper]) + depths[upper] / 2)]
    for member, following in pairwise(chain):
        if across[member] == across[following]:
            continue
        gap_start = (across[member], bands.ends[graph.ranks[member]])
        _line_to(points, gap_start)
        _curve_to(points, (across[following], bands.starts[graph.ranks[following]]))
    _line_to(points, (across[lower], bands.middle(graph.ranks[lower]) - depths[lower] / 2))
    return points


def _line_to(points: list[Point], end: Point) -> None:
    (x, y), (_, end_y) = points[-1], end
    if end_y - y > 1e-6:
        points += [(x, y + (end_y - y) / 3), (x, y + (end_y - y) * 2 / 3), end]


def _curve_to(points: list[Point], end: Point) -> None:
    (x, y), (end_x, end_y) = points[-1], end
    middle = (y + end_y) / 2
    points += [(x, middle), (end_x, middle), (end_x, end_y)]


def flatten_route(route: Sequence[Point], steps: int = 8) -> list[Point]:
    """A polyline along a route, `steps` pieces a curve; for hit tests and checks."""
    line = [route[0]]
    for i in range(1, len(route), 3):
        start, first, second, end = route[i - 1], route[i], route[i + 1], route[i + 2]
        for step in range(1, steps + 1):
            t = step / steps
            u = 1 - t
            a, b, c, d = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
            line.append(
                (
                    a * start[0] + b * first[0] + c * second[0] + d * end[0],
                    a * start[1] + b * first[1] + c * second[1] + d * end[1],
                )
            )
    return line
