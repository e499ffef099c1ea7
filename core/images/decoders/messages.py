"""What passes between a pool and its decoders, in frames: one request, one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from core.images.box import Box
from core.images.preprocess import Preprocess

MAX_PATH_LENGTH = 8_192
"""A request has to fit into a pipe whose other end nobody reads."""

Operation = Literal["prepare", "read", "thumbnail", "look"]


class Request(msgspec.Struct, frozen=True):
    """prepare, read: make the input of a net by `recipe`, of a part of the picture where `box` says
    one; side: of a thumbnail, in pixels. recipe: its fields as JSON, which a decoder reads once for
    all pictures that it is for.

    look: decode the whole picture, and say of it what a thumbnail does not show.
    """

    op: Operation
    path: str
    recipe: str = ""
    side: int = 0
    box: tuple[float, float, float, float] | None = None


class Answer(msgspec.Struct, frozen=True):
    """What a file gave; the array comes behind it unless there is a problem.

    size: (width, height) before resizing, of a part where one was asked for; whole: of the whole
    picture where an input was made. orientation: EXIF's, by which what was taken is still to be
    turned to be upright, and of a look by which the file's pixels are. problem: a sentence, ""
    where there is none. is_short: of memory, which a decoder of many pictures may be where a new
    one is not. seconds: of reading the file, decoding and preprocessing. mode, flaw: of a look, the
    file's channels in Pillow's words, and what is wrong though it can be decoded.
    """

    size: tuple[int, int] = (0, 0)
    note: str = ""
    problem: str = ""
    hint: str = ""
    details: str = ""
    is_short: bool = False
    mode: str = ""
    flaw: str = ""
    whole: tuple[int, int] = (0, 0)
    orientation: int = 1
    seconds: tuple[float, float, float] = (0.0, 0.0, 0.0)


def is_sound(request: Request, answer: Answer, arrays: Sequence[np.ndarray]) -> bool:
    """Whether an answer has the array that was asked for, as one of a broken decoder may not."""
    if answer.problem:
        return not arrays
    if len(arrays) != 1 or arrays[0].ndim != 3 or min(*answer.size, *arrays[0].shape) < 1:
        return False
    if request.op in ("prepare", "read"):
        return arrays[0].dtype in (np.float32, np.uint8)
    return arrays[0].dtype == np.uint8 and arrays[0].shape[2] == 3


def preparing(op: Operation, path: Path, recipe: Preprocess, box: Box | None = None) -> Request:
    """Ask for the input of a net. The child is in another folder, so paths are made absolute."""
    corners = None if box is None else (box.left, box.top, box.right, box.bottom)
    folder = None if recipe.mean_image is None else Path.cwd()
    return Request(op, str(path.absolute()), _written(recipe, folder), box=corners)


@lru_cache(maxsize=8)
def _written(recipe: Preprocess, folder: Path | None) -> str:
    """Once for all pictures of a survey; folder: in which the path of a mean image begins."""
    if recipe.mean_image is not None and folder is not None:
        recipe = replace(recipe, mean_image=str(folder / recipe.mean_image))
    return msgspec.json.encode(asdict(recipe)).decode()
