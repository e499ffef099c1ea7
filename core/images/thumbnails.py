"""Small pictures of image files for the eye, made by decoders."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.images.box import Box
from core.images.decoders.messages import Request
from core.images.decoders.pool import shared_pool
from core.images.prepared import array_of, checked_answer


def thumbnail(path: Path, side: int) -> np.ndarray:
    """A picture whose longer side is at most `side` pixels, (height, width, 3) uint8 RGB, upright.

    Raises ImageError.
    """
    return array_of(
        shared_pool().submit(path, Request("thumbnail", str(path.absolute()), side=side))
    )


def upright_frame(path: Path) -> tuple[tuple[int, int], int]:
    """(width, height) of the whole upright picture, and its EXIF orientation. Raises ImageError."""
    task = shared_pool().submit(path, Request("look", str(path.absolute()), side=1))
    answer, _ = checked_answer(task)
    return answer.size, answer.orientation


def part_box(path: Path, part: tuple[float, float, float, float]) -> tuple[Box, tuple[int, int]]:
    """A box in whole pixels of left, top, right, bottom as shares of the upright picture, 0 to 1.

    And the picture's (width, height). Raises ImageError.
    """
    (width, height), _ = upright_frame(path)
    left, right = (round(share * width) for share in part[::2])
    top, bottom = (round(share * height) for share in part[1::2])
    return Box(left, top, max(right, left + 1), max(bottom, top + 1)), (width, height)
