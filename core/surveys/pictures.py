"""Prepared images for a survey: decoded ahead of it, put together into batches."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import numpy as np

from core.images.decoders.ahead import ended_in_order
from core.images.decoders.pool import DecoderPool
from core.images.prepared import PreparedImage, prepare_ahead, prepared
from core.images.preprocess import Preprocess

_MAX_WAITING_BYTES = 256 << 20
_FEW_PIXELS = 1 << 21
"""Of a pass, whatever its size."""
_PIXELS_OF_A_PICTURE = 1 << 16
"""As many times the size of a pass may its pictures have together."""


def prepare_images(
    paths: Iterable[Path], recipe: Preprocess, *, pool: DecoderPool, n_ahead: int
) -> Generator[PreparedImage | None, None, None]:
    """The images in the order of their paths, decoded ahead by the pool, at most n_ahead of them.

    None comes a few times a second while an image is waited for, so that whoever iterates can stop.
    Closing the generator lets the decoders go, without waiting for a file that does not answer.
    """
    begun = (prepare_ahead(path, recipe, pool) for path in paths)
    tasks = ended_in_order(begun, n_ahead)
    try:
        for task in tasks:
            yield None if task is None else prepared(task, recipe)
    finally:
        tasks.close()


def in_order(images: Iterable[PreparedImage | None], size: int) -> Iterator[list[PreparedImage]]:
    """Batches in the order of the files; a picture of another shape begins a batch of its own.

    An image with a problem comes alone, as soon as it is met, and None as an empty batch.
    """
    waiting: list[PreparedImage] = []
    for image in images:
        if image is None or image.content is None:
            yield [] if image is None else [image]
            continue
        first = waiting[0].content if waiting else None
        if first is not None and first.shape != image.content.shape:
            yield waiting
            waiting = []
        waiting.append(image)
        if len(waiting) >= size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def by_shape(images: Iterable[PreparedImage | None], size: int) -> Iterator[list[PreparedImage]]:
    """Batches of up to `size` images of one shape, from anywhere in the order.

    Large pictures make smaller batches, as `most_in_a_pass` has it. An image with a problem comes
    alone, None as an empty batch.
    """
    waiting: dict[tuple[int, ...], list[PreparedImage]] = {}
    for image in images:
        if image is None or image.content is None:
            yield [] if image is None else [image]
            continue
        shape = image.content.shape
        group = waiting.setdefault(shape, [])
        group.append(image)
        if len(group) >= most_in_a_pass(shape, size):
            yield waiting.pop(shape)
        elif _n_bytes(waiting) > _MAX_WAITING_BYTES:
            yield waiting.pop(max(waiting, key=lambda shape: len(waiting[shape])))
    yield from waiting.values()


def most_in_a_pass(shape: tuple[int, ...], size: int) -> int:
    """How many pictures of a shape (channels, height, width) share a pass of up to `size`.

    They have 2 million pixels together or, of a large size, those of so many squares of 256: less
    where one alone has more.
    """
    n_pixels = max(_FEW_PIXELS, size * _PIXELS_OF_A_PICTURE)
    return min(size, max(1, n_pixels // (shape[1] * shape[2])))


def _n_bytes(waiting: dict[tuple[int, ...], list[PreparedImage]]) -> int:
    return sum(4 * int(np.prod(shape)) * len(group) for shape, group in waiting.items())
