"""Checking of image files: unreadable ones and JPEGs cut off in a grey area, with the reason."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.errors import ImageError
from core.images.decoding import MAX_PIXELS, decode_image, image_size
from core.images.jpeg_scans import count_scans
from core.progress import Job, Progress

# A JPEG decoder fills what is missing with exactly this grey.
_FILL_GREY = 128
_LEAST_GREY_ROWS = 4
_LEAST_ZERO_BYTES = 256
_CHOPPED_BYTES = 8
# Smoothing of colours carries a block this many rows into the one above.
_BLENDED_ROWS = 2
_END_OF_IMAGE = b"\xff\xd9"


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
        rgb = decode_image(path, exif=False, max_pixels=max_pixels)
    except ImageError as error:
        return ImageCheck(path, size, error.sentence)
    return ImageCheck(path, size, find_cut_off(path, rgb))


def check_images(
    paths: Sequence[Path], *, max_pixels: int = MAX_PIXELS
) -> Job[tuple[ImageCheck, ...]]:
    """Check files one by one; the result has one check for each path, in the same order."""
    checks = []
    for done, path in enumerate(paths):
        yield Progress(done, len(paths), "images checked")
        checks.append(check_image(path, max_pixels=max_pixels))
    yield Progress(len(paths), len(paths), "images checked")
    return tuple(checks)


def find_cut_off(path: Path, rgb: np.ndarray) -> str | None:
    """A sentence if a JPEG's lower rows are what a decoder makes up for missing data, else None.

    rgb: (height, width, 3) uint8 as stored, not turned. Grey rows alone prove nothing: a picture
    may have a grey border. So the last bytes of the picture data are taken away: where the grey
    was coded that changes nothing above it, where data is missing more of the picture turns grey.
    A progressive JPEG lacks rows only if it ends in its first scan.
    """
    if not _is_jpeg(path):
        return None
    data = path.read_bytes()
    n_zeros = _count_zero_bytes(data)
    if n_zeros >= _LEAST_ZERO_BYTES:
        return f"'{path.name}' is cut off: its last {n_zeros} bytes are empty."
    n_grey = count_grey_rows(rgb)
    if n_grey < _LEAST_GREY_ROWS:
        return None
    is_progressive, n_scans = count_scans(data)
    is_cut_off = n_scans == 1 if is_progressive else _ends_in_picture(data, rgb, n_grey)
    if not is_cut_off:
        return None
    share = n_grey / rgb.shape[0]
    return f"'{path.name}' is cut off: its lower {share:.0%} is grey where the data is missing."


def count_grey_rows(rgb: np.ndarray) -> int:
    """How many rows at the lower end are exactly the fill grey, (height, width, 3) uint8."""
    is_grey = (rgb == _FILL_GREY).all(axis=(1, 2))
    coloured = np.flatnonzero(~is_grey)
    n_kept = int(coloured[-1]) + 1 if coloured.size else 0
    return int(rgb.shape[0]) - n_kept


def _ends_in_picture(data: bytes, rgb: np.ndarray, n_grey: int) -> bool:
    """Whether the last bytes of a JPEG belong to the picture above its grey rows."""
    shortened = _decode_shortened(data)
    if shortened is None or shortened.shape != rgb.shape:
        return False
    n_kept = max(0, rgb.shape[0] - n_grey - _BLENDED_ROWS)
    return n_kept == 0 or not np.array_equal(shortened[:n_kept], rgb[:n_kept])


def _is_jpeg(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\xff\xd8"


def _count_zero_bytes(data: bytes) -> int:
    """Zero bytes at the end of an unfinished JPEG, as a broken download leaves; else 0."""
    rest = data.rstrip(b"\0")
    return 0 if rest.endswith(_END_OF_IMAGE) else len(data) - len(rest)


def _decode_shortened(data: bytes) -> np.ndarray | None:
    """The picture of a JPEG without its last bytes of picture data; None if nothing is left."""
    end = data.rfind(_END_OF_IMAGE)
    body = data[: end if end >= 0 else len(data)]
    if len(body) <= _CHOPPED_BYTES:
        return None
    try:
        with Image.open(io.BytesIO(body[:-_CHOPPED_BYTES] + _END_OF_IMAGE)) as image:
            return np.array(image.convert("RGB"), dtype=np.uint8)
    except (OSError, SyntaxError, ValueError):
        return None
