"""Layers that run as one: the same bits as one after the other, and the right numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from core.engines.base import Engine, EngineProcess, EngineSpec, Value
from core.engines.fidelity import cosine
from core.engines.registry import start_engine
from core.engines.torch import compiling, packing
from core.engines.torch.compiling import CompiledCalls, Formula, compile_formula
from core.engines.torch.normalisation import lrn_factor
from core.engines.torch.pooling import LEAST, PoolingWindow, pool_max
from core.weights.writer import write_caffemodel

BLOCKS = """
name: "blocks"
input: "data"
input_shape { dim: 2 dim: 3 dim: 20 dim: 18 }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 64 kernel_size: 3 pad: 1 } }
layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer { name: "scale1" type: "Scale" bottom: "conv1" top: "conv1" scale_param { bias_term: true } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 64 kernel_size: 1 bias_term: false } }
layer { name: "bn2" type: "BatchNorm" bottom: "conv2" top: "bn2" }
layer { name: "scale2" type: "Scale" bottom: "bn2" top: "scale2" }
layer { name: "sum2" type: "Eltwise" bottom: "conv1" bottom: "scale2" top: "sum2" }
layer { name: "relu2" type: "ReLU" bottom: "sum2" top: "sum2" }
layer { name: "conv3" type: "Convolution" bottom: "sum2" top: "conv3"
  convolution_param { num_output: 64 kernel_size: 3 pad: 1 group: 2 } }
layer { name: "sum3" type: "Eltwise" bottom: "conv3" bottom: "sum2" top: "sum3" }
layer { name: "norm3" type: "LRN" bottom: "sum3" top: "norm3" }
layer { name: "conv4" type: "Convolution" bottom: "norm3" top: "conv4"
  convolution_param { num_output: 64 kernel_size: 1 } }
layer { name: "halved" type: "Eltwise" bottom: "conv4" bottom: "sum3" top: "halved"
  eltwise_param { coeff: 1 coeff: 0.5 } }
"""
VALUES = [
    Value(*pair)
    for pair in (
        ("conv1", "conv1"), ("bn1", "conv1"), ("scale1", "conv1"), ("relu1", "conv1"),
        ("conv2", "conv2"), ("bn2", "bn2"), ("scale2", "scale2"), ("sum2", "sum2"),
        ("relu2", "sum2"), ("conv3", "conv3"), ("sum3", "sum3"), ("norm3", "norm3"),
        ("conv4", "conv4"), ("halved", "halved"),
    )
]  # fmt: skip
Arrays = dict[str, list[np.ndarray]]


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    rng = np.random.default_rng(5)

    def normal(*shape: int, scale: float = 0.1) -> np.ndarray:
        return (scale * rng.standard_normal(shape)).astype(np.float32)

    def moments() -> list[np.ndarray]:
        factor = np.full(1, 2.0, np.float32)
        return [normal(64), rng.uniform(0.5, 3, 64).astype(np.float32), factor]

    return {
        "conv1": [normal(64, 3, 3, 3, scale=0.3), normal(64)],
        "bn1": moments(),
        "scale1": [1 + normal(64), normal(64)],
        "conv2": [normal(64, 64, 1, 1)],
        "bn2": moments(),
        "scale2": [1 + normal(64)],
        "conv3": [normal(64, 32, 3, 3), normal(64)],
        "conv4": [normal(64, 64, 1, 1), normal(64)],
    }


@pytest.fixture(scope="module")
def weights(arrays: Arrays, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blocks") / "blocks.caffemodel"
    types = {"c": "Convolution", "b": "BatchNorm", "s": "Scale"}
    write_caffemodel(path, "blocks", [(n, types[n[0]], kept) for n, kept in arrays.items()])
    return path


@pytest.fixture(scope="module")
def blocks(torch_process: EngineProcess, weights: Path) -> Engine:
    return torch_process.open(BLOCKS, weights)


def images() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    return {"data": rng.standard_normal((2, 3, 20, 18)).astype(np.float32)}


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.layer)
def test_fused_or_not_the_bits_are_the_same(blocks: Engine, value: Value) -> None:
    together = blocks.forward(images(), VALUES)[value]
    alone = blocks.forward(images(), [value])[value]
    last = blocks.forward(images(), [value, VALUES[-1]])[value]
    blocks.run(images())
    kept = blocks.read(value)
    assert together.tobytes() == alone.tobytes() == last.tobytes() == kept.tobytes()


def test_every_value_is_what_plain_torch_computes_in_double(blocks: Engine, arrays: Arrays) -> None:
    p = {name: [torch.from_numpy(a).double() for a in kept] for name, kept in arrays.items()}

    def normalise(x: torch.Tensor, name: str) -> torch.Tensor:
        mean, variance, factor = p[name]
        return functional.batch_norm(x, mean / factor, variance / factor, eps=1e-5)

    def times(x: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
        return x * factor.reshape(1, -1, 1, 1)

    x = torch.from_numpy(images()["data"]).double()
    conv1 = functional.conv2d(x, *p["conv1"], padding=1)
    bn1 = normalise(conv1, "bn1")
    scale1 = times(bn1, p["scale1"][0]) + p["scale1"][1].reshape(1, -1, 1, 1)
    relu1 = torch.relu(scale1)
    conv2 = functional.conv2d(relu1, *p["conv2"])
    bn2 = normalise(conv2, "bn2")
    scale2 = times(bn2, *p["scale2"])
    relu2 = torch.relu(relu1 + scale2)
    conv3 = functional.conv2d(relu2, *p["conv3"], padding=1, groups=2)
    sum3 = conv3 + relu2
    norm3 = functional.local_response_norm(sum3, 5, 1.0, 0.75, 1.0)
    conv4 = functional.conv2d(norm3, *p["conv4"])
    expected = [conv1, bn1, scale1, relu1, conv2, bn2, scale2, relu1 + scale2, relu2]
    expected += [conv3, sum3, norm3, conv4, conv4 + 0.5 * sum3]
    for value in VALUES:
        found = blocks.forward(images(), [value])[value]
        wanted = expected[VALUES.index(value)].numpy()
        assert np.abs(found - wanted).max() <= 3e-6 * np.abs(wanted).max(), value.layer


@pytest.mark.skipif(
    packing.why_unavailable() or not packing.has_bfloat16(),
    reason="this processor has no bfloat16",
)
def test_fused_in_bfloat16_each_value_is_near_float32(blocks: Engine, weights: Path) -> None:
    spec = EngineSpec("torch", options=(("precision", "bfloat16"), ("threads", "1")))
    with start_engine(spec) as process:
        rough = process.open(BLOCKS, weights)
        for value in VALUES:
            found = rough.forward(images(), [value])[value]
            wanted = blocks.forward(images(), [value])[value]
            assert 1e-4 < np.abs(found - wanted).max() / np.abs(wanted).max() < 0.03, value
            assert cosine(found.ravel(), wanted.ravel()) > 0.9995, value


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.layer)
def test_passes_that_come_again_keep_their_bits(blocks: Engine, value: Value) -> None:
    found = [blocks.forward(images(), [value])[value].tobytes() for _ in range(4)]
    blocks.run(images())
    kept = blocks.read(value).tobytes()
    assert {*found, kept} == {found[0]}


needs_compiler = pytest.mark.skipif(
    bool(compiling.why_unavailable()), reason="this torch can't compile for this processor"
)


def channels_last(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(shape, generator=generator)
    return x.contiguous(memory_format=torch.channels_last)


@needs_compiler
def test_the_third_call_of_a_kind_is_compiled() -> None:
    calls, n_plain, x = CompiledCalls(), 0, channels_last(1, 16, 8, 8)

    def plain(x: torch.Tensor) -> torch.Tensor:
        nonlocal n_plain
        n_plain += 1
        return functional.max_pool2d(x, 2, 2)

    def make_formula() -> Formula:
        return lambda x: functional.max_pool2d(x, 2, 2)

    for _ in range(5):
        found = calls.run("pool", (x,), plain, make_formula)
        assert torch.equal(found, functional.max_pool2d(x, 2, 2))
    assert n_plain == 2
    other = channels_last(1, 16, 10, 8)
    assert calls.run("pool", (other,), plain, make_formula).shape == (1, 16, 5, 4)
    assert n_plain == 3


@needs_compiler
def test_a_formula_with_other_bits_is_not_used() -> None:
    calls, x = CompiledCalls(), channels_last(1, 16, 8, 8)
    for _ in range(4):
        found = calls.run("add", (x,), lambda x: x + 1, lambda: lambda x: x + 1.0000001)
        assert torch.equal(found, x + 1)


@needs_compiler
def test_a_compiled_maximum_is_never_nan() -> None:
    x = channels_last(2, 20, 12, 12)
    pool = compile_formula(lambda x: functional.max_pool2d(x, 3, 2, 1, ceil_mode=True), (x,))
    is_nan = torch.rand(x.shape, generator=torch.Generator().manual_seed(6)) < 0.8
    spoilt = torch.where(is_nan, torch.nan, x).contiguous(memory_format=torch.channels_last)
    wanted = pool_max(spoilt, PoolingWindow((3, 3), (2, 2), (1, 1), (7, 7)))
    assert torch.equal(pool(spoilt), wanted)
    assert bool((wanted == LEAST).any())


def test_the_first_pass_of_a_process_has_the_bits_of_the_next(weights: Path) -> None:
    large = BLOCKS.replace("dim: 20 dim: 18", "dim: 80 dim: 72")
    shape = (2, 3, 80, 72)
    inputs = {"data": np.random.default_rng(2).standard_normal(shape).astype(np.float32)}
    norm3 = Value("norm3", "norm3")
    with start_engine(EngineSpec("torch", options=(("threads", "2"),))) as process:
        engine = process.open(large, weights)
        first, second = (engine.forward(inputs, [norm3])[norm3] for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("size", [1, 3, 5, 9])
@pytest.mark.parametrize("power", [0.75, 0.5])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_lrn_agrees_with_plain_torch(size: int, power: float, layout: torch.memory_format) -> None:
    generator = torch.Generator().manual_seed(3)
    x = 30 * torch.randn((2, 7, 5, 4), generator=generator)
    found = x * lrn_factor(x.contiguous(memory_format=layout), size, 1e-2 / size, 2.0, power)
    wanted = functional.local_response_norm(x.double(), size, 1e-2, power, 2.0)
    torch.testing.assert_close(found.double(), wanted, rtol=1e-6, atol=1e-6)
