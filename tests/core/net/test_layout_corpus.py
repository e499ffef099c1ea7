"""The drawing of real nets: nothing overlaps, few crossings, held against Graphviz dot."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import AppError
from core.net.definition import Net
from core.net.layout.folding import fold_blocks
from core.net.layout.layered import lay_out
from core.net.layout.routes import flatten_route
from core.net.reader import load_net
from tests.bench.layout_quality import (
    boxes_and_edges,
    corners_of,
    count_crossings,
    count_lines_through_boxes,
    count_overlaps,
    dot_lines,
)

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


@pytest.fixture(scope="module")
def nets(material: Callable[[str], Path]) -> list[tuple[str, Net]]:
    """Those of the corpus with their names; reading them takes longer than laying them out."""
    nets = []
    for path in sorted(material("prototxts").glob("*.prototxt")):
        try:
            net = load_net(path)
        except AppError:
            continue  # some files of the corpus are no nets
        if net.layers:
            nets.append((path.stem, net))
    return nets


@pytest.mark.parametrize("is_folded", [False, True], ids=["unfolded", "folded"])
def test_no_overlap_and_no_line_through_a_box_on_the_whole_corpus(
    nets: list[tuple[str, Net]], is_folded: bool
) -> None:
    wrong = []
    for name, net in nets:
        boxes, edges = boxes_and_edges(net, is_folded=is_folded)
        layout = lay_out(boxes, edges)
        corners = corners_of(boxes, layout)
        found = count_overlaps(corners), count_lines_through_boxes(corners, layout)
        if found != (0, 0):
            wrong.append((name, *found))
    assert wrong == []


def test_folding_the_corpus_makes_no_cycle_and_hides_no_output_but_auxiliary_losses(
    nets: list[tuple[str, Net]],
) -> None:
    for name, net in nets:
        outputs = {version.layer for version in net.outputs}
        folded = [layer for group in fold_blocks(net) for layer in group.layer_names]
        hidden = [net.layer(layer) for layer in outputs & set(folded)]
        assert all(layer.type.endswith(("Loss", "Accuracy")) for layer in hidden), name
        assert net.layers[-1] not in hidden, name
        assert len(folded) == len(set(folded)), name
        boxes, edges = boxes_and_edges(net, is_folded=True)
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
            boxes, edges = boxes_and_edges(net, is_folded=is_folded)
            routes = lay_out(boxes, edges).routes
            n_ours = count_crossings({key: flatten_route(route) for key, route in routes.items()})
            n_theirs = count_crossings(dot_lines(boxes, edges))
            rows.append(f"{n_ours:4d} {n_theirs:4d}  {name}{' folded' if is_folded else ''}")
            ours, theirs = ours + n_ours, theirs + n_theirs
    print("ours  dot", *rows, sep="\n")
    assert ours <= theirs * 1.1
