"""A part of a picture as a query: its corners in pixels, and how a net is fed with it."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np

from core.errors import ImageError

BOX_HELP = "x1,y1,x2,y2: left, top, right and bottom in pixels of the upright picture"
BOX_CONVENTION = (
    "cropped first, then resized as the recipe says; a recipe of the longest side scales the crop "
    "as it would the whole picture"
)
"""What is done with a box, for whoever reads a figure: as cirtorch does it."""
BOXES_UNUSED = "Queries are whole images, not the boxes of the table."
_FURTHEST = 1 << 20


@dataclass(frozen=True)
class Box:
    """Left, top, right and bottom in pixels, fractions allowed; not x, y, width and height.

    The picture is upright, turned by its EXIF orientation, as people see it; of one that a recipe
    takes as it is stored, the same part is cut.
    Raises ImageError for a box without an area.
    """

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not all(abs(number) <= _FURTHEST for number in astuple(self)):  # NaN neither
            raise ImageError("A box is four numbers of pixels.", hint=f"It is {BOX_HELP}.")
        if self.right <= self.left or self.bottom <= self.top:
            raise ImageError(
                f"The box {self.word} ends before it begins.",
                hint=f"It is {BOX_HELP}; not x, y, width and height.",
            )

    @property
    def word(self) -> str:
        """ "136.5,34.1,648.5,955.7": what `parse_box` reads."""
        return ",".join(f"{number:.10g}" for number in astuple(self))

    def describe(self) -> str:
        """ "box x1 y1 x2 y2 136.5 34.1 648.5 955.7"."""
        return f"box x1 y1 x2 y2 {self.word.replace(',', ' ')}"

    def inside(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in whole pixels of a picture, cut at its borders.

        Rounded to the nearest as Pillow crops. Raises ImageError where nothing is left.
        """
        left, right = (min(max(round(x), 0), width) for x in (self.left, self.right))
        top, bottom = (min(max(round(y), 0), height) for y in (self.top, self.bottom))
        if right <= left or bottom <= top:
            raise ImageError(
                f"The box {self.word} has no pixel of the picture of {width} x {height}.",
                hint=f"It is {BOX_HELP}.",
            )
        return left, top, right, bottom

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """That part of a (height, width, channels) picture. Raises ImageError as `inside`."""
        left, top, right, bottom = self.inside(picture.shape[1], picture.shape[0])
        return picture[top:bottom, left:right]


def parse_box(words: str) -> Box:
    """The box that "x1,y1,x2,y2" means. Raises ImageError for anything else."""
    try:
        numbers = [float(word) for word in words.replace(",", " ").split()]
    except ValueError:
        numbers = [math.nan]
    if len(numbers) != 4:
        raise ImageError(f"'{words}' is no box.", hint=f"It is {BOX_HELP}.")
    return Box(*numbers)
