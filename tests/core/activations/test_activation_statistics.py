"""Statistics against hand-calculated values and NumPy."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from core.activations.statistics import percentiles, summarise


def test_small_array_by_hand() -> None:
    found = summarise(np.array([[-3.0, 0.0], [0.0, 4.0], [np.nan, np.inf]], dtype=np.float32))
    assert (found.n_values, found.n_nan, found.n_inf) == (6, 1, 1)
    assert (found.n_zeros, found.n_negative) == (2, 1)
    assert (found.minimum, found.maximum, found.mean, found.l2) == (-3.0, 4.0, 0.25, 5.0)
    assert found.std == pytest.approx(math.sqrt(25 / 4 - 0.0625))
    assert found.median == 0.0
    assert found.sparsity == pytest.approx(2 / 6)


def test_percentiles_are_numpy_s(rng: np.random.Generator) -> None:
    values = rng.normal(size=10_007).astype(np.float32)
    wanted = np.percentile(values.astype(np.float64), [0.1, 1, 50, 99, 99.9])
    np.testing.assert_allclose(percentiles(values, (0.1, 1, 50, 99, 99.9)), wanted, rtol=1e-12)
    found = summarise(values)
    np.testing.assert_allclose([found.p1, found.median, found.p99], wanted[1:4], rtol=1e-12)


def test_large_array_matches_float64(rng: np.random.Generator) -> None:
    values = (rng.normal(size=600_000) + 1000).astype(np.float32)
    exact = values.astype(np.float64)
    found = summarise(values.reshape(2, 3, 100_000))
    assert found.mean == pytest.approx(exact.mean(), rel=1e-12)
    assert found.std == pytest.approx(exact.std(), rel=1e-9)
    assert found.l2 == pytest.approx(np.linalg.norm(exact), rel=1e-12)


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.full(3, np.nan), np.full(2, -np.inf)])
def test_nothing_finite(array: np.ndarray) -> None:
    found = summarise(array)
    assert found.n_finite == 0
    assert math.isnan(found.mean)
    assert math.isnan(found.l2)
    written = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert written["n_values"] == array.size
    assert written["maximum"] is None


@pytest.mark.parametrize("type_", [np.uint8, np.int64, np.float16, np.bool_])
def test_other_types(type_: type) -> None:
    found = summarise(np.array([0, 1, 1]).astype(type_))
    assert (found.n_zeros, found.maximum) == (1, 1.0)
