"""Image files made ready for a net, by decoders; or the reason why one can't be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.errors import ImageError
from core.images.box import Box
from core.images.decoders.messages import Answer, preparing
from core.images.decoders.pool import DecoderPool, Task, shared_pool
from core.images.pixels import Pictures, values_of
from core.images.preprocess import Preprocess


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """An image ready for the net: (channels, height, width), as float32 or pixels; None where not.

    size: before resizing; whole: (width, height) of the whole picture, of which a box may have
    taken a part. orientation: EXIF's, by which it is still to be turned to be upright; 1 where the
    recipe turns it. Where it could not be prepared, `problem` says why. note: what was done with
    values of more than 8 bits, "" where nothing needs telling. seconds: what reading, decoding and
    preprocessing it took.
    """

    path: Path
    content: Pictures | None
    size: tuple[int, int]
    problem: str | None = None
    note: str = ""
    whole: tuple[int, int] = (0, 0)
    orientation: int = 1
    seconds: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @cached_property
    def values(self) -> np.ndarray | None:
        """(channels, height, width) float32; made of the pixels when first asked for."""
        return None if self.content is None else values_of(self.content)


def prepare_image(path: Path, recipe: Preprocess, box: Box | None = None) -> PreparedImage:
    """Decode, check and preprocess one file; what is wrong becomes its `problem`.

    box: the part of the picture to take, None for all of it.
    """
    return prepared(shared_pool().submit(path, preparing("prepare", path, recipe, box)), recipe)


def prepare_ahead(path: Path, recipe: Preprocess, pool: DecoderPool) -> Task:
    """Begin as prepare_image does, for `prepared` to end."""
    return pool.submit(path, preparing("prepare", path, recipe), is_ahead=True)


def prepared(task: Task, recipe: Preprocess) -> PreparedImage:
    """Wait for an image that is being prepared by a recipe."""
    answer, arrays = task.result()
    try:
        content = None if answer.problem else _content(arrays[0], recipe)
    except ImageError as error:
        return PreparedImage(task.path, None, (0, 0), error.sentence)
    if content is None:
        return PreparedImage(task.path, None, (0, 0), answer.problem)
    return PreparedImage(
        task.path,
        content,
        answer.size,
        note=answer.note,
        whole=answer.whole,
        orientation=answer.orientation,
        seconds=answer.seconds,
    )


def _content(array: np.ndarray, recipe: Preprocess) -> Pictures:
    """What a decoder sent: pixels, or values where zeros surround them."""
    return recipe.pixels(array) if array.dtype == np.uint8 else array


def read_image(path: Path, recipe: Preprocess) -> np.ndarray:
    """Decode and preprocess one file, cut off or not; (channels, height, width) float32.

    Raises ImageError.
    """
    found = array_of(shared_pool().submit(path, preparing("read", path, recipe)))
    return values_of(_content(found, recipe))


def array_of(task: Task) -> np.ndarray:
    """Wait for the array that a file gives. Raises ImageError for one that gives none."""
    return checked_answer(task)[1]


def checked_answer(task: Task) -> tuple[Answer, np.ndarray]:
    """The array, and what is said of it. Raises ImageError as `array_of`."""
    answer, arrays = task.result()
    if answer.problem:
        raise ImageError(answer.problem, hint=answer.hint, details=answer.details)
    return answer, arrays[0]
