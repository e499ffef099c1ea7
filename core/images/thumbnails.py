"""Small pictures of image files for the eye, made by decoders."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.images.decoders.messages import Request
from core.images.decoders.pool import shared_pool
from core.images.prepared import array_of


def thumbnail(path: Path, side: int) -> np.ndarray:
    """A picture whose longer side is at most `side` pixels, (height, width, 3) uint8 RGB, upright.

    Raises ImageError.
    """
    return array_of(
        shared_pool().submit(path, Request("thumbnail", str(path.absolute()), side=side))
    )
