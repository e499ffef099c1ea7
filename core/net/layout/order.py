"""The order inside each layer of a drawing: few crossings by barycentre sweeps and swaps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from core.net.layout.ranks import RankedGraph

_MOST_SWEEPS = 24
_SWEEPS_WITHOUT_GAIN = 4
_MOST_MOVED_EDGES = 40


def order_ranks(graph: RankedGraph) -> None:
    """Reorder `graph.order` in place so that few lines cross.

    A rank with one member can't cause a crossing, so the runs between such ranks are
    solved one by one.
    """
    _order_by_first_visit(graph)
    run_start: int | None = None
    for rank in range(len(graph.order) + 1):
        is_wide = rank < len(graph.order) and len(graph.order[rank]) > 1
        if is_wide and run_start is None:
            run_start = rank
        if not is_wide and run_start is not None:
            _Run(graph, run_start, rank - 1).improve()
            run_start = None


def count_crossings(upper: Sequence[int], below: Sequence[Sequence[int]], place: list[int]) -> int:
    """Pairs of lines that cross between one rank and the next (Barth, Jünger and Mutzel, 2002)."""
    ends: list[int] = []
    for member in upper:
        others = below[member]
        if len(others) == 1:
            ends.append(place[others[0]])
        else:
            ends.extend(sorted([place[other] for other in others]))
    n_crossings = 0
    seen: list[int] = []
    farthest = -1
    for end in ends:
        if end >= farthest:
            farthest = end
            seen.append(end)
        else:
            at = bisect_right(seen, end)
            n_crossings += len(seen) - at
            seen.insert(at, end)
    return n_crossings


def _order_by_first_visit(graph: RankedGraph) -> None:
    """Start from the order in which a depth-first walk from the top meets the members."""
    visited = [False] * len(graph.ranks)
    fresh: list[list[int]] = [[] for _ in graph.order]
    roots = [member for rank in graph.order for member in rank if not graph.above[member]]
    roots.sort(key=lambda member: member)
    for root in roots:
        stack = [root]
        while stack:
            member = stack.pop()
            if visited[member]:
                continue
            visited[member] = True
            fresh[graph.ranks[member]].append(member)
            stack.extend(reversed(graph.below[member]))
    graph.order[:] = fresh


class _Run:
    """Consecutive ranks with more than one member each, from `first` to `last`."""

    def __init__(self, graph: RankedGraph, first: int, last: int) -> None:
        self._graph = graph
        self._first = first
        self._last = last
        self._order = graph.order
        self._place = [0] * len(graph.ranks)
        for rank in range(max(0, first - 1), min(len(graph.order), last + 2)):
            self._number(rank)

    def improve(self) -> None:
        """Sweep from the order as it is, then from its mirror image; keep the best order met."""
        self._fewest = self._count()
        self._best = self._saved()
        start = self._best
        self._improve_from(start)
        if self._fewest > 0:
            self._improve_from([members[::-1] for members in start])
        self._restore(self._best)
        if self._fewest > 0:
            self._move_long_edges()

    def _improve_from(self, start: list[list[int]]) -> None:
        self._restore(start)
        fewest_here, n_idle = self._count(), 0
        for sweep in range(_MOST_SWEEPS):
            if self._fewest == 0 or n_idle >= _SWEEPS_WITHOUT_GAIN:
                return
            # Every other pair of sweeps turns ties round, which leaves many a dead end.
            self._sweep(is_downward=sweep % 2 == 0, turns_ties=sweep % 4 >= 2)
            self._transpose()
            n_crossings = self._count()
            n_idle += 1
            if n_crossings < fewest_here:
                fewest_here, n_idle = n_crossings, 0
            if n_crossings < self._fewest:
                self._fewest, self._best = n_crossings, self._saved()

    def _move_long_edges(self) -> None:
        """Try each long edge as a whole at the left and at the right of what it passes.

        Sweeps move one stand-in at a time and can't carry an edge over a column of boxes.
        """
        first, last = self._first, self._last
        long_edges = []
        for chain in self._graph.chains.values():
            # A box that ends its branch moves with the line that leads to it.
            end = len(chain) if not self._graph.below[chain[-1]] else len(chain) - 1
            inner = [m for m in chain[1:end] if first <= self._graph.ranks[m] <= last]
            if inner and len(chain) > 2:
                long_edges.append(inner)
        long_edges.sort(key=len, reverse=True)
        for inner in long_edges[:_MOST_MOVED_EDGES]:
            for is_leftmost in (True, False):
                self._move_edge(inner, is_leftmost=is_leftmost)
            if self._fewest == 0:
                return

    def _move_edge(self, inner: Sequence[int], *, is_leftmost: bool) -> None:
        ranks = [self._graph.ranks[member] for member in inner]
        before = [list(self._order[rank]) for rank in ranks]
        touched = range(max(self._first, ranks[0] - 1), min(self._last, ranks[-1] + 1))
        n_before = self._count(touched)
        for member, rank in zip(inner, ranks, strict=True):
            members = self._order[rank]
            members.remove(member)
            members.insert(0 if is_leftmost else len(members), member)
            self._number(rank)
        gain = n_before - self._count(touched)
        if gain > 0:
            self._fewest -= gain
            return
        for rank, members in zip(ranks, before, strict=True):
            self._order[rank] = members
            self._number(rank)

    def _restore(self, orders: list[list[int]]) -> None:
        for rank, members in zip(range(self._first, self._last + 1), orders, strict=True):
            self._order[rank] = list(members)
            self._number(rank)

    def _saved(self) -> list[list[int]]:
        return [list(members) for members in self._order[self._first : self._last + 1]]

    def _number(self, rank: int) -> None:
        for place, member in enumerate(self._order[rank]):
            self._place[member] = place

    def _count(self, ranks: range | None = None) -> int:
        """Crossings between each of `ranks` (default: all but the last) and the rank below it."""
        below = self._graph.below
        return sum(
            count_crossings(self._order[rank], below, self._place)
            for rank in (range(self._first, self._last) if ranks is None else ranks)
        )

    def _sweep(self, *, is_downward: bool, turns_ties: bool) -> None:
        place = self._place
        ranks = range(self._first, self._last + 1)
        neighbours = self._graph.above if is_downward else self._graph.below
        for rank in ranks if is_downward else reversed(ranks):
            members = self._order[rank]
            wanted = {}
            for member in members:
                others = neighbours[member]
                wanted[member] = (
                    sum(place[o] for o in others) / len(others) if others else place[member]
                )
            if turns_ties:
                members.reverse()
            members.sort(key=wanted.__getitem__)
            self._number(rank)

    def _transpose(self) -> None:
        """Swap neighbours while that removes crossings."""
        for _ in range(4):
            has_changed = False
            for rank in range(self._first, self._last + 1):
                has_changed |= self._transpose_rank(self._order[rank])
            if not has_changed:
                return

    def _transpose_rank(self, members: list[int]) -> bool:
        place = self._place
        has_changed = False
        for i in range(len(members) - 1):
            left, right = members[i], members[i + 1]
            if self._swap_gain(left, right) > 0:
                members[i], members[i + 1] = right, left
                place[left], place[right] = i + 1, i
                has_changed = True
        return has_changed

    def _swap_gain(self, left: int, right: int) -> int:
        gain = 0
        place = self._place
        for neighbours in (self._graph.above, self._graph.below):
            for a in neighbours[left]:
                place_a = place[a]
                for b in neighbours[right]:
                    if place_a > place[b]:
                        gain += 1
                    elif place_a < place[b]:
                        gain -= 1
        return gain
