"""Statistics that are streamed: many passes give what NumPy finds in all values at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.activations.spreads import PERCENTILE_ERROR, ValueSpread, even_edges, merged
from core.engines.values import Value
from core.images.prepared import PreparedImage
from core.net.reader import read_net
from core.surveys.statistics import StatisticsCollector, saturation_limits

VALUE = Value("relu", "conv")
IMAGE = PreparedImage(Path("a.png"), None, (1, 1))


def passed(collector: StatisticsCollector, array: np.ndarray) -> None:
    """Hand one pass to a collector, measured by the NumPy formulas."""
    results = {(VALUE, one): one.of(array) for one in collector.wants[VALUE]}
    collector.take([IMAGE], results)


def streamed(arrays: list[np.ndarray], **options: object) -> ValueSpread:
    collector = StatisticsCollector([VALUE], **options)
    for array in arrays:
        passed(collector, array)
    return collector.spreads[VALUE]


def batches(kind: str) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    arrays = [rng.normal(scale=20, size=(3, 6, 9, 11)).astype(np.float32) for _ in range(7)]
    arrays = [np.maximum(one, 0) if kind == "rectified" else one for one in arrays]
    if kind == "whole":  # as pictures less their mean are: every value lies on an edge
        arrays = [np.round(one) for one in arrays]
    for one in arrays:
        one[:, 2] = 0
    return arrays


@pytest.mark.parametrize("kind", ["signed", "rectified", "whole"])
def test_seven_passes_are_one(kind: str) -> None:
    arrays = batches(kind)
    found, every = streamed(arrays), np.concatenate(arrays)
    exact = every.astype(np.float64)
    assert found.n_values == every.size
    assert found.n_zeros == int((every == 0).sum())
    assert found.n_negative == int((every < 0).sum())
    assert (found.minimum, found.maximum) == (every.min(), every.max())
    np.testing.assert_allclose(
        [found.mean, found.std, found.l2],
        [exact.mean(), exact.std(), np.linalg.norm(exact)],
        rtol=1e-12,
    )
    np.testing.assert_array_equal(found.least, every.min((0, 2, 3)))
    np.testing.assert_array_equal(found.greatest, every.max((0, 2, 3)))
    assert found.dead == (2,)


@pytest.mark.parametrize("kind", ["signed", "rectified", "whole"])
def test_percentiles_are_as_near_as_is_said(kind: str) -> None:
    arrays = batches(kind)
    percents = (0, 0.1, 1, 5, 25, 50, 75, 95, 99, 99.9, 100)
    wanted = np.percentile(np.concatenate(arrays).astype(np.float64), percents)
    found = np.array(streamed(arrays).percentiles(percents))
    assert PERCENTILE_ERROR <= 0.004
    assert (np.abs(found - wanted) <= PERCENTILE_ERROR * np.abs(wanted) + 1e-9).all()


@pytest.mark.parametrize("kind", ["signed", "rectified", "whole"])
@pytest.mark.parametrize("bins", [5, 20, 64, 100, 300])
def test_even_edges_are_counted_as_numpy_counts_them(kind: str, bins: int) -> None:
    arrays = batches(kind)
    spread, every = streamed(arrays), np.concatenate(arrays).astype(np.float64)
    edges = even_edges(spread.minimum, spread.maximum, bins)
    assert edges[0] <= spread.minimum
    assert edges[-1] >= spread.maximum
    assert 0.5 * min(bins, 200) <= len(edges) <= 2.1 * bins + 2
    found = spread.histogram(edges)
    np.testing.assert_array_equal(found.counts, np.histogram(every[every != 0], edges)[0])
    assert (found.n_below, found.n_above) == (0, 0)
    assert found.n_zeros == int((every == 0).sum())


def test_edges_within_a_cell_are_off_by_no_more_than_it_holds() -> None:
    arrays = batches("signed")
    spread, every = streamed(arrays), np.concatenate(arrays).astype(np.float64)
    edges = np.linspace(-33.3, 31.7, 38)
    found = spread.histogram(edges)
    wanted = np.histogram(every[every != 0], edges)[0]
    widest = np.abs(edges).max() / 128
    near = [np.count_nonzero(np.abs(every - edge) <= widest) for edge in edges]
    assert (np.abs(found.counts - wanted) <= np.array(near[:-1]) + np.array(near[1:])).all()
    assert found.n_values == every.size


def test_edges_that_are_asked_for_are_counted_exactly() -> None:
    arrays, edges = batches("signed"), tuple(np.linspace(-33.3, 31.7, 38).tolist())
    collector = StatisticsCollector([VALUE], edges=edges)
    for array in arrays:
        passed(collector, array)
    every = np.concatenate(arrays).astype(np.float64)
    np.testing.assert_array_equal(collector.counts[VALUE], np.histogram(every, edges)[0])


def test_merging_does_not_depend_on_the_order() -> None:
    one, two = streamed(batches("signed")[:2]), streamed(batches("signed")[2:])
    there, back, whole = merged(one, two), merged(two, one), streamed(batches("signed"))
    for found in (there, back):
        np.testing.assert_allclose([found.mean, found.std], [whole.mean, whole.std], rtol=1e-12)
        np.testing.assert_array_equal(found.cells, whole.cells)
    assert merged(ValueSpread(), one) is one
    assert merged(one, ValueSpread()) is one


def test_what_is_no_number_is_counted_apart() -> None:
    lost = np.full((1, 6, 2, 2), np.nan, np.float32)
    lost[0, 0] = np.inf
    good = np.ones((1, 6, 2, 2), np.float32)
    for arrays in ([lost, good], [good, lost], [lost, good, lost]):
        found = streamed(arrays)
        assert (found.n_nan, found.n_inf) == (20 * len(arrays) - 20, 4 * len(arrays) - 4)
        assert (found.mean, found.std, found.minimum, found.maximum) == (1, 0, 1, 1)
        assert found.is_constant
        np.testing.assert_array_equal(found.greatest, np.ones(6))
        assert found.histogram(np.array([0.0, 1.0])).counts.tolist() == [24]
    nothing = streamed([lost])
    assert np.isnan([nothing.mean, nothing.std, nothing.minimum, *nothing.percentiles([50])]).all()
    assert nothing.dead == ()


def test_a_number_of_channels_that_changes_has_no_channels() -> None:
    found = streamed([np.ones((1, 3, 2), np.float32), np.ones((1, 4, 2), np.float32)])
    assert (found.n_values, found.n_channels, found.dead) == (14, 0, ())


def test_without_cells_there_are_no_percentiles() -> None:
    found = streamed(batches("signed"), with_cells=False)
    assert found.cells is None
    assert np.isnan(found.percentiles([50])).all()
    assert np.isfinite(found.std)


def test_the_share_that_is_saturated() -> None:
    net = read_net(
        'input: "a" input_shape { dim: 1 dim: 4 }'
        'layer { name: "s" type: "Sigmoid" bottom: "a" top: "s" }'
        'layer { name: "t" type: "TanH" bottom: "a" top: "t" }'
        'layer { name: "r" type: "ReLU" bottom: "a" top: "r" }'
        'layer { name: "c" type: "Clip" bottom: "a" top: "c" clip_param { min: 0 max: 6 } }'
    )
    limits = {name: saturation_limits(net.layer(name)) for name in "strc"}
    assert limits["r"] is None
    counted = {
        "s": np.array([0.0, 0.005, 0.011, 0.5, 0.98, 0.995]),
        "t": np.array([-1, -0.98, 0.0, 0.98, 0.995, 1.0]),
        "c": np.array([0.0, 0.0, 1e-6, 3.0, 5.99, 6.0]),
    }
    for name, array in counted.items():
        ends = {VALUE: limits[name] or (0.0, 0.0)}
        assert streamed([array.astype(np.float32)[None]], limits=ends).n_saturated == 3
