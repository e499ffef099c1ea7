"""Pooling formulas against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.engines.pooling import pool
from core.errors import EngineError

TOY = np.array([[[[1, 0], [0, 0]], [[1, 2], [0, 4]]]], np.float32)


def test_gap_mac_and_flatten() -> None:
    np.testing.assert_allclose(pool(TOY, "gap"), [[0.25, 1.75]])
    np.testing.assert_allclose(pool(TOY, "mac"), [[1, 4]])
    np.testing.assert_allclose(pool(TOY, "flatten"), [[1, 0, 0, 0, 1, 2, 0, 4]])


def test_gem_of_the_toy_activation() -> None:
    np.testing.assert_allclose(pool(TOY, "gem", 3.0), [[0.629961, 2.632819]], rtol=1e-5)


def test_gem_is_gap_at_one_and_nears_mac() -> None:
    positive = TOY + 1
    np.testing.assert_allclose(pool(positive, "gem", 1.0), pool(positive, "gap"), rtol=1e-6)
    np.testing.assert_allclose(pool(positive * 1e6, "gem", 500.0), [[2e6, 5e6]], rtol=5e-3)


def test_a_blob_without_places_is_its_own_mean() -> None:
    flat = np.array([[1.0, -2.0]], np.float32)
    np.testing.assert_array_equal(pool(flat, "gap"), flat)


@pytest.mark.parametrize(
    ("array", "pooling", "p"),
    [(TOY, "sum", 3.0), (TOY, "gem", 0.0), (np.ones(3, np.float32), "gap", 3.0)],
)
def test_what_can_not_be_pooled_is_refused(array: np.ndarray, pooling: str, p: float) -> None:
    with pytest.raises(EngineError):
        pool(array, pooling, p)
