"""The layered drawing on small graphs whose right answer can be seen by hand."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest

from core.net.layout.layered import Box, Edge, Layout, lay_out
from core.net.layout.order import count_crossings, order_ranks
from core.net.layout.placement import isotonic
from core.net.layout.ranks import rank_graph
from core.net.layout.routes import flatten_route


def _boxes(names: str, width: float = 100.0, height: float = 40.0) -> list[Box]:
    return [Box(name, width, height) for name in names.split()]


def _edges(pairs: str) -> list[Edge]:
    return [Edge(*pair.split(">")) for pair in pairs.split()]


def _assert_nothing_overlaps(boxes: Sequence[Box], layout: Layout) -> None:
    placed = [(*layout.positions[box.key], box) for box in boxes]
    for i, (x, y, box) in enumerate(placed):
        for other_x, other_y, other in placed[i + 1 :]:
            is_beside = x + box.width <= other_x or other_x + other.width <= x
            is_apart = y + box.height <= other_y or other_y + other.height <= y
            assert is_beside or is_apart, (box.key, other.key)


def _assert_no_line_through_a_box(boxes: Sequence[Box], layout: Layout) -> None:
    for (source, target), route in layout.routes.items():
        for x, y in flatten_route(route, 16):
            for box in boxes:
                if box.key in (source, target):
                    continue
                left, top = layout.positions[box.key]
                is_inside = left < x < left + box.width and top < y < top + box.height
                assert not is_inside, (source, target, box.key)


def test_a_chain_stands_in_one_column_on_the_axis_with_even_gaps() -> None:
    boxes = _boxes("fc7 relu7 drop7 fc8")
    layout = lay_out(boxes, _edges("fc7>relu7 relu7>drop7 drop7>fc8"), layer_gap=18)
    assert layout.positions == {
        "fc7": (-50.0, 0.0),
        "relu7": (-50.0, 58.0),
        "drop7": (-50.0, 116.0),
        "fc8": (-50.0, 174.0),
    }
    assert (layout.left, layout.top, layout.width, layout.height) == (-50.0, 0.0, 100.0, 214.0)
    assert layout.routes["fc7", "relu7"][0] == (0.0, 40.0)
    assert layout.routes["fc7", "relu7"][-1] == (0.0, 58.0)


def test_boxes_of_different_height_keep_the_same_gap() -> None:
    boxes = [Box("a", 100, 40), Box("chain", 100, 120), Box("b", 100, 40)]
    layout = lay_out(boxes, _edges("a>chain chain>b"), layer_gap=10)
    tops = [layout.positions[key][1] for key in ("a", "chain", "b")]
    assert tops == [0.0, 50.0, 180.0]


def test_two_branches_stand_symmetrically_and_a_shortcut_runs_straight_past_them() -> None:
    boxes = _boxes("in a1 a2 a3 out")
    layout = lay_out(boxes, _edges("in>a1 a1>a2 a2>a3 a3>out in>out"), gap=20)
    assert {layout.positions[key][0] for key in ("in", "a1", "a2", "a3", "out")} == {-50.0}
    shortcut = layout.routes["in", "out"]
    places = {x for x, y in flatten_route(shortcut, 4) if 60 < y < layout.positions["a3"][1]}
    assert len(places) == 1
    assert abs(places.pop()) == pytest.approx(70.0)  # half a box and the gap from the axis
    _assert_no_line_through_a_box(boxes, layout)


def test_a_second_source_stands_right_above_its_first_reader() -> None:
    boxes = _boxes("data conv1 conv2 score label loss")
    layout = lay_out(boxes, _edges("data>conv1 conv1>conv2 conv2>score score>loss label>loss"))
    assert layout.positions["label"][1] == layout.positions["score"][1]


def test_a_crossed_start_is_uncrossed() -> None:
    boxes = _boxes("root a b c d end")
    edges = _edges("root>a root>b a>d b>c c>end d>end")
    layout = lay_out(boxes, edges)
    x = {key: place[0] for key, place in layout.positions.items()}
    assert (x["a"] < x["b"]) == (x["d"] < x["c"])


def test_left_to_right_is_the_same_drawing_turned() -> None:
    boxes = _boxes("in a b out", width=40.0, height=40.0)
    edges = _edges("in>a in>b a>out b>out")
    down, right = lay_out(boxes, edges), lay_out(boxes, edges, direction="LR")
    assert right.positions == {key: (y, x) for key, (x, y) in down.positions.items()}
    assert right.routes["in", "a"] == tuple((y, x) for x, y in down.routes["in", "a"])
    assert (right.width, right.height) == (down.height, down.width)
    assert (right.left, right.top) == (down.top, down.left)


def test_room_beside_a_box_stays_clear() -> None:
    boxes = [Box("in", 100, 40), Box("a", 100, 40, after=90), Box("b", 100, 40), Box("o", 100, 40)]
    layout = lay_out(boxes, _edges("in>a in>b a>o b>o"), gap=10)
    (a, b) = layout.positions["a"][0], layout.positions["b"][0]
    assert b - (a + 100) >= 100 if a < b else a - (b + 100) >= 10


def test_pinned_boxes_stay_where_the_user_put_them() -> None:
    boxes = _boxes("a b c")
    layout = lay_out(boxes, _edges("a>b b>c"), pinned={"b": (300.0, 70.0), "gone": (0.0, 0.0)})
    assert layout.positions["b"] == (300.0, 70.0)
    assert layout.positions["a"] == (-50.0, 0.0)
    assert layout.routes["a", "b"][-1] == (350.0, 70.0)
    assert layout.routes["b", "c"][0] == (350.0, 110.0)
    assert layout.left + layout.width == 400.0


def test_damaged_nets_still_draw() -> None:
    boxes = _boxes("a b c alone")
    layout = lay_out(boxes, _edges("a>b b>c c>a a>a a>b"))
    assert set(layout.positions) == {"a", "b", "c", "alone"}
    assert set(layout.routes) == {("a", "b"), ("b", "c"), ("c", "a")}
    assert layout.routes["c", "a"][0][1] > layout.routes["c", "a"][-1][1]  # drawn upwards
    _assert_nothing_overlaps(boxes, layout)
    empty = lay_out([], [])
    assert (empty.positions, empty.routes, empty.width, empty.height) == ({}, {}, 0.0, 0.0)


def test_wrong_input_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match="no box conv9"):
        lay_out(_boxes("a"), _edges("a>conv9"))
    with pytest.raises(ValueError, match="same key"):
        lay_out(_boxes("a a"), [])


def test_ten_thousand_layers_need_no_deep_recursion() -> None:
    boxes = [Box(str(i), 10, 10) for i in range(10_000)]
    layout = lay_out(boxes, [Edge(str(i), str(i + 1)) for i in range(9_999)])
    assert layout.width == 10.0


@pytest.mark.parametrize("seed", range(25))
def test_random_graphs_never_overlap_and_draw_the_same_twice(seed: int) -> None:
    chance = random.Random(seed)
    n_boxes = chance.randint(5, 45)
    boxes = [
        Box(
            str(i),
            chance.randint(30, 200),
            chance.choice([38, 38, 90]),
            after=chance.choice([0, 60]),
        )
        for i in range(n_boxes)
    ]
    edges = [
        Edge(str(chance.randrange(max(0, i - 12), i)), str(i))
        for i in range(1, n_boxes)
        for _ in range(chance.choice([1, 1, 1, 2, 3]))
    ]
    direction = chance.choice(["TB", "LR"])
    layout = lay_out(boxes, edges, direction=direction)
    assert layout == lay_out(boxes, edges, direction=direction)
    _assert_nothing_overlaps(boxes, layout)
    _assert_no_line_through_a_box(boxes, layout)
    for (source, target), route in layout.routes.items():
        assert len(route) % 3 == 1
        along = 1 if direction == "TB" else 0
        assert route[0][along] < route[-1][along], (source, target)


def test_isotonic_pools_what_would_overlap() -> None:
    # By hand: 5 and 1 with weights 1 and 3 pool to (5 + 3) / 4 = 2.
    assert isotonic([5.0, 1.0, 9.0], [1.0, 3.0, 1.0], [0.0, 0.0, 0.0]) == [2.0, 2.0, 9.0]
    # Both want 0 but must stand 10 apart: 5 to either side.
    assert isotonic([0.0, 0.0], [1.0, 1.0], [0.0, 10.0]) == [-5.0, 5.0]


def test_crossings_of_a_complete_pair_of_ranks() -> None:
    # K(3,3): every pair above with every pair below crosses once: 3 * 3.
    below = [[3, 4, 5], [3, 4, 5], [3, 4, 5], [], [], []]
    assert count_crossings([0, 1, 2], below, [0, 1, 2, 0, 1, 2]) == 9


@pytest.mark.parametrize("seed", range(6))
def test_a_shuffled_planar_graph_is_drawn_without_a_crossing(seed: int) -> None:
    """Six ranks of five boxes, each box read by the one below it and by that one's neighbour."""
    chance = random.Random(seed)
    boxes = [Box(f"{r}{c}", 100, 40) for r in range(6) for c in range(5)]
    edges = [
        Edge(f"{r}{c}", f"{r + 1}{d}")
        for r in range(5)
        for c in range(5)
        for d in (c, c + 1)
        if d < 5
    ]
    chance.shuffle(boxes)
    chance.shuffle(edges)
    layout = lay_out(boxes, edges)
    x = {key: place[0] for key, place in layout.positions.items()}
    crossed = [
        (one, other)
        for one, other in itertools.combinations(edges, 2)
        if one.source[0] == other.source[0]
        and (x[one.source] - x[other.source]) * (x[one.target] - x[other.target]) < 0
    ]
    assert crossed == []


@pytest.mark.parametrize("seed", [6, 32, 35, 36, 54, 59])
def test_a_small_tangle_that_can_be_undone_is(seed: int) -> None:
    """Of 150 random graphs, some of those that need the best sweep and a long edge carried over."""
    chance = random.Random(seed)
    pairs = [
        (str(chance.randrange(max(0, i - 5), i)), str(i))
        for i in range(1, 9)
        for _ in range(chance.choice([1, 1, 2, 3]))
    ]
    graph = rank_graph([str(i) for i in range(9)], list(dict.fromkeys(pairs)))
    order_ranks(graph)
    place = {member: at for members in graph.order for at, member in enumerate(members)}
    crossed = [
        (upper, other)
        for members in graph.order
        for upper, other in itertools.combinations(members, 2)
        for end, other_end in itertools.product(graph.below[upper], graph.below[other])
        if (place[upper] - place[other]) * (place[end] - place[other_end]) < 0
    ]
    assert len(crossed) == (1 if seed == 35 else 0)
