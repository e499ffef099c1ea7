"""Distances of two arrays, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.comparison.distances import channel_parts, distance


def test_a_distance_is_that_worked_out_by_hand() -> None:
    found = distance(np.array([[3.0, 4.0]]), np.array([[3.0, 0.0]]))
    assert (found.n_values, found.n_different) == (2, 1)
    assert found.cosine == pytest.approx(9 / (5 * 3))
    assert found.relative == pytest.approx(4 / 5)
    assert found.largest == 4.0
    assert found.zeros == (0.0, 0.5)


def test_equal_means_the_same_bits() -> None:
    nan = np.array([np.nan, 1.0], np.float32)
    assert distance(nan, nan.copy()).is_equal
    assert not distance(np.array([0.0], np.float32), np.array([-0.0], np.float32)).is_equal
    one = np.array([1.0], np.float32)
    assert not distance(one, np.nextafter(one, np.float32(2))).is_equal


def test_zeros_are_apart_from_everything_else() -> None:
    found = distance(np.zeros(2), np.ones(2))
    assert (found.cosine, found.relative) == (0.0, math.inf)
    assert distance(np.ones(2), np.zeros(2)).relative == 1.0


def test_other_shapes_have_no_distance() -> None:
    with pytest.raises(ValueError, match="shapes"):
        distance(np.zeros(2), np.zeros(3))


def test_the_difference_is_told_channel_by_channel() -> None:
    first = np.array([[[1.0, 0.0]], [[0.0, 2.0]], [[0.0, 0.0]]])
    second = np.array([[[1.0, 0.0]], [[0.0, 5.0]], [[0.0, 1.0]]])
    assert channel_parts(first, second) == pytest.approx([0.0, 0.9, 0.1])
    assert channel_parts(first, first).tolist() == [0.0, 0.0, 0.0]
