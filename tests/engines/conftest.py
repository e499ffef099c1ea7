"""Small nets, and the engines under test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.engine_names import GRAPH_ENGINES, installed_graph_engines
from core.engines.base import EngineProcess, EngineSpec
from core.engines.registry import start_engine

SMALL_NET = """
name: "small"
input: "data"
input_shape { dim: 1 dim: 3 dim: 12 dim: 10 }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 6 kernel_size: 3 pad: 1 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
  pooling_param { kernel_size: 3 stride: 2 } }
layer { name: "fc2" type: "InnerProduct" bottom: "pool1" top: "fc2"
  inner_product_param { num_output: 8 } }
layer { name: "relu2" type: "ReLU" bottom: "fc2" top: "fc2" }
layer { name: "drop2" type: "Dropout" bottom: "fc2" top: "fc2" }
layer { name: "fc3" type: "InnerProduct" bottom: "fc2" top: "fc3"
  inner_product_param { num_output: 5 } }
layer { name: "prob" type: "Softmax" bottom: "fc3" top: "prob" }
"""


@pytest.fixture(scope="session")
def small_net() -> str:
    """Convolution, ReLU and Dropout in place, inner products, Softmax; input "data" 1x3x12x10."""
    return SMALL_NET


@pytest.fixture(scope="module", params=["fake", "torch", "caffe", *GRAPH_ENGINES])
def any_spec(request: pytest.FixtureRequest) -> EngineSpec:
    """Every engine in turn; what is not installed is skipped, with the reason."""
    if request.param == "caffe":
        return EngineSpec("caffe", request.getfixturevalue("caffe_python"))
    if request.param in GRAPH_ENGINES and request.param not in installed_graph_engines():
        pytest.skip("the extra [fast] is not installed")
    return EngineSpec(request.param, options=(("threads", "1"),))


@pytest.fixture(scope="module")
def any_process(any_spec: EngineSpec) -> Iterator[EngineProcess]:
    """A child of every engine in turn."""
    with start_engine(any_spec) as process:
        yield process


@pytest.fixture(scope="module")
def caffe_process(caffe_python: tuple[str, ...]) -> Iterator[EngineProcess]:
    """Real Caffe, for tests that leave it alive."""
    with start_engine(EngineSpec("caffe", caffe_python)) as process:
        yield process


@pytest.fixture(scope="module")
def torch_process() -> Iterator[EngineProcess]:
    """A child of the PyTorch engine with one thread."""
    with start_engine(EngineSpec("torch", options=(("threads", "1"),))) as process:
        yield process


@pytest.fixture
def fake_process() -> Iterator[EngineProcess]:
    """A child of the fake engine."""
    with start_engine(EngineSpec("fake")) as process:
        yield process
