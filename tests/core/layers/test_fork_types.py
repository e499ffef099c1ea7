"""Types of other branches without an engine: shapes, refusals, spellings, and the corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import AppError
from core.layers.parameters import written_and_default
from core.layers.registry import layer_type
from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net

MAP = (2, 6, 4, 4)
REFUSED = [
    ("PriorBox", 2, "", "min_size must be given"),
    ("PriorBox", 2, "prior_box_param { min_size: 4 max_size: 6 max_size: 8 }", "equally often"),
    ("PriorBox", 2, "prior_box_param { min_size: 0 }", "above 0"),
    ("PriorBox", 2, "prior_box_param { min_size: 4 aspect_ratio: 0 }", "aspect_ratio"),
    ("DetectionOutput", 3, "", "num_classes must be given"),
    ("DetectionOutput", 3, "detection_output_param { num_classes: 2 }", "prior boxes of 2 classes"),
    ("YoloDetectionOutput", 1, "", "biases give 0 anchors"),
    ("Yolov3DetectionOutput", 1, "", "mask_group_num must be the number of bottoms"),
    ("Permute", 1, "permute_param { order: 0 order: 0 }", "does not fit"),
    ("Permute", 1, "permute_param { order: 4 }", "does not fit"),
    ("ShuffleChannel", 1, "shuffle_channel_param { group: 4 }", "over 4 groups"),
    ("Reorg", 1, "reorg_param { stride: 3 }", "stride 3"),
    ("Interp", 1, "interp_param { zoom_factor: 0 }", "at least 1"),
    ("Upsample", 1, "upsample_param { scale: 0 }", "at least 1"),
    ("ROIPooling", 2, "roi_pooling_param { pooled_h: 2 pooled_w: 2 }", "rows of 5"),
    ("PSROIPooling", 2, "", "group_size and output_dim"),
    ("CenterLoss", 2, "", "num_output must be given"),
    ("SmoothL1Loss", 3, "", "two or four bottoms"),
    ("Proposal", 3, "", "18 scores and 36 moves"),
]


def one_layer(type_: str, n_bottoms: int, body: str) -> str:
    dims = " ".join(f"dim: {n}" for n in MAP)
    text = "".join(
        f'layer {{ name: "x{i}" type: "Input" top: "x{i}" input_param {{ shape {{ {dims} }} }} }}\n'
        for i in range(n_bottoms)
    )
    bottoms = " ".join(f'bottom: "x{i}"' for i in range(n_bottoms))
    return text + f'layer {{ name: "l" type: "{type_}" {bottoms} top: "y" {body} }}'


@pytest.mark.parametrize(("type_", "n_bottoms", "body", "words"), REFUSED)
def test_what_a_branch_refuses_is_a_problem_that_says_why(
    type_: str, n_bottoms: int, body: str, words: str
) -> None:
    shapes = infer_shapes(read_net(one_layer(type_, n_bottoms, body)))
    (problem,) = shapes.problems
    assert problem.sentence.startswith(f"Layer 'l' ({type_}): ")
    assert words in problem.sentence
    assert shapes.top("l") is None


@pytest.mark.parametrize(
    ("type_", "n_bottoms", "body", "top"),
    [
        ("ROIAlign", 2, "roi_align_param { aligned_h: 3 aligned_w: 2 }", (4, 6, 3, 2)),
        ("ROIAlign", 2, "roi_align_param { pooled_h: 3 pooled_w: 2 }", (4, 6, 3, 2)),
        ("Reorg", 1, "reorg_param { stride: 1 }", MAP),
        ("Upsample", 1, "upsample_param { stride: 3 scale: 1 }", (2, 6, 12, 12)),
        ("Upsample", 1, "upsample_param { scale_h: 2 scale_w: 4 }", (2, 6, 8, 16)),
        ("Interp", 2, "", MAP),
        ("BN", 1, "bn_param { frozen: true }", MAP),
        ("Reverse", 1, "", MAP),
        ("PriorBox", 2, "prior_box_param { min_size: 9 fixed_size: 3 }", None),
    ],
)
def test_spellings_of_one_meaning_give_one_shape(
    type_: str, n_bottoms: int, body: str, top: tuple[int, ...] | None
) -> None:
    text = one_layer(type_, n_bottoms, body)
    if type_ == "ROIAlign":
        text = text.replace(
            'top: "x1" input_param { shape { dim: 2 dim: 6 dim: 4 dim: 4 }',
            'top: "x1" input_param { shape { dim: 4 dim: 5 }',
        )
    shapes = infer_shapes(read_net(text))
    assert not shapes.problems
    assert shapes.top("l") == top


def test_bn_owns_two_arrays_or_four_with_running_statistics() -> None:
    plain = infer_shapes(read_net(one_layer("BN", 1, "bn_param { bn_mode: INFERENCE }")))
    running = infer_shapes(read_net(one_layer("BN", 1, "bn_param { momentum: 0.9 }")))
    assert plain.parameters("l") == ((1, 6, 1, 1),) * 2
    assert running.parameters("l") == ((1, 6, 1, 1),) * 4


def test_the_inspector_shows_what_a_branch_fills_in() -> None:
    net = read_net(one_layer("DetectionOutput", 3, "detection_output_param { num_classes: 2 }"))
    rows = {row.name: row.value for row in written_and_default(net.layer("l")) if row.is_default}
    assert rows["code_type"] == "CORNER"
    assert rows["keep_top_k"] == "-1"
    assert "num_classes" not in rows


def test_no_type_of_the_corpus_but_python_lacks_a_rule(
    material: Callable[[str], Path],
) -> None:
    """Python layers are programs, and HDF5Data reads its shape from a file."""
    without: set[str] = set()
    n_nets = 0
    for path in sorted(material("prototxts").glob("*.prototxt")):
        try:
            net = load_net(path)
        except AppError:
            continue
        n_nets += 1
        without |= {layer.type for layer in net.layers if layer_type(layer.type).infer is None}
        wrong = [p for p in infer_shapes(net).problems if net.has_layer(p.layer)]
        forks = [p for p in wrong if layer_type(net.layer(p.layer).type).origin == "fork"]
        assert not forks, path.name
    assert n_nets >= 200
    assert without == {"Python", "HDF5Data"}
