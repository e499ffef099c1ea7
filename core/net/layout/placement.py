"""Places across the layers of a drawing: isotonic placement, straight long edges, one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.net.layout.columns import align_columns
from core.net.layout.ranks import RankedGraph

_N_SWEEPS = 8
_FREE_SWEEPS = 3
_LONG_EDGE_WEIGHT = 8.0
_CHAIN_WEIGHT = 8.0


@dataclass(frozen=True)
class Spacing:
    """What each box takes on both sides of its centre line, and the gap between two, in pixels."""

    before: Sequence[float]
    after: Sequence[float]
    gap: float


def place_across(graph: RankedGraph, spacing: Spacing) -> list[float]:
    """The centre line of every box and stand-in, in pixels from the axis; whole numbers.

    A box that is alone in its rank stands on the axis, whatever passes beside it. All stand-ins
    of a long edge share one place wherever the boxes between allow it.
    """
    return _Placement(graph, spacing).solve()


def isotonic(
    wanted: Sequence[float], weights: Sequence[float], offsets: Sequence[float]
) -> list[float]:
    """The places nearest to `wanted` (weighted squares) that keep `offsets` between them.

    Pool adjacent violators (Ayer et al., 1955) on wanted - offsets.
    """
    means: list[float] = []
    masses: list[float] = []
    sizes: list[int] = []
    for value, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, mass, size = value - offset, weight, 1
        while means and means[-1] > mean:
            last_mass = masses.pop()
            mean = (means.pop() * last_mass + mean * mass) / (last_mass + mass)
            mass += last_mass
            size += sizes.pop()
        means.append(mean)
        masses.append(mass)
        sizes.append(size)
    levels = [mean for mean, size in zip(means, sizes, strict=True) for _ in range(size)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


class _Placement:
    """The places while they are being found."""

    def __init__(self, graph: RankedGraph, spacing: Spacing) -> None:
        self._graph = graph
        n_stand_ins = len(graph.ranks) - graph.n_boxes
        self._before = [*spacing.before, *[0.0] * n_stand_ins]
        self._after = [*spacing.after, *[0.0] * n_stand_ins]
        self._gap = spacing.gap
        self._offsets = [self._rank_offsets(members) for members in graph.order]
        self._axis_member = [self._alone(members) for members in graph.order]
        self._long_edges = [chain[1:-1] for chain in graph.chains.values() if len(chain) > 2]
        self._edge_of = [-1] * len(graph.ranks)
        for i, stand_ins in enumerate(self._long_edges):
            for member in stand_ins:
                self._edge_of[member] = i
        self._x = [0.0] * len(graph.ranks)
        self._weights_up = self._weights(graph.above)
        self._weights_down = self._weights(graph.below)

    def solve(self) -> list[float]:
        self._start()
        n_ranks = len(self._graph.order)
        for sweep in range(_N_SWEEPS):
            means = self._edge_means() if sweep >= _FREE_SWEEPS else None
            ranks = range(n_ranks) if sweep % 2 == 0 else reversed(range(n_ranks))
            for rank in ranks:
                # The first sweeps look one way, so that shapes travel; the last ones both ways.
                sides = "both" if sweep >= _FREE_SWEEPS else ("up" if sweep % 2 == 0 else "down")
                self._place_rank(rank, sides, means)
        axis_members = [
            members[place]
            for members, place in zip(self._graph.order, self._axis_member, strict=True)
            if place is not None
        ]
        places = align_columns(self._graph, self._x, axis_members, self._separation, self._weight)
        return [float(round(x)) for x in places]

    def _alone(self, members: Sequence[int]) -> int | None:
        """Position in the rank of its only box, if it has just one."""
        n_boxes = self._graph.n_boxes
        found = [i for i, member in enumerate(members) if member < n_boxes]
        return found[0] if len(found) == 1 else None

    def _separation(self, left: int, right: int) -> float:
        n_boxes = self._graph.n_boxes
        gap = self._gap / 2 if left >= n_boxes and right >= n_boxes else self._gap
        return self._after[left] + self._before[right] + gap

    def _rank_offsets(self, members: Sequence[int]) -> list[float]:
        offsets = [0.0]
        for left, right in pairwise(members):
            offsets.append(offsets[-1] + self._separation(left, right))
        return offsets[: len(members)]

    def _weights(self, neighbours: Sequence[Sequence[int]]) -> list[list[float]]:
        return [[self._weight(m, o) for o in others] for m, others in enumerate(neighbours)]

    def _weight(self, member: int, other: int) -> float:
        """How strongly two linked members pull each other into one line."""
        graph = self._graph
        if member >= graph.n_boxes and other >= graph.n_boxes:
            return _LONG_EDGE_WEIGHT
        upper, lower = member, other
        if graph.ranks[upper] > graph.ranks[lower]:
            upper, lower = lower, upper
        is_chain = len(graph.below[upper]) == 1 and len(graph.above[lower]) == 1
        return _CHAIN_WEIGHT if is_chain else 1.0

    def _start(self) -> None:
        """Every rank centred on the axis."""
        for members, offsets in zip(self._graph.order, self._offsets, strict=True):
            middle = (offsets[0] + offsets[-1]) / 2 if offsets else 0.0
            for member, offset in zip(members, offsets, strict=True):
                self._x[member] = offset - middle

    def _edge_means(self) -> list[float]:
        x = self._x
        return [sum(x[m] for m in stand_ins) / len(stand_ins) for stand_ins in self._long_edges]

    def _wanted(self, member: int, sides: str) -> tuple[float, float]:
        """Weighted mean of the neighbours' places, and the weight of that wish."""
        x, total, mass = self._x, 0.0, 0.0
        if sides != "down":
            weights = self._weights_up[member]
            for other, weight in zip(self._graph.above[member], weights, strict=True):
                total += weight * x[other]
                mass += weight
        if sides != "up":
            weights = self._weights_down[member]
            for other, weight in zip(self._graph.below[member], weights, strict=True):
                total += weight * x[other]
                mass += weight
        return (total / mass, mass) if mass else (x[member], 0.1)

    def _place_rank(self, rank: int, sides: str, means: Sequence[float] | None) -> None:
        members = self._graph.order[rank]
        axis = self._axis_member[rank]
        if axis is not None and len(members) == 1:
            self._x[members[0]] = 0.0
            return
        wanted, weights = [], []
        for member in members:
            edge = self._edge_of[member]
            if means is not None and edge >= 0 and len(self._long_edges[edge]) > 1:
                wanted.append(means[edge])
                weights.append(_LONG_EDGE_WEIGHT)
                continue
            place, mass = self._wanted(member, sides)
            wanted.append(place)
            weights.append(mass)
        offsets = self._offsets[rank]
        if axis is None:
            places = isotonic(wanted, weights, offsets)
        else:
            places = _isotonic_around(axis, wanted, weights, offsets)
        for member, place in zip(members, places, strict=True):
            self._x[member] = place


def _isotonic_around(
    axis: int, wanted: Sequence[float], weights: Sequence[float], offsets: Sequence[float]
) -> list[float]:
    """Isotonic places with member `axis` held at 0.

    Clamping the free solution of either side is optimal for bounded isotonic regression.
    """
    origin = offsets[axis]
    shifted = [offset - origin for offset in offsets]
    left = isotonic(wanted[:axis], weights[:axis], shifted[:axis])
    right = isotonic(wanted[axis + 1 :], weights[axis + 1 :], shifted[axis + 1 :])
    return [
        *[min(place, limit) for place, limit in zip(left, shifted[:axis], strict=True)],
        0.0,
        *[max(place, limit) for place, limit in zip(right, shifted[axis + 1 :], strict=True)],
    ]
