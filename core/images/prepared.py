"""Image files made ready for a net, by decoders; or the reason why one can't be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ImageError
from core.images.box import Box
from core.images.decoders.messages import Answer, preparing
from core.images.decoders.pool import DecoderPool, Task, shared_pool
from core.images.preprocess import Preprocess


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """An image ready for the net: values (channels, height, width) float32, size before resizing.

    whole: (width, height) of the whole picture, of which a box may have taken a part. orientation:
    EXIF's, by which it is still to be turned to be upright; 1 where the recipe turns it.
    Where it could not be prepared, values is None and `problem` says why. note: what was done with
    values of more than 8 bits, "" where nothing needs telling. seconds: what reading, decoding and
    preprocessing it took.
    """

    path: Path
    values: np.ndarray | None
    size: tuple[int, int]
    problem: str | None = None
    note: str = ""
    whole: tuple[int, int] = (0, 0)
    orientation: int = 1
    seconds: tuple[float, float, float] = (0.0, 0.0, 0.0)


def prepare_image(path: Path, recipe: Preprocess, box: Box | None = None) -> PreparedImage:
    """Decode, check and preprocess one file; what is wrong becomes its `problem`.

    box: the part of the picture to take, None for all of it.
    """
    return prepared(shared_pool().submit(path, preparing("prepare", path, recipe, box)))


def prepare_ahead(path: Path, recipe: Preprocess, pool: DecoderPool) -> Task:
    """Begin as prepare_image does, for `prepared` to end."""
    return pool.submit(path, preparing("prepare", path, recipe), is_ahead=True)


def prepared(task: Task) -> PreparedImage:
    """Wait for an image that is being prepared."""
    answer, arrays = task.result()
    if answer.problem:
        return PreparedImage(task.path, None, (0, 0), answer.problem)
    return PreparedImage(
        task.path,
        arrays[0],
        answer.size,
        note=answer.note,
        whole=answer.whole,
        orientation=answer.orientation,
        seconds=answer.seconds,
    )


def read_image(path: Path, recipe: Preprocess) -> np.ndarray:
    """Decode and preprocess one file, cut off or not; (channels, height, width) float32.

    Raises ImageError.
    """
    return array_of(shared_pool().submit(path, preparing("read", path, recipe)))


def array_of(task: Task) -> np.ndarray:
    """Wait for the array that a file gives. Raises ImageError for one that gives none."""
    return checked_answer(task)[1]


def checked_answer(task: Task) -> tuple[Answer, np.ndarray]:
    """The array, and what is said of it. Raises ImageError as `array_of`."""
    answer, arrays = task.result()
    if answer.problem:
        raise ImageError(answer.problem, hint=answer.hint, details=answer.details)
    return answer, arrays[0]
