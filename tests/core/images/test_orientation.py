"""Boxes turned with their pictures: cutting before or after turning gives the same pixels."""

from __future__ import annotations

import numpy as np
import pytest

from core.images.box import Box
from core.images.orientation import stored_box, turn_upright, upright_box, upright_size


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_is_of_the_same_pixels_before_and_after_turning(orientation: int) -> None:
    stored = np.arange(5 * 7).reshape(5, 7, 1)
    upright = turn_upright(stored, orientation)
    assert upright_size(7, 5, orientation) == (upright.shape[1], upright.shape[0])
    box = Box(1, 2, 4, 3)
    turned = upright_box(box, 7, 5, orientation)
    expected = turn_upright(box.cut(stored), orientation)
    np.testing.assert_array_equal(turned.cut(upright), expected)
    assert stored_box(turned, *upright_size(7, 5, orientation), orientation) == box
