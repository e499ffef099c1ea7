"""EXIF's orientation: pictures turned upright, and boxes in them turned with them or back."""

from __future__ import annotations

import numpy as np

from core.images.box import Box

UPRIGHT = 1


def turn_upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror a (height, width, ...) picture by its orientation (EXIF 2.3, 4.6.4)."""
    picture = stored.swapaxes(0, 1) if orientation >= 5 else stored
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture)


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height after it is turned upright; of an upright one the same back."""
    return (height, width) if orientation >= 5 else (width, height)


def upright_box(box: Box, width: int, height: int, orientation: int) -> Box:
    """A box of a picture as stored, width x height pixels, where it is once that is upright."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    if orientation >= 5:
        left, top, right, bottom = top, left, bottom, right
    return _mirrored(
        (left, top, right, bottom), upright_size(width, height, orientation), orientation
    )


def stored_box(box: Box, width: int, height: int, orientation: int) -> Box:
    """The way back: a box of the upright picture, width x height, in the picture as stored."""
    found = _mirrored((box.left, box.top, box.right, box.bottom), (width, height), orientation)
    if orientation >= 5:
        return Box(found.top, found.left, found.bottom, found.right)
    return found


def _mirrored(
    corners: tuple[float, float, float, float], size: tuple[int, int], orientation: int
) -> Box:
    left, top, right, bottom = corners
    if orientation in (2, 3, 6, 7):
        left, right = size[0] - right, size[0] - left
    if orientation in (3, 4, 7, 8):
        top, bottom = size[1] - bottom, size[1] - top
    return Box(left, top, right, bottom)
