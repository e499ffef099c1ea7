"""Decoding of image files to upright RGB arrays, with Pillow."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import PIL
from PIL import Image, UnidentifiedImageError, features

from core.errors import ImageError
from core.images.eight_bits import describe_dark_range, to_eight_bits
from core.images.formats import describe_other_content, describe_other_kind, readable_formats

Transparency = Literal["laid on white", "dropped", "kept"]
MAX_PIXELS = 64_000_000
# Our own limit and our own sentences stand in for what Pillow would print; set once, because
# warnings.catch_warnings is not safe in the threads that decode.
warnings.filterwarnings("ignore", module=r"PIL\.")
_ORIENTATION_TAG = 0x0112
# What Pillow's readers raise on damaged files, beyond OSError.
_DECODER_ERRORS = (
    OSError,
    AssertionError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    IndexError,
    KeyError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    ZeroDivisionError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded image.

    stored: (height, width, 3) uint8 RGB as stored, or (height, width, 4) RGBA where transparency is
    kept and the file has any; orientation: EXIF's, 1 (upright) to 8; note: what was done with
    values of more than 8 bits, "" where nothing needs telling.
    """

    stored: np.ndarray
    orientation: int
    note: str = ""

    @property
    def upright(self) -> np.ndarray:
        """The picture turned by its EXIF orientation."""
        return turn_upright(self.stored, self.orientation)


def decode_image(path: Path, *, exif: bool = True, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Read an image as (height, width, 3) uint8 RGB; of an animation the first picture.

    exif: turn it upright by its EXIF orientation. Grey becomes three equal channels, transparency
    is laid on white, 16 bits become 8. Raises ImageError for a file that can't be read, is cut off
    or has more than max_pixels.
    """
    picture = decode_picture(path, max_pixels=max_pixels)
    return picture.upright if exif else picture.stored


def decode_picture(
    path: Path, *, transparency: Transparency = "laid on white", max_pixels: int = MAX_PIXELS
) -> Picture:
    """Read an image with all that its pixels do not tell. Raises ImageError as decode_image does.

    transparency: what becomes of an alpha channel or a transparent colour. "dropped" leaves the
    colours that are stored under it, as cv::imread and so Caffe's data layers do.
    """
    with open_image(path, max_pixels=max_pixels) as image:
        is_sixteen_bits = ";16" in str(getattr(image, "tile", ()))
        image.load()
        eight, note = to_eight_bits(image)
        stored = np.array(_in_colour(eight, transparency), dtype=np.uint8)
        if is_sixteen_bits and not note:
            note = describe_dark_range(stored)
        return Picture(stored, _orientation(image), note)


def turn_upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror a (height, width, 3) picture by its EXIF orientation (EXIF 2.3, 4.6.4)."""
    picture = stored.swapaxes(0, 1) if orientation >= 5 else stored
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture)


def image_size(path: Path, *, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Width and height as stored, from the header alone. Raises ImageError."""
    with open_image(path, max_pixels=max_pixels) as image:
        return image.size


def thumbnail(path: Path, side: int, *, exif: bool = True) -> np.ndarray:
    """A small picture whose longer side is at most `side` pixels, (height, width, 3) uint8 RGB.

    JPEG files are decoded at reduced size, which is fast. Raises ImageError.
    """
    with open_image(path, max_pixels=MAX_PIXELS) as image:
        image.draft("RGB", (side, side))
        picture = _in_colour(to_eight_bits(image)[0], "laid on white")
        picture.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
        stored = np.array(picture, dtype=np.uint8)
        return turn_upright(stored, _orientation(image)) if exif else stored


def decoder_versions() -> dict[str, str]:
    """Names and versions of what decodes and resizes; JPEG decoders differ in single values."""
    found = {"Pillow": PIL.__version__}
    names = {"libjpeg_turbo": "libjpeg-turbo", "webp": "libwebp", "libtiff": "libtiff",
             "avif": "libavif", "jpg_2000": "OpenJPEG"}  # fmt: skip
    known = {*features.modules, *features.codecs, *features.features}
    for feature, name in names.items():
        version = features.version(feature) if feature in known else None
        if version:
            found[name] = str(version)
    return found


@contextmanager
def open_image(path: Path, *, max_pixels: int) -> Iterator[Image.Image]:
    """Open an image lazily; whatever goes wrong inside becomes an ImageError with a sentence."""
    name = f"'{path.name}'"
    try:
        other_kind = describe_other_kind(path)
        if other_kind is not None:
            raise ImageError(f"{name} {other_kind}.")
        with Image.open(path, formats=readable_formats()) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise ImageError(
                    f"{name} has {width} x {height} pixels, more than the limit of "
                    f"{max_pixels / 1e6:.0f} million.",
                    hint="Scale it down first.",
                )
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"{name} has far more pixels than the limit of {max_pixels / 1e6:.0f} million.",
            hint="Scale it down first.",
            details=str(error),
        ) from error
    except FileNotFoundError as error:
        raise ImageError(f"There is no image {name}.", details=str(path)) from error
    except IsADirectoryError as error:
        raise ImageError(f"{name} is a folder, not an image.") from error
    except PermissionError as error:
        raise ImageError(f"{name} may not be read: permission denied.") from error
    except UnidentifiedImageError as error:
        with path.open("rb") as file:
            claim = describe_other_content(file.read(64))
        raise ImageError(f"{name} {claim}.") from error
    except MemoryError as error:
        raise ImageError(f"There is not enough memory to read {name}.") from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name} {_what_is_wrong(error)}.", details=str(error)) from error


def _in_colour(image: Image.Image, transparency: Transparency) -> Image.Image:
    """An 8-bit image of any Pillow mode as RGB, or as RGBA where its transparency is kept.

    CMYK is converted by its plain formula, without a colour profile.
    """
    if image.has_transparency_data and transparency != "dropped":
        layer = image.convert("RGBA")
        if transparency == "kept":
            return layer
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layer).convert("RGB")
    if image.has_transparency_data:
        return image.convert("RGBA").convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or the EXIF block is damaged."""
    try:
        found = image.getexif().get(_ORIENTATION_TAG, 1)
    except _DECODER_ERRORS:
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _what_is_wrong(error: Exception) -> str:
    """The end of a sentence about a file that a decoder refused."""
    text = str(error).lower()
    if "truncated" in text or "eof" in text or "incomplete" in text or isinstance(error, EOFError):
        return "is cut off: the file ends before the picture does"
    if isinstance(error, OSError) and error.errno is not None:
        return f"can't be read: {error.strerror}"
    return "is damaged and can't be decoded"
