"""The one rule for what a net is fed with."""

from __future__ import annotations

import numpy as np
import pytest

from core.engines.values import Value
from core.errors import ImageError
from core.images.preprocess import Preprocess
from core.layers.shapes import infer_shapes
from core.measures.measure import Pool
from core.net.reader import read_net
from core.surveys.feed import Feed, fit_pool, plan_feed, plan_whole_feed

DETECTION = """
input: "data" input_shape { dim: 1 dim: 3 dim: 20 dim: 30 }
input: "im_info" input_shape { dim: 1 dim: 3 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 2 kernel_size: 3 } }
layer { name: "prop" type: "Concat" bottom: "conv" bottom: "im_info" top: "prop" }
"""
TRAIN_VAL = """
layer { name: "data" type: "ImageData" top: "data" top: "label"
        transform_param { crop_size: 8 } image_data_param { source: "list.txt" batch_size: 4 } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 2 kernel_size: 3 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "conv" bottom: "label" top: "loss" }
"""
SEQUENCE = """
input: "data" input_shape { dim: 2 dim: 1 dim: 4 dim: 4 }
input: "cont" input_shape { dim: 2 dim: 1 }
layer { name: "flat" type: "Flatten" bottom: "data" top: "flat" }
layer { name: "scaled" type: "Scale" bottom: "flat" bottom: "cont" top: "scaled"
        scale_param { axis: 0 } }
"""
PICTURE = np.ones((2, 3, 20, 30), np.float32)


def feed_of(text: str, *layers: str) -> Feed:
    net = read_net(text)
    tops = {layer.name: layer.tops[0] for layer in net.layers}
    return plan_feed(net, infer_shapes(net), [Value(name, tops[name]) for name in layers])


def test_im_info_is_the_size_of_each_picture() -> None:
    fed = feed_of(DETECTION, "prop").inputs(PICTURE)
    np.testing.assert_array_equal(fed["im_info"], [[20, 30, 1], [20, 30, 1]])
    assert set(feed_of(DETECTION, "conv").inputs(PICTURE)) == {"data"}


def test_a_data_layers_first_top_takes_the_picture_and_labels_are_zero() -> None:
    pictures = np.ones((3, 3, 8, 8), np.float32)
    fed = feed_of(TRAIN_VAL, "loss").inputs(pictures)
    assert fed["data"] is pictures
    np.testing.assert_array_equal(fed["label"], np.zeros(3))
    assert set(feed_of(TRAIN_VAL, "conv").inputs(pictures)) == {"data"}


def test_every_image_is_a_sequence_of_its_own() -> None:
    fed = feed_of(SEQUENCE, "scaled").inputs(np.ones((1, 1, 4, 4), np.float32))
    np.testing.assert_array_equal(fed["cont"], [[0]])


def test_images_share_a_pass_only_where_that_is_proved() -> None:
    assert feed_of(DETECTION, "conv").mixing is None
    mixing = feed_of(TRAIN_VAL, "loss").mixing
    assert mixing is not None
    assert "loss" in mixing.reason


def test_a_net_without_pictures_says_what_it_takes() -> None:
    net = read_net('input: "x" input_shape { dim: 1 dim: 7 }'
                   'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }')  # fmt: skip
    feed = plan_whole_feed(net, infer_shapes(net))
    with pytest.raises(ImageError, match="its inputs are: x 1 x 7"):
        feed.inputs(PICTURE)


def test_a_picture_that_is_too_small_names_the_layer() -> None:
    feed = feed_of(DETECTION, "conv")
    assert feed.problem_with((3, 20, 30)) is None
    problem = feed.problem_with((3, 1, 1))
    assert problem is not None
    assert problem[0] == "conv"


def test_a_strip_that_leaves_a_pooling_without_places_is_too_small() -> None:
    net = """input: "data" input_shape { dim: 1 dim: 3 dim: 20 dim: 30 }
        layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
                pooling_param { kernel_size: 6 stride: 3 } }
        layer { name: "after" type: "ReLU" bottom: "pool" top: "after" }"""
    problem = feed_of(net, "after").problem_with((3, 40, 1))
    assert problem == ("pool", "Layer 'pool' (Pooling) has no room in 40 x 1 values.")
    assert feed_of(net, "after").problem_with((3, 40, 4)) is None


def test_pooling_goes_by_the_size_that_is_fed_not_the_one_declared() -> None:
    """A net declared so small that its last map has one place, fed larger pictures."""
    small = DETECTION.replace("dim: 20 dim: 30", "dim: 3 dim: 3")
    feed, conv = feed_of(small, "conv"), Value("conv", "conv")
    for recipe, method in (
        (Preprocess("warp", 3, 3), "flatten"),
        (Preprocess("warp", 9, 9), "gem"),
        (Preprocess("original"), "gem"),
    ):
        assert fit_pool(Pool("gem"), feed.value_shapes(conv, recipe)).method == method
