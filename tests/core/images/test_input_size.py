"""Another size for a recipe: what of it changes, and what stays."""

from __future__ import annotations

import pytest

from core.errors import AppError
from core.images.input_size import sized_recipe
from core.images.preprocess import Preprocess

MEAN = (104.0, 117.0, 123.0)
WARP = Preprocess("warp", 224, 224, mean=MEAN)
CROP = Preprocess("shorter side, centre crop", 224, 224, 256, mean=MEAN)
LONGEST = Preprocess("longest side", side=1024, mean=MEAN)


@pytest.mark.parametrize(
    ("recipe", "words", "wanted"),
    [
        (WARP, "448", (3, 448, 448)),
        (CROP, "448", (3, 448, 448)),
        (WARP, "480x320", (3, 320, 480)),
        (CROP, "480x320", (3, 320, 480)),
        (WARP, "longest:500", (3, 250, 500)),
        (LONGEST, "500", (3, 250, 500)),
        (CROP, "original", (3, 600, 1200)),
    ],
)
def test_sizes_of_a_picture_of_1200_by_600(
    recipe: Preprocess, words: str, wanted: tuple[int, int, int]
) -> None:
    found = sized_recipe(recipe, words)
    assert found.output_shape(1200, 600) == wanted
    assert (found.mean, found.colour_order) == (recipe.mean, recipe.colour_order)
    assert found.digest != recipe.digest


def test_a_crop_keeps_its_share_of_the_picture() -> None:
    assert sized_recipe(CROP, "448").side == 512


@pytest.mark.parametrize("words", ["", "big", "0", "12x", "longest:", "-4", "99999"])
def test_words_that_name_no_size(words: str) -> None:
    with pytest.raises(AppError):
        sized_recipe(WARP, words)
