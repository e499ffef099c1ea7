"""Pixels on their way: the same values as by hand, sent as a quarter of the bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.images.decoders.messages import preparing
from core.images.decoders.work import do
from core.images.pixels import Pixels, stacked, values_of
from core.images.prepared import prepare_image
from core.images.preprocess import Preprocess

RECIPE = Preprocess("warp", 3, 2, mean=(10.0, 20.0, 30.0), scale=(0.5, 1.0, 2.0))


def planes_of(n_images: int) -> np.ndarray:
    return np.arange(n_images * 18, dtype=np.uint8).reshape(n_images, 3, 2, 3)


def test_values_are_planes_less_mean_times_scale() -> None:
    pictures = [RECIPE.pixels(planes) for planes in planes_of(2)]
    batch = stacked(pictures)
    assert isinstance(batch, Pixels)
    assert batch.planes.dtype == np.uint8
    values = values_of(batch)
    assert values.dtype == np.float32
    assert values.flags.c_contiguous
    assert values[0, :, 0, 0].tolist() == [(0 - 10) * 0.5, 6 - 20, (12 - 30) * 2]
    assert values[1, :, 1, 2].tolist() == [(23 - 10) * 0.5, 29 - 20, (35 - 30) * 2]
    for one, row in zip(pictures, values, strict=True):
        np.testing.assert_array_equal(one.values(), row)


def test_pictures_of_two_recipes_share_no_pixels() -> None:
    other = Preprocess("warp", 3, 2, mean=(1.0, 2.0, 3.0))
    batch = stacked([RECIPE.pixels(planes_of(1)[0]), other.pixels(planes_of(1)[0])])
    assert isinstance(batch, np.ndarray)
    assert batch[:, 0, 0, 0].tolist() == [-5, -1]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "RGBA", "P"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_decoder_sends_bytes_unless_zeros_surround_them(
    tmp_path: Path, mode: str, orientation: int
) -> None:
    rng = np.random.default_rng(5)
    path = tmp_path / ("a.jpg" if mode in ("RGB", "L", "CMYK") else "a.png")
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(rng.integers(0, 256, (20, 30, 3), np.uint8)).convert(mode)
    picture.save(path, exif=exif)
    with Image.open(path) as image:  # by hand
        image.load()
        upright = image.convert("RGB")
    if orientation == 6:
        upright = upright.transpose(Image.Transpose.ROTATE_270)
    small = np.asarray(upright.resize((8, 8), Image.Resampling.BILINEAR), np.float32)
    expected = (small[:, :, ::-1].transpose(2, 0, 1) - np.float32(7)) * np.float32(0.25)
    recipe = Preprocess("warp", 8, 8, mean=(7.0,), scale=0.25)
    _, (sent,) = do(preparing("prepare", path, recipe))
    assert sent.dtype == np.uint8
    values = prepare_image(path, recipe).values
    assert values is not None
    np.testing.assert_array_equal(values, expected)
    _, (padded,) = do(preparing("prepare", path, Preprocess("pad", 40, 40, mean=(7.0,))))
    assert padded.dtype == np.float32
    assert padded[0, 0, 0] == 0 or padded[0, 20, 0] == 0
