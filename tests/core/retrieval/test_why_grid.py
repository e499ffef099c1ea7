"""Where places stand in the picture, worked by hand from kernels, strides and pads."""

from __future__ import annotations

import pytest

from core.engines.values import Value
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.retrieval.why_grid import place_axes
from core.surveys.feed import plan_feed

# the first layers of SqueezeNet 1.0, and one that is put together of two branches
NET = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 227 dim: 227 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
        convolution_param { num_output: 4 kernel_size: 7 stride: 2 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
        pooling_param { kernel_size: 3 stride: 2 } }
layer { name: "left" type: "Convolution" bottom: "pool1" top: "left"
        convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "right" type: "Convolution" bottom: "pool1" top: "right"
        convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }
layer { name: "both" type: "Concat" bottom: "right" bottom: "left" top: "both" }
layer { name: "pool4" type: "Pooling" bottom: "both" top: "pool4"
        pooling_param { kernel_size: 3 stride: 2 } }
layer { name: "up" type: "Deconvolution" bottom: "pool4" top: "up"
        convolution_param { num_output: 4 kernel_size: 4 stride: 2 pad: 1 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool4" top: "fc"
        inner_product_param { num_output: 4 } }
"""


@pytest.mark.parametrize(
    ("layer", "top", "first", "step"),
    [
        ("data", "data", 0.5, 1),
        ("conv1", "conv1", 3.5, 2),  # pixels 0 to 6, whose middle is that of pixel 3
        ("relu1", "conv1", 3.5, 2),
        ("pool1", "pool1", 5.5, 4),  # places 0 to 2 of before: pixels 3, 5 and 7
        ("both", "both", 5.5, 4),  # a pad of 1 under a kernel of 3 moves nothing
        ("pool4", "pool4", 9.5, 8),
        ("up", "up", 7.5, 4),  # two places for each: a quarter of a step before and behind it
    ],
)
def test_middles_of_receptive_fields(layer: str, top: str, first: float, step: float) -> None:
    net = read_net(NET)
    shapes, value = infer_shapes(net), Value(layer, top)
    assert place_axes(plan_feed(net, shapes, [value]), value, shapes) == ((first, step),) * 2


def test_a_layer_without_windows_that_changes_the_size_is_not_followed() -> None:
    net = read_net(NET)
    shapes, value = infer_shapes(net), Value("fc", "fc")
    assert place_axes(plan_feed(net, shapes, [value]), value, shapes) is None
