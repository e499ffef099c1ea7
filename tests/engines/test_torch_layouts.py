"""Layouts and precisions without packed weights, as GPUs have them, tried on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.engines.base import EngineSpec, Value
from core.engines.fidelity import cosine, in_precision, measure_fidelity, relative_difference
from core.engines.operations import Want
from core.engines.registry import start_engine
from core.engines.session import OpenRequest
from core.engines.torch.copies import PlainCopies
from core.engines.torch.operation import Place
from core.engines.torch.session import TorchSession
from core.engines.torch.thread_choice import ThreadChoice
from core.errors import EngineError
from core.measures.measure import KEEP
from core.net.reader import DEFAULT_STATE
from core.progress import run_job

NET = """
input: "data"
input_shape { dim: 2 dim: 3 dim: 15 dim: 13 }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 8 kernel_size: 3 stride: 2 pad: 1 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "norm1" type: "LRN" bottom: "conv1" top: "norm1" }
layer { name: "conv2" type: "Convolution" bottom: "norm1" top: "conv2"
  convolution_param { num_output: 6 kernel_size: 3 group: 2 bias_term: false } }
layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2"
  pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "both" type: "Concat" bottom: "pool2" bottom: "pool2" top: "both" }
layer { name: "fc" type: "InnerProduct" bottom: "both" top: "fc"
  inner_product_param { num_output: 5 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""
TOPS = ("conv1", "norm1", "conv2", "pool2", "both", "fc", "prob")
CPU = torch.device("cpu")


def passed(place: Place) -> dict[str, np.ndarray]:
    """Every layer's top in one pass at a place."""
    request = OpenRequest(NET, None, "cpu", 0, DEFAULT_STATE, {})
    session = TorchSession(request, place, ThreadChoice(1, lambda n: None), PlainCopies(CPU))
    rng = np.random.default_rng(1)
    inputs = {"data": 40 * rng.standard_normal((2, 3, 15, 13)).astype(np.float32)}
    wants = [Want(Value(top, top), KEEP) for top in TOPS]
    return dict(zip(TOPS, session.measure(inputs, wants, lambda name: None), strict=True))


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    return passed(Place(CPU))


def test_channels_last_gives_the_same_values(reference: dict[str, np.ndarray]) -> None:
    found = passed(Place(CPU, channels_last=True))
    for top in TOPS:
        assert found[top].shape == reference[top].shape
        assert relative_difference(reference[top], found[top]) < 1e-4, top


@pytest.mark.parametrize(
    ("precision", "most"), [(torch.bfloat16, 2e-2), (torch.float16, 2.5e-3)], ids=str
)
@pytest.mark.parametrize("channels_last", [False, True])
def test_half_precisions_are_near_and_not_float32(
    reference: dict[str, np.ndarray], precision: torch.dtype, most: float, channels_last: bool
) -> None:
    found = passed(Place(CPU, precision=precision, channels_last=channels_last))
    for top in TOPS:
        assert found[top].dtype == np.float32
        assert 1e-6 < relative_difference(reference[top], found[top]) < most, top
        assert cosine(*(x.ravel().astype(np.float64) for x in (reference[top], found[top]))) > 0.999


@pytest.mark.parametrize("name", ["tf32", "float16"])
def test_what_needs_a_gpu_is_refused_on_the_cpu(name: str) -> None:
    with start_engine(in_precision(name)) as process:
        with pytest.raises(EngineError, match=f"'cpu' can't run in {name}") as caught:
            process.open(NET)
        assert "GPU" in caught.value.hint


def test_fidelity_takes_a_layout_and_says_each_layer() -> None:
    inputs = {"data": np.random.default_rng(2).standard_normal((2, 3, 15, 13), np.float32)}
    other = EngineSpec("torch", options=(("layout", "channels_last"), ("threads", "1")))
    rows = run_job(measure_fidelity(NET, None, inputs, other=other))
    assert [row.value.layer for row in rows if row.value.layer != "relu1"] == list(TOPS)
    assert all(row.relative_difference < 1e-4 for row in rows)
