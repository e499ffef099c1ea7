"""Where a JPEG file ends, and whether its coded data ends before its picture does."""

from __future__ import annotations

import io
import re

import numpy as np
from PIL import Image

from core.images.strips import strips

_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
END_MARKER = b"\xff\xd9"
# In the data of a scan 0xFF stands before 0x00, a restart marker or another 0xFF.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Bits of every kind, and no 0xFF, which would be a marker.
_MORE_CODE = bytes((37 * i + 11) % 251 for i in range(64))
# A decoder that waits for a restart marker passes over data until one comes.
_MORE_DATA = _MORE_CODE + b"".join(b"\xff" + bytes([0xD0 + i]) + _MORE_CODE for i in range(8))
_CORNER = 8


def find_jpeg_end(data: bytes) -> int | None:
    """The position of the end marker after the last scan; None where the file lacks one.

    Read from the markers (ITU-T T.81, annex B), so that a preview in front and a video behind the
    picture, which have markers of their own, do not count.
    """
    at = 2
    while at + 2 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _END_OF_IMAGE:
            return at
        if marker == 0xFF:
            at += 1
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _START_OF_SCAN:
            found = _NEXT_MARKER.search(data, at)
            if found is None:
                return None
            at = found.start()
    return None


def lacks_coded_data(data: bytes, picture: np.ndarray | Image.Image, scale: int = 1) -> bool:
    """Whether a JPEG's coded data ends early, so that its decoder has made up the rest.

    picture: (height, width, 3 or more) uint8 RGB, or a Pillow image in RGB, as decoded at 1 / scale
    of its size. Decoders fill what is missing with one colour, which a picture may have too. So
    more code is put behind the data: a decoder that has all its blocks passes over it, one that
    still wants some takes it for picture.
    """
    if not _has_flat_corner(_corner(picture, max(1, _CORNER // scale))):
        return False
    end = find_jpeg_end(data)
    body = data if end is None else data[:end]
    rgb = np.asarray(picture)[:, :, :3]
    return _is_other_picture(body + _MORE_DATA + END_MARKER, rgb, scale)


def _corner(picture: np.ndarray | Image.Image, side: int) -> np.ndarray:
    if isinstance(picture, np.ndarray):
        return picture[-side:, -side:, :3]
    width, height = picture.size
    box = (max(0, width - side), max(0, height - side), width, height)
    return np.asarray(picture.crop(box))


def _has_flat_corner(pixels: np.ndarray) -> bool:
    """Whether the last block is of one colour, as a missing one is. It saves decoding the rest."""
    corner = pixels.reshape(-1, 3)
    # Colours are smoothed at the upper and left border of the block, not in its last pixel.
    is_fill = bool((corner[-1] == 128).all())
    return is_fill or bool((corner == corner[0]).all() and _is_inked(corner[0]))


def _is_inked(colour: np.ndarray) -> bool:
    """Whether this may be the fill of a CMYK picture, whose four channels are all half way."""
    return bool((colour == colour[0]).all() and 32 <= colour[0] <= 96)


def _is_other_picture(data: bytes, rgb: np.ndarray, scale: int) -> bool:
    """Whether a JPEG can be decoded, to a picture of the same size that differs."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            if scale > 1:
                image.draft(None, (image.width // scale, image.height // scale))
            image.load()
            return image.size == (rgb.shape[1], rgb.shape[0]) and not all(
                np.array_equal(np.asarray(strip.convert("RGB")), rgb[rows])
                for rows, strip in strips(image)
            )
    except (OSError, SyntaxError, ValueError):
        return False
