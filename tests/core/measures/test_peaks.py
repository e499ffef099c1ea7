"""Peaks of channels and their places against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import AppError
from core.measures.measure import MAX_PLACES, ChannelPeaks, PositiveShare

PEAKS, SHARE = ChannelPeaks(), PositiveShare()


def test_a_vector_has_one_place() -> None:
    vector = np.array([[1.5, -2, 0]], np.float32)
    np.testing.assert_array_equal(PEAKS.of(vector), [[[1.5, 0, 1.5, 0], [-2, 0, -2, 0], [0] * 4]])
    np.testing.assert_array_equal(SHARE.of(vector), [[1, 0, 0]])
    np.testing.assert_array_equal(PEAKS.of(vector[:, :, None, None]), PEAKS.of(vector))


def test_places_of_any_axes_count_in_reading_order() -> None:
    five = np.zeros((1, 2, 2, 3, 4), np.float32)
    five[0, 0, 1, 2, 3], five[0, 0, 0, 1, 2] = 7, -1  # 12 + 8 + 3, and 4 + 2
    five[0, 1, 1, 0, 0] = five[0, 1, 1, 0, 1] = 5
    np.testing.assert_array_equal(PEAKS.of(five), [[[7, 23, -1, 6], [5, 12, 0, 0]]])
    np.testing.assert_array_equal(SHARE.of(five), np.float32([[1 / 24, 2 / 24]]))


def test_nan_is_its_own_peak_and_not_above_zero() -> None:
    odd = np.array([[[1, np.nan, 3, np.nan]]], np.float32)
    np.testing.assert_array_equal(PEAKS.of(odd), [[[np.nan, 1, np.nan, 1]]])
    np.testing.assert_array_equal(SHARE.of(odd), [[0.5]])


@pytest.mark.parametrize("shape", [(), (3,), (1, 2, 0), (1, 1, MAX_PLACES + 1)])
@pytest.mark.parametrize("measure", [PEAKS, SHARE], ids=["peaks", "share"])
def test_what_has_no_channels_or_places_is_refused(
    measure: ChannelPeaks | PositiveShare, shape: tuple[int, ...]
) -> None:
    with pytest.raises(AppError, match="shape"):
        measure.check(shape)


def test_the_last_place_that_is_told_apart_is_exact() -> None:
    assert int(np.float32(MAX_PLACES - 1)) == MAX_PLACES - 1
