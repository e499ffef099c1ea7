"""Receptive fields against those found by moving the pixels of the input."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from core.layers.receptive_field import FieldBox, ReceptiveField
from core.layers.registry import all_types
from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from tests.core.layers.moving_pixels import moved_by_pixels, pass_of
from tests.core.layers.random_nets import random_net

Edges = tuple[int, int, int, int]


def edges_of(moved: np.ndarray) -> Edges | None:
    """Left, top, right and bottom around the pixels (height, width) that are set."""
    if not moved.any():
        return None
    rows, columns = (np.flatnonzero(moved.any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def edges_in(found: FieldBox | None) -> Edges | None:
    if found is None:
        return None
    box = found.pixels
    return box.left, box.top, box.right, box.bottom


def complaints(text: str, seed: int) -> list[str]:
    """Every value of a net whose field isn't what moving pixels finds."""
    net = read_net(text)
    shapes, moved = infer_shapes(net), moved_by_pixels(text, seed)
    wrong = []
    for value, pixels in moved.items():
        layer = net.layer(value.layer)
        field = ReceptiveField(net, shapes, layer, layer.tops.index(value.top))
        by_place = pixels.reshape(field.n_channels, *field.places, *pixels.shape[1:])
        for place in product(*map(range, field.places)):
            each = by_place[(slice(None), *place)]
            one = sum(place) % len(each)
            for channel, seen in ((None, each.any(axis=0)), (one, each[one])):
                found = next(iter(field.at(place, channel)), None)
                wanted, ours = edges_of(seen), edges_in(found)
                is_right = wanted == ours
                if found is not None and not found.is_exact and wanted and ours:
                    is_right = ours[0] <= wanted[0] and ours[1] <= wanted[1]
                    is_right = is_right and ours[2] >= wanted[2] and ours[3] >= wanted[3]
                if not is_right:
                    wrong.append(f"{value} {place} {channel}: {ours}, moved {wanted}")
    return wrong


@pytest.mark.parametrize("number", range(40))
def test_fields_of_random_nets_are_those_found_by_moving_pixels(number: int) -> None:
    assert not complaints(random_net(number), number)


DILATED = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 2 dim: 15 dim: 14 } } }
layer { name: "holes" type: "Convolution" bottom: "data" top: "holes"
  convolution_param { num_output: 2 kernel_size: 3 pad: 4 dilation: 4 } }
layer { name: "pool" type: "Pooling" bottom: "holes" top: "pool"
  pooling_param { pool: MAX kernel_size: 3 stride: 2 pad: 1 } }
layer { name: "more" type: "Convolution" bottom: "pool" top: "more"
  convolution_param { num_output: 3 kernel_h: 3 kernel_w: 2 pad_h: 2 pad_w: 1 dilation: 2 } }
layer { name: "up" type: "Deconvolution" bottom: "more" top: "up"
  convolution_param { num_output: 2 kernel_size: 4 stride: 2 pad: 1 } }
layer { name: "same" type: "Crop" bottom: "up" bottom: "data" top: "same"
  crop_param { axis: 2 offset: 1 } }
layer { name: "sum" type: "Eltwise" bottom: "same" bottom: "data" top: "sum" }
"""


def test_fields_over_dilation_padding_and_a_deconvolution() -> None:
    assert not complaints(DILATED, 3)


@pytest.mark.parametrize(
    ("file", "layer", "size"),
    [
        ("metalbubble__places365__deploy_vgg16_hybrid1365.prototxt", "pool5", 212),
        ("SnailTyan__caffe-model-zoo__GoogLeNet__deploy.prototxt", "inception_4a/output", 171),
    ],
)
def test_the_field_of_a_published_net_ends_where_moved_pixels_do_nothing(
    material: Callable[[str], Path], file: str, layer: str, size: int
) -> None:
    """Its own windows, with 2 channels a layer, and zeros for a start, so nothing is rounded."""
    text = re.sub(r"num_output: *\d+", "num_output: 2", material(f"prototxts/{file}").read_text())
    text = re.sub(r"dim: *10\b", "dim: 1", text)
    net = read_net(text)
    field = ReceptiveField(net, infer_shapes(net), layer)
    assert field.numbers[0].size == (size, size)
    height, width = field.places
    for place in ((0, 0), (height // 2, width // 2), (height - 1, 1)):
        found = field.box(*place)
        assert found is not None
        assert found.is_exact
        box = found.pixels
        shape = (224, 224)
        pictures = np.zeros((6, *shape), np.float32)
        pictures[1] = 1
        pictures[1, box.top : box.bottom, box.left : box.right] = 0
        pictures[2, box.top, box.left : box.right] = 1
        pictures[3, box.bottom - 1, box.left : box.right] = 1
        pictures[4, box.top : box.bottom, box.left] = 1
        pictures[5, box.top : box.bottom, box.right - 1] = 1
        values = pass_of(text, layer, np.repeat(pictures[:, None], 3, axis=1))
        at = values[(slice(None), slice(None), *place)].max(axis=1)
        assert at[0] == at[1] == 0
        assert (at[2:] > 0).all()


def test_every_type_of_layer_says_what_it_reads() -> None:
    """The field is required, so this fails with a TypeError where a row lacks it."""
    assert all(callable(row.reach) for row in all_types())


def test_numbers_are_those_of_the_papers() -> None:
    """VGG16's conv5_3 sees 196 pixels, pool5 212, 32 apart; fc6 404 (Simonyan, Zisserman 2014)."""
    steps = ["data", *"12M12M123M123M123M".replace("M", "|")]
    layers = ['layer { name: "data" type: "Input" top: "data" input_param { '
              "shape { dim: 1 dim: 3 dim: 224 dim: 224 } } }"]  # fmt: skip
    top, block = "data", 1
    for step in steps[1:]:
        name = f"pool{block}" if step == "|" else f"conv{block}_{step}"
        body = (
            'type: "Pooling" pooling_param { pool: MAX kernel_size: 2 stride: 2 }'
            if step == "|"
            else 'type: "Convolution" convolution_param { num_output: 2 kernel_size: 3 pad: 1 }'
        )
        layers.append(f'layer {{ name: "{name}" bottom: "{top}" top: "{name}" {body} }}')
        top, block = name, block + (step == "|")
    fc6 = 'type: "InnerProduct" inner_product_param { num_output: 2 }'
    layers.append(f'layer {{ name: "fc6" bottom: "pool5" top: "fc6" {fc6} }}')
    net = read_net("\n".join(layers))
    shapes = infer_shapes(net)
    for name, size, stride in (("conv5_3", 196, 16), ("pool5", 212, 32), ("fc6", 404, None)):
        (found,) = ReceptiveField(net, shapes, name).numbers
        assert (found.size, found.stride) == ((size, size), (stride, stride))
        assert found.is_exact
        assert found.least_size == found.size
    at = ReceptiveField(net, shapes, "conv5_3").box(4, 7)
    assert at is not None
    assert (at.box.left, at.box.right - 1, at.box.top, at.box.bottom - 1) == (22, 217, -26, 169)
    assert (at.pixels.top, at.axes[0].n_padding, at.axes[1].n_padding) == (0, 26, 0)
