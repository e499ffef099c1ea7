"""What the net is fed, turned back to a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.images.fitting_presets import rank_presets
from core.images.preprocess import Preprocess
from core.images.presets import PRESETS
from core.images.seen import see_image
from core.net.reader import read_net

PIXELS = np.arange(8 * 6 * 3, dtype=np.uint8).reshape(6, 8, 3)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(PIXELS).save(path)
    return path


@pytest.mark.parametrize(
    "recipe",
    [
        Preprocess("original"),
        Preprocess("original", mean=(104.0, 117.0, 123.0), scale=0.017),
        Preprocess("original", colour_order="RGB", mean=(104.0, 117.0, 123.0)),
        Preprocess("original", mean=(1.0, 2.0, 3.0), scale=(0.5, 0.25, 4.0)),
    ],
    ids=["plain", "mean and scale", "RGB", "scales"],
)
def test_the_pixels_come_back(photo: Path, recipe: Preprocess) -> None:
    seen = see_image(photo, recipe, 100)
    np.testing.assert_array_equal(seen.pixels, PIXELS)
    assert seen.shape == (3, 6, 8)


def test_numbers_are_those_that_are_fed(photo: Path) -> None:
    seen = see_image(photo, Preprocess("original", mean=(10.0, 20.0, 30.0), scale=2.0), 100)
    assert (seen.lowest, seen.highest) == (2 * (0 - 30), 2 * (143 - 10))


def test_grey_is_grey(photo: Path) -> None:
    recipe = Preprocess("warp", 4, 4, colour_order="gray", scale=1 / 256)
    seen = see_image(photo, recipe, 100)
    assert seen.shape == (1, 4, 4)
    assert np.ptp(seen.pixels, axis=2).max() == 0
    assert seen.highest < 1


def test_padding_has_the_colour_of_the_mean(photo: Path) -> None:
    seen = see_image(photo, Preprocess("pad", 20, 10, mean=(10.0, 20.0, 30.0)), 100)
    assert tuple(seen.pixels[0, 0]) == (30, 20, 10)


def test_a_large_picture_is_small_for_the_eye(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (900, 300), (255, 0, 0)).save(path)
    seen = see_image(path, Preprocess("original"), 90)
    assert seen.pixels.shape == (30, 90, 3)
    assert seen.shape == (3, 300, 900)


def test_presets_of_the_family_come_first() -> None:
    text = 'name: "LeNet" layer { name: "data" type: "Input" top: "data" }'
    (name, recipe), *others = rank_presets(read_net(text), (1, 1, 28, 28)).items()
    assert name.startswith("LeNet")
    assert (recipe.scale, recipe.colour_order) == (1 / 256, "gray")
    assert not others
    ranked = rank_presets(read_net(text.replace("LeNet", "mine")), (1, 3, 227, 227))
    assert ranked
    assert all((one.width, one.height, one.n_channels) == (227, 227, 3) for one in ranked.values())
    assert set(ranked) < set(PRESETS)
