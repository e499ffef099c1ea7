"""Large Pillow images a few rows at a time, so that what is made of them needs no second copy."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

_STRIP_PIXELS = 1 << 19


def strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """The rows of each strip, and its image; a small image is its only strip."""
    width, height = image.size
    if width * height <= _STRIP_PIXELS:
        yield slice(0, height), image
        return
    n_rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, n_rows):
        bottom = min(height, top + n_rows)
        yield slice(top, bottom), image.crop((0, top, width, bottom))
