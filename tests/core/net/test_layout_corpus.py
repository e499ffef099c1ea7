"""The drawing of real nets: nothing overlaps, few crossings, held against Graphviz dot."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from core.errors import AppError
from core.net.definition import Net
from core.net.layout import Box, Edge, Layout, fold_blocks, lay_out
from core.net.layout_routes import Point, flatten_route
from core.net.reader import load_net

_WIDTH, _HEIGHT = 228.0, 38.0
_AGAINST_DOT = (
    "BVLC__caffe__models__bvlc_googlenet__deploy",
    "BVLC__caffe__models__bvlc_alexnet__train_val",
    "KaimingHe__deep-residual-networks__prototxt__ResNet-50-deploy",
    "SnailTyan__caffe-model-zoo__SqueezeNet__deploy",
    "SnailTyan__caffe-model-zoo__Inception-v3__deploy",
    "SnailTyan__caffe-model-zoo__DenseNet-121__train_val",
    "SnailTyan__caffe-model-zoo__SE-BN-Inception__train_val",
    "BVLC__caffe@intel__models__intel_optimized_models__benchmark__ssd__deploy",
    "chuanqi305__MobileNet-SSD__deploy",
    "alexgkendall__SegNet-Tutorial__Models__bayesian_segnet_inference",
    "CMU-Perceptual-Computing-Lab__openpose__models__pose__coco__pose_deploy_linevec",
    "rbgirshick__py-faster-rcnn__models__pascal_voc__VGG16__faster_rcnn_end2end__train",
)


def _drawing(net: Net, *, is_folded: bool) -> tuple[list[Box], list[Edge]]:
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
    return [Box(key, _WIDTH, _HEIGHT) for key in dict.fromkeys(keys)], edges


def _nets(folder: Path) -> list[tuple[str, Net]]:
    nets = []
    for path in sorted(folder.glob("*.prototxt")):
        try:
            net = load_net(path)
        except AppError:
            continue  # some files of the corpus are no nets
        if net.layers:
            nets.append((path.stem, net))
    return nets


def _corners(boxes: Sequence[Box], layout: Layout) -> np.ndarray:
    """(n_boxes, 4) float64: left, top, right, bottom in pixels."""
    places = [layout.positions[box.key] for box in boxes]
    return np.array([(x, y, x + _WIDTH, y + _HEIGHT) for x, y in places])


def _overlaps(corners: np.ndarray) -> int:
    left, top, right, bottom = corners.T
    touching = (left[:, None] < right) & (right[:, None] > left)
    touching &= (top[:, None] < bottom) & (bottom[:, None] > top)
    return (int(touching.sum()) - len(corners)) // 2


def _lines_through_boxes(corners: np.ndarray, layout: Layout) -> int:
    left, top, right, bottom = corners.T
    n_through = 0
    for route in layout.routes.values():
        x, y = np.array(flatten_route(route, 24)).T[:, :, None]
        inside = (x > left) & (x < right) & (y > top + 0.5) & (y < bottom - 0.5)
        n_through += int(inside.any(axis=0).sum())
    return n_through


def _crossings(lines: dict[tuple[str, str], list[Point]]) -> int:
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


def _dot_lines(boxes: Sequence[Box], edges: Sequence[Edge]) -> dict[tuple[str, str], list[Point]]:
    """The polylines Graphviz dot draws for the same boxes and edges."""
    names = {box.key: f"n{i}" for i, box in enumerate(boxes)}
    keys = {name: key for key, name in names.items()}
    lines = [f"{n} [width={_WIDTH / 72},height={_HEIGHT / 72}];" for n in names.values()]
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


@pytest.mark.parametrize("is_folded", [False, True], ids=["unfolded", "folded"])
def test_no_overlap_and_no_line_through_a_box_on_the_whole_corpus(
    material: Callable[[str], Path], is_folded: bool
) -> None:
    wrong = []
    for name, net in _nets(material("prototxts")):
        boxes, edges = _drawing(net, is_folded=is_folded)
        layout = lay_out(boxes, edges)
        corners = _corners(boxes, layout)
        found = _overlaps(corners), _lines_through_boxes(corners, layout)
        if found != (0, 0):
            wrong.append((name, *found))
    assert wrong == []


def test_folding_the_corpus_makes_no_cycle_and_hides_no_output(
    material: Callable[[str], Path],
) -> None:
    for name, net in _nets(material("prototxts")):
        outputs = {version.layer for version in net.outputs}
        folded = [layer for group in fold_blocks(net) for layer in group.layer_names]
        assert not outputs & set(folded), name
        assert len(folded) == len(set(folded)), name
        boxes, edges = _drawing(net, is_folded=True)
        ranks = lay_out(boxes, edges).ranks
        assert ranks is not None
        assert all(ranks[edge.source] < ranks[edge.target] for edge in edges), name


def test_crossings_stay_within_a_tenth_of_dot(material: Callable[[str], Path]) -> None:
    if shutil.which("dot") is None:
        pytest.skip("no Graphviz dot on this machine")
    ours = theirs = 0
    rows = []
    for name in _AGAINST_DOT:
        net = load_net(material(f"prototxts/{name}.prototxt"))
        for is_folded in (False, True):
            boxes, edges = _drawing(net, is_folded=is_folded)
            routes = lay_out(boxes, edges).routes
            n_ours = _crossings({key: flatten_route(route) for key, route in routes.items()})
            n_theirs = _crossings(_dot_lines(boxes, edges))
            rows.append(f"{n_ours:4d} {n_theirs:4d}  {name}{' folded' if is_folded else ''}")
            ours, theirs = ours + n_ours, theirs + n_theirs
    print("ours  dot", *rows, sep="\n")
    assert ours <= theirs * 1.1


def test_layout_times_are_reported(
    material: Callable[[str], Path], record_property: Callable[[str, object], None]
) -> None:
    times = []
    for name, net in _nets(material("prototxts")):
        boxes, edges = _drawing(net, is_folded=False)
        start = time.perf_counter()
        lay_out(boxes, edges)
        times.append((time.perf_counter() - start, len(boxes), name))
    for seconds, n_boxes, name in sorted(times, reverse=True)[:5]:
        record_property(name, f"{seconds * 1000:.0f} ms for {n_boxes} layers")
        print(f"{seconds * 1000:6.1f} ms  {n_boxes:5d} layers  {name}")
    assert len(times) > 100
