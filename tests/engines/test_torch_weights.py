"""Weights reach the PyTorch engine by path, lazily, and what is missing or wrong is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, Value
from core.errors import EngineError, UnsupportedLayerError, WeightsError
from core.measures.measure import Pool
from core.weights.writer import write_caffemodel

CONV1 = Value("conv1", "conv1")
PROB = Value("prob", "prob")
IMAGE = {"data": np.ones((1, 3, 12, 10), np.float32)}


def arrays_of(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


LAYERS = [
    ("conv1", "Convolution", arrays_of((6, 3, 3, 3), (6,))),
    ("fc2", "InnerProduct", arrays_of((8, 180), (8,))),
    ("fc3", "InnerProduct", arrays_of((5, 8), (5,))),
]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "small.caffemodel"
    write_caffemodel(path, "small", LAYERS)
    return path


def test_values_are_those_of_the_weights(
    torch_process: EngineProcess, small_net: str, weights: Path
) -> None:
    engine = torch_process.open(small_net, weights)
    assert engine.warnings == ()
    found = engine.forward(IMAGE, [CONV1])[CONV1]
    kernel, bias = LAYERS[0][2]
    np.testing.assert_allclose(found[0, :, 5, 5], kernel.sum((1, 2, 3)) + bias, rtol=1e-4)


def test_layers_without_weights_are_named(
    torch_process: EngineProcess, small_net: str, tmp_path: Path
) -> None:
    path = tmp_path / "part.caffemodel"
    write_caffemodel(path, "small", LAYERS[:1])
    engine = torch_process.open(small_net, path)
    assert engine.filler_layers == ("fc2", "fc3")
    assert engine.warnings == (
        "2 layers keep filler values, the weights file lacks them: fc2, fc3.",
    )
    assert not engine.forward(IMAGE, [Value("fc2", "fc2")])[Value("fc2", "fc2")].any()


def test_no_weights_at_all_still_gives_values_that_live(
    torch_process: EngineProcess, small_net: str
) -> None:
    engine = torch_process.open(small_net)
    assert "No weights file" in engine.warnings[0]
    assert engine.forward(IMAGE, [Value("fc3", "fc3")])[Value("fc3", "fc3")].std() > 0


def test_a_wrong_shape_is_refused_when_the_net_is_opened(
    torch_process: EngineProcess, small_net: str, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.caffemodel"
    write_caffemodel(path, "small", [("fc3", "InnerProduct", arrays_of((205, 8), (205,)))])
    with pytest.raises(WeightsError, match=r"'fc3' has 5 x 8 .* but 205 x 8 in the weights"):
        torch_process.open(small_net, path)
    assert torch_process.is_alive


def test_a_missing_file_is_refused(
    torch_process: EngineProcess, small_net: str, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match=r"none\.caffemodel"):
        torch_process.open(small_net, tmp_path / "none.caffemodel")


def test_convolutions_take_any_image_size_and_inner_products_say_why_not(
    torch_process: EngineProcess, small_net: str, weights: Path
) -> None:
    engine = torch_process.open(small_net, weights)
    large = {"data": np.ones((1, 3, 40, 30), np.float32)}
    assert engine.forward(large, [CONV1])[CONV1].shape == (1, 6, 40, 30)
    pool1 = Value("pool1", "pool1")
    assert engine.measure(large, {pool1: [Pool("gap")]})[pool1, Pool("gap")].shape == (1, 6)
    with pytest.raises(EngineError, match="'fc2'"):
        engine.forward(large, [PROB])
    assert engine.forward(IMAGE, [PROB])[PROB].shape == (1, 5)


def test_nan_in_the_image_reaches_every_layer_as_in_caffe(
    torch_process: EngineProcess, small_net: str, weights: Path
) -> None:
    """A fused ReLU would turn NaN into 0; MAX pooling skips it."""
    engine = torch_process.open(small_net, weights)
    image = {"data": IMAGE["data"].copy()}
    image["data"][0, :, 0, 0] = np.nan
    relu, pool = Value("relu1", "conv1"), Value("pool1", "pool1")
    both = engine.forward(image, [CONV1, relu, pool])
    assert np.isnan(both[CONV1][0, 0, 0, 0])
    assert np.isnan(both[relu][0, 0, 0, 0])
    assert not np.isnan(both[pool]).any()
    assert engine.forward(image, [pool])[pool].tobytes() == both[pool].tobytes()


def test_a_value_that_is_read_twice_is_not_overwritten(torch_process: EngineProcess) -> None:
    """Dropout gives its bottom's own memory here and copies in Caffe: branches stay apart."""
    text = """
    input: "data" input_shape { dim: 1 dim: 2 dim: 2 dim: 2 }
    layer { name: "one" type: "Dropout" bottom: "data" top: "a" }
    layer { name: "other" type: "Dropout" bottom: "data" top: "b" }
    layer { name: "double" type: "Scale" bottom: "a" top: "a" scale_param { bias_term: true } }
    layer { name: "relu" type: "ReLU" bottom: "b" top: "b" }
    layer { name: "drop" type: "Dropout" bottom: "b" top: "c" }
    layer { name: "negate" type: "Power" bottom: "c" top: "c" power_param { scale: -1 } }
    layer { name: "again" type: "ReLU" bottom: "c" top: "c" }
    layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" bottom: "c" top: "sum" }
    """
    engine = torch_process.open(text)
    data = np.random.default_rng(0).standard_normal((1, 2, 2, 2)).astype(np.float32)
    engine.run({"data": data})
    total = Value("sum", "sum")
    alone = engine.forward({"data": data}, [total])[total]
    kept = {layer: engine.read(Value(layer, top)) for layer, top in
            (("double", "a"), ("relu", "b"), ("again", "c"), ("input", "data"))}  # fmt: skip
    np.testing.assert_array_equal(kept["input"], data)
    np.testing.assert_array_equal(kept["relu"], np.maximum(data, 0))
    np.testing.assert_array_equal(kept["again"], 0)
    np.testing.assert_allclose(alone, kept["double"] + kept["relu"], rtol=1e-6)
    assert alone.tobytes() == engine.read(total).tobytes()


def test_layers_it_can_not_run_are_all_named(torch_process: EngineProcess) -> None:
    text = """
    input: "data" input_shape { dim: 1 dim: 2 dim: 2 dim: 2 }
    layer { name: "mine" type: "Python" bottom: "data" top: "x" }
    layer { name: "yours" type: "Python" bottom: "x" top: "z" }
    layer { name: "boxes" type: "RPNProposal" bottom: "z" top: "y" }
    """
    engine = torch_process.open(text)
    with pytest.raises(UnsupportedLayerError) as caught:
        engine.forward({"data": np.zeros((1, 2, 2, 2), np.float32)}, [Value("boxes", "y")])
    assert caught.value.layers == (
        ("mine", "Python"), ("yours", "Python"), ("boxes", "RPNProposal")
    )  # fmt: skip
    assert "3 layers of this net: Python (mine, yours); RPNProposal (boxes)." in (
        caught.value.sentence
    )
    assert caught.value.details.splitlines() == [
        "mine: Python", "yours: Python", "boxes: RPNProposal"
    ]  # fmt: skip


def test_many_layers_it_can_not_run_are_told_in_few_words_and_listed_in_full(
    torch_process: EngineProcess,
) -> None:
    layers = "".join(
        f'layer {{ name: "p{i}" type: "Python" bottom: "data" top: "x{i}" }}\n' for i in range(9)
    )
    shape = 'input: "data" input_shape { dim: 1 dim: 2 dim: 2 dim: 2 }\n'
    engine = torch_process.open(shape + layers)
    with pytest.raises(UnsupportedLayerError) as caught:
        engine.run({"data": np.zeros((1, 2, 2, 2), np.float32)})
    assert "9 layers of this net: Python (p0, p1, p2, p3 and 5 more)." in caught.value.sentence
    assert len(caught.value.details.splitlines()) == len(caught.value.layers) == 9


def test_a_net_without_sizes_takes_those_of_the_image(torch_process: EngineProcess) -> None:
    """A train_val prototxt reads a database whose image size only the image can tell."""
    text = """
    layer { name: "db" type: "Data" top: "data" top: "label" data_param { batch_size: 4 } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
      convolution_param { num_output: 2 kernel_size: 1 } }
    layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
      inner_product_param { num_output: 3 } }
    layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "label" top: "acc" }
    """
    engine = torch_process.open(text)
    assert engine.inputs == {"data": None, "label": (4,)}
    image = {"data": np.ones((2, 3, 5, 5), np.float32)}
    assert engine.run(image).n_images == 2
    assert engine.read(Value("fc", "fc")).shape == (2, 3)
    with pytest.raises(EngineError, match="not computed"):
        engine.read(Value("acc", "acc"))
    with pytest.raises(EngineError, match="'label' was not given"):
        engine.forward(image, [Value("acc", "acc")])


def test_segnets_upsample_puts_values_back(torch_process: EngineProcess) -> None:
    text = """
    input: "data" input_shape { dim: 1 dim: 1 dim: 4 dim: 4 }
    layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" top: "mask"
      pooling_param { kernel_size: 2 stride: 2 } }
    layer { name: "up" type: "Upsample" bottom: "pool" bottom: "mask" top: "up"
      upsample_param { scale: 2 } }
    """
    data = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    up = Value("up", "up")
    found = torch_process.open(text).forward({"data": data}, [up])[up]
    expected = np.zeros((4, 4), np.float32)
    expected[1::2, 1::2] = data[0, 0, 1::2, 1::2]
    np.testing.assert_array_equal(found[0, 0], expected)
