"""Values without axes and values without images: measured, drawn and read without a stumble."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.activations.channels import CHANNEL_ORDERS
from core.activations.summary import summarise_values
from core.activations.tiles import draw_channels
from core.engines.base import EngineProcess, Value
from core.errors import AppError
from core.measures.measure import OF_MAPS, POOLINGS, Pool

SHAPES = ((), (0,), (3,), (0, 5), (0, 3, 4, 4), (1, 1, 0, 7), (3, 0), (1, 0, 2, 2))
NET = """
layer { name: "in" type: "Input" top: "x" top: "t" top: "label"
        input_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 3 } shape { dim: 4 } } }
layer { name: "euclid" type: "EuclideanLoss" bottom: "x" bottom: "t" top: "euclid" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "loss" }
layer { name: "acc" type: "Accuracy" bottom: "x" bottom: "label" top: "acc" }
layer { name: "sum" type: "Reduction" bottom: "x" top: "sum" }
layer { name: "rows" type: "Reduction" bottom: "x" top: "rows" reduction_param { axis: 1 } }
"""
SCALARS = [Value(name, name) for name in ("euclid", "loss", "acc", "sum")]


def inputs() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    x, t = (rng.standard_normal((4, 3)).astype(np.float32) for _ in range(2))
    return {"x": x, "t": t, "label": np.array([0, 1, 2, 1], np.float32)}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_shape_is_drawn_and_summarised(shape: tuple[int, ...]) -> None:
    array = np.full(shape, 2.5, np.float32)
    for order in CHANNEL_ORDERS:
        for scope in ("channel", "layer"):
            drawn = draw_channels([array, array], order=order, scope=scope)
            assert drawn[0].channels.n_values == (array.size if array.ndim < 2 else array[:1].size)
    (alone,) = summarise_values([array])
    assert alone.statistics.n_values == alone.histogram.n_values == array.size
    beside, _ = summarise_values([array, np.ones((2, 3), np.float32)], bins=7)
    assert beside.histogram.n_values == array.size


@pytest.mark.parametrize("method", POOLINGS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_shape_is_pooled_or_refused_in_a_sentence(shape: tuple[int, ...], method: str) -> None:
    from torch import from_numpy  # type: ignore[attr-defined]

    from core.engines.torch.measures import measure_on_device

    array = np.full(shape, 2.5, np.float32)
    has_no_places = method != "flatten" and (len(shape) < 2 or 0 in shape[2:])
    has_no_places |= method in OF_MAPS and len(shape) != 4
    if not shape or has_no_places:
        for pool in (Pool(method).of, lambda a: measure_on_device(from_numpy(a), Pool(method))):
            with pytest.raises(AppError, match=re.escape(str(shape))):
                pool(array)
        return
    pooled = Pool(method).of(array)
    assert pooled.shape[0] == shape[0]
    assert measure_on_device(from_numpy(array), Pool(method)).shape == pooled.shape


@pytest.fixture(scope="module", params=["torch", "caffe"])
def process(request: pytest.FixtureRequest) -> EngineProcess:
    """A child of either engine that users have."""
    found: EngineProcess = request.getfixturevalue(f"{request.param}_process")
    return found


def test_values_without_axes_travel(process: EngineProcess) -> None:
    engine, given = process.open(NET), inputs()
    found = engine.forward(given, [*SCALARS, Value("rows", "rows")])
    engine.run(given)
    summaries = engine.statistics(SCALARS)
    for value in SCALARS:
        assert found[value].shape == engine.read(value).shape == ()
        assert found[value] == engine.read(value)
        assert summaries[value].statistics.n_values == 1
        assert summaries[value].statistics.mean == pytest.approx(float(found[value]))
    assert found[SCALARS[0]] == pytest.approx(((given["x"] - given["t"]) ** 2).sum() / 8, rel=1e-5)
    assert found[SCALARS[3]] == pytest.approx(given["x"].sum(), rel=1e-4, abs=1e-5)
    with pytest.raises(AppError, match=r"shape \(\) can't be pooled per image"):
        engine.measure(given, {SCALARS[0]: [Pool("gap")]})


def test_the_losses_of_the_report_are_those_of_real_caffe(
    torch_process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("reports/scalar_values_crash")
    engine = torch_process.open(
        (folder / "loss12.prototxt").read_text(), folder / "loss12.caffemodel"
    )
    given = {name: np.load(folder / f"loss12.in.{name}.npy") for name in ("data", "label")}
    loss, accuracy = Value("loss", "loss"), Value("acc", "acc")
    found = engine.forward(given, [loss, accuracy])
    with np.load(folder / "real_caffe_loss12.npz") as real:
        for value in (loss, accuracy):
            key = next(key for key in real.files if value.top in key)
            np.testing.assert_allclose(found[value], real[key], rtol=1e-5)
