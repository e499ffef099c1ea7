"""Straight columns of a drawing: members that share one place across, kept apart from others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.net.layout.ranks import RankedGraph

_N_ROUNDS = 6
_AXIS = 0
_SMALL_STEP = 60.0
"""Pixels: a line this near to its box comes straight out of it."""


def align_columns(
    graph: RankedGraph,
    wanted: Sequence[float],
    axis_members: Sequence[int],
    separation: Callable[[int, int], float],
    weight: Callable[[int, int], float],
) -> list[float]:
    """Places near `wanted` where each column is straight, neighbours keep apart, axis is at 0.

    A column is all stand-ins of a long edge, or boxes in a row with one line in and one out each.
    Columns that would have to stand on both sides of
    each other are cut. wanted: place per member, in pixels. Returns a place per member.
    """
    columns = _Columns(graph, axis_members)
    while (stuck := columns.order_columns()) is not None:
        columns.cut(stuck)
    return _Solver(graph, columns, separation, weight).solve(wanted)


class _Columns:
    """Which member stands in which column; column 0 is the axis."""

    def __init__(self, graph: RankedGraph, axis_members: Sequence[int]) -> None:
        self._graph = graph
        on_axis = set(axis_members)
        self.members: list[list[int]] = [list(axis_members)]
        self.of = [-1] * len(graph.ranks)
        for member in axis_members:
            self.of[member] = _AXIS
        for members in graph.order:
            for member in members:
                if self.of[member] < 0:
                    self._add_column(member, on_axis)
        self.pairs = [(left, right) for members in graph.order for left, right in pairwise(members)]
        self.topological: list[int] = []

    def _add_column(self, member: int, on_axis: set[int]) -> None:
        above, below = self._graph.above, self._graph.below
        n_boxes = self._graph.n_boxes
        number = len(self.members)
        column = []
        while True:
            column.append(member)
            self.of[member] = number
            if len(below[member]) != 1:
                break
            following = below[member][0]
            if len(above[following]) != 1 or following in on_axis:
                break
            # A line may step aside from under its box; else boxes further down pile up sideways.
            if (member < n_boxes) != (following < n_boxes):
                break
            member = following
        self.members.append(column)

    def order_columns(self) -> set[int] | None:
        """Sort columns from left to right into `topological`, or return those that can't be."""
        rights: list[set[int]] = [set() for _ in self.members]
        n_open = [0] * len(self.members)
        for left, right in self.pairs:
            a, b = self.of[left], self.of[right]
            if b not in rights[a]:
                rights[a].add(b)
                n_open[b] += 1
        ready = [column for column, n in enumerate(n_open) if n == 0]
        self.topological = []
        while ready:
            column = ready.pop()
            self.topological.append(column)
            for right in sorted(rights[column]):
                n_open[right] -= 1
                if n_open[right] == 0:
                    ready.append(right)
        if len(self.topological) == len(self.members):
            return None
        return {column for column, n in enumerate(n_open) if n > 0}

    def cut(self, stuck: set[int]) -> None:
        """Cut one stuck column where it changes sides with another one, else in the middle."""
        candidates = sorted(
            (column for column in stuck if column != _AXIS and len(self.members[column]) > 1),
            key=lambda column: (-len(self.members[column]), column),
        )
        for column in candidates:
            place = self._side_change(column, stuck)
            if place is not None:
                self._split(column, place)
                return
        self._split(candidates[0], len(self.members[candidates[0]]) // 2)

    def _side_change(self, column: int, stuck: set[int]) -> int | None:
        lefts_before: set[int] = set()
        rights_before: set[int] = set()
        for k, member in enumerate(self.members[column]):
            rank = self._graph.order[self._graph.ranks[member]]
            place = rank.index(member)
            lefts = {self.of[m] for m in rank[:place]} & stuck
            rights = {self.of[m] for m in rank[place + 1 :]} & stuck
            if lefts_before & rights or rights_before & lefts:
                return k
            lefts_before |= lefts
            rights_before |= rights
        return None

    def _split(self, column: int, place: int) -> None:
        tail = self.members[column][place:]
        self.members[column] = self.members[column][:place]
        for member in tail:
            self.of[member] = len(self.members)
        self.members.append(tail)


@dataclass(frozen=True)
class _Neighbour:
    column: int
    distance: float


class _Solver:
    """Columns as numbers on a line with distances to keep, the axis held at 0."""

    def __init__(
        self,
        graph: RankedGraph,
        columns: _Columns,
        separation: Callable[[int, int], float],
        weight: Callable[[int, int], float],
    ) -> None:
        self._columns = columns
        self._order = columns.topological
        n_columns = len(columns.members)
        distance: list[dict[int, float]] = [{} for _ in range(n_columns)]
        for left, right in columns.pairs:
            a, b = columns.of[left], columns.of[right]
            distance[b][a] = max(distance[b].get(a, 0.0), separation(left, right))
        self._lefts = [[_Neighbour(a, d) for a, d in of.items()] for of in distance]
        self._rights: list[list[_Neighbour]] = [[] for _ in range(n_columns)]
        for b, neighbours in enumerate(self._lefts):
            for neighbour in neighbours:
                self._rights[neighbour.column].append(_Neighbour(b, neighbour.distance))
        self._pulls: list[dict[int, float]] = [{} for _ in range(n_columns)]
        self._mates: list[list[int]] = [[] for _ in range(n_columns)]
        for upper, lowers in enumerate(graph.below):
            for lower in lowers:
                a, b = columns.of[upper], columns.of[lower]
                self._add_pull(a, b, weight(upper, lower))
                if a != b and len(lowers) == 1 and len(graph.above[lower]) == 1:
                    self._mates[a].append(b)
                    self._mates[b].append(a)

    def _add_pull(self, a: int, b: int, weight: float) -> None:
        if a != b:
            self._pulls[a][b] = self._pulls[a].get(b, 0.0) + weight
            self._pulls[b][a] = self._pulls[b].get(a, 0.0) + weight

    def solve(self, wanted: Sequence[float]) -> list[float]:
        columns = self._columns
        x = [sum(wanted[m] for m in column) / max(1, len(column)) for column in columns.members]
        x[_AXIS] = 0.0
        x = self._apart(x)
        for _ in range(_N_ROUNDS):
            x = self._apart([(place + self._pulled(c, x)) / 2 for c, place in enumerate(x)])
        for order in (self._order, self._order[::-1], self._order):
            for column in order:
                self._settle(column, x)
        return [x[column] for column in columns.of]

    def _settle(self, column: int, x: list[float]) -> None:
        """Move a column as far towards its neighbours as its room allows, past small steps."""
        if column == _AXIS:
            return
        low, high = self._room(column, x)
        place = min(max(self._pulled(column, x), low), max(low, high))
        for mate in self._mates[column]:
            if abs(x[mate] - place) <= _SMALL_STEP and low <= x[mate] <= high:
                place = x[mate]
                break
        x[column] = place

    def _pulled(self, column: int, x: Sequence[float]) -> float:
        """Weighted mean place of what the column is linked to."""
        pulls = self._pulls[column]
        if column == _AXIS or not pulls:
            return x[column]
        return sum(x[other] * w for other, w in pulls.items()) / sum(pulls.values())

    def _room(self, column: int, x: Sequence[float]) -> tuple[float, float]:
        low = max((x[n.column] + n.distance for n in self._lefts[column]), default=-1e9)
        high = min((x[n.column] - n.distance for n in self._rights[column]), default=1e9)
        return low, high

    def _apart(self, wanted: Sequence[float]) -> list[float]:
        """Keep the distances: halfway between pushing all to the right and all to the left.

        Both pushes keep them, and so does every point between (the allowed set is convex).
        """
        low, high = self._axis_bounds()
        inside = [min(max(w, lo), hi) for w, lo, hi in zip(wanted, low, high, strict=True)]
        pushed_right, pushed_left = list(inside), list(inside)
        for column in self._order:
            for n in self._lefts[column]:
                reach = pushed_right[n.column] + n.distance
                if reach > pushed_right[column]:
                    pushed_right[column] = reach
        for column in reversed(self._order):
            for n in self._rights[column]:
                reach = pushed_left[n.column] - n.distance
                if reach < pushed_left[column]:
                    pushed_left[column] = reach
        return [(a + b) / 2 for a, b in zip(pushed_right, pushed_left, strict=True)]

    def _axis_bounds(self) -> tuple[list[float], list[float]]:
        """How near to the axis each column may come from its own side."""
        low = [-1e9] * len(self._columns.members)
        high = [1e9] * len(self._columns.members)
        low[_AXIS] = high[_AXIS] = 0.0
        for column in self._order:
            for n in self._lefts[column]:
                low[column] = max(low[column], low[n.column] + n.distance)
        for column in reversed(self._order):
            for n in self._rights[column]:
                high[column] = min(high[column], high[n.column] - n.distance)
        return low, high
