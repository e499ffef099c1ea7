"""Engines of a written graph against real Caffe: every layer that they run, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.engine_names import GRAPH_ENGINES, installed_graph_engines
from core.engines.base import EngineProcess, EngineSpec, Value
from core.engines.registry import start_engine
from core.errors import EngineError, UnsupportedLayerError
from tests.engines.golden import TOLERANCE, GoldenNet, differences_of
from tests.engines.test_torch_micro import NOT_COMPARED, SHIPPED

N_RUN = {"onnxruntime": 141, "openvino": 140, "opencv": 128}
"""Nets of the material that each runs. Two refuse NaN that is put in."""


@pytest.fixture(scope="module", params=GRAPH_ENGINES)
def process(request: pytest.FixtureRequest) -> Iterator[EngineProcess]:
    """A child of each."""
    if request.param not in installed_graph_engines():
        pytest.skip("the extra [fast] is not installed")
    with start_engine(EngineSpec(request.param, options=(("threads", "1"),))) as started:
        yield started


def compare(process: EngineProcess, folder: Path, name: str) -> float | None:
    """The largest relative difference; None for a net with a layer that is refused by name."""
    weights = folder / f"{name}.caffemodel"
    golden = GoldenNet(
        folder / f"{name}.prototxt", weights if weights.exists() else None,
        folder / f"{name}.npz", {},
    )  # fmt: skip
    try:
        return max(differences_of(process, golden).values())
    except UnsupportedLayerError:
        return None
    except EngineError as error:
        if "The engine torch runs it." in str(error):
            return None
        raise


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.prototxt")))
def test_shipped_layers_agree_with_real_caffe(process: EngineProcess, name: str) -> None:
    worst = compare(process, SHIPPED, name)
    if worst is None:
        pytest.skip("a layer of this net stays on torch")
    assert worst < TOLERANCE


def test_layers_of_the_material_agree_with_real_caffe(
    process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("micro")
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    names = [name for name, entry in index.items() if entry["ok"] and name not in NOT_COMPARED]
    worst = {name: compare(process, folder, name) for name in names}
    run = {name: off for name, off in worst.items() if off is not None}
    assert len(run) == N_RUN[process.spec.name]
    assert max(run.values()) < TOLERANCE, max(run, key=lambda name: run[name])


POOLED = """
input: "data" input_shape {{ dim: 1 dim: 1 dim: {size} dim: {size} }}
layer {{ name: "p" type: "Pooling" bottom: "data" top: "p"
  pooling_param {{ pool: {method} kernel_size: {kernel} stride: {stride} pad: {pad} }} }}
"""


@pytest.mark.parametrize("method", ["MAX", "AVE"])
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pad"),
    [(5, 2, 2, 0), (5, 3, 2, 1), (7, 2, 3, 0), (7, 3, 4, 0), (4, 3, 2, 2), (5, 4, 3, 1)],
)
def test_windows_over_the_edge_are_counted_as_caffe_does(
    process: EngineProcess, method: str, size: int, kernel: int, stride: int, pad: int
) -> None:
    """By the loops of pooling_layer.cpp, written out."""
    image = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    text = POOLED.format(size=size, kernel=kernel, stride=stride, pad=pad, method=method)
    engine = process.open(text)
    found = engine.forward({"data": image[None, None]}, [Value("p", "p")])[Value("p", "p")][0, 0]
    n = -(-(size + 2 * pad - kernel) // stride) + 1
    n -= 1 if pad and (n - 1) * stride >= size + pad else 0
    assert found.shape == (n, n)
    for row in range(n):
        for column in range(n):
            y, x = row * stride - pad, column * stride - pad
            bottom, right = min(y + kernel, size + pad), min(x + kernel, size + pad)
            part = image[max(y, 0) : min(bottom, size), max(x, 0) : min(right, size)]
            if method == "MAX":
                assert found[row, column] == part.max()
            else:
                area = (bottom - y) * (right - x)
                np.testing.assert_allclose(found[row, column], part.sum() / area, atol=1e-6)


def test_layers_it_lacks_are_named_and_what_does_not_need_them_runs(
    process: EngineProcess,
) -> None:
    engine = process.open("""
        input: "data" input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }
        layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }
        layer { name: "best" type: "ArgMax" bottom: "relu" top: "best" }""")
    data = np.array([-1.0, 2.0] * 16, np.float32).reshape(1, 2, 4, 4)
    relu = Value("relu", "relu")
    np.testing.assert_array_equal(engine.forward({"data": data}, [relu])[relu], np.maximum(data, 0))
    with pytest.raises(UnsupportedLayerError, match="ArgMax"):
        engine.forward({"data": data}, [Value("best", "best")])
