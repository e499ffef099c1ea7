"""Tiles at whole pixels: which size fits, what is averaged, and how any axes are shown."""

from __future__ import annotations

import numpy as np
import pytest

from core.activations.channel_stack import channel_stack, open_axes
from core.activations.tile_grid import (
    fit_grid,
    grid_of,
    highest_of_each,
    levels_of,
    resampled,
)
from core.activations.tiles import MAX_LEVEL, NOT_FINITE_LEVEL, ZERO_LEVEL


@pytest.mark.parametrize("n", [2, 3, 64, 96, 256, 512, 1000])
@pytest.mark.parametrize("room", [(690, 610), (483, 480), (300, 200)])
def test_tiles_are_the_largest_that_all_fit(n: int, room: tuple[int, int]) -> None:
    grid = fit_grid(n, (14, 14), room)
    assert 18 <= grid.side <= 64
    assert grid.width <= room[0]
    if grid.height > room[1]:
        assert grid.side == 18
    if grid.side < 64:
        larger = grid_of(n, (14, 14), room[0], grid.side + 1)
        assert larger.height > room[1]


def test_a_map_that_is_alone_takes_the_room() -> None:
    assert fit_grid(1, (10, 20), (600, 400)).tile_width == 600


def test_long_maps_keep_their_proportions() -> None:
    grid = fit_grid(8, (5, 20), (600, 400))
    assert (grid.tile_width, grid.tile_height) == (64, 16)


def test_the_values_of_a_vector_are_cells() -> None:
    grid = fit_grid(4096, (1, 1), (690, 610))
    assert grid.side == 9
    assert grid.height <= 610
    assert grid.position_at(*grid.corner(777)) == 777
    assert grid.position_at(-1, 0) is None
    assert grid.position_at(*grid.corner(4096)) is None


def test_smaller_maps_are_averages_and_larger_ones_repeat_cells() -> None:
    one = np.array([[[0.0, 2.0, 4.0, 6.0], [0.0, 2.0, 0.0, 0.0]]])
    np.testing.assert_array_equal(resampled(one, 1, 2), [[[1.0, 2.5]]])
    np.testing.assert_array_equal(resampled(one, 2, 4), one)
    np.testing.assert_array_equal(resampled(one, 4, 4)[0, :, 1], [2.0, 2.0, 2.0, 2.0])
    three = np.array([[[3.0, 9.0, 3.0]]])
    np.testing.assert_array_equal(resampled(three, 1, 2), [[[3.0, 6.0]]])


def test_levels_hold_zero_the_ends_and_what_is_not_finite() -> None:
    maps = np.array([[[0.0, 4.0, np.nan]], [[0.0, -2.0, np.inf]]], np.float32)
    assert highest_of_each(maps).tolist() == [4.0, 2.0]
    levels = levels_of(maps, highest_of_each(maps), is_diverging=True)
    assert levels.tolist() == [
        [[ZERO_LEVEL, MAX_LEVEL, NOT_FINITE_LEVEL]],
        [[ZERO_LEVEL, 0, NOT_FINITE_LEVEL]],
    ]
    assert highest_of_each(np.zeros((1, 2, 2))).tolist() == [0.0]


@pytest.mark.parametrize(
    ("shape", "maps", "axes"),
    [
        ((1, 5, 6, 7), (5, 6, 7), []),
        ((1, 9), (9, 1, 1), []),
        ((1, 9, 1, 1), (9, 1, 1), []),
        ((7,), (7, 1, 1), []),
        ((), (1, 1, 1), []),
        ((1, 4, 6), (1, 4, 6), []),
        ((20, 1, 8), (8, 1, 1), [(0, 20)]),
        ((1, 2, 3, 4, 5), (2, 4, 5), [(2, 3)]),
        ((6, 2, 1, 3, 4, 5), (2, 4, 5), [(0, 6), (3, 3)]),
        ((1, 0), (0, 1, 1), []),
        ((0, 3, 2, 2), (0, 1, 1), []),
    ],
)
def test_any_number_of_axes_is_shown(shape, maps, axes) -> None:
    stack = channel_stack(np.zeros(shape, np.float32))
    assert stack.maps.shape == maps
    assert [(one.axis, one.size) for one in stack.axes] == axes


def test_an_index_shows_its_part_of_the_value() -> None:
    sequence = np.arange(3 * 1 * 4, dtype=np.float32).reshape(3, 1, 4)
    assert channel_stack(sequence, {0: 2}).maps.reshape(-1).tolist() == [8, 9, 10, 11]
    assert channel_stack(sequence, {0: 99}).axes[0].index == 2
    solid = np.arange(2 * 3 * 2 * 2, dtype=np.float32).reshape(1, 2, 3, 2, 2)
    np.testing.assert_array_equal(channel_stack(solid, {2: 1}).maps, solid[0, :, 1])
    assert open_axes((1, 2, 3, 2, 2))[0].axis == 2


def test_channels_are_ranked_and_dead_ones_found() -> None:
    maps = np.array([[[1.0, 0.0]], [[0.0, 0.0]], [[5.0, -9.0]], [[1.0, 1.0]]], np.float32)[None]
    stack = channel_stack(maps)
    assert stack.order("max") == (2, 0, 3, 1)
    assert stack.zero_channels == (1,)
    assert [stack.rank_by_maximum(channel) for channel in range(4)] == [2, 4, 1, 2]
