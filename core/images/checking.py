"""Checking of image files: unreadable ones and JPEGs that are cut off, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ImageError
from core.images.decoding import MAX_PIXELS, Picture, decode_picture, image_size
from core.images.jpeg_end import find_jpeg_end

# A JPEG decoder fills what is missing with exactly this grey.
_FILL_GREY = 128
_LEAST_ZERO_BYTES = 256


@dataclass(frozen=True)
class ImageCheck:
    """One checked file: its size as (width, height) as stored, and what is wrong with it."""

    path: Path
    size: tuple[int, int] | None
    problem: str | None

    @property
    def is_good(self) -> bool:
        """Whether the whole picture can be decoded."""
        return self.problem is None


def check_image(path: Path, *, max_pixels: int = MAX_PIXELS) -> ImageCheck:
    """Decode a file wholly and say in a sentence what is wrong with it, if anything."""
    try:
        size = image_size(path, max_pixels=max_pixels)
    except ImageError as error:
        return ImageCheck(path, None, error.sentence)
    try:
        picture = decode_picture(path, max_pixels=max_pixels)
    except ImageError as error:
        return ImageCheck(path, size, error.sentence)
    return ImageCheck(path, size, find_cut_off(path.name, picture))


def find_cut_off(name: str, picture: Picture) -> str | None:
    """A sentence where a part of a JPEG is what a decoder makes up for missing data, else None."""
    if not picture.jpeg:
        return None
    n_zeros = _count_zero_bytes(picture.jpeg)
    if n_zeros >= _LEAST_ZERO_BYTES:
        return f"'{name}' is cut off: its last {n_zeros} bytes are empty."
    if not picture.is_cut:
        return None
    n_grey, n_rows = count_grey_rows(picture.stored[:, :, :3]), picture.size[1]
    if n_grey < 0.01 * n_rows:
        return f"'{name}' is cut off: its data ends before the picture does."
    return (
        f"'{name}' is cut off: its lower {n_grey / n_rows:.0%} is grey where the data is missing."
    )


def count_grey_rows(rgb: np.ndarray) -> int:
    """How many rows at the lower end are exactly the fill grey, (height, width, 3) uint8."""
    is_grey = (rgb == _FILL_GREY).all(axis=(1, 2))
    coloured = np.flatnonzero(~is_grey)
    n_kept = int(coloured[-1]) + 1 if coloured.size else 0
    return int(rgb.shape[0]) - n_kept


def _count_zero_bytes(data: bytes) -> int:
    """Zero bytes at the end of an unfinished JPEG, as a broken download leaves; else 0."""
    n_zeros = len(data) - len(data.rstrip(b"\0"))
    is_suspect = n_zeros >= _LEAST_ZERO_BYTES
    return n_zeros if is_suspect and find_jpeg_end(data) is None else 0
