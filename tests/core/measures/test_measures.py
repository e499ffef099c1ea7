"""Pooling formulas against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import AppError
from core.measures.measure import KEEP, Pool, check_flatten

TOY = np.array([[[[1, 0], [0, 0]], [[1, 2], [0, 4]]]], np.float32)


def test_gap_mac_and_flatten() -> None:
    np.testing.assert_allclose(Pool("gap").of(TOY), [[0.25, 1.75]])
    np.testing.assert_allclose(Pool("mac").of(TOY), [[1, 4]])
    np.testing.assert_allclose(Pool("flatten").of(TOY), [[1, 0, 0, 0, 1, 2, 0, 4]])


def test_gem_of_the_toy_activation() -> None:
    np.testing.assert_allclose(Pool("gem", 3.0).of(TOY), [[0.629961, 2.632819]], rtol=1e-5)


def test_gem_is_gap_at_one_and_nears_mac() -> None:
    positive = TOY + 1
    np.testing.assert_allclose(Pool("gem", 1.0).of(positive), Pool("gap").of(positive), rtol=1e-6)
    np.testing.assert_allclose(Pool("gem", 500.0).of(positive * 1e6), [[2e6, 5e6]], rtol=5e-3)


def test_a_blob_without_places_is_its_own_mean() -> None:
    flat = np.array([[1.0, -2.0]], np.float32)
    np.testing.assert_array_equal(Pool("gap").of(flat), flat)


@pytest.mark.parametrize(
    ("array", "pooling", "p"),
    [(TOY, "sum", 3.0), (TOY, "gem", 0.0), (np.ones(3, np.float32), "gap", 3.0)],
)
def test_what_can_not_be_pooled_is_refused(array: np.ndarray, pooling: str, p: float) -> None:
    with pytest.raises(AppError):
        Pool(pooling, p).of(array)


def test_gem_clamps_negatives_and_mac_keeps_them() -> None:
    np.testing.assert_allclose(Pool("gem").of(-TOY), [[1e-6, 1e-6]], rtol=1e-5)
    np.testing.assert_allclose(Pool("mac").of(-TOY - 1), [[-1, -1]])


def test_kept_values_stay_as_they_are() -> None:
    np.testing.assert_array_equal(KEEP.of(TOY), TOY)
    assert KEEP.of(np.float32(3.0)) == 3.0


def test_flatten_has_a_guard() -> None:
    with pytest.raises(AppError, match=r"3,211,264 values an image, 12\.8 MB") as raised:
        check_flatten((1, 64, 224, 224))
    assert "gap" in raised.value.hint


@pytest.mark.parametrize(
    ("shape", "method"),
    [
        ((1, 512, 7, 7), "gem"),
        ((8, 4096), "flatten"),
        ((1, 9, 1, 1), "flatten"),
        (None, "gem"),
        ((1, 3, 1, 2), "gem"),
    ],
)
def test_one_place_a_channel_is_flatten(shape: tuple[int, ...] | None, method: str) -> None:
    assert Pool("gem").fitting(shape).method == method
