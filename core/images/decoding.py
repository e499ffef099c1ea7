"""Decoding of image files to upright RGB arrays, with Pillow."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, UnidentifiedImageError, features

from core.errors import ImageError

MAX_PIXELS = 64_000_000
# Our own limit and our own sentences stand in for what Pillow would print; set once, because
# warnings.catch_warnings is not safe in the threads that decode.
warnings.filterwarnings("ignore", module=r"PIL\.")
_ORIENTATION_TAG = 0x0112
# What Pillow's readers raise on damaged files, beyond OSError.
_DECODER_ERRORS = (
    OSError,
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


def decode_image(path: Path, *, exif: bool = True, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Read an image as (height, width, 3) uint8 RGB; of an animation the first picture.

    exif: turn it upright by its EXIF orientation. Grey becomes three equal channels, transparency
    is laid on white, 16 bits become 8. Raises ImageError for a file that can't be read, is cut off
    or has more than max_pixels.
    """
    stored, orientation = decode_stored(path, max_pixels=max_pixels)
    return turn_upright(stored, orientation) if exif else stored


def decode_stored(path: Path, *, max_pixels: int = MAX_PIXELS) -> tuple[np.ndarray, int]:
    """Like decode_image, but as stored, and the EXIF orientation from 1 (upright) to 8."""
    with open_image(path, max_pixels=max_pixels) as image:
        image.load()
        return np.array(to_rgb(image), dtype=np.uint8), _orientation(image)


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
        picture = to_rgb(image)
        picture.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
        stored = np.array(picture, dtype=np.uint8)
        return turn_upright(stored, _orientation(image)) if exif else stored


def decoder_versions() -> dict[str, str]:
    """Names and versions of what decodes and resizes; JPEG decoders differ in single values."""
    found = {"Pillow": PIL.__version__}
    names = {"libjpeg_turbo": "libjpeg-turbo", "webp": "libwebp", "libtiff": "libtiff"}
    for feature, name in names.items():
        version = features.version(feature)
        if version:
            found[name] = str(version)
    return found


@contextmanager
def open_image(path: Path, *, max_pixels: int) -> Iterator[Image.Image]:
    """Open an image lazily; whatever goes wrong inside becomes an ImageError with a sentence."""
    name = f"'{path.name}'"
    try:
        with Image.open(path) as image:
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
        raise ImageError(f"{name} is no image: its content is of no known format.") from error
    except MemoryError as error:
        raise ImageError(f"There is not enough memory to read {name}.") from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name} {_what_is_wrong(error)}.", details=str(error)) from error


def to_rgb(image: Image.Image) -> Image.Image:
    """An image of any Pillow mode as 8-bit RGB, transparency laid on white.

    CMYK is converted by its plain formula, without a colour profile.
    """
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_eight_bits(np.asarray(image)))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(grey: np.ndarray) -> np.ndarray:
    """Grey of 16 bits or of floats as uint8: 65535 or 1.0 is white, 8-bit values stay."""
    values = np.nan_to_num(grey.astype(np.float64), posinf=0.0, neginf=0.0)
    greatest = values.max(initial=0.0)
    if grey.dtype.kind == "f":
        values = values * 255.0 if greatest <= 1.0 else values
    elif grey.dtype == np.uint16 or greatest > 255:
        values = values / 257.0
    result: np.ndarray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return result


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
