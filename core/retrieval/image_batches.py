"""Batches of prepared images for an engine: decoded in threads, grouped by input shape."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np

from core.images.prepared import PreparedImage, prepare_image
from core.images.preprocess import Preprocess

_MAX_WAITING_BYTES = 256 << 20
_MAX_BATCH_PIXELS = 1 << 21


def prepare_batches(
    paths: Iterable[Path], recipe: Preprocess, *, batch_size: int, n_threads: int
) -> Generator[list[PreparedImage], None, None]:
    """Lists of up to batch_size images of one shape, and lists of single images with a problem.

    Large pictures make smaller batches: 2 million pixels at most, unless one alone has more.
    Threads decode ahead, a bounded number of files. Closing the generator ends them.
    """
    waiting: dict[tuple[int, ...], list[PreparedImage]] = {}
    with (
        ThreadPoolExecutor(n_threads, thread_name_prefix="decode") as pool,
        closing(_in_order(pool, paths, recipe, n_ahead=n_threads + batch_size)) as images,
    ):
        for image in images:
            if image.values is None:
                yield [image]
                continue
            shape = image.values.shape
            group = waiting.setdefault(shape, [])
            group.append(image)
            if len(group) >= min(batch_size, max(1, _MAX_BATCH_PIXELS // (shape[1] * shape[2]))):
                yield waiting.pop(shape)
            elif _n_bytes(waiting) > _MAX_WAITING_BYTES:
                yield waiting.pop(max(waiting, key=lambda shape: len(waiting[shape])))
    yield from waiting.values()


def _in_order(
    pool: ThreadPoolExecutor, paths: Iterable[Path], recipe: Preprocess, *, n_ahead: int
) -> Generator[PreparedImage, None, None]:
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


def _n_bytes(waiting: dict[tuple[int, ...], list[PreparedImage]]) -> int:
    return sum(4 * int(np.prod(shape)) * len(group) for shape, group in waiting.items())
