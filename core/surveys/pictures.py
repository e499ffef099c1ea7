"""Prepared images for a survey: decoded in threads, put together into batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, wait
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import numpy as np

from core.images.prepared import PreparedImage, prepare_image
from core.images.preprocess import Preprocess

_MAX_WAITING_BYTES = 256 << 20
_MAX_BATCH_PIXELS = 1 << 21
_TICK_SECONDS = 0.3
PATIENCE_SECONDS = 60.0


def prepare_images(
    paths: Iterable[Path], recipe: Preprocess, *, n_threads: int, n_ahead: int
) -> Generator[PreparedImage | None, None, None]:
    """The images in the order of their paths, decoded ahead by threads, at most n_ahead of them.

    None comes a few times a second while an image is waited for, so that whoever iterates can stop.
    Closing the generator ends the threads, without waiting for a file that does not answer.
    """
    decoders = _Decoders(recipe, n_threads)
    waiting: deque[tuple[Path, Future[PreparedImage]]] = deque()
    try:
        for path in paths:
            waiting.append((path, decoders.submit(path)))
            if len(waiting) > n_ahead:
                yield from decoders.wait(*waiting.popleft())
        while waiting:
            yield from decoders.wait(*waiting.popleft())
    finally:
        for _, future in waiting:
            future.cancel()
        decoders.stop()


class _Decoders:
    """Threads that decode.

    Not a ThreadPoolExecutor, whose threads keep Ctrl+C and the end of the program waiting where one
    of them waits for a share on the network that is gone.
    """

    def __init__(self, recipe: Preprocess, n_threads: int) -> None:
        self._recipe = recipe
        self._tasks: SimpleQueue[tuple[Path, Future[PreparedImage]] | None] = SimpleQueue()
        self._n_threads = 0
        for _ in range(n_threads):
            self._start_thread()

    def submit(self, path: Path) -> Future[PreparedImage]:
        """Decode a file when a thread is free."""
        future: Future[PreparedImage] = Future()
        self._tasks.put((path, future))
        return future

    def wait(self, path: Path, future: Future[PreparedImage]) -> Iterator[PreparedImage | None]:
        """None until the image is there; one that hangs becomes a problem and loses its thread."""
        for _ in range(round(PATIENCE_SECONDS / _TICK_SECONDS)):
            wait([future], timeout=_TICK_SECONDS)
            if future.done():
                yield future.result()
                return
            yield None
        self._start_thread()
        problem = f"'{path.name}' can't be read: nothing came for {PATIENCE_SECONDS:.0f} seconds."
        yield PreparedImage(path, None, (0, 0), problem)

    def stop(self) -> None:
        """Let every thread end after the file that it is at."""
        for _ in range(self._n_threads):
            self._tasks.put(None)

    def _start_thread(self) -> None:
        self._n_threads += 1
        Thread(target=self._work, name=f"decode-{self._n_threads}", daemon=True).start()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            path, future = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(prepare_image(path, self._recipe))
            except BaseException as error:  # raised again where the image is waited for
                future.set_exception(error)


def in_order(images: Iterable[PreparedImage | None], size: int) -> Iterator[list[PreparedImage]]:
    """Batches in the order of the files; a picture of another shape begins a batch of its own.

    An image with a problem comes alone, as soon as it is met, and None as an empty batch.
    """
    waiting: list[PreparedImage] = []
    for image in images:
        if image is None or image.values is None:
            yield [] if image is None else [image]
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


def by_shape(images: Iterable[PreparedImage | None], size: int) -> Iterator[list[PreparedImage]]:
    """Batches of up to `size` images of one shape, from anywhere in the order.

    Large pictures make smaller batches: 2 million pixels at most, unless one alone has more. An
    image with a problem comes alone, None as an empty batch.
    """
    waiting: dict[tuple[int, ...], list[PreparedImage]] = {}
    for image in images:
        if image is None or image.values is None:
            yield [] if image is None else [image]
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
