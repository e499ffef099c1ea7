"""Class selectivity and the orders of a matrix against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.matrix_order import column_order, row_order
from core.evaluation.selectivity import class_selectivity

LABELS = ("b", "a", "a", "c", "b", None)
CELLS = np.array(
    # only a; all alike; dead; a: 1, b: 4, c: 1 in the mean; a minus
    [
        [0, 2, 0, 3, 1],
        [4, 2, 0, 0, 1],
        [2, 2, 0, 2, 1],
        [0, 2, 0, 1, -1],
        [0, 2, 0, 5, 1],
        [9, 2, 0, 9, 1],  # without a label it counts nowhere
    ],
    np.float32,
)


def test_the_index_is_that_of_morcos() -> None:
    found = class_selectivity(CELLS, LABELS)
    assert found is not None
    assert found.classes == ("a", "b", "c")
    assert found.sizes.tolist() == [2, 2, 1]
    np.testing.assert_allclose(found.means[:, 0], [3, 0, 0])
    np.testing.assert_allclose(found.means[:, 3], [1, 4, 1])
    assert found.preferred.tolist() == [0, 0, -1, 1, -1]
    np.testing.assert_allclose(found.index, [1, 0, np.nan, (4 - 1) / (4 + 1), np.nan])
    assert found.others_mean(3, but=1) == 1
    # of as many of the greatest as the class has images
    assert found.n_top.tolist() == [2, 2, 0, 2, 0]
    assert found.n_in_top.tolist() == [2, 1, 0, 2, 0]  # all alike: images 0 and 1 come first


def test_each_class_counts_the_same_however_large() -> None:
    cells = np.array([[8], [2], [2], [2], [2], [0]], np.float32)
    found = class_selectivity(cells, ["a", "b", "b", "b", "b", "c"])
    assert found is not None
    np.testing.assert_allclose(found.index, [(8 - 1) / (8 + 1)])


def test_the_interval_draws_images_within_classes() -> None:
    """a is 0 or 4: its mean is 0, 2 or 4 in a quarter, a half and a quarter of the draws."""
    found = class_selectivity(np.array([[0, 3], [4, 3], [1, 1]], np.float32), ["a", "a", "b"])
    assert found is not None
    np.testing.assert_allclose(found.index, [1 / 3, 1 / 2])
    np.testing.assert_allclose([found.low[0], found.high[0]], [-1, 3 / 5])
    np.testing.assert_allclose([found.low[1], found.high[1]], [1 / 2, 1 / 2])
    again = class_selectivity(np.array([[0, 3], [4, 3], [1, 1]], np.float32), ["a", "a", "b"])
    assert again is not None
    np.testing.assert_array_equal(again.low, found.low)


def test_the_interval_covers_what_theory_says() -> None:
    """Of 400 normal values around 10 and 5, s = 1/3: the delta method gives its deviation."""
    rng = np.random.default_rng(3)
    cells = np.concatenate([rng.normal(10, 1, (400, 1)), rng.normal(5, 1, (400, 1))])
    found = class_selectivity(cells.astype(np.float32), ["a"] * 400 + ["b"] * 400)
    assert found is not None
    # ds/dm = 2 r / (m + r)^2, ds/dr = -2 m / (m + r)^2, each mean with deviation 1 / 20
    deviation = 2 * np.hypot(5, 10) / 15**2 / 20
    width = found.high[0] - found.low[0]
    assert width == pytest.approx(2 * 1.96 * deviation, rel=0.1)
    assert found.low[0] < 1 / 3 < found.high[0]


@pytest.mark.parametrize("labels", [[None] * 6, ["a"] * 6, ["a", None] * 3])
def test_one_class_has_no_selectivity(labels: list[str | None]) -> None:
    assert class_selectivity(CELLS, labels) is None


def test_values_that_are_no_numbers_have_no_index() -> None:
    cells = np.array([[np.nan, np.inf, 1], [1, 1, 0]], np.float32)
    found = class_selectivity(cells, ["a", "b"])
    assert found is not None
    np.testing.assert_array_equal(np.isnan(found.index), [True, True, False])
    assert found.preferred.tolist() == [-1, -1, 0]


NAMES = ("y/2.jpg", "x/2.jpg", "x/1.jpg", "z/0.jpg", "y/1.jpg", "0.jpg")


def test_orders_of_rows() -> None:
    assert row_order(NAMES, LABELS, CELLS, "class").tolist() == [2, 1, 4, 0, 3, 5]
    assert row_order(NAMES, LABELS, CELLS, "folder").tolist() == [5, 2, 1, 4, 0, 3]
    assert row_order(NAMES, LABELS, CELLS, "name").tolist() == [5, 3, 2, 4, 1, 0]


def test_like_rows_lie_near_each_other() -> None:
    """Unit rows (1, 0), (0.8, 0.6), (0.6, 0.8), (0, 1): along (-1, 1) or (1, -1), whichever."""
    cells = np.array([[8, 6], [0, 3], [5, 0], [6, 8]], np.float32)
    found = row_order(list("abcd"), [None] * 4, cells, "similarity").tolist()
    assert found in ([2, 0, 3, 1], [1, 3, 0, 2])
    scaled = cells * np.array([[1], [7], [2], [90]], np.float32)
    assert row_order(list("abcd"), [None] * 4, scaled, "similarity").tolist() == found


def test_orders_of_columns() -> None:
    found = class_selectivity(CELLS, LABELS)
    is_dead = np.array([False, False, True, False, False])
    fires = np.array([3, 6, 0, 5, 5])
    assert column_order(is_dead, fires, found, "index").tolist() == [0, 1, 3, 4, 2]
    assert column_order(is_dead, fires, found, "class").tolist() == [0, 1, 3, 4, 2]
    assert column_order(is_dead, fires, found, "sparsity").tolist() == [0, 3, 4, 1, 2]
    flipped = class_selectivity(CELLS[:, ::-1], LABELS)
    order = column_order(is_dead[::-1], fires[::-1], flipped, "selectivity")
    assert order.tolist() == [4, 3, 1, 0, 2]  # a: clear before alike; b; no class; dead
    assert column_order(is_dead, fires, None, "selectivity").tolist() == [0, 1, 3, 4, 2]
