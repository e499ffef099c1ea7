"""Passes of a survey: batches through an engine in order, halved where memory runs out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np

from core.engines.begun import BegunPass
from core.engines.values import Value
from core.errors import EngineOutOfMemory
from core.images.pixels import stacked, values_of
from core.images.prepared import PreparedImage
from core.measures.measure import Measure
from core.surveys.feed import Feed
from core.surveys.pictures import most_in_a_pass
from core.surveys.stages import StageClock
from core.words import plural

Batch = list[PreparedImage]
Results = Mapping[tuple[Value, Measure], np.ndarray]
Passed = tuple[Batch, Results]
"""The images of a pass, and what was measured of them."""
_Begun = BegunPass[list[Passed]]
_Result = TypeVar("_Result")


class Measurer(Protocol):
    """What a survey needs of an engine. One with `n_at_once` is asked by so many threads.

    One with `takes_pixels` may be fed with pixels in place of their values. One with `n_begun`
    above 1 has a `begin` too, which returns a BegunPass: so many of them may have begun at a time.
    """

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]: ...


class Passes:
    """Runs batches; one that finds no memory is halved, and none after it is larger than that.

    even_size: where above 0, as many pictures of a shape share each pass as `most_in_a_pass` says
    of this size; short ones are filled up. For the last bits of a matrix product may move with its
    number of rows: so an image has the same descriptor whatever shares its pass, after a stop,
    beside a broken file, on another machine. note: of memory, "" where every batch fitted.
    """

    def __init__(
        self,
        engine: Measurer,
        feed: Feed,
        wants: Mapping[Value, Sequence[Measure]],
        clock: StageClock | None = None,
        *,
        even_size: int = 0,
    ) -> None:
        self._engine, self._feed, self._wants = engine, feed, wants
        self._clock = clock or StageClock()
        self._even_size = even_size
        self._takes_pixels = bool(getattr(engine, "takes_pixels", False))
        self._n_begun = int(getattr(engine, "n_begun", 1))
        self.n_at_once = max(self._n_begun, int(getattr(engine, "n_at_once", 1)))
        self._most: int | None = None
        self.note = ""

    def in_order(
        self, batches: Iterator[Batch]
    ) -> Generator[tuple[Batch, list[Passed]], None, None]:
        """Each batch with its passes; as many batches run at once as the engine takes.

        A batch without a good image, as one with nothing in it, has no passes. Closing the
        generator gives up the passes that have begun.
        """
        if self.n_at_once < 2:
            for batch in batches:
                yield batch, self._timed(partial(self.run, batch))
        elif self._n_begun > 1:
            yield from self._ahead(batches, self._begin, self._n_begun - 1)
        else:
            pool = ThreadPoolExecutor(self.n_at_once, thread_name_prefix="pass")
            try:
                yield from self._ahead(
                    batches,
                    lambda batch: BegunPass(pool.submit(self.run, batch).result),
                    self.n_at_once,
                )
            finally:
                pool.shutdown(cancel_futures=True)

    def run(self, batch: Batch) -> list[Passed]:
        """The passes of one batch, one after the other."""
        rest = [image for image in batch if image.content is not None]
        done: list[Passed] = []
        while rest:
            part = rest[: self._most]
            try:
                done.append((part, self._cut(self._engine.measure(*self._asked(part)), part)))
                rest = rest[len(part) :]
            except (EngineOutOfMemory, MemoryError) as error:
                self._halve(self._size_with(part), error)
        return done

    def _ahead(
        self, batches: Iterator[Batch], begin: Callable[[Batch], _Begun], n_ahead: int
    ) -> Generator[tuple[Batch, list[Passed]], None, None]:
        """Batches in order, of which n_ahead run while one is waited for."""
        running: deque[tuple[Batch, _Begun]] = deque()
        try:
            for batch in batches:
                if not batch:
                    yield [], []
                    continue
                running.append((batch, self._timed(partial(begin, batch))))
                if len(running) > n_ahead:
                    first, begun = running.popleft()
                    yield first, self._timed(begun)
            while running:
                batch, begun = running.popleft()
                yield batch, self._timed(begun)
        finally:
            for _, begun in running:
                begun.give_up()

    def _begin(self, batch: Batch) -> _Begun:
        """Begin the pass of a batch; one that has to be run in parts waits for its turn."""
        good = [image for image in batch if image.content is not None]
        if not good or len(good) > (self._most or len(good)):
            return BegunPass(partial(self.run, batch))
        try:
            # of an engine that says `n_begun`, as Measurer has it
            begun: BegunPass[Results] = self._engine.begin(  # type: ignore[attr-defined]
                *self._asked(good)
            )
        except (EngineOutOfMemory, MemoryError) as error:
            self._halve(self._size_with(good), error)
            return BegunPass(partial(self.run, batch))
        ended = partial(self._ended, good, self._size_with(good), begun)
        return BegunPass(ended, begun.give_up)

    def _ended(self, good: Batch, size: int, end: Callable[[], Results]) -> list[Passed]:
        try:
            return [(good, self._cut(end(), good))]
        except (EngineOutOfMemory, MemoryError) as error:
            if size <= (self._most or size):  # else another pass has told that already
                self._halve(size, error)
            return self.run(good)

    def _timed(self, work: Callable[[], _Result]) -> _Result:
        started = time.monotonic()
        try:
            return work()
        finally:
            self._clock.for_engine += time.monotonic() - started

    def _asked(self, images: Batch) -> tuple[dict[str, Any], Mapping[Value, Sequence[Measure]]]:
        """What a pass of these images asks the engine."""
        pictures = [image.content for image in images if image.content is not None]
        pictures += pictures[-1:] * (self._size_with(images) - len(pictures))
        batch = stacked(pictures)
        fed = batch if self._takes_pixels else values_of(batch)
        return self._feed.inputs_of(fed), self._wants

    def _size_with(self, images: Batch) -> int:
        """How many pictures share the pass of these images."""
        content = images[0].content
        if not self._even_size or content is None:
            return len(images)
        even = most_in_a_pass(content.shape, self._even_size)
        return max(len(images), min(even, self._most or even))

    def _cut(self, results: Results, images: Batch) -> Results:
        """Without the rows of pictures that only filled the pass up."""
        if not self._even_size:
            return results
        return {key: rows[: len(images)] for key, rows in results.items()}

    def _halve(self, size: int, error: Exception) -> None:
        """After a pass of a size found no memory; raises its error where no smaller one is left."""
        if size < 2:
            raise error
        self._most = min((size + 1) // 2, self._most or size)
        self.note = (
            f"Memory ran out in a pass of {plural(size, 'image')}: the passes after it took "
            f"{plural(self._most, 'image')} at most."
        )
