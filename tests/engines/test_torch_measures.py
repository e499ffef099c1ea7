"""What torch makes of an activation, held against the NumPy formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.engines.torch import measures
from core.engines.torch.measures import begin_all, measure_all, measure_on_device
from core.engines.torch.normalisation import lrn_factor
from core.engines.torch.rows_of_places import has_rows_of_places
from core.measures.measure import (
    KEEP,
    POOLINGS,
    CellCounts,
    ChannelPeaks,
    ChannelRange,
    Histogram,
    Measure,
    Moments,
    Pool,
    PositiveShare,
)

SHAPES = [(2, 5, 7, 7), (3, 4, 6, 9), (1, 8, 13, 4), (2, 3, 1, 5), (2, 6, 1, 1), (1, 3, 31, 40)]
POOLS = [
    *(Pool(method) for method in POOLINGS),
    *(Pool(method, relu=True) for method in POOLINGS),
    Pool("gem", 1.0),
    Pool("gem", 7.5),
    Pool("rmac", levels=5),
    Pool("mac+rmac", levels=1),
]


@pytest.mark.parametrize("pool", POOLS, ids=lambda pool: pool.word)
@pytest.mark.parametrize("signed", [False, True], ids=["after ReLU", "before ReLU"])
def test_torch_agrees_with_numpy(pool: Pool, signed: bool) -> None:
    rng = np.random.default_rng(5)
    for shape in SHAPES:
        activation = (rng.standard_normal(shape) * 40).astype(np.float32)
        if not signed:
            activation = np.maximum(activation, 0)
            activation[:, 0] = 0  # a dead channel
        wanted = pool.of(activation)
        found = measure_on_device(torch.from_numpy(activation), pool).numpy()
        scale = float(np.abs(wanted).max())
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * scale, err_msg=str(shape))


def test_a_power_mean_over_the_maximum_is_that_of_numpy_and_does_not_overflow() -> None:
    activation = np.abs(np.random.default_rng(7).standard_normal((2, 5, 6, 7))).astype(np.float32)
    activation[0, 1] *= np.float32(1e20)  # whose cube is no float32
    activation[1, 2] = 0
    for p in (3.0, 2.5):
        places = torch.from_numpy(activation).flatten(2)
        found = measures._scaled_power_mean(places, p).numpy()
        np.testing.assert_allclose(found, Pool("gem", p).of(activation), rtol=1e-5)


@pytest.mark.parametrize(
    "measure", [*POOLS, KEEP, ChannelPeaks(), PositiveShare()], ids=lambda measure: repr(measure)
)
def test_what_a_device_measures_is_not_asked_for_before_the_pass_is_over(measure: Measure) -> None:
    """A tensor of no device has no value to ask for: each question is an error."""
    activation = torch.empty((2, 5, 7, 9), device="meta")
    end = begin_all(activation, [measure])
    (found,) = end()
    assert found.device.type == "meta"
    assert measure.may_give(np.empty(found.shape, np.float32))


def test_neighbours_of_channels_are_not_asked_whether_they_are_numbers() -> None:
    assert lrn_factor(torch.empty((1, 8, 3, 3), device="meta"), 5, 0.1, 1.0, 0.75).shape[1] == 8


@pytest.mark.parametrize("signed", [False, True], ids=["after ReLU", "before ReLU"])
@pytest.mark.parametrize(
    "shape", [(3, 64, 27, 31), (2, 5, 70, 70), (1, 300, 8, 13), (3, 200, 100, 60)]
)
def test_several_measures_of_what_lies_channels_last(shape: tuple[int, ...], signed: bool) -> None:
    """As the activations of a pass lie on a CPU."""
    activation = (np.random.default_rng(6).standard_normal(shape) * 9).astype(np.float32)
    if not signed:
        activation = np.maximum(activation, 0)
        activation[:, 1] = 0
    tensor = torch.from_numpy(activation).to(memory_format=torch.channels_last)
    assert has_rows_of_places(tensor)
    for pool, found in zip(POOLS, measure_all(tensor, POOLS), strict=True):
        wanted = pool.of(activation)
        scale = float(np.abs(wanted).max())
        np.testing.assert_allclose(
            found.numpy(), wanted, rtol=1e-5, atol=1e-5 * scale, err_msg=pool.word
        )
    np.testing.assert_array_equal(tensor.numpy(), activation)  # nothing was written into it


@pytest.mark.parametrize("shape", [(3, 200, 100, 60), (3, 200, 20, 60), (3, 24, 30, 31)])
def test_a_mean_has_the_same_bits_in_any_batch_and_beside_anything(shape: tuple[int, ...]) -> None:
    """A query is measured alone and by one measure, its gallery was measured in a sweep."""
    values = np.random.default_rng(4).standard_normal(shape).astype(np.float32)
    tensor = torch.from_numpy(values).to(memory_format=torch.channels_last)
    wanted = measure_all(tensor, [Pool("gap"), Pool("mac"), Pool("rmac")])
    assert torch.equal(measure_on_device(tensor, Pool("gap")), wanted[0])
    assert torch.equal(measure_all(tensor, [Pool("rmac", levels=5), Pool("gap")])[1], wanted[0])
    for number in range(len(tensor)):
        one = tensor[number : number + 1].contiguous(memory_format=torch.channels_last)
        for pool, all_of in zip([Pool("gap"), Pool("mac"), Pool("rmac")], wanted, strict=True):
            assert torch.equal(measure_on_device(one, pool), all_of[number : number + 1]), pool


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("shape", [(2, 40, 30, 20), (2, 3, 4, 5), (2, 6, 1, 1)])
def test_a_value_may_be_written_over_before_its_measures_are_asked_for(
    shape: tuple[int, ...], layout: torch.memory_format
) -> None:
    """As the next layer of a pass does."""
    values = np.random.default_rng(2).standard_normal(shape).astype(np.float32)
    measures = [*POOLS, *SPREADS, ChannelPeaks(), PositiveShare(), KEEP]
    tensor = torch.from_numpy(values.copy()).to(memory_format=layout)
    end = begin_all(tensor, measures)
    tensor.fill_(7)
    for measure, found in zip(measures, end(), strict=True):
        wanted = measure.of(values)
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4, err_msg=str(measure))


@pytest.mark.parametrize("size", [1e-8, 1e20, 1e30])
def test_the_cubes_of_gem_neither_overflow_nor_vanish(size: float) -> None:
    activation = (np.random.default_rng(1).random((2, 3, 5, 5)) * size).astype(np.float32)
    wanted = Pool("gem").of(activation)
    found = measure_on_device(torch.from_numpy(activation), Pool("gem")).numpy()
    assert np.isfinite(wanted).all()
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_a_map_without_anything_gives_zeros_and_no_nan() -> None:
    nothing = torch.zeros((2, 3, 6, 4))
    for pool in POOLS:
        found = measure_on_device(nothing, pool)
        assert torch.isfinite(found).all()
        assert float(found.abs().max()) <= 1.001e-6


@pytest.mark.parametrize("layout", ["rows of channels", "channels last"])
def test_peaks_and_shares_are_numpys_to_the_bit(layout: str) -> None:
    """With ties everywhere, and NaN, in every layout and shape."""
    rng = np.random.default_rng(7)
    shapes = [(3, 64, 27, 31), (2, 5, 70, 70)]
    shapes += [] if layout == "channels last" else [*SHAPES, (4, 9), (2, 3, 2, 4, 5), (2, 3, 7)]
    for shape in shapes:
        activation = rng.integers(-3, 4, shape).astype(np.float32)
        activation[0, 0].reshape(-1)[-1] = np.nan
        tensor = torch.from_numpy(activation)
        if layout == "channels last":
            tensor = tensor.to(memory_format=torch.channels_last)
            assert has_rows_of_places(tensor)
        for measure in (ChannelPeaks(), PositiveShare()):
            found = measure_on_device(tensor, measure).numpy()
            np.testing.assert_array_equal(found, measure.of(activation), err_msg=str(shape))


EDGES = tuple(np.linspace(-1, 2, 31).tolist())
SPREADS: tuple[Measure, ...] = (Moments(), ChannelRange(), CellCounts(), Histogram(EDGES))


def of_every_kind() -> list[np.ndarray]:
    rng = np.random.default_rng(8)
    return [
        rng.normal(size=(2, 5, 7, 9)),
        np.maximum(rng.normal(size=(3, 64, 33, 31)), 0),
        rng.integers(-3, 4, (2, 9, 4, 4)),
        rng.normal(size=(4,)),
        np.array(3.5),
        np.zeros((0, 3)),
        np.zeros((2, 3, 0, 4)),
        np.full((1, 2, 3), 1e30),
        np.array([[1, np.nan, -np.inf, 0, -0.0]]),
        np.array([[1e-45, -1e-45, 0.0]]),
        np.array([EDGES]),
        rng.normal(size=(1, 130, 70, 90)) + 1e4,
        -rng.random(size=(5, 8, 64, 208)),
    ]


def neighbours_of(values: object) -> np.ndarray:
    """float32 values, with the nearest ones on both sides of each."""
    with np.errstate(over="ignore"):
        near = np.array(values, np.float64).astype(np.float32)
    ends = np.float32(-np.inf), np.float32(np.inf)
    with np.errstate(over="ignore", under="ignore"):
        return np.concatenate([near, *(np.nextafter(near, end) for end in ends)])


STEPS = np.float32(np.arange(200) * np.float32(2) ** -23 + 1)
"""float32 values next to each other."""
HARD_EDGES: dict[str, object] = {
    "even": np.linspace(-50, 50, 65),
    "from zero": np.linspace(0, 1, 11),
    "of powers": [-(10.0**e) for e in range(38, -46, -1)] + [10.0**e for e in range(-45, 39)],
    "next to each other": STEPS,
    "and below zero": -STEPS[::-1],
    "nearer than float32": 1 + np.arange(60) * 1e-9,
    "below the least": np.arange(-30, 30) * 1e-46,
    "denormals": np.arange(-300, 300) * 1e-45,
    "beyond float32": [-1e300, -3e38, 0, 1, 2, 3e38, 3.5e38, 1e300],
    "all cells' ends": np.arange(0x3F80, 0x4180).astype(np.uint32).__lshift__(16).view(np.float32),
    "two": [-1.5, 0.1],
    "three around zero": [-1e-45, 0.0, 1e-45],
    "minus zero": [-1.0, -0.5, -0.0, 0.5, 1.0, 1.5],
    "ends alone": [-3.4028234663852886e38, 3.4028234663852886e38],
    "far off": [1e6, 1e6 + 0.01, 1e6 + 0.07, 1e6 + 1, 1e6 + 2, 1e6 + 3],
}


@pytest.mark.parametrize("name", HARD_EDGES)
def test_edges_are_counted_as_numpy_does(name: str) -> None:
    exact = np.asarray(HARD_EDGES[name], np.float64)
    rng = np.random.default_rng(3)
    every_cell = (np.arange(0x10000, dtype=np.uint32) << 16).view(np.float32)
    anything = rng.integers(0, 1 << 32, 200_000, np.uint32).view(np.float32)
    within = rng.uniform(max(exact[0], -3e38), min(exact[-1], 3e38), 100_000)
    zeros = [0.0, -0.0, 1e-45, -1e-45, np.nan, np.inf, -np.inf]
    values = np.concatenate([
        neighbours_of(exact), every_cell, anything, within.astype(np.float32),
        np.array(zeros, np.float32),
    ])  # fmt: skip
    wanted = np.histogram(values[np.isfinite(values)].astype(np.float64), exact)[0]
    assert wanted.any()
    (found,) = measure_all(torch.from_numpy(values)[None], [Histogram(tuple(exact.tolist()))])
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("case", range(len(of_every_kind())))
@pytest.mark.parametrize("is_channels_last", [False, True])
def test_torch_spreads_as_numpy_does(case: int, is_channels_last: bool) -> None:
    activation = of_every_kind()[case].astype(np.float32)
    tensor = torch.from_numpy(activation.copy())
    if is_channels_last and tensor.ndim == 4:
        tensor = tensor.contiguous(memory_format=torch.channels_last)
    for measure, found in zip(SPREADS, measure_all(tensor, SPREADS), strict=True):
        wanted = measure.of(activation)
        assert found.numpy().dtype == wanted.dtype
        if isinstance(measure, Moments):
            np.testing.assert_array_equal(found[:7], wanted[:7])
            np.testing.assert_allclose(found[7:], wanted[7:], rtol=1e-9, atol=1e-12)
        else:
            np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(tensor.numpy(), activation)  # nothing was written into it
