"""Decoding and checking of good, odd and broken image files made on the fly."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from core.errors import ImageError
from core.images.checking import check_image, count_grey_rows
from core.images.decoder_versions import decoder_versions
from core.images.decoding import decode_image, image_size, thumbnail
from core.images.finding import find_images


def photo(width: int = 160, height: int = 120, seed: int = 0) -> Image.Image:
    """A picture with structure everywhere, none of it flat grey."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def cut_jpeg(path: Path, share: float, *, has_end: bool, **options: object) -> Path:
    """A JPEG that lost its end; with an end mark a decoder fills the rest with grey."""
    data = save(photo(), path, quality=90, **options).read_bytes()
    path.write_bytes(data[: int(len(data) * share)] + (b"\xff\xd9" if has_end else b""))
    return path


def test_plain_rgb(tmp_path: Path) -> None:
    image = photo()
    rgb = decode_image(save(image, tmp_path / "a.png"))
    assert rgb.dtype == np.uint8
    assert rgb.flags.writeable
    np.testing.assert_array_equal(rgb, np.asarray(image))
    assert image_size(tmp_path / "a.png") == (160, 120)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB"])
def test_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    rgb = decode_image(save(photo().convert(mode), tmp_path / "a.tif"))
    assert rgb.shape == (120, 160, 3)


def test_grey_has_three_equal_channels(tmp_path: Path) -> None:
    rgb = decode_image(save(Image.new("L", (3, 2), 77), tmp_path / "a.png"))
    assert rgb.shape == (2, 3, 3)
    assert (rgb == 77).all()


def test_sixteen_bits_scale_to_eight(tmp_path: Path) -> None:
    values = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    rgb = decode_image(save(Image.fromarray(values), tmp_path / "a.png"))
    assert rgb[0, :, 1].tolist() == [0, 1, 128, 255]
    floats = Image.fromarray(np.array([[0.0, 0.5, 1.0, np.nan]], dtype=np.float32))
    assert decode_image(save(floats, tmp_path / "f.tif"))[0, :, 0].tolist() == [0, 128, 255, 0]


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.putpixel((1, 0), (255, 0, 0, 255))
    for name in ("a.png", "a.webp"):
        options = {"lossless": True} if name.endswith("webp") else {}
        rgb = decode_image(save(image, tmp_path / name, **options))
        assert rgb[0].tolist() == [[255, 255, 255], [255, 0, 0]]
    palette = Image.new("P", (2, 1), 0)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putpixel((1, 0), 1)
    rgb = decode_image(save(palette, tmp_path / "p.png", transparency=1))
    assert rgb[0].tolist() == [[10, 20, 30], [255, 255, 255]]
    grey = Image.merge("LA", (Image.new("L", (1, 1), 0), Image.new("L", (1, 1), 0)))
    assert decode_image(save(grey, tmp_path / "la.png")).tolist() == [[[255, 255, 255]]]


def test_exif_orientation_is_a_choice(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(photo(160, 80), tmp_path / "a.jpg", exif=exif)
    stored, turned = decode_image(path, exif=False), decode_image(path)
    assert stored.shape == (80, 160, 3)
    np.testing.assert_array_equal(turned, np.rot90(stored, -1))
    assert thumbnail(path, 40).shape == (40, 20, 3)
    assert thumbnail(path, 40, exif=False).shape == (20, 40, 3)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("orientation", range(10))
def test_every_orientation_is_pillow_s(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(photo(48, 32), tmp_path / f"a{suffix}", exif=exif)
    with Image.open(path) as image:
        wanted = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    np.testing.assert_array_equal(decode_image(path), wanted)
    assert thumbnail(path, 24).shape[:2] == ((16, 24) if wanted.shape[0] == 32 else (24, 16))


def test_first_picture_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ((200, 0, 0), (0, 0, 200))]
    path = save(frames[0], tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert decode_image(path)[0, 0].tolist() == [200, 0, 0]


def test_thumbnail_never_enlarges(tmp_path: Path) -> None:
    assert thumbnail(save(photo(16, 8), tmp_path / "a.png"), 64).shape == (8, 16, 3)


def test_too_many_pixels_is_a_sentence(tmp_path: Path) -> None:
    path = save(photo(), tmp_path / "a.png")
    with pytest.raises(ImageError, match="160 x 120 pixels, more than the limit") as raised:
        decode_image(path, max_pixels=10_000)
    assert raised.value.hint


def test_decompression_bomb(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    for side in (12_000, 60_000):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        path = tmp_path / f"{side}.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 99)))
        with pytest.raises(ImageError, match="limit"):
            decode_image(path)
        assert "limit" in str(check_image(path).problem)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.jpg", b"", "is no image"),
        ("a.jpg", b"<html>not found</html>", "is no image"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "cut off|damaged|no image"),
        ("a.gif", b"GIF89a", "cut off|damaged|no image"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "cut off|damaged|no image"),
        ("a.txt", b"hello", "is no image"),
    ],
)
def test_files_that_are_no_image(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ImageError, match=sentence):
        decode_image(path)
    check = check_image(path)
    assert check.size is None
    assert not check.is_good


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"There is no image 'gone\.jpg'"):
        decode_image(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match="is a folder"):
        decode_image(tmp_path)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.webp", "a.bmp", "a.tif"])
def test_half_a_file_is_a_problem(tmp_path: Path, name: str) -> None:
    path = save(photo(), tmp_path / name)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert check_image(path).problem is not None
    with pytest.raises(ImageError):
        decode_image(path)


def test_cut_off_jpeg_without_its_end(tmp_path: Path) -> None:
    check = check_image(cut_jpeg(tmp_path / "a.jpg", 0.5, has_end=False))
    assert check.size == (160, 120)
    assert "cut off" in str(check.problem)


@pytest.mark.parametrize(
    ("share", "options"),
    [
        (0.3, {}),
        (0.5, {}),
        (0.8, {}),
        (0.3, {"subsampling": 0}),
        (0.8, {"subsampling": 0}),
        (0.08, {"progressive": True}),
    ],
)
def test_cut_off_jpeg_with_a_grey_part(
    tmp_path: Path, share: float, options: dict[str, object]
) -> None:
    path = cut_jpeg(tmp_path / "a.jpg", share, has_end=True, **options)
    assert count_grey_rows(decode_image(path)) >= 4
    assert "is grey where the data is missing" in str(check_image(path).problem)


def test_broken_download_that_ends_in_zeros(tmp_path: Path) -> None:
    path = save(photo(), tmp_path / "a.jpg", quality=90)
    data = path.read_bytes()
    path.write_bytes(data[:3000] + bytes(len(data) - 3000))
    assert "cut off" in str(check_image(path).problem)
    path.write_bytes(data + bytes(1000))
    assert check_image(path).problem is None


@pytest.mark.parametrize("top", [16, 57, 64, 104])
@pytest.mark.parametrize(
    "options", [{}, {"subsampling": 0}, {"optimize": True}, {"progressive": True}]
)
def test_a_real_grey_border_is_no_problem(
    tmp_path: Path, options: dict[str, object], top: int
) -> None:
    image = photo()
    image.paste((128, 128, 128), (0, top, 160, 120))
    path = save(image, tmp_path / "a.jpg", quality=90, **options)
    assert count_grey_rows(decode_image(path)) >= 4
    assert check_image(path).problem is None
    assert check_image(save(image, tmp_path / "a.png")).problem is None
    assert check_image(save(photo(), tmp_path / "b.jpg")).problem is None


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp", ".tif", ".bmp", ".tga"])
def test_damaged_bytes_give_a_picture_or_a_sentence(tmp_path: Path, suffix: str) -> None:
    source = random.Random(7)
    good = save(photo(64, 48), tmp_path / f"good{suffix}").read_bytes()
    path = tmp_path / f"bad{suffix}"
    for _ in range(150):
        data = bytearray(good)
        for _ in range(source.randint(1, 8)):
            data[source.randrange(min(len(data), source.choice([40, 10**6])))] = source.randrange(
                256
            )
        path.write_bytes(data[: source.choice([len(data), source.randrange(1, len(data))])])
        check = check_image(path)
        if check.problem is None:
            assert decode_image(path).ndim == 3
        else:
            assert check.problem.endswith(".")


def test_real_photos_are_all_good(material: Callable[[str], Path]) -> None:
    paths = find_images(material("images/instances"))
    assert len(paths) == 120
    assert all(check_image(path).is_good for path in paths)


def test_versions_name_pillow() -> None:
    assert "Pillow" in decoder_versions()


def test_grey_rows_are_counted_from_below() -> None:
    rgb = np.full((10, 4, 3), 128, np.uint8)
    assert count_grey_rows(rgb) == 10
    rgb[3:7] = 90
    assert count_grey_rows(rgb) == 3
    rgb[9, 2, 1] = 127
    assert count_grey_rows(rgb) == 0
