"""The pixels of a picture at the size before the crop, and cropped."""

from __future__ import annotations

import numpy as np
from PIL import Image

from core.images.opencv_resize import resize_as_opencv
from core.images.reduced import Corners
from core.images.sizing import Sizing


def resized(
    picture: np.ndarray,
    sizing: Sizing,
    interpolation: str,
    *,
    is_grey: bool,
    has_alpha: bool,
    shown: Corners | None,
) -> np.ndarray:
    """Resized and cropped picture, (height, width, channels) uint8, colours as R, G, B.

    shown: the part of its pixels that is the picture, None for all of them.
    """
    colours = np.ascontiguousarray(picture[:, :, :3])
    if is_grey:
        colours = np.asarray(Image.fromarray(colours).convert("L"))[:, :, None]
    planes = [_scaled(colours, sizing, interpolation, shown)]
    if has_alpha:
        opaque = np.full((*picture.shape[:2], 1), 255, dtype=np.uint8)
        alpha = picture[:, :, 3:] if picture.shape[2] == 4 else opaque
        planes.append(_scaled(np.ascontiguousarray(alpha), sizing, interpolation, shown))
    return sizing.cropped(np.concatenate(planes, axis=2))


def _scaled(
    plane: np.ndarray, sizing: Sizing, interpolation: str, shown: Corners | None
) -> np.ndarray:
    """(height, width, 1 or 3) uint8 at the size before the crop."""
    if (plane.shape[1], plane.shape[0]) == (sizing.width, sizing.height):
        return plane
    if interpolation == "OpenCV bilinear":  # which knows no parts: at most a pixel more is shown
        return resize_as_opencv(plane, sizing.width, sizing.height)
    image = Image.fromarray(plane[:, :, 0] if plane.shape[2] == 1 else plane)
    resample = Image.Resampling[interpolation.upper()]
    values = np.asarray(image.resize((sizing.width, sizing.height), resample, shown))
    return values[:, :, None] if values.ndim == 2 else values
