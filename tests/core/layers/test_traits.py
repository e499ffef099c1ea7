"""What is known of a value's signs by the layers that make it."""

from __future__ import annotations

import pytest

from core.layers.traits import traits_of
from core.measures.measure import Pool
from core.net.reader import read_net
from core.retrieval.cautions import cautions

NET = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 6 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
        pooling_param { kernel_size: 2 } }
layer { name: "leaky" type: "ReLU" bottom: "data" top: "leaky" relu_param { negative_slope: 0.1 } }
layer { name: "leaky2" type: "ReLU" bottom: "pool" top: "leaky2"
        relu_param { negative_slope: 0.1 } }
layer { name: "drop" type: "Dropout" bottom: "pool" top: "drop" }
layer { name: "both" type: "Concat" bottom: "pool" bottom: "drop" top: "both" }
layer { name: "mixed" type: "Concat" bottom: "pool" bottom: "leaky" top: "mixed" }
layer { name: "sum" type: "Eltwise" bottom: "pool" bottom: "drop" top: "sum" }
layer { name: "less" type: "Eltwise" bottom: "pool" bottom: "drop" top: "less"
        eltwise_param { operation: SUM coeff: 1 coeff: -1 } }
layer { name: "max" type: "Eltwise" bottom: "pool" bottom: "leaky" top: "max"
        eltwise_param { operation: MAX } }
layer { name: "final" type: "Convolution" bottom: "pool" top: "final"
        convolution_param { num_output: 6 kernel_size: 1 pad: 1 } }
layer { name: "relu_final" type: "ReLU" bottom: "final" top: "final" }
layer { name: "prob" type: "Softmax" bottom: "final" top: "prob" }
"""


@pytest.mark.parametrize(
    ("layer", "top", "may_be_negative"),
    [
        ("data", "data", True),
        ("conv", "conv", True),
        ("relu", "conv", False),
        ("pool", "pool", False),
        ("leaky", "leaky", True),
        ("leaky2", "leaky2", False),
        ("drop", "drop", False),
        ("both", "both", False),
        ("mixed", "mixed", True),
        ("sum", "sum", False),
        ("less", "less", True),
        ("max", "max", False),
        ("final", "final", True),
        ("prob", "prob", False),
    ],
)
def test_signs(layer: str, top: str, may_be_negative: bool) -> None:
    assert traits_of(read_net(NET))[layer, top].may_be_negative == may_be_negative


def test_posteriors_and_the_border_of_bare_bias() -> None:
    found = traits_of(read_net(NET))
    assert [key[0] for key, one in found.items() if one.is_posterior] == ["prob"]
    assert [key[0] for key, one in found.items() if one.has_bare_border] == ["final", "relu_final"]


def test_what_is_said_of_a_pooling() -> None:
    found = traits_of(read_net(NET))
    (said,) = cautions(found["conv", "conv"], Pool("gem"))
    assert said == "gem cuts off what is below 0: as after a ReLU is relu-gem"
    assert "made for values from 0 on" in cautions(found["conv", "conv"], Pool("rmac"))[0]
    assert cautions(found["conv", "conv"], Pool("gem", relu=True)) == ()
    assert cautions(found["conv", "conv"], Pool("gap")) == ()
    assert cautions(found["relu", "conv"], Pool("gem")) == ()
    assert "dilutes" in cautions(found["relu_final", "final"], Pool("gap"))[0]
    assert cautions(found["prob", "prob"], Pool("flatten")) == ("class posterior",)
