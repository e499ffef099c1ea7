"""Filler values: Caffe's formulas, reproducible from a seed and the layer's name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from core.weights.fillers import filler_weights, random_weights


def filled(filler: str, *, num_output: int = 50, seed: int = 0, name: str = "l") -> np.ndarray:
    """The weight, (num_output, 400), of an inner product with this filler."""
    net = read_net(f"""
    input: "x" input_shape {{ dim: 1 dim: 400 }}
    layer {{ name: "{name}" type: "InnerProduct" bottom: "x" top: "y"
             inner_product_param {{ num_output: {num_output} weight_filler {{ {filler} }} }} }}
    """)
    return filler_weights(net, infer_shapes(net), seed)[name][0]


def test_values_depend_on_seed_and_layer_name_alone() -> None:
    filler = 'type: "gaussian"'
    np.testing.assert_array_equal(filled(filler), filled(filler))
    assert not np.array_equal(filled(filler), filled(filler, seed=1))
    assert not np.array_equal(filled(filler), filled(filler, name="m"))


@pytest.mark.parametrize(
    ("filler", "low", "high", "std"),
    [
        ('type: "constant" value: 0.3', 0.3, 0.3, 0.0),
        ('type: "uniform" min: -2 max: 4', -2, 4, 6 / np.sqrt(12)),
        ('type: "xavier"', -np.sqrt(3 / 400), np.sqrt(3 / 400), 1 / 20),
        ('type: "xavier" variance_norm: FAN_OUT', -np.sqrt(3 / 50), np.sqrt(3 / 50), 50**-0.5),
        ('type: "xavier" variance_norm: AVERAGE', -np.sqrt(3 / 225), np.sqrt(3 / 225), 1 / 15),
        ('type: "msra"', -1, 1, np.sqrt(2) / 20),
        ('type: "gaussian" mean: 0 std: 0.01', -0.1, 0.1, 0.01),
        ("", 0, 0, 0.0),
    ],
)
def test_ranges_and_spreads(filler: str, low: float, high: float, std: float) -> None:
    values = filled(filler)
    assert values.dtype == np.float32
    assert values.min() >= low - 1e-6
    assert values.max() <= high + 1e-6
    assert values.std() == pytest.approx(std, rel=0.03, abs=1e-6)


def test_sparse_gaussian_keeps_that_many_inputs_of_each_output() -> None:
    values = filled('type: "gaussian" std: 1 sparse: 15', num_output=50)
    assert np.count_nonzero(values) / values.size == pytest.approx(15 / 50, rel=0.05)


def test_positive_unitball_rows_sum_to_one() -> None:
    values = filled('type: "positive_unitball"')
    assert values.min() >= 0
    np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-5)


def test_bilinear_is_the_kernel_of_fcn() -> None:
    net = read_net("""
    input: "x" input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }
    layer { name: "up" type: "Deconvolution" bottom: "x" top: "y"
            convolution_param { num_output: 2 group: 2 kernel_size: 4 stride: 2 bias_term: false
                                weight_filler { type: "bilinear" } } }
    """)
    kernel = filler_weights(net, infer_shapes(net))["up"][0]
    row = np.array([0.25, 0.75, 0.75, 0.25])
    assert kernel.shape == (2, 1, 4, 4)
    np.testing.assert_allclose(kernel[1, 0], np.outer(row, row))


def test_types_with_defaults_of_their_own() -> None:
    net = read_net("""
    input: "x" input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }
    layer { name: "p" type: "PReLU" bottom: "x" top: "x" }
    layer { name: "s" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true } }
    layer { name: "b" type: "BatchNorm" bottom: "x" top: "x" }
    """)
    arrays = filler_weights(net, infer_shapes(net))
    assert arrays["p"][0].tolist() == [0.25, 0.25]
    assert [array.tolist() for array in arrays["s"]] == [[1, 1], [0, 0]]
    assert [array.tolist() for array in arrays["b"]] == [[0, 0], [0, 0], [0]]


def test_renaming_a_blob_changes_no_value() -> None:
    text = """
    input: "x" input_shape { dim: 1 dim: 4 }
    layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc"
            inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "relu" type: "ReLU" bottom: "fc" top: "fc" }
    layer { name: "fc2" type: "InnerProduct" bottom: "fc" top: "fc2"
            inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    """
    renamed = text.replace('bottom: "fc" top: "fc" }', 'bottom: "fc" top: "fc_relu" }').replace(
        'bottom: "fc" top: "fc2"', 'bottom: "fc_relu" top: "fc2"'
    )
    before, after = (
        filler_weights(net, infer_shapes(net), 3) for net in (read_net(text), read_net(renamed))
    )
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name][0], after[name][0])


def test_random_weights_are_alive_where_a_deploy_file_names_no_filler() -> None:
    net = read_net("""
    input: "x" input_shape { dim: 1 dim: 400 }
    layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc"
            inner_product_param { num_output: 50 } }
    layer { name: "b" type: "BatchNorm" bottom: "fc" top: "fc" }
    """)
    arrays = random_weights(net, infer_shapes(net), 1)
    assert arrays["fc"][0].std() == pytest.approx(np.sqrt(2 / 400), rel=0.05)
    assert np.abs(arrays["fc"][1]).max() <= 0.1
    assert arrays["b"][1].min() > 0.8
    assert arrays["b"][2].tolist() == [1]


def test_fixed_fillers_equal_real_caffes(material: Callable[[str], Path]) -> None:
    """Cases that real Caffe filled itself, with fillers that hold no chance."""
    n_compared = 0
    for name, case in json.loads(material("micro/index.json").read_text()).items():
        if case.get("weights_from") != "fillers":
            continue
        expected = np.load(material("micro") / f"{name}.npz")
        net = load_net(material("micro") / f"{name}.prototxt")
        arrays = filler_weights(net, infer_shapes(net))
        for key in expected.files:
            if not key.startswith("param/"):
                continue
            layer, index = key.removeprefix("param/").rsplit("/", 1)
            np.testing.assert_allclose(arrays[layer][int(index)], expected[key], rtol=1e-6)
            n_compared += 1
    assert n_compared >= 4
