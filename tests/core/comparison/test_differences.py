"""What a difference of two layers means, by Caffe's own defaults."""

from __future__ import annotations

import pytest

from core.comparison.differences import NetSide, differences_of, is_about_training
from core.comparison.pairs import compare_nets
from core.layers.shapes import infer_shapes
from core.net.reader import read_net

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
"""


def found(before: str, after: str, layer: str = "conv") -> list[tuple[str, str, str, str]]:
    """(name, before, after, effect) of a layer's differences."""
    first, second = (NetSide(net, infer_shapes(net)) for net in map(read_net, (before, after)))
    pairs = compare_nets(first.net, second.net).pairs
    pair = next(p for p in pairs if p.before is not None and p.before.name == layer)
    return [(d.name, d.before, d.after, d.effect) for d in differences_of(pair, first, second)]


@pytest.mark.parametrize(
    ("written", "effect", "before"),
    [
        ("stride: 1", "spelling", "not written, so 1"),
        ("stride: 2", "result", "not written, so 1"),
        ("bias_term: false", "result", "not written, so true"),
        ('bias_filler { type: "constant" }', "training", "not written"),
    ],
)
def test_a_value_left_out_is_held_against_caffes_default(
    written: str, effect: str, before: str
) -> None:
    after = NET.replace("kernel_size: 3", f"kernel_size: 3 {written}")
    first = found(NET, after)[0]
    assert (first[1], first[3]) == (before, effect)


def test_numbers_spelled_otherwise_mean_the_same() -> None:
    before = NET.replace('"ReLU" bottom', '"ReLU" relu_param { negative_slope: 0.10 } bottom')
    after = before.replace("0.10", "1e-1")
    assert found(before, after, "relu") == [("negative_slope", "0.10", "1e-1", "spelling")]


def test_what_follows_is_told_from_what_is_written() -> None:
    after = NET.replace("num_output: 4", "num_output: 6")
    assert found(NET, after) == [
        ("num_output", "4", "6", "result"),
        ("top 0", "1×4×6×6", "1×6×6×6", "follows"),
        ("parameters", "112", "168", "follows"),  # 3*3*3*n + n
        ("MACs", "3,888", "5,832", "follows"),  # 3*3*3*n*6*6
    ]
    assert {effect for *_, effect in found(NET, after, "relu")} == {"follows"}


def test_a_blob_that_is_no_longer_overwritten_is_said() -> None:
    after = NET.replace('bottom: "conv" top: "conv" }', 'bottom: "conv" top: "relu" }')
    assert found(NET, after) == [
        ("top 0", "conv@0, overwritten by relu", "conv, readable", "follows")
    ]
    assert found(NET, after, "relu") == [("top 0", "conv", "relu", "names")]


@pytest.mark.parametrize(
    ("path", "is_training"),
    [
        ("param.lr_mult", True), ("param[1].decay_mult", True), ("blobs_lr", True),
        ("param.name", False), ("include.phase", True),
        ("inner_product_param.weight_filler.std", True), ("convolution_param.group", False),
    ],
)  # fmt: skip
def test_shared_weights_are_no_training_setting(path: str, is_training: bool) -> None:
    assert is_about_training(path) is is_training
