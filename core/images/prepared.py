"""One image file made ready for a net, or the reason why it can't be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import AppError
from core.images.checking import find_cut_off
from core.images.decoding import decode_picture
from core.images.preprocess import Preprocess


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """An image ready for the net: values (channels, height, width) float32, size before resizing.

    Where it could not be prepared, values is None and `problem` says why. note: what was done with
    values of more than 8 bits, "" where nothing needs telling.
    """

    path: Path
    values: np.ndarray | None
    size: tuple[int, int]
    problem: str | None = None
    note: str = ""


def prepare_image(path: Path, recipe: Preprocess) -> PreparedImage:
    """Decode, check and preprocess one file; what is wrong becomes its `problem`."""
    try:
        picture = decode_picture(path, transparency=recipe.decoded_transparency)
        problem = find_cut_off(path, picture.stored[:, :, :3])
        if problem is not None:
            return PreparedImage(path, None, (0, 0), problem)
        pixels = picture.upright if recipe.exif else picture.stored
        size = pixels.shape[1], pixels.shape[0]
        return PreparedImage(path, recipe.apply(pixels), size, note=picture.note)
    except AppError as error:
        return PreparedImage(path, None, (0, 0), error.sentence)
    except OSError as error:
        return PreparedImage(path, None, (0, 0), f"'{path.name}' can't be read: {error.strerror}.")
