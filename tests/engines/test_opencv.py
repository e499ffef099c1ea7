"""What OpenCV does by itself, and must not do here."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineSpec, Value
from core.engines.registry import open_engine
from core.errors import EngineError
from core.weights.writer import write_caffemodel
from tests.engines.conftest import SMALL_NET

if importlib.util.find_spec("cv2") is None:
    pytest.skip("the extra [fast] is not installed", allow_module_level=True)

WIDE = """
input: "data" input_shape { dim: 1 dim: 64 dim: 28 dim: 28 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 64 kernel_size: 3 pad: 1 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
"""
"""Kernels of 3x3 over many channels, which are convolved by Winograd's way."""
CONV, RELU, FC = Value("conv", "conv"), Value("relu", "conv"), Value("fc", "fc")


def spec(n_threads: int) -> EngineSpec:
    return EngineSpec("opencv", options=(("threads", str(n_threads)),))


def test_kernels_of_three_by_three_are_near_and_the_same_on_any_number_of_threads(
    tmp_path: Path,
) -> None:
    """Near to the formula's sums in float64."""
    rng, weights = np.random.default_rng(0), tmp_path / "weights.caffemodel"
    data = rng.standard_normal((5, 64, 28, 28)).astype(np.float32)
    kernels = rng.standard_normal((64, 64, 3, 3)).astype(np.float32)
    write_caffemodel(weights, "", [("conv", "Convolution", [kernels, np.zeros(64, np.float32)])])
    found = []
    for n_threads in (1, 2):
        with open_engine(spec(n_threads), WIDE, weights) as engine:
            together = engine.forward({"data": data}, [CONV, RELU, FC])
            alone = [engine.forward({"data": one[None]}, [CONV, RELU, FC]) for one in data]
        for value, array in together.items():
            np.testing.assert_array_equal(np.concatenate([one[value] for one in alone]), array)
        found.append(together)
    for value, array in found[0].items():
        assert array.tobytes() == found[1][value].tobytes()
    conv, relu = found[0][CONV], found[0][RELU]
    assert relu.tobytes() == np.where(conv > 0, conv, np.float32(0)).tobytes()
    padded = np.pad(data[:1].astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    exact = np.einsum("ncyxij,ocij->noyx", windows, kernels)
    assert np.abs(conv[:1] - exact).max() < 2e-5 * np.abs(exact).max()


def test_nan_is_refused_where_it_would_come_out_as_zero(tmp_path: Path) -> None:
    """In real Caffe ReLU(NaN) is NaN; behind a convolution OpenCV makes 0 of it."""
    data = np.ones((1, 3, 12, 10), np.float32)
    fc3 = Value("fc3", "fc3")
    weights = tmp_path / "weights.caffemodel"
    bad = np.ones((6, 3, 3, 3), np.float32)
    bad[1, 1, 1, 1] = np.inf
    write_caffemodel(weights, "", [("conv1", "Convolution", [bad, np.zeros(6, np.float32)])])
    with open_engine(spec(1), SMALL_NET, weights) as engine:
        with pytest.raises(EngineError, match=r"'conv1' .*NaN or infinity") as refused:
            engine.forward({"data": data}, [fc3])
        assert refused.value.hint == "The engine torch runs it."
    with open_engine(spec(1), SMALL_NET) as engine:
        for value in (np.nan, np.inf, -np.inf):
            data[0, 0, 0, 0] = value
            with pytest.raises(EngineError, match="An input holds NaN or infinity"):
                engine.forward({"data": data}, [fc3])


def test_values_of_one_axis_keep_it_by_being_left_to_others() -> None:
    text = """
        input: "data" input_shape { dim: 5 }
        layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }"""
    relu = Value("relu", "relu")
    with open_engine(spec(1), text) as engine, pytest.raises(EngineError, match="two axes"):
        engine.forward({"data": np.ones(5, np.float32)}, [relu])


TOO_LARGE = """
import numpy as np
from core.engines.onnx_graph.graph import Graph
from core.engines.opencv import running
from core.errors import EngineError
graph = Graph()
total = graph.add("Add", ["v0", graph.constant(np.ones((1, 4096), np.float32))])
graph.add("Relu", [total], "v1")
running._MOST_MODEL_BYTES = 16_000
try:
    running.OpenCvRunner().run("a", lambda: graph.model({"v0": (1, 4096)}, ["v1"]), {})
except EngineError as error:
    print(error.sentence)
"""


def test_more_weights_than_a_message_holds_are_told_of(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOO_LARGE], cwd=repository,
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "OpenCV reads no net with more than 2 GB of weights."
