"""The formulas of explanations, by hand and by differences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.attribution.maps import by_channel, covered, grad_cam, largest_gradient, products
from core.attribution.methods import Method
from core.attribution.objectives import CosineObjective
from core.attribution.targets import ChannelTarget, channel_target, split_target
from core.engines.values import Value
from core.errors import RequestError
from core.measures.measure import Pool

GRADIENT = np.array([[[1, -3], [2, 0]], [[-4, 2], [-2, 0]]], np.float32)
VALUES = np.array([[[2, 1], [0, 4]], [[1, 1], [3, 0]]], np.float32)


def test_grad_cam_weighs_channels_by_their_mean_gradient_and_cuts_below_0() -> None:
    """Means 0 and -1: 0 x first - 1 x second is at most 0; turned round it is the second."""
    np.testing.assert_array_equal(grad_cam(GRADIENT, VALUES), np.zeros((2, 2)))
    np.testing.assert_array_equal(grad_cam(-GRADIENT, VALUES), [[1, 1], [3, 0]])


def test_places_and_channels() -> None:
    np.testing.assert_array_equal(largest_gradient(GRADIENT), [[4, 3], [2, 0]])
    np.testing.assert_array_equal(products(GRADIENT, VALUES), [[-2, -1], [-6, 0]])
    np.testing.assert_array_equal(by_channel(GRADIENT, VALUES), [-1, -8])


def test_a_patch_stands_around_the_middle_of_its_cell() -> None:
    """Cells of 2 in 5 pixels: cell 4 is rows and columns 2 and 3, a patch of 4 begins at 1."""
    picture, fill = np.zeros((1, 5, 5), np.float32), np.ones((1, 5, 5), np.float32)
    found = covered(picture, fill, 4, 2, 4)[0]
    wanted = np.zeros((5, 5))
    wanted[1:5, 1:5] = 1
    np.testing.assert_array_equal(found, wanted)
    corner = covered(picture, fill, 4, 2, 0)[0]
    assert corner.sum() == 9, "cut off at the border: rows and columns 0 to 2"
    assert not picture.any()
    assert Method("occlusion", stride=2).n_passes(5, 5) == 9
    assert Method("occlusion").grid(227, 300) == (34, 17)


@pytest.mark.parametrize("pool", [Pool("gap"), Pool("mac"), Pool("gem"), Pool("flatten")])
def test_the_gradient_of_a_cosine_is_its_slope(pool: Pool) -> None:
    rng = np.random.default_rng(4)
    array = np.abs(rng.standard_normal((1, 3, 2, 2))).astype(np.float32) + 0.5
    other = np.abs(rng.standard_normal(pool.dimension(array.shape))) + 0.1
    objective = CosineObjective(Value("a", "a"), "", pool, other)
    gradient = objective.gradient(array)[0].reshape(-1)
    for at in range(array.size):
        sums = []
        for step in (1e-2, -1e-2):
            moved = array.copy()
            moved.reshape(-1)[at] += step
            sums.append(float(objective.score(moved)[0]))
        assert gradient[at] == pytest.approx((sums[0] - sums[1]) / 2e-2, abs=2e-4)
    # with the lengths held, products add up to the cosine itself
    shares = objective.for_products(array).astype(np.float64) * array
    assert shares.sum() == pytest.approx(float(objective.score(array)[0]), rel=1e-5)


def test_targets_in_words() -> None:
    split = split_target("channel:a:b:17:3,4")
    assert (split.kind, split.layer, split.rest, split.how) == ("channel", "a:b", "17", "3,4")
    value = Value("a", "b")
    assert channel_target(value, "17", "3,4") == ChannelTarget(value, 17, "place", (3, 4))
    match = split_target("match:my@photo.jpg@pool5")
    assert (match.layer, Path(match.rest)) == ("pool5", Path("my@photo.jpg"))
    for word in ("", "class:", "channel:a", "match:a.jpg", "match:@pool5"):
        with pytest.raises(RequestError, match="is no target"):
            split_target(word)
    with pytest.raises(RequestError, match="no method"):
        Method("magic")  # type: ignore[arg-type]
