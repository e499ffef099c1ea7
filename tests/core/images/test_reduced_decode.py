"""JPEGs decoded at reduced size: off changes nothing, on stays close and never below the recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from core.commands.preprocessing import add_preprocess_argument
from core.errors import ImageError
from core.images.box import Box
from core.images.decoders.messages import preparing
from core.images.decoders.work import do
from core.images.decoding import decode_picture
from core.images.preprocess import Interpolation, Preprocess
from core.images.recipe_choice import ReducedDecode, choose_recipe
from core.layers.shapes import infer_shapes
from core.net.reader import read_net

OFF = Preprocess("warp", 40, 30, colour_order="RGB")
ON = replace(OFF, reduced_decode=True)
LEVELS = 3.0
"""How far the mean of the distances may be, of 255 levels, with a filter that averages: noise of
20 levels a pixel is here, photos are nearer."""
SIZE = 331, 203  # no multiple of a block: at 1/4 the last ones are not full


def photo(width: int = SIZE[0], height: int = SIZE[1]) -> Image.Image:
    """A picture that is another one in whichever way it is turned, fine structure included."""
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 13, 3), dtype=np.uint8))
    values = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    noisy = values + rng.integers(-20, 21, (height, width, 1), dtype=np.int16)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def saved(path: Path, mode: str = "RGB", orientation: int = 1, **options: object) -> Path:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo().convert(mode).save(path, exif=exif, quality=92, **options)  # type: ignore[arg-type]
    return path


def made(path: Path, recipe: Preprocess, box: Box | None = None) -> np.ndarray:
    """What the decoders make of a file."""
    answer, arrays = do(preparing("prepare", path, recipe, box))
    assert not answer.problem
    assert answer.size == answer.whole or box is not None
    return recipe.pixels(arrays[0]).values()


def distance(one: np.ndarray, other: np.ndarray) -> float:
    assert one.shape == other.shape
    return float(np.abs(one - other).mean())


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_off_is_the_whole_picture_resized_and_on_is_close(
    tmp_path: Path, mode: str, orientation: int
) -> None:
    path = saved(tmp_path / "a.jpg", mode, orientation)
    with Image.open(path) as image:  # by hand, as before there was a choice
        upright = ImageOps.exif_transpose(image.convert("RGB"))
    expected = np.asarray(upright.resize((40, 30), Image.Resampling.BILINEAR), np.float32)
    off, on = made(path, OFF), made(path, ON)
    np.testing.assert_array_equal(off, expected.transpose(2, 0, 1))
    assert 0 < distance(off, on) < LEVELS
    as_stored = made(path, replace(ON, exif=False))
    assert distance(as_stored, made(path, replace(OFF, exif=False))) < LEVELS
    assert orientation == 1 or distance(as_stored, on) > 4 * LEVELS


@pytest.mark.parametrize(
    ("fields", "scale"),
    [
        ({}, 4),  # 331 / 40 is 8.3, but 203 / 30 only 6.8
        ({"width": 41, "height": 25}, 8),
        ({"width": 40, "height": 102}, 1),
        ({"size_policy": "shorter side, centre crop", "width": 9, "height": 9, "side": 101}, 2),
        ({"size_policy": "longest side", "side": 41}, 8),
        ({"size_policy": "longest side", "side": 42}, 4),
        ({"size_policy": "pad"}, 8),
        ({"size_policy": "original"}, 1),
    ],
)
def test_never_below_what_the_recipe_resizes_to(
    tmp_path: Path, fields: dict[str, object], scale: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "a.jpg")
    off, on = (replace(one, **fields) for one in (OFF, ON))  # type: ignore[arg-type]
    decoded: list[tuple[int, ...]] = []

    def seen(*words: object, **options: object) -> object:
        picture = decode_picture(*words, **options)  # type: ignore[arg-type]
        decoded.append(picture.stored.shape[:2])
        return picture

    monkeypatch.setattr("core.images.decoders.work.decode_picture", seen)
    assert distance(made(path, off), made(path, on)) < LEVELS
    assert decoded == [SIZE[::-1], tuple(-(-side // scale) for side in SIZE[::-1])]
    sizing = on.sizing(*SIZE)
    assert decoded[1][0] >= sizing.height
    assert decoded[1][1] >= sizing.width


@pytest.mark.parametrize("filter_", ["box", "hamming", "bicubic", "lanczos", "OpenCV bilinear"])
def test_every_filter_takes_it(tmp_path: Path, filter_: Interpolation) -> None:
    path = saved(tmp_path / "a.jpg", progressive=True)
    off, on = (replace(one, interpolation=filter_) for one in (OFF, ON))
    # OpenCV's takes four pixels of the whole picture and averages none: what is averaged differs
    levels = (5 if filter_ == "OpenCV bilinear" else 1.5) * LEVELS
    assert 0 < distance(made(path, off), made(path, on)) < levels


def test_other_files_and_parts_of_pictures_are_decoded_whole(tmp_path: Path) -> None:
    photo().save(tmp_path / "a.png")
    np.testing.assert_array_equal(made(tmp_path / "a.png", OFF), made(tmp_path / "a.png", ON))
    path, box = saved(tmp_path / "a.jpg"), Box(3, 5, 300, 190)
    np.testing.assert_array_equal(made(path, OFF, box), made(path, ON, box))


@pytest.mark.parametrize(
    ("mode", "cuts"),
    [("RGB", ((0.6, 12), (0.6, 40), (0.97, 40), (0.97, 90))), ("CMYK", ((0.6, 40),))],
)
def test_a_picture_that_is_cut_off_is_found_at_any_size(
    tmp_path: Path, mode: str, cuts: tuple[tuple[float, int], ...]
) -> None:
    for share, side in cuts:
        data = saved(tmp_path / "a.jpg", mode).read_bytes()
        (tmp_path / "cut.jpg").write_bytes(data[: int(len(data) * share)] + b"\xff\xd9")
        recipe = replace(ON, width=side, height=side // 2)
        answer, _ = do(preparing("prepare", tmp_path / "cut.jpg", recipe))
        assert "is cut off" in answer.problem


def test_it_is_named_in_words_hash_and_json() -> None:
    assert ON.describe() == OFF.describe() + ", JPEGs decoded at reduced size"
    assert ON.digest != OFF.digest
    assert Preprocess.from_json(ON.to_json()) == ON
    without = {name: value for name, value in OFF.to_json().items() if name != "reduced_decode"}
    assert Preprocess.from_json(without) == OFF
    with pytest.raises(ImageError):
        Preprocess.from_json({**without, "reduced_decode": "yes"})


@pytest.mark.parametrize(
    "order", [lambda words: words, lambda words: words[2:] + words[:2]], ids=["after", "before"]
)
def test_a_command_reduces_the_recipe_that_is_named_or_the_net_s(
    order: Callable[[list[str]], list[str]],
) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add_preprocess_argument(parser)
    words = order(["--preprocess", "SqueezeNet", "--reduced-decode"])
    net = read_net('layer { name: "d" type: "Input" top: "d" input_param '
                   '{ shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }')  # fmt: skip
    named = parser.parse_args(words).preprocess
    own = parser.parse_args(["--reduced-decode"]).preprocess
    assert (named, own) == (ReducedDecode("SqueezeNet"), ReducedDecode())
    shapes = infer_shapes(net)
    for wish, width in ((named, 227), (own, 8)):
        recipe = choose_recipe(net, shapes, None, wish).recipe
        assert (recipe.width, recipe.reduced_decode) == (width, True)
