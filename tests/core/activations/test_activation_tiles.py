"""Channel maps, their order and the mosaic, against hand-made arrays."""

from __future__ import annotations

import numpy as np
import pytest

from core.activations.channels import (
    channel_maps,
    near_square,
    order_channels,
)
from core.activations.tiles import (
    GAP_LEVEL,
    MAX_LEVEL,
    NOT_FINITE_LEVEL,
    ZERO_LEVEL,
    draw_mosaic,
)


@pytest.mark.parametrize(
    ("n", "grid"),
    [(4096, (64, 64)), (1000, (25, 40)), (512, (16, 32)), (7, (3, 3)), (1, (1, 1)), (10, (3, 4))],
)
def test_near_square(n: int, grid: tuple[int, int]) -> None:
    assert near_square(n) == grid
    assert near_square(0) == (0, 0)


@pytest.mark.parametrize(
    ("shape", "maps", "is_vector"),
    [
        ((2, 3, 4, 5), (3, 4, 5), False),
        ((2, 4096), (1, 64, 64), True),
        ((2, 6, 1, 1), (1, 2, 3), True),
        ((2, 3, 4), (1, 3, 4), False),
        ((2, 3, 2, 4, 5), (6, 4, 5), False),
        ((), (1, 1, 1), True),
        ((6,), (1, 2, 3), True),
        ((1, 1), (1, 1, 1), True),
        ((1, 0, 3, 3), (0, 3, 3), False),
        ((1, 3, 0, 3), (3, 0, 3), False),
    ],
)
def test_any_number_of_axes(shape: tuple[int, ...], maps: tuple[int, ...], is_vector: bool) -> None:
    found = channel_maps(np.ones(shape, np.float32))
    assert found.maps.shape == maps
    assert found.is_vector is is_vector
    draw_mosaic(found, order="max")


def test_the_chosen_image_and_names() -> None:
    blob = np.arange(2 * 2 * 3 * 1 * 2, dtype=np.float32).reshape(2, 2, 3, 1, 2)
    found = channel_maps(blob, image=1)
    assert found.maps[4].tolist() == [[20.0, 21.0]]
    assert found.name(4) == "1, 1"
    with pytest.raises(IndexError):
        channel_maps(blob, image=2)


def test_vector_cells_beyond_the_last_are_empty() -> None:
    found = channel_maps(np.arange(7.0, dtype=np.float32)[None])
    mosaic = draw_mosaic(found)
    assert mosaic.levels.shape == (3, 3)
    assert mosaic.levels[2].tolist() == [MAX_LEVEL, GAP_LEVEL, GAP_LEVEL]
    assert found.vector_index(2, 0) == 6
    assert found.vector_index(2, 1) is None


def test_order_of_channels() -> None:
    maps = np.array([[[0, 0, 3]], [[2, 2, 2]], [[np.nan, 0, 9]], [[0, 0, 0]], [[2, 2, 2]]])
    assert order_channels(maps, "index").tolist() == [0, 1, 2, 3, 4]
    assert order_channels(maps, "mean").tolist() == [2, 1, 4, 0, 3]
    assert order_channels(maps, "max").tolist() == [2, 0, 1, 4, 3]
    assert order_channels(maps, "sparsity").tolist() == [3, 0, 2, 1, 4]


def test_signed_data_diverges_around_zero() -> None:
    maps = channel_maps(np.array([[[[-4.0, 0.0, 2.0]], [[1.0, 0.0, -1.0]]]]))
    layer = draw_mosaic(maps, gap=0, aspect=0.1)
    assert layer.is_diverging
    assert layer.levels.tolist() == [[0, 126, 189], [158, 126, 94]]
    channel = draw_mosaic(maps, gap=0, aspect=0.1, scope="channel")
    assert channel.levels.tolist() == [[0, 126, 189], [252, 126, 0]]
    assert channel.high.tolist() == [4.0, 1.0]


def test_unsigned_data_starts_at_zero() -> None:
    maps = channel_maps(np.array([[[[0.0, 1.0, 4.0]], [[0.0, 0.0, 0.0]]]]))
    mosaic = draw_mosaic(maps, gap=0, aspect=0.1)
    assert not mosaic.is_diverging
    assert mosaic.levels.tolist() == [[0, 63, 252], [0, 0, 0]]
    shared = draw_mosaic(maps, gap=0, aspect=0.1, high=8.0, is_diverging=True)
    assert shared.levels.tolist() == [[ZERO_LEVEL, 142, 189], [ZERO_LEVEL] * 3]


def test_gaps_order_and_cell_under_a_pixel() -> None:
    blob = np.zeros((1, 5, 2, 3), np.float32)
    blob[0, :, 0, 0] = [1, 5, 3, np.nan, 4]
    mosaic = draw_mosaic(channel_maps(blob), order="max", aspect=1.0)
    layout = mosaic.layout
    assert (layout.n_rows, layout.n_columns, layout.order) == (3, 2, (1, 4, 2, 0, 3))
    assert mosaic.levels.shape == (layout.height, layout.width) == (8, 7)
    assert mosaic.levels[:, 3].tolist() == [GAP_LEVEL] * 8
    assert mosaic.levels[0, 0] == MAX_LEVEL
    assert mosaic.levels[6, 0] == NOT_FINITE_LEVEL
    assert mosaic.levels[6:, 4:].tolist() == [[GAP_LEVEL] * 3] * 2
    assert layout.cell_at(4, 1) == (4, 1, 0)
    assert layout.cell_at(3, 0) is None
    assert layout.cell_at(5, 7) is None
    assert layout.cell_at(-1, 0) is None
    x, y = layout.origin(2)
    assert layout.cell_at(x, y) == (2, 0, 0)


def test_vgg_sized_activation_is_whole(rng: np.random.Generator) -> None:
    blob = rng.normal(size=(1, 512, 14, 14)).astype(np.float32)
    mosaic = draw_mosaic(channel_maps(blob), order="mean", scope="channel")
    assert len(mosaic.layout.order) == 512
    assert mosaic.levels.flags["C_CONTIGUOUS"]
    assert mosaic.levels.dtype == np.uint8
    assert 1.2 < mosaic.layout.width / mosaic.layout.height < 2.1
