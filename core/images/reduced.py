"""JPEGs decoded at a half, a quarter or an eighth of their size, where a recipe needs no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from core.images.box import Box
from core.images.orientation import upright_box, upright_size

Corners = tuple[float, float, float, float]
NeededSize = Callable[[int, int, int], tuple[int, int]]
"""Of a picture's width, height and EXIF orientation as stored: the least of both that will do."""


@dataclass(frozen=True)
class Reduced:
    """How a picture was decoded at 1 / scale of its size, a whole number of blocks.

    size: (width, height) before; shown: where that lies in the pixels that were decoded, left, top,
    right and bottom. A last block that is not full makes the picture a little larger than that.
    """

    size: tuple[int, int]
    scale: int
    shown: Corners

    def turned(self, orientation: int) -> Reduced:
        """The same of the picture turned upright by EXIF's orientation."""
        pixels = (-(-self.size[0] // self.scale), -(-self.size[1] // self.scale))
        box = upright_box(Box(*self.shown), *pixels, orientation)
        shown = (box.left, box.top, box.right, box.bottom)
        return Reduced(upright_size(*self.size, orientation), self.scale, shown)


def reduce(image: Image.Image, needed: tuple[int, int]) -> Reduced | None:
    """Have a picture that is opened but not yet read decoded no smaller than `needed`.

    None where it will be decoded whole: no JPEG, or already no more than twice as large. The scaled
    inverse DCT takes the average of each square of pixels, without a filter's overlap.
    """
    size = image.size
    found = image.draft(None, needed)
    if found is None or image.size == size:
        return None
    shown = found[1]
    return Reduced(size, round(size[0] / shown[2]), shown)
