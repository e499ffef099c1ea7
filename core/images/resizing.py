"""The pixels of a picture at the size before the crop, and cropped."""

from __future__ import annotations

import numpy as np
from PIL import Image

from core.images.opencv_resize import resize_as_opencv
from core.images.reduced import Corners
from core.images.sizing import Sizing


def size_of(picture: np.ndarray | Image.Image) -> tuple[int, int]:
    """(width, height) of a picture in either form."""
    if isinstance(picture, Image.Image):
        return picture.size
    return picture.shape[1], picture.shape[0]


def resized(
    picture: np.ndarray | Image.Image,
    sizing: Sizing,
    interpolation: str,
    *,
    is_grey: bool,
    has_alpha: bool,
    shown: Corners | None,
) -> np.ndarray:
    """Resized and cropped picture, (height, width, channels) uint8, colours as R, G, B.

    picture: (height, width, 3 or 4) uint8, or a Pillow image in RGB. shown: the part of its pixels
    that is the picture, None for all of them.
    """
    if isinstance(picture, np.ndarray):
        colours = Image.fromarray(np.ascontiguousarray(picture[:, :, :3]))
    else:
        colours = picture
    if is_grey:
        colours = colours.convert("L")
    planes = [_scaled(colours, sizing, interpolation, shown)]
    if has_alpha:
        planes.append(_scaled(_alpha(picture), sizing, interpolation, shown))
    return sizing.cropped(planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2))


def _alpha(picture: np.ndarray | Image.Image) -> Image.Image:
    """255 everywhere for a picture without."""
    if isinstance(picture, np.ndarray) and picture.shape[2] == 4:
        return Image.fromarray(np.ascontiguousarray(picture[:, :, 3]))
    return Image.new("L", size_of(picture), 255)


def _scaled(
    image: Image.Image, sizing: Sizing, interpolation: str, shown: Corners | None
) -> np.ndarray:
    """(height, width, 1 or 3) uint8 at the size before the crop."""
    if image.size == (sizing.width, sizing.height):
        values = np.asarray(image)
    elif interpolation == "OpenCV bilinear":  # knows no parts: at most a pixel more is shown
        values = np.asarray(image)
        values = resize_as_opencv(
            values.reshape(*values.shape[:2], -1), sizing.width, sizing.height
        )
    else:
        resample = Image.Resampling[interpolation.upper()]
        values = np.asarray(image.resize((sizing.width, sizing.height), resample, shown))
    return values[:, :, None] if values.ndim == 2 else values
