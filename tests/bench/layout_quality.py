"""How good a drawing is: overlaps, lines through boxes, crossings, and what Graphviz dot gets."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import numpy as np

from core.net.definition import Net
from core.net.layout.folding import fold_blocks
from core.net.layout.layered import Box, Edge, Layout
from core.net.layout.routes import Point, flatten_route

WIDTH, HEIGHT = 228.0, 38.0


def boxes_and_edges(net: Net, *, is_folded: bool) -> tuple[list[Box], list[Edge]]:
    """Boxes and edges of a net as the graph panel asks for them."""
    group_of = {name: g.name for g in fold_blocks(net) for name in g.layer_names}
    keys = [
        group_of.get(layer.name, f"{layer.index}") if is_folded else f"{layer.index}"
        for layer in net.layers
    ]
    edges = [
        Edge(keys[version.layer_index], keys[layer.index])
        for layer in net.layers
        for version in net.read(layer)
        if version is not None and keys[version.layer_index] != keys[layer.index]
    ]
    return [Box(key, WIDTH, HEIGHT) for key in dict.fromkeys(keys)], edges


def corners_of(boxes: Sequence[Box], layout: Layout) -> np.ndarray:
    """(n_boxes, 4) float64: left, top, right, bottom in pixels."""
    places = [layout.positions[box.key] for box in boxes]
    return np.array([(x, y, x + WIDTH, y + HEIGHT) for x, y in places])


def count_overlaps(corners: np.ndarray) -> int:
    left, top, right, bottom = corners.T
    touching = (left[:, None] < right) & (right[:, None] > left)
    touching &= (top[:, None] < bottom) & (bottom[:, None] > top)
    return (int(touching.sum()) - len(corners)) // 2


def count_lines_through_boxes(corners: np.ndarray, layout: Layout) -> int:
    left, top, right, bottom = corners.T
    n_through = 0
    for route in layout.routes.values():
        x, y = np.array(flatten_route(route, 24)).T[:, :, None]
        inside = (x > left) & (x < right) & (y > top + 0.5) & (y < bottom - 0.5)
        n_through += int(inside.any(axis=0).sum())
    return n_through


def count_crossings(lines: dict[tuple[str, str], list[Point]]) -> int:
    """Pairs of lines without a common end that cross, counted on their polylines."""
    ends = list(lines)
    pieces = [
        (*start, *end, owner)
        for owner, key in enumerate(ends)
        for start, end in zip(lines[key], lines[key][1:], strict=False)
    ]
    table = np.array(sorted(pieces, key=lambda piece: min(piece[1], piece[3])))
    tops = np.minimum(table[:, 1], table[:, 3])
    pairs = set()
    for i, (ax, ay, bx, by, owner) in enumerate(table):
        stop = int(np.searchsorted(tops, max(ay, by), side="right"))
        cx, cy, dx, dy, others = table[i + 1 : stop].T
        side_a = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
        side_b = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
        side_c = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        side_d = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
        for other in others[(side_a * side_b < 0) & (side_c * side_d < 0)]:
            if not set(ends[int(owner)]) & set(ends[int(other)]):
                pairs.add(frozenset((int(owner), int(other))))
    return len(pairs)


def dot_lines(boxes: Sequence[Box], edges: Sequence[Edge]) -> dict[tuple[str, str], list[Point]]:
    """The polylines Graphviz dot draws for the same boxes and edges."""
    names = {box.key: f"n{i}" for i, box in enumerate(boxes)}
    keys = {name: key for key, name in names.items()}
    lines = [f"{n} [width={WIDTH / 72},height={HEIGHT / 72}];" for n in names.values()]
    pairs = dict.fromkeys((edge.source, edge.target) for edge in edges)
    lines += [f"{names[source]} -> {names[target]};" for source, target in pairs]
    head = 'digraph { ranksep=0.25; nodesep=0.333; node [shape=box, fixedsize=true, label=""];'
    answer = subprocess.run(
        ["dot", "-Tplain"],
        input="\n".join([head, *lines, "}"]),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout.replace("\\\n", "")
    drawn = {}
    for line in answer.splitlines():
        words = line.split()
        if words[0] == "edge":
            numbers = [float(word) * 72 for word in words[4 : 4 + 2 * int(words[3])]]
            points = [(x, -y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
            drawn[keys[words[1]], keys[words[2]]] = flatten_route(points)
    return drawn
