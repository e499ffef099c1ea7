"""Values of 16 bits, 32 bits or floats as 8 bits, and a note where their range was guessed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.images.strips import strips

_MAX_SAMPLE_VALUE = 281  # of TIFF 6.0, page 36
_DARK_SHARE = 4
"""A greatest value below a quarter of the range hints at 12 or 14 bits in 16."""


@dataclass(frozen=True)
class GreyRange:
    """The value that becomes 255, None in an image of 8 bits; a note where it is a guess."""

    white: float | None = None
    note: str = ""

    def to_eight_bits(self, image: Image.Image) -> Image.Image:
        """An image of this range, or some rows of it, as one of 8 bits."""
        if self.white is None:
            return image
        values = _finite(image)
        if self.white != 65535:
            values = np.rint(values * (255.0 / self.white))
        else:
            values = values >> 8 if values.dtype.kind in "iu" else np.floor(values / 256.0)
        return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def find_grey_range(image: Image.Image) -> GreyRange:
    """How the values of a loaded image become 8 bits.

    16 bits lose their lower 8, as in Pillow's and OpenCV's readers, unless the TIFF names its
    greatest value. What a file of 32 bits or floats means by white is not in it: the note says what
    was taken for it.
    """
    if not image.mode.startswith("I") and image.mode != "F":
        return GreyRange()
    greatest = max(float(_finite(strip).max(initial=0)) for _, strip in strips(image))
    return GreyRange(*_find_white(image, greatest))


def describe_dark_range(picture: np.ndarray) -> str:
    """A note on an 8-bit picture made of 16 bits that Pillow has cut itself; "" where it fits."""
    greatest = int(picture.max(initial=0))
    if greatest == 0 or greatest >= 256 // _DARK_SHARE:
        return ""
    return _describe_dark(greatest << 8)


def _finite(image: Image.Image) -> np.ndarray:
    """Whole numbers as they are, others as float64."""
    values = np.asarray(image)
    if values.dtype.kind in "iu":
        return values
    return np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)


def _find_white(image: Image.Image, greatest: float) -> tuple[float, str]:
    """The value that becomes 255, and a note where it is a guess."""
    named = getattr(image, "tag_v2", {}).get(_MAX_SAMPLE_VALUE)
    if isinstance(named, tuple):
        named = named[0] if named else None
    if isinstance(named, int) and 255 < named < 65535 and greatest <= named:
        return named, f"its values were scaled by its MaxSampleValue, {named}."
    if image.mode == "F":
        return _guess_white(greatest, "floating-point")
    if image.mode == "I":
        return _guess_white(greatest, "32-bit")
    is_dark = 0 < greatest < 65536 / _DARK_SHARE
    return 65535, _describe_dark(greatest) if is_dark else ""


def _guess_white(greatest: float, kind: str) -> tuple[float, str]:
    whites = (1.0, 255.0, 65535.0) if kind == "floating-point" else (255.0, 65535.0)
    white = next((white for white in whites if greatest <= white), greatest)
    return white, (
        f"its {kind} values reach {greatest:g}; black was taken to be 0 and white {white:g}."
    )


def _describe_dark(greatest: float) -> str:
    return (
        f"its 16-bit values reach about {greatest:g} of 65535 and were taken as they are, so the "
        "picture is dark; scale it first if it has 12 or 14 bits."
    )
