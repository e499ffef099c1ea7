"""Histograms against np.histogram and hand-made arrays."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.activations.histogram import (
    Histogram,
    automatic_bins,
    histogram,
    shared_edges,
)
from core.activations.summary import summarise_values


def check_against_numpy(values: np.ndarray, found: Histogram) -> None:
    finite = values[np.isfinite(values) & (values != 0)].astype(np.float64)
    np.testing.assert_array_equal(found.counts, np.histogram(finite, found.edges)[0])
    assert found.n_values == values.size
    assert found.n_below == np.count_nonzero(finite < found.edges[0])
    assert found.n_above == np.count_nonzero(finite > found.edges[-1])


@pytest.mark.parametrize("seed", range(40))
def test_counts_are_numpy_s(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 90_000))
    values = rng.normal(rng.choice([0, 3, 1e4]), rng.choice([1e-3, 1, 50]), size)
    values = values.astype(rng.choice([np.float32, np.float64]))
    if seed % 2:
        values = np.maximum(values, 0)
    if seed % 3 == 0:
        values = np.round(values, 1)
    bins = int(rng.integers(1, 501))
    window = None if seed % 4 else (float(values.mean()) - 1, float(values.mean()) + 1)
    check_against_numpy(values, histogram([values], bins, window)[0])


def test_values_on_every_edge() -> None:
    edges = shared_edges(-0.7, 1.3, 97)
    for dtype in (np.float32, np.float64):
        near = edges.astype(dtype)
        values = np.concatenate([near, np.nextafter(near, 9), np.nextafter(near, -9)])
        check_against_numpy(values, histogram([values], 97, (-0.7, 1.3))[0])


def test_zeros_nan_and_infinities_are_apart() -> None:
    values = np.array([0, 0, -0.0, 1, -1, np.nan, np.inf, -np.inf, 2], dtype=np.float32)
    found = histogram([values], 4)[0]
    assert (found.n_zeros, found.n_nan, found.n_inf) == (3, 1, 2)
    assert found.counts.sum() == 3
    assert found.n_values == 9


@pytest.mark.parametrize("bins", [1, 2, 3, 10, 77, 500])
@pytest.mark.parametrize("bounds", [(-1.0, 2.0), (-1e-6, 5.0), (-7.0, 1e-5), (-3.0, 3.0)])
def test_an_edge_is_exactly_zero(bins: int, bounds: tuple[float, float]) -> None:
    edges = shared_edges(*bounds, bins)
    assert 0.0 in edges.tolist()
    assert edges.size == max(2, bins) + 1
    widths = np.diff(edges)
    np.testing.assert_allclose(widths, widths[0], rtol=1e-9)
    assert edges[0] <= bounds[0]
    assert edges[-1] >= bounds[1]


def test_relu_output_starts_at_zero(rng: np.random.Generator) -> None:
    values = np.maximum(rng.normal(size=5000), 0).astype(np.float32)
    found = histogram([values])[0]
    assert found.edges[0] == 0.0
    assert found.n_zeros == np.count_nonzero(values == 0)
    check_against_numpy(values, found)


def test_edges_are_shared(rng: np.random.Generator) -> None:
    before = rng.normal(size=3000).astype(np.float32)
    first, second = histogram([before, np.maximum(before, 0)])
    assert first.edges is second.edges
    zero = first.edges.tolist().index(0.0)
    assert second.counts[:zero].sum() == 0
    np.testing.assert_array_equal(first.counts[zero:], second.counts[zero:])


def test_constant_and_empty_arrays() -> None:
    assert histogram([np.full(7, 5.0)], 10)[0].counts.sum() == 7
    zeros = histogram([np.zeros(7)], 10)[0]
    assert (zeros.n_zeros, zeros.counts.sum(), zeros.edges[0], zeros.edges[-1]) == (7, 0, 0, 1)
    assert histogram([np.zeros(0)], 10)[0].n_values == 0
    assert histogram([np.full(3, np.nan)])[0].n_nan == 3


def test_automatic_bins_by_hand() -> None:
    # 1..1000: quartiles 250.75 and 750.25, IQR 499.5, width 99.9, 999 / 99.9 = 10.0.
    values = np.arange(1.0, 1001.0)
    assert automatic_bins([values], (1.0, 1000.0)) in (10, 11)
    assert automatic_bins([values], (1.0, 4996.0)) == 50
    assert automatic_bins([values], (0.0, 1e6)) == 500
    assert automatic_bins([np.ones(5)], (0.5, 1.5)) == 10


def test_summary_is_written_as_json() -> None:
    (summary,) = summarise_values([np.array([0, 1, 1, 3], np.float32)], bins=3)
    written = json.loads(json.dumps(summary.to_json(), allow_nan=False))
    assert written["histogram"]["counts"] == [0, 2, 1]
    assert written["histogram"]["n_zeros"] == 1
    assert written["statistics"]["mean"] == 1.25
