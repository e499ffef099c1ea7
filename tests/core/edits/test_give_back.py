"""Giving a layer back to its blob: allowed where Caffe allows it, and the way back of a rename."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.edits.give_back import (
    find_give_backs,
    plan_give_back,
    plan_give_back_all,
)
from core.errors import AppError, RenameError
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename_all

INPUT = 'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 2 dim: 3 } } }\n'
FC = 'layer { name: "fc" type: "InnerProduct" bottom: "d" top: "fc" inner_product_param { num_output: 5 } }\n'  # noqa: E501
RELU = 'layer { name: "relu" type: "ReLU" bottom: "fc" top: "fc_relu" }\n'
DROP = 'layer { name: "drop" type: "Dropout" bottom: "fc_relu" top: "fc_drop" }\n'
OUT = 'layer { name: "out" type: "InnerProduct" bottom: "fc_drop" top: "out" inner_product_param { num_output: 4 } }\n'  # noqa: E501
CHAIN = INPUT + FC + RELU + DROP + OUT


def test_a_chain_goes_back_to_one_blob_and_says_what_it_saves() -> None:
    plan = plan_give_back_all(read_net(CHAIN))
    after = read_net(plan.new_text)
    assert [layer.tops for layer in after.layers] == [("d",), ("fc",), ("fc",), ("fc",), ("out",)]
    assert after.layer("out").bottoms == ("fc",)
    assert plan.given_back == ("relu", "drop")
    assert plan.saved_bytes == 2 * (2 * 5) * 4  # two blobs of 2 x 5 float32 values
    assert plan_rename_all(after).new_text == CHAIN


def test_one_layer_takes_its_followers_along() -> None:
    net = read_net(plan_give_back(read_net(CHAIN), ["drop"]).new_text)
    assert net.layer("drop").tops == net.layer("out").bottoms == ("fc_relu",)
    in_place = read_net(plan_give_back(net, ["relu"]).new_text)
    assert in_place.layer("drop").bottoms == in_place.layer("drop").tops == ("fc",)
    assert in_place.layer("out").bottoms == ("fc",)


@pytest.mark.parametrize(
    ("text", "layer", "reason"),
    [
        (CHAIN + RELU.replace("relu", "other"), "relu", "other also reads fc"),
        (CHAIN.replace('"ReLU"', '"AbsVal"'), "relu", "type AbsVal, which can't run in place"),
        (CHAIN, "fc", "type InnerProduct"),
        (plan_give_back_all(read_net(CHAIN)).new_text, "relu", "runs in place already"),
        (
            CHAIN.replace('"ReLU"', '"ReLU" include { phase: TEST }')
            + RELU.replace('"relu"', '"slope"').replace('"ReLU"', '"ELU" include { phase: TRAIN }'),
            "relu",
            "not active in every phase",
        ),
        (
            INPUT
            + FC
            + 'layer { name: "flat" type: "Flatten" bottom: "fc" top: "flat" }\n'
            + RELU.replace('"fc"', '"flat"')
            + 'layer { name: "late" type: "Sigmoid" bottom: "fc" top: "late" }\n',
            "relu",
            "shares its memory with fc",
        ),
    ],
)
def test_what_caffe_forbids_is_refused_with_the_reason(text: str, layer: str, reason: str) -> None:
    with pytest.raises(RenameError, match=reason):
        plan_give_back(read_net(text), [layer])


def test_a_net_input_is_overwritten_only_on_request_and_with_a_warning() -> None:
    net = read_net(INPUT + RELU.replace('"fc"', '"d"'))
    assert find_give_backs(net) == ()
    (warning,) = [w for w in plan_give_back(net, ["relu"]).warnings if w.kind == "source"]
    assert "overwrite the net's input" in warning.sentence


def test_an_output_that_training_needs_is_named() -> None:
    net = read_net(INPUT + FC.replace("InnerProduct", "Sigmoid") + RELU)
    assert [w.kind for w in plan_give_back(net, ["relu"]).warnings] == ["output", "training"]


def test_a_named_output_stays_unless_it_is_asked_for() -> None:
    softmax = 'layer { name: "prob" type: "Softmax" bottom: "out" top: "prob" }\n'
    net = read_net(CHAIN + softmax)
    assert [found.layer for found in find_give_backs(net)] == ["relu", "drop"]
    plan = plan_give_back(net, ["prob"])
    assert plan.renamed_outputs == (("prob", "out"),)
    named_by_rename = read_net(CHAIN + softmax.replace('top: "prob"', 'top: "out_prob"'))
    assert [found.layer for found in find_give_backs(named_by_rename)] == ["relu", "drop", "prob"]


def test_every_real_file_comes_back_byte_for_byte(material: Callable[[str], Path]) -> None:
    """What a rename moved, a give-back moves back, quotes and all."""
    n_equal = n_refused = 0
    for path in sorted(material("prototxts").iterdir())[::8]:
        try:
            net = load_net(path)
            plan = plan_rename_all(net)
        except AppError:  # solvers, and nets without in-place layers
            continue
        after = read_net(plan.new_text)
        layers = list(dict.fromkeys(rename.layer for rename in plan.renames))
        try:
            back = plan_give_back(after, layers)
        except RenameError:
            n_refused += 1
            continue
        assert back.new_text == net.text, path.name
        n_equal += 1
    assert n_equal >= 10
    assert n_refused <= 1
