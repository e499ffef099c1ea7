"""Batches through an engine, results in their order, smaller ones where memory runs out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np

from core.engines.values import Value
from core.errors import EngineOutOfMemory
from core.images.prepared import PreparedImage
from core.measures.measure import Measure
from core.surveys.feed import Feed
from core.surveys.stages import StageClock
from core.words import plural

Batch = list[PreparedImage]
Results = Mapping[tuple[Value, Measure], np.ndarray]
Passed = tuple[Batch, Results]
"""The images of a pass, and what was measured of them."""


class Measurer(Protocol):
    """What a survey needs of an engine. One with `n_at_once` is asked by so many threads."""

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]: ...


class Passes:
    """Runs batches; one that finds no memory is halved, and none after it is larger than that.

    note: what to say of it, "" where every batch fitted.
    """

    def __init__(
        self,
        engine: Measurer,
        feed: Feed,
        wants: Mapping[Value, Sequence[Measure]],
        clock: StageClock,
    ) -> None:
        self._engine, self._feed, self._wants, self._clock = engine, feed, wants, clock
        self.n_at_once = int(getattr(engine, "n_at_once", 1))
        self._most: int | None = None
        self.note = ""

    def in_order(
        self, batches: Iterator[Batch]
    ) -> Generator[tuple[Batch, list[Passed]], None, None]:
        """Each batch with its passes; as many batches run at once as the engine takes.

        A batch without a good image, as one with nothing in it, has no passes.
        """
        if self.n_at_once < 2:
            for batch in batches:
                yield batch, self._timed(batch)
            return
        pool = ThreadPoolExecutor(self.n_at_once, thread_name_prefix="pass")
        running: deque[tuple[Batch, Future[list[Passed]]]] = deque()
        try:
            for batch in batches:
                if not batch:
                    yield [], []
                    continue
                running.append((batch, pool.submit(self._run, batch)))
                if len(running) > self.n_at_once:
                    yield self._ended(running)
            while running:
                yield self._ended(running)
        finally:
            pool.shutdown(cancel_futures=True)

    def _ended(
        self, running: deque[tuple[Batch, Future[list[Passed]]]]
    ) -> tuple[Batch, list[Passed]]:
        batch, future = running.popleft()
        started = time.monotonic()
        passed = future.result()
        self._clock.for_engine += time.monotonic() - started
        return batch, passed

    def _timed(self, batch: Batch) -> list[Passed]:
        started = time.monotonic()
        passed = self._run(batch)
        self._clock.for_engine += time.monotonic() - started
        return passed

    def _run(self, batch: Batch) -> list[Passed]:
        rest = [image for image in batch if image.values is not None]
        done: list[Passed] = []
        while rest:
            part = rest[: self._most]
            try:
                done.append((part, self._pass(part)))
                rest = rest[len(part) :]
            except (EngineOutOfMemory, MemoryError):
                if len(part) < 2:
                    raise
                self._halve(len(part))
        return done

    def _pass(self, images: Batch) -> Results:
        pictures = np.stack([image.values for image in images if image.values is not None])
        return self._engine.measure(self._feed.inputs(pictures), self._wants)

    def _halve(self, size: int) -> None:
        self._most = min((size + 1) // 2, self._most or size)
        self.note = (
            f"Memory ran out in a pass of {plural(size, 'image')}: the passes after it took "
            f"{plural(self._most, 'image')} at most."
        )
