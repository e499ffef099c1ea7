"""The range of tiles by percentiles and their colour maps, against arrays worked out by hand."""

from __future__ import annotations

import numpy as np
import pyqtgraph
import pytest

from core.activations.channel_stack import channel_stack
from core.activations.tile_colours import TileColours, level_colours
from core.activations.tile_grid import levels_of
from core.activations.tiles import (
    GAP_LEVEL,
    MAX_LEVEL,
    NOT_FINITE_LEVEL,
    ZERO_LEVEL,
    clipped_range,
    draw_channels,
    percentile_ends,
)

HUNDRED = np.arange(101, dtype=np.float32)  # the percentile p is p itself


def test_percentiles_are_of_the_finite_values() -> None:
    assert percentile_ends(HUNDRED) == (1.0, 99.0)
    odd = np.concatenate([HUNDRED, [np.nan, np.inf, -np.inf]]).astype(np.float32)
    assert percentile_ends(odd) == (1.0, 99.0)
    assert percentile_ends(np.array([0.0, 10.0])) == pytest.approx((0.1, 9.9))
    assert percentile_ends(np.array([np.nan])) == (0.0, 0.0)
    assert channel_stack(HUNDRED[None, :100].reshape(1, 4, 5, 5)).percentiles == pytest.approx(
        (0.99, 98.01)
    )


def test_one_range_holds_those_of_all_members() -> None:
    assert clipped_range([(1, 99), (3, 120)], is_diverging=False) == (1, 120)
    assert clipped_range([(-8, 5), (0, 6)], is_diverging=True) == (0.0, 8)
    assert clipped_range([(0, 0), (0, 0)], is_diverging=False) is None
    assert clipped_range([(2, 2)], is_diverging=False) is None


def test_levels_begin_at_low_and_clip() -> None:
    maps = np.array([[[0.0, 1.0, 50.0, 99.0, 100.0, np.nan]]])
    levels = levels_of(maps, np.array([99.0]), is_diverging=False, low=1.0)
    assert levels.ravel().tolist() == [0, 0, MAX_LEVEL // 2, MAX_LEVEL, MAX_LEVEL, NOT_FINITE_LEVEL]
    signed = levels_of(maps, np.array([99.0]), is_diverging=True, low=1.0)
    assert signed.ravel()[0] == ZERO_LEVEL


def test_drawn_tiles_are_clipped_at_percentiles() -> None:
    image = HUNDRED.reshape(1, 1, 1, 101)
    (one,) = draw_channels([image], scope="percentile")
    assert one.mosaic.ends == (1.0, 99.0)
    assert one.mosaic.levels[0, [0, 1, 50, 99, 100]].tolist() == [0, 0, 126, 252, 252]
    both = draw_channels([image, image - 50], scope="percentile")
    assert [each.mosaic.ends for each in both] == [(0.0, 99.0), (-99.0, 99.0)]
    (vector,) = draw_channels([HUNDRED[None]], scope="percentile")
    assert vector.mosaic.ends == (1.0, 99.0)
    assert vector.mosaic.levels.ravel()[-1] == GAP_LEVEL


def test_a_layer_that_is_nearly_all_zero_keeps_its_whole_range() -> None:
    sparse = np.zeros((1, 1, 20, 20), np.float32)
    sparse[0, 0, 3, 4] = 5.0
    (one,) = draw_channels([sparse], scope="percentile")
    assert one.mosaic.ends == (0.0, 5.0)
    assert one.mosaic.levels.max() == MAX_LEVEL
    (zero,) = draw_channels([sparse * 0], scope="percentile")
    assert not zero.mosaic.levels.any()


def test_grey_goes_from_black_to_white() -> None:
    table = level_colours(TileColours(unsigned="grey"), is_diverging=False)
    assert table[[0, 126, 252]].tolist() == [[0] * 3, [128] * 3, [255] * 3]
    assert table[NOT_FINITE_LEVEL].tolist() == list(TileColours().not_finite)
    assert table[GAP_LEVEL].tolist() == list(TileColours().ground)


def test_viridis_is_that_of_others() -> None:
    table = level_colours(TileColours(unsigned="viridis"), is_diverging=False)
    theirs = pyqtgraph.colormap.get("viridis").mapToByte(np.linspace(0, 1, MAX_LEVEL + 1))
    assert np.abs(table[: MAX_LEVEL + 1].astype(int) - theirs[:, :3]).max() <= 6


@pytest.mark.parametrize("name", ["viridis", "grey"])
def test_signed_values_keep_their_two_colours(name: str) -> None:
    other = level_colours(TileColours(unsigned=name), is_diverging=True)
    np.testing.assert_array_equal(other, level_colours(TileColours(), is_diverging=True))
