"""What a net is fed of an image file, turned back to a picture for the eye."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.images.prepared import prepare_image, read_image
from core.images.preprocess import Preprocess


@dataclass(frozen=True, eq=False)
class SeenPicture:
    """A picture as a net sees it.

    pixels: (height, width, 3) uint8 RGB, a smaller copy of large ones; shape: (channels, height,
    width) of what is fed; lowest, highest: its values.
    """

    pixels: np.ndarray
    shape: tuple[int, int, int]
    lowest: float
    highest: float


def see_image(path: Path, recipe: Preprocess, longest_side: int) -> SeenPicture:
    """Prepare a file as for a pass, and turn the result back. Raises ImageError.

    longest_side: of the picture that is returned, in pixels.
    """
    image = prepare_image(path, recipe)
    values = read_image(path, recipe) if image.values is None else image.values  # one cut off, too
    n_channels, height, width = values.shape
    size = image.size if image.values is not None else (width, height)
    pixels = recipe.restore(values, *size)
    if max(height, width) > longest_side:
        small = Image.fromarray(pixels)
        small.thumbnail((longest_side, longest_side))
        pixels = np.asarray(small)
    shape = (n_channels, height, width)
    return SeenPicture(pixels, shape, float(values.min()), float(values.max()))
