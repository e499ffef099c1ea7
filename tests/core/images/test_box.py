"""Boxes: which pixels they mean, and that a crop is what the net is fed with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.images.box import Box, parse_box
from core.images.prepared import prepare_image
from core.images.preprocess import Preprocess


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """100 x 40, the red of each pixel its column and the green its row."""
    pixels = np.zeros((40, 100, 3), np.uint8)
    pixels[:, :, 0] = np.arange(100)
    pixels[:, :, 1] = np.arange(40)[:, None]
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def test_a_box_is_two_corners_and_not_a_width_and_height() -> None:
    box = parse_box("136.5, 34.1,648.5 955.7")
    assert (box.left, box.top, box.right, box.bottom) == (136.5, 34.1, 648.5, 955.7)
    assert box.word == "136.5,34.1,648.5,955.7"
    assert parse_box(box.word) == box
    # as cirtorch's Image.crop rounds, and cut at the borders
    assert box.inside(700, 900) == (136, 34, 648, 900)
    with pytest.raises(ImageError, match="ends before it begins") as raised:
        parse_box("400,300,120,90")  # x, y, width, height
    assert "not x, y, width and height" in raised.value.hint
    for words in ("1,2,3", "a,b,c,d", "nan,0,5,5", "inf,0,5,5", ""):
        with pytest.raises(ImageError):
            parse_box(words)
    with pytest.raises(ImageError, match="no pixel"):
        Box(500, 0, 600, 20).inside(500, 400)


def test_the_crop_is_what_the_net_is_fed_with(picture: Path) -> None:
    recipe = Preprocess("original", colour_order="RGB")
    found = prepare_image(picture, recipe, Box(30, 10, 50, 18))
    assert found.values is not None
    assert (found.size, found.whole) == ((20, 8), (100, 40))
    assert found.values.shape == (3, 8, 20)
    assert found.values[0, 0].tolist() == list(range(30, 50))
    assert found.values[1, :, 0].tolist() == list(range(10, 18))


def test_the_longest_side_scales_a_crop_as_it_would_the_whole(picture: Path) -> None:
    """cirtorch: crop, then imsize * max(crop) / max(whole); 100 to 50 halves everything."""
    shapes = {}
    for policy, recipe in {
        "longest": Preprocess("longest side", side=50),
        "never larger": Preprocess("longest side", side=500),
        "enlarged": Preprocess("longest side", side=200, enlarge=True),
        "warp": Preprocess("warp", 30, 24),
    }.items():
        found = prepare_image(picture, recipe, Box(30, 10, 50, 18))
        assert found.values is not None, found.problem
        shapes[policy] = found.values.shape[1:]
    assert shapes == {
        "longest": (4, 10),
        "never larger": (8, 20),
        "enlarged": (16, 40),
        "warp": (24, 30),
    }


def test_a_box_beside_the_picture_is_a_problem_of_the_picture(picture: Path) -> None:
    found = prepare_image(picture, Preprocess("warp", 8, 8), Box(100, 0, 200, 40))
    assert found.values is None
    assert "has no pixel of the picture of 100 x 40" in (found.problem or "")
