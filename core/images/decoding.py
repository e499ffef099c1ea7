"""Decoding of image files to upright RGB arrays, with Pillow."""

from __future__ import annotations

import io
import struct
import time
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from core.errors import ImageError
from core.images.eight_bits import GreyRange, describe_dark_range, find_grey_range
from core.images.formats import describe_other_content, readable_formats
from core.images.jpeg_end import load_unless_cut
from core.images.orientation import turn_upright
from core.images.picture_file import opened_picture_file
from core.images.preprocess import Transparency
from core.images.reduced import NeededSize, Reduced, reduce
from core.images.resizing import size_of
from core.images.strips import strips

MAX_PIXELS = 64_000_000
# Our own limit and our own sentences stand in for what Pillow would print; set once, because
# warnings.catch_warnings is not safe in the threads that decode.
warnings.filterwarnings("ignore", module=r"PIL\.")
_ORIENTATION_TAG = 0x0112
_JPEG = b"\xff\xd8"
_LOADED_ONCE = ("JPEG", "MPO", "PNG")
"""Formats whose readers let go of the file once the first picture is there."""
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

    pixels: (height, width, 3) uint8 RGB as stored, or (height, width, 4) RGBA where transparency is
    kept and the file has any; Pillow's image where that is in RGB already, which many never need as
    an array. orientation: EXIF's, 1 (upright) to 8; note: what was done with values of more than 8
    bits, "" where nothing needs telling; jpeg: the file where it is a JPEG; mode: Pillow's word for
    its channels; reduced: where it was decoded smaller than it is. read_seconds: until a JPEG's
    bytes were there; other files are read as they are decoded. is_cut: whether a JPEG's coded data
    ends early, so that its decoder has made up the rest.
    """

    pixels: np.ndarray | Image.Image
    orientation: int
    note: str = ""
    jpeg: bytes = b""
    mode: str = "RGB"
    reduced: Reduced | None = None
    read_seconds: float = 0.0
    is_cut: bool = False

    @cached_property
    def stored(self) -> np.ndarray:
        """The pixels as an array that may be changed."""
        return np.array(self.pixels) if isinstance(self.pixels, Image.Image) else self.pixels

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the pixels."""
        return size_of(self.pixels)

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
    path: Path,
    *,
    transparency: Transparency = "laid on white",
    needed: NeededSize | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Picture:
    """Read an image with all that its pixels do not tell. Raises ImageError as decode_image does.

    transparency: what becomes of an alpha channel or a transparent colour. "dropped" leaves the
    colours that are stored under it, as cv::imread and so Caffe's data layers do. needed: the size
    from which a JPEG may be decoded smaller than it is; without it none is.
    """
    started = time.perf_counter()
    with _told(path, max_pixels), opened_picture_file(path) as file:
        jpeg = file.read() if _is_jpeg(file) else b""
        seconds = time.perf_counter() - started
        with _open(io.BytesIO(jpeg) if jpeg else file, path.name, max_pixels) as image:
            is_sixteen_bits = ";16" in str(getattr(image, "tile", ()))
            mode, reduced = image.mode, None
            if needed is not None and jpeg:
                reduced = reduce(image, needed(*image.size, _orientation(image)))
            is_cut = load_unless_cut(image, jpeg) if jpeg else None
            if is_cut is not False:
                image.load()
            told = (jpeg, mode, reduced, seconds, bool(is_cut))
            if _is_plain(image) and not is_sixteen_bits:
                return Picture(image, _orientation(image), "", *told)
            depth = find_grey_range(image)
            stored, note = _pixels(image, depth, transparency), depth.note
            if is_sixteen_bits and not note:
                note = describe_dark_range(stored)
            return Picture(stored, _orientation(image), note, *told)


def image_size(path: Path, *, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Width and height as stored, from the header alone. Raises ImageError."""
    with _told(path, max_pixels), opened_picture_file(path) as file:
        return _open(file, path.name, max_pixels).size


def thumbnail(path: Path, side: int, *, exif: bool = True) -> np.ndarray:
    """A small picture whose longer side is at most `side` pixels, (height, width, 3) uint8 RGB.

    JPEG files are decoded at reduced size, which is fast. Raises ImageError.
    """
    with _told(path, MAX_PIXELS), opened_picture_file(path) as file:
        image = _open(file, path.name, MAX_PIXELS)
        image.draft("RGB", (side, side))
        picture, orientation = _coloured(image), _orientation(image)
        del image  # its pixels, of which `picture` may be a copy
        picture.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
        stored = np.array(picture, dtype=np.uint8)
        return turn_upright(stored, orientation) if exif else stored


def shrink(rgb: np.ndarray, side: int) -> np.ndarray:
    """The same (height, width, 3) uint8 with a longer side of at most `side` pixels."""
    picture = Image.fromarray(rgb)
    picture.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.array(picture, dtype=np.uint8)


def _open(file: BinaryIO, name: str, max_pixels: int) -> Image.Image:
    """An image of which the header is read. Raises ImageError where it has more than max_pixels."""
    try:
        image = Image.open(file, formats=readable_formats())
    except UnidentifiedImageError as error:
        file.seek(0)
        raise ImageError(f"'{name}' {describe_other_content(file.read(64))}.") from error
    width, height = image.size
    if width * height > max_pixels:
        raise ImageError(
            f"'{name}' has {width} x {height} pixels, more than the limit of "
            f"{max_pixels / 1e6:.0f} million.",
            hint="Scale it down first.",
        )
    return image


@contextmanager
def _told(path: Path, max_pixels: int) -> Iterator[None]:
    """Whatever goes wrong inside becomes an ImageError with a sentence."""
    name = f"'{path.name}'"
    try:
        yield
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
    except MemoryError as error:
        raise ImageError(
            f"There is not enough memory to read {name}.", hint="Scale it down first."
        ) from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name} {_what_is_wrong(error)}.", details=str(error)) from error


def _pixels(image: Image.Image, depth: GreyRange, transparency: Transparency) -> np.ndarray:
    """A loaded image as (height, width, 3 or 4) uint8, without a second copy in between."""
    is_kept = image.has_transparency_data and transparency == "kept"
    stored = np.empty((image.height, image.width, 4 if is_kept else 3), dtype=np.uint8)
    for rows, strip in strips(image):
        stored[rows] = np.asarray(_in_colour(depth.to_eight_bits(strip), transparency))
    return stored


def _coloured(image: Image.Image) -> Image.Image:
    """The whole image in RGB, laid on white."""
    if image.mode == "RGB" and not image.has_transparency_data:
        image.load()
        return image
    image.load()
    return Image.fromarray(_pixels(image, find_grey_range(image), "laid on white"))


def _is_plain(image: Image.Image) -> bool:
    """Whether a loaded image is in RGB as it is, and needs its file no more."""
    is_rgb = image.mode == "RGB" and not image.has_transparency_data
    return is_rgb and image.format in _LOADED_ONCE


def _is_jpeg(file: BinaryIO) -> bool:
    beginning = file.read(len(_JPEG))
    file.seek(0)
    return beginning == _JPEG


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
