"""Drawn channels as one picture without a window: mosaics below one another, in colour."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.activations.tile_colours import ColourMap, TileColours, level_colours
from core.activations.tiles import DrawnChannels
from core.errors import AppError

_GAP = 8
_MOST_PIXELS = 200_000_000


def png_of(
    drawn: Sequence[DrawnChannels], *, zoom: int = 2, unsigned: ColourMap = "standard"
) -> bytes:
    """A PNG of all mosaics; zoom: pixels a side for each value. Raises AppError if too large.

    unsigned: the colours of mosaics of one sign.
    """
    colours = TileColours(unsigned=unsigned)
    pictures = [
        level_colours(colours, is_diverging=one.mosaic.is_diverging)[one.mosaic.levels]
        for one in drawn
    ]
    width = zoom * max((p.shape[1] for p in pictures), default=0)
    height = sum(zoom * p.shape[0] + _GAP for p in pictures) - _GAP
    if not 0 < width * height <= _MOST_PIXELS:
        raise AppError(
            f"A picture of {width:,} x {height:,} pixels can't be drawn.",
            hint="Name fewer layers, or a smaller --zoom.",
        )
    page = np.empty((height, width, 3), np.uint8)
    page[:] = colours.ground
    top = 0
    for picture in pictures:
        large = picture.repeat(zoom, 0).repeat(zoom, 1)
        page[top : top + large.shape[0], : large.shape[1]] = large
        top += large.shape[0] + _GAP
    stream = io.BytesIO()
    Image.fromarray(page).save(stream, "PNG")
    return stream.getvalue()
