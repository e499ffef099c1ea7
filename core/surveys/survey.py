"""The only loop over many images: decode ahead, a pass a batch, each collector takes its part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from core.engines.batch_size import USUAL_BATCH
from core.engines.values import Value
from core.errors import EngineError, ImageError
from core.images.decoders.pool import shared_pool
from core.images.prepared import PreparedImage
from core.images.preprocess import Preprocess
from core.measures.measure import Measure
from core.progress import Job, Progress
from core.surveys.feed import Feed
from core.surveys.passes import Measurer, Passed, Passes, Results
from core.surveys.pictures import in_order, prepare_images
from core.surveys.stages import StageClock, StageLimit

DEFAULT_BATCH = USUAL_BATCH
Grouping = Callable[[Iterable[PreparedImage | None], int], Iterator[list[PreparedImage]]]
"""How prepared images are put together into passes of a size: pictures.in_order or by_shape."""


class Collector(Protocol):
    """Takes what it wants of each batch; what it keeps is whole after each."""

    @property
    def wants(self) -> Mapping[Value, Sequence[Measure]]: ...

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """One batch; results: an array for each (value, measure) of `wants`."""

    def skip(self, image: PreparedImage) -> None:
        """An image that can't be used; its `problem` says why."""


class StopAtBadImage:
    """A collector that wants nothing and lets the first image that can't be used end the survey."""

    wants: Mapping[Value, Sequence[Measure]] = {}

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """Good images are no business of its."""

    def skip(self, image: PreparedImage) -> None:
        """Raise ImageError with what is wrong."""
        raise ImageError(image.problem or f"'{image.path.name}' can't be read.")


@dataclass(frozen=True)
class SkippedImage:
    """An image that was left out, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class SurveyReport:
    """What a survey did. limit: the stage that set the rate, None where nothing ran.

    apart: why each image had a pass of its own, "" where images shared passes.
    """

    n_images: int
    n_passes: int
    skipped: tuple[SkippedImage, ...]
    seconds: float
    limit: StageLimit | None
    apart: str
    notes: tuple[str, ...] = ()

    @property
    def images_per_second(self) -> float:
        """The rate over all stages; 0 without images."""
        return self.n_images / self.seconds if self.seconds > 0 else 0.0


@dataclass
class _Tally:
    """What is counted on the way."""

    n_images: int = 0
    n_passes: int = 0
    skipped: list[SkippedImage] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    clock: StageClock = field(default_factory=StageClock)


def survey(
    engine: Measurer,
    feed: Feed,
    files: Sequence[Path],
    recipe: Preprocess,
    collectors: Sequence[Collector],
    *,
    batch_size: int = DEFAULT_BATCH,
    grouping: Grouping = in_order,
    is_even: bool = False,
) -> Job[SurveyReport]:
    """Run every image once and hand each collector what it wants; the union is one request.

    Images share passes of `batch_size` only where the feed proves that they stay apart. An image
    that can't be read, or that is too small for the net, is skipped with its reason and stops
    nothing. A pass that finds no memory is made of half as many. is_even: passes of pictures of one
    shape have one size, as `Passes` has it. Decoding runs ahead of the pass, and the pass ahead of
    the collectors. Closing the job ends it after the collectors have what was passed.
    """
    feed.check_takes_pictures()
    size = 1 if feed.mixing else batch_size
    wants = _union(collectors)
    tally, started = _Tally(), time.monotonic()
    checker, pool = SizeChecker(feed, recipe), shared_pool()
    even_size = size if is_even and not feed.mixing else 0
    passes = Passes(engine, feed, wants, tally.clock, even_size=even_size)
    n_ahead = pool.n_decoders + size * passes.n_at_once
    with (
        ThreadPoolExecutor(1, thread_name_prefix="collect") as keeper,
        closing(prepare_images(files, recipe, pool=pool, n_ahead=n_ahead)) as it,
        closing(passes.in_order(_timed(grouping(checker.checked(it), size), tally))) as passed_by,
    ):
        kept: Future[None] | None = None
        try:
            for batch, passed in passed_by:
                if batch:
                    _wait(kept, tally)
                    kept = keeper.submit(_hand_out, collectors, batch, passed)
                    _count(tally, batch, passed)
                yield Progress(tally.n_images + len(tally.skipped), len(files), "images")
        finally:
            _wait(kept, tally)
    apart = feed.mixing.reason if feed.mixing else ""
    seconds = time.monotonic() - started
    return SurveyReport(
        tally.n_images,
        tally.n_passes,
        tuple(tally.skipped),
        seconds,
        tally.clock.limit(seconds),
        apart,
        tuple(filter(None, (*tally.notes, passes.note))),
    )


class SizeChecker:
    """Turns pictures that the net has no room for into skipped ones, each size looked at once."""

    def __init__(self, feed: Feed, recipe: Preprocess) -> None:
        self._feed = feed
        self._recipe = recipe
        self._known: dict[tuple[int, ...], tuple[str, str] | None] = {}

    def checked(self, images: Iterable[PreparedImage | None]) -> Iterator[PreparedImage | None]:
        """The same images; a size that no picture of this recipe can escape is an EngineError."""
        for image in images:
            if image is None or image.content is None:
                yield image
                continue
            shape = tuple(image.content.shape)
            if shape not in self._known:
                self._known[shape] = self._feed.problem_with(shape)
            problem = self._known[shape]
            if problem is not None and not self._recipe.is_free_size:
                raise EngineError(problem[1])
            yield image if problem is None else _too_small(image, problem)


def _too_small(image: PreparedImage, problem: tuple[str, str]) -> PreparedImage:
    layer, sentence = problem
    height, width = image.content.shape[1:] if image.content is not None else (0, 0)
    fit = f"{width} x {height} pixels are too small for this net ({layer}): {sentence}"
    return PreparedImage(image.path, None, image.size, fit)


def _union(collectors: Sequence[Collector]) -> dict[Value, tuple[Measure, ...]]:
    wants: dict[Value, dict[Measure, None]] = {}
    for collector in collectors:
        for value, measures in collector.wants.items():
            wants.setdefault(value, {}).update(dict.fromkeys(measures))
    return {value: tuple(measures) for value, measures in wants.items()}


def _timed(batches: Iterator[list[PreparedImage]], tally: _Tally) -> Iterator[list[PreparedImage]]:
    while True:
        started = time.monotonic()
        batch = next(batches, None)
        tally.clock.for_pictures += time.monotonic() - started
        if batch is None:
            return
        yield batch


def _wait(kept: Future[None] | None, tally: _Tally) -> None:
    """For the batch before; what a collector raised is raised here."""
    if kept is None:
        return
    started = time.monotonic()
    kept.result()
    tally.clock.for_keeping += time.monotonic() - started


def _hand_out(
    collectors: Sequence[Collector],
    batch: Sequence[PreparedImage],
    passed: Sequence[Passed],
) -> None:
    for collector in collectors:
        for image in batch:
            if image.content is None:
                collector.skip(image)
        for images, results in passed:
            collector.take(images, results)


def _count(tally: _Tally, batch: Sequence[PreparedImage], passed: Sequence[Passed]) -> None:
    tally.n_passes += len(passed)
    tally.n_images += sum(len(images) for images, _ in passed)
    for image in batch:
        tally.clock.note(image)
        if image.problem:
            tally.skipped.append(SkippedImage(image.path, image.problem))
        elif image.note:
            tally.notes.setdefault(f"{image.path.name}: {image.note}")
