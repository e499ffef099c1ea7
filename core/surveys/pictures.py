"""Prepared images for a survey: decoded in threads, put together into batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from core.images.prepared import PreparedImage, prepare_image
from core.images.preprocess import Preprocess

_MAX_WAITING_BYTES = 256 << 20
_MAX_BATCH_PIXELS = 1 << 21


def prepare_images(
    paths: Iterable[Path], recipe: Preprocess, *, n_threads: int, n_ahead: int
) -> Generator[PreparedImage, None, None]:
    """The images in the order of their paths, decoded ahead by threads, at most n_ahead of them.

    Closing the generator ends the threads.
    """
    with ThreadPoolExecutor(n_threads, thread_name_prefix="decode") as pool:
        futures: deque[Future[PreparedImage]] = deque()
        try:
            for path in paths:
                futures.append(pool.submit(prepare_image, path, recipe))
                if len(futures) > n_ahead:
                    yield futures.popleft().result()
            while futures:
                yield futures.popleft().result()
        finally:
            for future in futures:
                future.cancel()


def in_order(images: Iterable[PreparedImage], size: int) -> Iterator[list[PreparedImage]]:
    """Batches in the order of the files; a picture of another shape begins a batch of its own.

    An image with a problem comes alone, as soon as it is met.
    """
    waiting: list[PreparedImage] = []
    for image in images:
        if image.values is None:
            yield [image]
            continue
        first = waiting[0].values if waiting else None
        if first is not None and first.shape != image.values.shape:
            yield waiting
            waiting = []
        waiting.append(image)
        if len(waiting) >= size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def by_shape(images: Iterable[PreparedImage], size: int) -> Iterator[list[PreparedImage]]:
    """Batches of up to `size` images of one shape, from anywhere in the order.

    Large pictures make smaller batches: 2 million pixels at most, unless one alone has more. An
    image with a problem comes alone.
    """
    waiting: dict[tuple[int, ...], list[PreparedImage]] = {}
    for image in images:
        if image.values is None:
            yield [image]
            continue
        shape = image.values.shape
        group = waiting.setdefault(shape, [])
        group.append(image)
        if len(group) >= min(size, max(1, _MAX_BATCH_PIXELS // (shape[1] * shape[2]))):
            yield waiting.pop(shape)
        elif _n_bytes(waiting) > _MAX_WAITING_BYTES:
            yield waiting.pop(max(waiting, key=lambda shape: len(waiting[shape])))
    yield from waiting.values()


def _n_bytes(waiting: dict[tuple[int, ...], list[PreparedImage]]) -> int:
    return sum(4 * int(np.prod(shape)) * len(group) for shape, group in waiting.items())
