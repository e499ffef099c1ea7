"""Work and memory of layers, by hand calculation."""

from __future__ import annotations

import pytest

from core.layers.shapes import Cost, infer_shapes
from core.net.reader import read_net

INPUT = """
layer { name: "x" type: "Input" top: "x"
        input_param { shape { dim: 2 dim: 4 dim: 8 dim: 8 } } }
"""


def cost_of(body: str) -> Cost:
    return infer_shapes(read_net(f'{INPUT} layer {{ name: "l" bottom: "x" {body} }}')).cost("l")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # 2 images, 6 outputs, 6 x 6 places, 4 / 2 inputs, 3 x 3 window
        (
            'type: "Convolution" top: "y" '
            "convolution_param { num_output: 6 kernel_size: 3 group: 2 }",
            Cost(2 * 6 * 36 * 2 * 9, 0, "", 2 * 6 * 36 * 4),
        ),
        # each of 2 x 4 x 64 inputs is spread over 5 outputs and 2 x 2 places
        (
            'type: "Deconvolution" top: "y" '
            "convolution_param { num_output: 5 kernel_size: 2 stride: 2 }",
            Cost(2 * 4 * 64 * 5 * 4, 0, "", 2 * 5 * 256 * 4),
        ),
        (
            'type: "InnerProduct" top: "y" inner_product_param { num_output: 10 }',
            Cost(2 * 10 * 256, 0, "", 2 * 10 * 4),
        ),
        (
            'type: "Pooling" top: "y" pooling_param { kernel_size: 2 stride: 2 }',
            Cost(0, 2 * 4 * 16 * 4, "comparisons", 2 * 4 * 16 * 4),
        ),
        ('type: "ReLU" top: "y"', Cost(0, 512, "comparisons", 2048)),
        ('type: "ReLU" top: "x"', Cost(0, 512, "comparisons", 0)),
        ('type: "Flatten" top: "y"', Cost()),
        ('type: "Split" top: "y" top: "z"', Cost()),
        ('type: "LRN" top: "y"', Cost(512 * 5, 0, "", 2048)),
        ('type: "BatchNorm" top: "x"', Cost(512, 0, "", 0)),
    ],
)
def test_cost(body: str, expected: Cost) -> None:
    assert cost_of(body) == expected


def test_totals_count_shared_parameters_and_in_place_memory_once() -> None:
    convolution = """
    layer {{ name: "{0}" type: "Convolution" bottom: "x" top: "{0}" param {{ name: "w" }}
             convolution_param {{ num_output: 3 kernel_size: 1 bias_term: false }} }}
    """
    text = INPUT + convolution.format("a") + convolution.format("b")
    text += 'layer { name: "r" type: "ReLU" bottom: "b" top: "b" }'
    shapes = infer_shapes(read_net(text))
    assert shapes.total_parameters == 12
    assert shapes.n_parameters("b") == 12
    assert shapes.of("b").owners == (("a", 0),)
    assert shapes.total_cost.memory_bytes == 4 * (512 + 2 * 2 * 3 * 64)
    assert shapes.total_cost.macs == 2 * 2 * 3 * 64 * 4


def test_vgg16_costs_what_its_paper_says() -> None:
    """138.4 million parameters (Simonyan and Zisserman, 2015); 15.47 billion MACs an image."""
    widths = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]
    text, blob = 'input: "d" input_shape { dim: 1 dim: 3 dim: 224 dim: 224 }', "d"
    for i, width in enumerate(widths):
        text += f' layer {{ name: "l{i}" bottom: "{blob}" top: "l{i}" '
        text += (
            f'type: "Convolution" convolution_param {{ num_output: {width} kernel_size: 3 pad: 1 }}'
            if width
            else 'type: "Pooling" pooling_param { kernel_size: 2 stride: 2 }'
        )
        text, blob = f"{text} }}", f"l{i}"
    for name, width in (("fc6", 4096), ("fc7", 4096), ("fc8", 1000)):
        text += f' layer {{ name: "{name}" type: "InnerProduct" bottom: "{blob}" top: "{name}" '
        text, blob = f"{text} inner_product_param {{ num_output: {width} }} }}", name
    shapes = infer_shapes(read_net(text))
    assert shapes.total_parameters == 138_357_544
    assert shapes.total_cost.macs == 15_470_264_320
