"""Preprocessing against hand-calculated values and what real Caffe was fed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ImageError
from core.images.decoding import decode_image
from core.images.preprocess import Preprocess
from core.images.presets import (
    PRESETS,
    SQUEEZENET,
    default_preprocess,
    load_recipe,
    recipe_path,
    save_recipe,
)


def ramp(width: int, height: int) -> np.ndarray:
    """RGB picture: red is the column, green the row, blue 200."""
    rgb = np.empty((height, width, 3), dtype=np.uint8)
    rgb[:, :, 0] = np.arange(width)
    rgb[:, :, 1] = np.arange(height)[:, None]
    rgb[:, :, 2] = 200
    return rgb


def test_colour_order_mean_and_scale() -> None:
    rgb = np.full((2, 2, 3), (10, 20, 30), dtype=np.uint8)
    bgr = Preprocess("original", mean=(1.0, 2.0, 3.0), scale=0.5).apply(rgb)
    assert bgr.dtype == np.float32
    assert bgr.flags["C_CONTIGUOUS"]
    assert bgr[:, 0, 0].tolist() == [14.5, 9.0, 3.5]
    recipe = Preprocess("original", colour_order="RGB", mean=(1.0, 2.0, 3.0), scale=0.5)
    assert recipe.apply(rgb)[:, 0, 0].tolist() == [3.5, 9.0, 14.5]
    assert Preprocess("original", mean=(10.0,)).apply(rgb)[:, 0, 0].tolist() == [20.0, 10.0, 0.0]
    grey = Preprocess("original", colour_order="gray", mean=(8.0,)).apply(rgb)
    # ITU-R 601: 0.299 * 10 + 0.587 * 20 + 0.114 * 30 = 18.15.
    assert grey.shape == (1, 2, 2)
    assert grey[0, 0, 0] == 10.0


@pytest.mark.parametrize(
    ("recipe", "size", "shape"),
    [
        (Preprocess("warp", 224, 200), (640, 480), (3, 200, 224)),
        (Preprocess("warp, centre crop", 227, 227, 256), (640, 480), (3, 227, 227)),
        (Preprocess("shorter side, centre crop", 224, 224, 256), (640, 480), (3, 224, 224)),
        (Preprocess("shorter side, centre crop", 224, 224, 256), (30, 90), (3, 224, 224)),
        (Preprocess("longest side", side=320), (640, 480), (3, 240, 320)),
        (Preprocess("longest side", side=1024), (640, 480), (3, 480, 640)),
        (Preprocess("longest side", side=800, enlarge=True), (400, 300), (3, 600, 800)),
        (Preprocess("original"), (31, 17), (3, 17, 31)),
        (Preprocess("pad", 100, 100), (640, 480), (3, 100, 100)),
        (Preprocess("warp", 28, 28, colour_order="gray"), (640, 480), (1, 28, 28)),
    ],
)
def test_size_policies(
    recipe: Preprocess, size: tuple[int, int], shape: tuple[int, int, int]
) -> None:
    rgb = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    assert recipe.output_shape(*size) == shape
    assert recipe.apply(rgb).shape == shape


def test_centre_crop_takes_the_middle() -> None:
    recipe = Preprocess("shorter side, centre crop", 4, 2, 6, colour_order="RGB")
    values = recipe.apply(ramp(10, 6))
    assert values[0, 0].tolist() == [3, 4, 5, 6]
    assert values[1, :, 0].tolist() == [2, 3]


def test_padding_is_the_mean() -> None:
    recipe = Preprocess("pad", 8, 8, colour_order="RGB", mean=(200.0, 50.0, 10.0))
    values = recipe.apply(np.full((2, 4, 3), 255, dtype=np.uint8))
    assert values[:, 0, 0].tolist() == [0, 0, 0]
    assert values[:, 1, 0].tolist() == [0, 0, 0]
    assert values[:, 2, 0].tolist() == [245, 205, 55]
    assert values[:, 5, 7].tolist() == [245, 205, 55]
    assert (values[:, 6:] == 0).all()


def test_mean_image_is_cut_in_its_middle(tmp_path: Path) -> None:
    mean = np.zeros((3, 6, 6), dtype=np.float32)
    mean[0], mean[2, 2, 1] = 7.0, 5.0
    np.save(tmp_path / "mean.npy", mean)
    recipe = Preprocess("warp", 4, 4, mean_image=str(tmp_path / "mean.npy"))
    values = recipe.apply(np.full((4, 4, 3), 10, dtype=np.uint8))
    assert values[:, 1, 0].tolist() == [3, 10, 5]
    assert values[:, 0, 0].tolist() == [3, 10, 10]
    red_first = replace(recipe, colour_order="RGB").apply(np.full((4, 4, 3), 10, dtype=np.uint8))
    assert red_first[:, 1, 0].tolist() == [5, 10, 3]
    with pytest.raises(ImageError, match="6 x 6 pixels, smaller than the input of 8 x 8"):
        replace(recipe, width=8, height=8).apply(np.zeros((9, 9, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"size_policy": "squash"}, "'squash' is no size policy"),
        ({"interpolation": "area"}, "'area' is no interpolation"),
        ({"colour_order": "HSV"}, "'HSV' is no colour order"),
        ({"width": 0}, "The width must be"),
        ({"side": 10**9}, "The side must be"),
        ({"mean": [1.0, 2.0]}, "2 values for 3 channels"),
        ({"mean": "x"}, "mean: expected `?array"),
        ({"mean": [float("nan")]}, "finite"),
        ({"mean": [1e308]}, "finite"),
        ({"mean": [10**400]}, "out of range"),
        ({"width": 10**400}, "The width must be"),
        ({"size_policy": ["warp"]}, "is no size policy"),
        ({"width": 2.5}, "width: expected int"),
        ({"scale": 0}, "other than 0"),
        ({"scale": "1"}, "scale: expected"),
        ({"exif": "yes"}, "exif: expected bool"),
        ({"mean_image": 3}, "mean_image: expected str"),
        ({"size_policy": "shorter side, centre crop", "side": 200}, "does not fit into side 200"),
        ({"colour": 1}, "no field 'colour'"),
    ],
)
def test_wrong_recipes_are_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence):
        Preprocess.from_json({**Preprocess().to_json(), **change})


def test_sizes_that_no_net_takes() -> None:
    with pytest.raises(ImageError, match="too many for a net"):
        Preprocess("original").output_shape(6000, 4000)
    with pytest.raises(ImageError, match="would be scaled to"):
        Preprocess("shorter side, centre crop").output_shape(60_000, 2)


def test_presets_describe_themselves_and_travel() -> None:
    digests = set()
    for recipe in PRESETS.values():
        document = json.loads(json.dumps(recipe.to_json()))
        assert "Pillow" in document["made_with"]
        assert Preprocess.from_json(document) == recipe
        digests.add(recipe.digest)
    assert len(digests) == len(PRESETS)
    assert SQUEEZENET.describe() == (
        "warp to 227 x 227, bilinear, BGR minus 104, 117, 123, EXIF ignored"
    )


def test_digest_follows_what_changes_the_result(tmp_path: Path) -> None:
    assert Preprocess().digest == Preprocess().digest
    assert Preprocess().digest != Preprocess(exif=False).digest
    np.save(tmp_path / "a.npy", np.zeros((3, 2, 2), np.float32))
    np.save(tmp_path / "b.npy", np.zeros((3, 2, 2), np.float32))
    first = Preprocess("warp", 2, 2, mean_image=str(tmp_path / "a.npy"))
    second = replace(first, mean_image=str(tmp_path / "b.npy"))
    assert first.digest == second.digest
    np.save(tmp_path / "c.npy", np.ones((3, 2, 2), np.float32))
    assert replace(first, mean_image=str(tmp_path / "c.npy")).digest != first.digest


def test_recipe_beside_a_prototxt(tmp_path: Path) -> None:
    path = recipe_path(tmp_path / "vgg16.prototxt")
    assert path.name == "vgg16.preprocess.json"
    save_recipe(path, SQUEEZENET)
    assert load_recipe(path) == SQUEEZENET
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    path.write_text('{"width": 2, "height": 2, "mean_image": "mean.npy"}')
    assert load_recipe(path).mean_image == str(tmp_path / "mean.npy")
    for text, sentence in (("{", "is no JSON"), ("[]", "no preprocessing recipe")):
        path.write_text(text)
        with pytest.raises(ImageError, match=sentence):
            load_recipe(path)
    with pytest.raises(ImageError, match="can't be read"):
        load_recipe(tmp_path / "gone.json")


def test_default_fits_the_input() -> None:
    recipe = default_preprocess((10, 3, 227, 113))
    assert recipe.output_shape(640, 480) == (3, 227, 113)
    assert default_preprocess((1, 1, 28, 28)).output_shape(5, 5) == (1, 28, 28)
    for shape in ((1, 10), (), (1, 3, 0, 5)):
        with pytest.raises(ImageError, match="takes no picture"):
            default_preprocess(shape)


def test_input_is_what_real_caffe_was_fed(material: Callable[[str], Path]) -> None:
    """The golden is of Pillow 8.1.2, which decodes alike; later filters round some values by 1."""
    goldens = np.load(material("goldens/squeezenet_images.npz"), allow_pickle=False)
    names = [name for name in goldens.files if name.startswith("rgb227/")]
    assert len(names) == 4
    mean = np.array([104, 117, 123], dtype=np.float32)[:, None, None]
    for name in names:
        path = material("images/" + name.removeprefix("rgb227/"))
        found = SQUEEZENET.apply(decode_image(path, exif=SQUEEZENET.exif))
        wanted = goldens[name][:, :, ::-1].transpose(2, 0, 1).astype(np.float32) - mean
        difference = np.abs(found - wanted)
        assert difference.max() <= 1.0
        assert difference.mean() < 0.3


def picture_with_alpha() -> np.ndarray:
    """(2, 2, 4) RGBA: one colour, and an alpha of its own for each pixel."""
    rgba = np.full((2, 2, 4), (10, 20, 30, 0), dtype=np.uint8)
    rgba[:, :, 3] = [[0, 64], [128, 255]]
    return rgba


@pytest.mark.parametrize(
    ("order", "first_pixel"),
    [
        ("gray", [18]),
        ("gray + alpha", [18, 0]),
        ("RGB", [10, 20, 30]),
        ("BGR", [30, 20, 10]),
        ("RGBA", [10, 20, 30, 0]),
        ("BGRA", [30, 20, 10, 0]),
    ],
)
def test_one_to_four_channels(order: Any, first_pixel: list[float]) -> None:
    recipe = Preprocess("original", colour_order=order)
    assert recipe.n_channels == len(first_pixel)
    assert recipe.apply(picture_with_alpha())[:, 0, 0].tolist() == first_pixel
    opaque = recipe.apply(picture_with_alpha()[:, :, :3])
    if recipe.n_channels in (2, 4):
        assert opaque[-1].tolist() == [[255, 255], [255, 255]]
        grown = replace(recipe, size_policy="warp", width=6, height=4).apply(picture_with_alpha())
        # colours under full transparency count as any other
        assert grown[:-1].std(axis=(1, 2)).tolist() == [0] * (recipe.n_channels - 1)
        assert grown[-1, 0, 0] < grown[-1, -1, -1]


def test_a_scale_and_a_mean_for_each_channel_are_in_bgr_order() -> None:
    picture = picture_with_alpha()
    recipe = Preprocess("original", mean=(1.0, 2.0, 3.0), scale=(10.0, 100.0, 1000.0))
    assert recipe.apply(picture)[:, 0, 0].tolist() == [290, 1800, 7000]
    red_first = replace(recipe, colour_order="RGB")
    assert red_first.apply(picture)[:, 0, 0].tolist() == [7000, 1800, 290]
    assert "RGB minus 3, 2, 1" in red_first.describe()
    assert "times 1000, 100, 10" in red_first.describe()
    four = Preprocess(
        "original", colour_order="RGBA", mean=(1.0, 2.0, 3.0, 4.0), scale=(1.0, 1.0, 1.0, 0.5)
    )
    assert four.apply(picture)[:, 0, 0].tolist() == [7, 18, 29, -2]
    grey = Preprocess("original", colour_order="gray + alpha", mean=(8.0, 4.0), scale=(1.0, 0.5))
    assert grey.apply(picture)[:, 0, 0].tolist() == [10, -2]


def test_recipes_with_new_fields_are_kept_and_old_ones_read(tmp_path: Path) -> None:
    recipe = Preprocess(
        "warp, centre crop", 20, 30, 40, colour_order="BGRA", interpolation="OpenCV bilinear",
        mean=(1.0, 2.0, 3.0, 4.0), scale=(1.0, 2.0, 3.0, 0.1), side_height=50,
    )  # fmt: skip
    save_recipe(tmp_path / "a.json", recipe)
    assert load_recipe(tmp_path / "a.json") == recipe
    assert recipe.output_shape(640, 480) == (4, 30, 20)
    old = Preprocess(mean=(104.0, 117.0, 123.0), exif=False)
    document = {k: v for k, v in old.to_json().items() if k not in ("side_height", "transparency")}
    assert Preprocess.from_json(document) == old
    # as version 0.1 made it, so that its galleries are still known
    assert old.digest == "c30a0ca560d04eaed7c3f3a6384d10d4210c03da75c7060553fbe6902898c6a2"
    assert replace(old, transparency="dropped").digest != old.digest


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"scale": (1.0, 2.0)}, "The scale has 2 values for 3 channels"),
        ({"scale": (1.0, 0.0, 1.0)}, "a number other than 0"),
        ({"scale": (1.0, float("nan"), 1.0)}, "finite"),
        ({"colour_order": "BGRA", "mean": (1.0, 2.0, 3.0)}, "3 values for 4 channels"),
        ({"transparency": "kept"}, "is no transparency"),
        ({"size_policy": "warp, centre crop", "side": 300, "side_height": 100}, "side 100"),
        ({"side_height": 0}, "side_height must be"),
    ],
)
def test_wrong_new_fields_are_sentences(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence):
        Preprocess(**fields)


def test_centre_crop_takes_the_middle_and_refuses_a_smaller_picture() -> None:
    recipe = Preprocess("centre crop", 3, 2, colour_order="RGB")
    assert recipe.apply(ramp(8, 7))[:2, 0].tolist() == [[2, 3, 4], [2, 2, 2]]
    with pytest.raises(ImageError, match="2 x 9 pixels are too small for the crop of 3 x 2"):
        recipe.apply(ramp(2, 9))


def test_width_and_height_are_not_confused() -> None:
    tall = ramp(10, 20)
    assert Preprocess("warp", 20, 10).apply(tall).shape == (3, 10, 20)
    assert (Preprocess("warp", 10, 20).apply(tall) == tall.transpose(2, 0, 1)[::-1]).all()


def test_a_mean_image_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mean.npy"
    recipe = Preprocess("warp", 2, 2, mean_image=str(path))
    grey = np.full((2, 2, 3), 10, dtype=np.uint8)
    for number, value in enumerate((1.0, 4.0)):
        np.save(path, np.full((3, 2, 2), value, np.float32))
        os.utime(path, ns=(10**9 * number, 10**9 * number))
        assert (recipe.apply(grey) == 10 - value).all()


@pytest.mark.parametrize(
    ("recipe", "covered"),
    [
        (Preprocess(width=32, height=24), (0, 0, 64, 24)),
        (
            Preprocess(width=24, height=24, side=24, size_policy="shorter side, centre crop"),
            (20, 0, 44, 24),
        ),
        # 32 x 12 in the middle of 24 rows: six rows of padding above, twelve of the picture's
        (Preprocess(width=32, height=24, size_policy="pad"), (0, -12, 64, 36)),
    ],
)
def test_what_the_input_covers_of_a_picture(
    recipe: Preprocess, covered: tuple[int, int, int, int]
) -> None:
    assert recipe.sizing(64, 24).covered(64, 24) == covered
