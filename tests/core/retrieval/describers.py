"""Describers for tests: a stand-in or a real engine, with the feed of the net it stands for."""

from __future__ import annotations

from typing import Any

from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.retrieval.describing import Describer
from core.retrieval.descriptor import DescriptorRecipe
from core.surveys.feed import plan_feed

STUB_NET = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 3 kernel_size: 1 } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 4 } }
layer { name: "huge" type: "Convolution" bottom: "data" top: "huge"
        convolution_param { num_output: 50176 kernel_size: 1 } }
"""


def describer(engine: Any, recipe: DescriptorRecipe, text: str = STUB_NET) -> Describer:
    """What describes pictures by `recipe` with `engine`, which runs the net of `text`."""
    net = read_net(text)
    return Describer(engine, plan_feed(net, infer_shapes(net), [recipe.value]), recipe)
