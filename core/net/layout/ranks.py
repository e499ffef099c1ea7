"""Layers of a drawing: the rank of each box, and stand-ins where an edge passes a rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass
class RankedGraph:
    """Boxes 0..n_boxes-1 and, numbered after them, one stand-in per rank a long edge passes.

    ranks: rank of every box and stand-in. order: members of each rank from left to right.
    above, below: neighbours one rank up and down. chains: per edge (source, target) the members
    it goes through from its upper end to its lower one, both ends included.
    """

    keys: list[str]
    ranks: list[int]
    order: list[list[int]]
    above: list[list[int]]
    below: list[list[int]]
    chains: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    @property
    def n_boxes(self) -> int:
        return len(self.keys)


def rank_graph(keys: Sequence[str], edges: Sequence[tuple[str, str]]) -> RankedGraph:
    """Give every box its rank and thread every edge through the ranks between its ends.

    Raises ValueError for an edge to an unknown box and for a key that stands twice.
    """
    number = {key: i for i, key in enumerate(keys)}
    if len(number) != len(keys):
        raise ValueError("two boxes have the same key")
    pairs = _distinct_pairs(number, edges)
    visit_order, place = _topological(len(keys), pairs)
    # A line that runs against the order (only a damaged net has one) is drawn upwards.
    downward = [(s, t) if place[s] < place[t] else (t, s) for s, t in pairs]
    ranks = _longest_path_ranks(len(keys), downward, visit_order)
    return _threaded(list(keys), ranks, pairs)


def _distinct_pairs(
    number: dict[str, int], edges: Sequence[tuple[str, str]]
) -> list[tuple[int, int]]:
    pairs: dict[tuple[int, int], None] = {}
    for source, target in edges:
        if source not in number or target not in number:
            missing = source if source not in number else target
            raise ValueError(f"edge {source} -> {target}: there is no box {missing}")
        if source != target:
            pairs[number[source], number[target]] = None
    return list(pairs)


def _topological(n_boxes: int, pairs: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Boxes so that sources come before targets; a cycle is cut before its first box as given.

    Returns the visiting order and each box's place in it.
    """
    targets: list[list[int]] = [[] for _ in range(n_boxes)]
    n_open = [0] * n_boxes
    for source, target in pairs:
        targets[source].append(target)
        n_open[target] += 1
    ready = [i for i in range(n_boxes) if n_open[i] == 0][::-1]
    place = [-1] * n_boxes
    visit_order: list[int] = []
    next_unvisited = 0
    while len(visit_order) < n_boxes:
        if not ready:
            while place[next_unvisited] >= 0:
                next_unvisited += 1
            ready.append(next_unvisited)
        box = ready.pop()
        if place[box] >= 0:
            continue
        place[box] = len(visit_order)
        visit_order.append(box)
        for target in reversed(targets[box]):
            n_open[target] -= 1
            if n_open[target] == 0 and place[target] < 0:
                ready.append(target)
    return visit_order, place


def _longest_path_ranks(
    n_boxes: int, pairs: Sequence[tuple[int, int]], visit_order: Sequence[int]
) -> list[int]:
    """Longest path from the top, with boxes nothing flows into right above their first reader."""
    targets: list[list[int]] = [[] for _ in range(n_boxes)]
    has_source = [False] * n_boxes
    for source, target in pairs:
        targets[source].append(target)
        has_source[target] = True
    ranks = [0] * n_boxes
    for box in visit_order:
        for target in targets[box]:
            ranks[target] = max(ranks[target], ranks[box] + 1)
    for box in range(n_boxes):
        if not has_source[box] and targets[box]:
            ranks[box] = min(ranks[target] for target in targets[box]) - 1
    return ranks


def _threaded(keys: list[str], ranks: list[int], pairs: Sequence[tuple[int, int]]) -> RankedGraph:
    graph = RankedGraph(
        keys=keys,
        ranks=ranks,
        order=[[] for _ in range(max(ranks, default=-1) + 1)],
        above=[[] for _ in keys],
        below=[[] for _ in keys],
    )
    for box, rank in enumerate(ranks):
        graph.order[rank].append(box)
    for source, target in pairs:
        upper, lower = (source, target) if ranks[source] < ranks[target] else (target, source)
        chain = [upper]
        for rank in range(ranks[upper] + 1, ranks[lower]):
            stand_in = len(graph.ranks)
            graph.ranks.append(rank)
            graph.above.append([])
            graph.below.append([])
            graph.order[rank].append(stand_in)
            chain.append(stand_in)
        chain.append(lower)
        for first, second in pairwise(chain):
            graph.below[first].append(second)
            graph.above[second].append(first)
        graph.chains[source, target] = chain
    return graph
