"""Two nets side by side: matched, and told apart by name, type, parameter and wiring."""

from __future__ import annotations

from core.comparison.pairs import Change, compare_nets, sentence
from core.edits.layer_names import with_layer_names
from core.net.reader import read_net
from core.net.rename import plan_rename_all

TEXT = """
layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
layer { name: "pool" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 } }
"""


def changes(before: str, after: str) -> dict[str | None, tuple[Change, ...]]:
    different = compare_nets(read_net(before), read_net(after)).different
    return {(pair.before or pair.after).name: pair.changes for pair in different}  # type: ignore[union-attr]


def test_the_same_net_in_another_layout_is_equal() -> None:
    again = TEXT.replace("\n", " # a comment\n").replace('"', "'")
    comparison = compare_nets(read_net(TEXT), read_net(again))
    assert comparison.different == ()
    assert sentence(comparison) == "All 4 layers are the same."


def test_a_rename_changes_names_and_no_wiring() -> None:
    net = read_net(TEXT)
    after = read_net(with_layer_names(plan_rename_all(net), net).new_text)
    comparison = compare_nets(net, after)
    assert comparison.is_same_wiring
    relu, pool = comparison.different
    assert relu.changes == (
        Change("name", "name", "relu", "c_relu"),
        Change("top", "top 0", "c", "c_relu"),
    )
    assert pool.changes == (Change("bottom", "bottom 0", "c", "c_relu"),)
    assert sentence(comparison).endswith("Both are wired alike: only names differ.")


def test_a_bypass_is_wiring() -> None:
    wrong = TEXT.replace('bottom: "c" top: "c"', 'bottom: "c" top: "c_relu"')
    found = changes(TEXT, wrong)
    assert found["pool"] == (
        Change("wiring", "bottom 0", "c, written by relu", "c, written by conv"),
    )
    assert not compare_nets(read_net(TEXT), read_net(wrong)).is_same_wiring


def test_parameters_types_and_layers_of_one_side() -> None:
    other = (
        TEXT.replace("num_output: 4", "num_output: 8")
        .replace('"xavier"', '"msra"')
        .replace('"ReLU"', '"Sigmoid"')
        .replace("layer { name: \"pool\"", 'layer { name: "s" type: "TanH" bottom: "c" top: "s" }\nlayer { name: "pool"')  # noqa: E501
    )  # fmt: skip
    assert changes(TEXT, other) == {
        "conv": (
            Change("parameter", "convolution_param.num_output", "4", "8"),
            Change("parameter", "convolution_param.weight_filler.type", "xavier", "msra"),
        ),
        "relu": (Change("type", "type", "ReLU", "Sigmoid"),),
        "s": (),
    }
    assert changes(other, TEXT)["s"] == ()
