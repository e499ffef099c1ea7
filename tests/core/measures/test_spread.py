"""How values spread, against NumPy and values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import AppError
from core.measures.measure import CellCounts, ChannelRange, Histogram, Moments
from core.measures.spread import MOMENTS


def edge(cell: int) -> float:
    """Where a cell of the grid begins: the float32 of these bits."""
    found = np.array([abs(cell) << 16], np.uint32).view(np.float32)[0]
    return float(-found if cell < 0 else found)


def test_moments_of_a_handful() -> None:
    values = np.array([[-2, 0, -0.0, 4, np.nan, np.inf, -np.inf, 6]], np.float32)
    found = dict(zip(MOMENTS, Moments().of(values), strict=True))
    assert found == {
        "n_values": 8, "n_nan": 1, "n_inf": 2, "n_zeros": 2, "n_negative": 1,
        "minimum": -2, "maximum": 6, "mean": 1.6, "squares": 43.2,
    }  # fmt: skip


def test_moments_far_from_zero() -> None:
    values = np.float32(1e4) + np.arange(1000, dtype=np.float32).reshape(10, 100) / 1024
    found = Moments().of(values)
    exact = values.astype(np.float64)
    np.testing.assert_allclose(found[7:], [exact.mean(), exact.var() * 1000], rtol=1e-12)


def test_without_a_finite_value() -> None:
    nothing = np.array([[np.nan, np.inf]], np.float32)
    np.testing.assert_array_equal(Moments().of(nothing)[:5], [2, 1, 1, 0, 0])
    assert np.isnan(Moments().of(nothing)[5:8]).all()
    assert np.isnan(ChannelRange().of(nothing)).all()
    assert CellCounts().of(nothing).shape == (0, 2)
    assert Moments().of(np.zeros((0, 3), np.float32))[0] == 0
    assert np.isnan(ChannelRange().of(np.zeros((0, 3), np.float32))).all()


def test_the_range_of_each_channel_is_over_all_images() -> None:
    values = np.array([[[[1, 2]], [[0, 0]]], [[[-3, 9]], [[0, np.nan]]]], np.float32)
    np.testing.assert_array_equal(ChannelRange().of(values), [[-3, 0], [9, 0]])
    np.testing.assert_array_equal(ChannelRange().of(np.array([3, 1], np.float32)), [[1], [3]])


def test_cells_are_what_numpy_counts_between_their_edges() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(3, 7, 11, 13)).astype(np.float32) * np.float32(30)
    values[0] = np.round(values[0])  # which lie on edges
    values[1, 0] = 0
    found = CellCounts().of(values)
    cells = np.arange(-20_000, 20_001)
    counts, _ = np.histogram(values.astype(np.float64), [edge(int(cell)) for cell in cells])
    occupied = np.flatnonzero(counts)
    np.testing.assert_array_equal(found, np.stack([cells[occupied], counts[occupied]], 1))


def test_a_cell_is_at_most_a_128th_of_its_values_wide() -> None:
    cells = range(1 << 7, 0x7F7F)
    widths = np.array([(edge(cell + 1) - edge(cell)) / edge(cell) for cell in cells])
    assert widths.max() <= 1 / 128
    assert edge(-300) == -edge(300)


def test_edges_are_counted_as_numpy_does() -> None:
    values = np.array([[0, 1, 1, 2, 3, -1, np.nan, np.inf, 0.1]], np.float32)
    np.testing.assert_array_equal(Histogram((0.0, 0.1, 1.0, 2.0)).of(values), [1, 1, 3])


@pytest.mark.parametrize("edges", [(1.0,), (1.0, 1.0), (0.0, np.inf), (2.0, 1.0)])
def test_edges_that_are_none(edges: tuple[float, ...]) -> None:
    with pytest.raises(AppError, match="ascending"):
        Histogram(edges).check((1,))
