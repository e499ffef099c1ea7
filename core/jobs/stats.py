"""Stats: how the values of layers spread over a folder of images, or over one pass."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import msgspec
import numpy as np

from core.activations.spreads import ValueSpread
from core.engines.engine import Engine
from core.engines.host import EngineHost
from core.engines.values import Value
from core.errors import AppError, ImageError
from core.files import is_plain_file
from core.images.finding import FolderListing, list_images
from core.images.prepared import PreparedImage
from core.images.recipe_choice import ChosenRecipe, choose_recipe
from core.jobs.index import what_runs
from core.jobs.look import LookRequest, inputs_of
from core.jobs.open import net_of
from core.jobs.values import choose_values
from core.measures.measure import Histogram
from core.net.definition import Net
from core.progress import Job, Progress
from core.retrieval.gallery_contents import stamp_of
from core.surveys.anomalies import Findings, find_anomalies
from core.surveys.feed import Feed, plan_feed
from core.surveys.passes import Results
from core.surveys.pictures import by_shape
from core.surveys.statistics import StatisticsCollector, saturation_limits
from core.surveys.statistics_file import (
    KeptStatistics,
    SeenImage,
    load_statistics,
    save_statistics,
)
from core.surveys.survey import DEFAULT_BATCH, Collector, survey

_SAVED_EVERY_SECONDS = 20.0


@dataclass(frozen=True)
class StatsRequest:
    """Which values of which net, over which images.

    look: the net, its recipe, and the image or arrays of the one pass where there is no folder.
    layers: "L1,L2", "layer:top", "all", or values. with_cells: count what percentiles and
    histograms come from, which costs about as much as all the rest. edges: counted between exactly,
    too. kept: a file that holds what was found before, is gone on from, and holds all at the end.
    """

    look: LookRequest
    folder: Path | None = None
    layers: str | Sequence[Value] = "all"
    with_cells: bool = True
    edges: tuple[float, ...] = ()
    batch_size: int = DEFAULT_BATCH
    kept: Path | None = None


@dataclass(frozen=True, eq=False)
class Stats:
    """What was found, by value in the net's order.

    counts: between the edges that were asked for. skipped: (path, reason). n_kept: how many of the
    images had been read before. seconds: of reading, earlier runs included. recipe: None for raw
    arrays.
    """

    net: Net
    spreads: Mapping[Value, ValueSpread]
    counts: Mapping[Value, np.ndarray]
    n_images: int
    n_kept: int = 0
    skipped: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    recipe: ChosenRecipe | None = None
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> Findings:
        """What stands out, in sentences."""
        return find_anomalies(self.net, self.spreads, self.n_images)


def stats(request: StatsRequest, host: EngineHost, also: Sequence[Collector] = ()) -> Job[Stats]:
    """Read the images once and say how the values spread.

    also: collectors that ride along, on the images that are read now. A run that is closed keeps
    what it has. Raises AppError; ImageError where no image of the folder can be used.
    """
    if request.edges:
        Histogram(request.edges).check(())
    if request.folder is None:
        return (yield from _of_pass(request, host))
    return (yield from _of_folder(request, request.folder, host, also))


@dataclass(frozen=True, eq=False)
class KeptStats:
    """What a file of statistics holds, of whatever model: by value, over how many images."""

    spreads: Mapping[Value, ValueSpread]
    n_images: int


def kept_stats(path: Path) -> KeptStats:
    """Read a file that a run has kept. Raises AppError for one that is damaged."""
    kept = load_statistics(path)
    return KeptStats(kept.spreads, sum(not image.reason for image in kept.images))


@dataclass(frozen=True, eq=False)
class StatsOutlook:
    """What is kept of a folder and still holds, None for nothing; how many files are to be read."""

    found: Stats | None
    n_files: int
    n_to_read: int


def look_ahead(request: StatsRequest, folder: Path) -> StatsOutlook:
    """What a run over a folder would find there, and have to read. Runs no net.

    Raises AppError for a folder or a recipe that can't be.
    """
    net, values, chosen = _settled(request)
    listing = list_images(folder)
    kept = _still_right(request, net, values, chosen, listing)
    if kept is None:
        return StatsOutlook(None, len(listing.images), len(listing.images))
    n_known = len(kept.images)
    found = _found(net, kept, {}, n_known, chosen) if _found_any(kept) else None
    return StatsOutlook(found, len(listing.images), len(listing.images) - n_known)


def _found_any(kept: KeptStatistics) -> bool:
    """Whether any image could be used."""
    return any(not image.reason for image in kept.images)


def _of_pass(request: StatsRequest, host: EngineHost) -> Job[Stats]:
    net, _ = net_of(request.look.net)
    values = choose_values(net, request.layers)
    yield Progress(0, 1, "forward pass")
    with host.opened(request.look.net) as engine:
        started = time.monotonic()
        values = _runnable(request, engine, values)
        collector = _collector(request, net, values)
        fed = inputs_of(replace(request.look, wanted=values))
        collector.take((), engine.measure(fed, collector.wants))
        seconds = time.monotonic() - started
    n_images = max((len(array) for array in fed.values() if array.ndim), default=1)
    return Stats(net, collector.spreads, collector.counts, n_images, seconds=seconds)


def _of_folder(
    request: StatsRequest, folder: Path, host: EngineHost, also: Sequence[Collector]
) -> Job[Stats]:
    net, values, chosen = _settled(request)
    shapes = net_of(request.look.net)[1]
    listing = list_images(folder)
    kept = _still_right(request, net, values, chosen, listing)
    known = set() if kept is None else {image.path for image in kept.images}
    files = [path for path in listing.images if _within(path, listing) not in known]
    if kept is not None and not files and _found_any(kept):
        return _found(net, kept, {}, len(known), chosen)
    made_by = _made_by(request, net, values, chosen)
    with host.opened(request.look.net) as engine:
        values = _runnable(request, engine, values)
        feed = plan_feed(net, shapes, values)
        feed.check_takes_pictures()
        feed.check_channels(chosen.recipe.n_channels)
        keeper = _Keeper(_collector(request, net, values, kept), listing, made_by, kept)
        notes = yield from _read(request, engine, feed, files, chosen, keeper, also)
    found = keeper.kept()
    if not _found_any(found):
        raise _nothing_read(folder, found)
    return replace(_found(net, found, keeper.counts, len(known), chosen), notes=notes)


def _runnable(request: StatsRequest, engine: Engine, values: Sequence[Value]) -> tuple[Value, ...]:
    """Of all values those that the engine can give; the ones that are named stay as they are."""
    if request.layers != "all" or not engine.cannot_run:
        return tuple(values)
    return tuple(value for value in values if not engine.obstacles([value])) or tuple(values)


def _read(
    request: StatsRequest,
    engine: Engine,
    feed: Feed,
    files: Sequence[Path],
    chosen: ChosenRecipe,
    keeper: _Keeper,
    also: Sequence[Collector],
) -> Job[tuple[str, ...]]:
    """The pass over what is not known yet; what was found is kept even where it is closed."""
    saved = time.monotonic()
    n_known = len(keeper.kept().images)
    job = survey(
        engine,
        feed,
        files,
        chosen.recipe,
        [keeper, *also],
        batch_size=request.batch_size,
        grouping=by_shape,
    )
    try:
        while True:
            try:
                step = next(job)
            except StopIteration as stop:
                notes: tuple[str, ...] = stop.value.notes
                return notes
            yield Progress(n_known + step.done, n_known + step.total, "images")
            if request.kept is not None and time.monotonic() - saved > _SAVED_EVERY_SECONDS:
                save_statistics(request.kept, keeper.kept())
                saved = time.monotonic()
    finally:
        job.close()
        if request.kept is not None and keeper.has_new:
            save_statistics(request.kept, keeper.kept())


class _Keeper:
    """Statistics with the images they are of: a collector, asked by another thread for both."""

    def __init__(
        self,
        collector: StatisticsCollector,
        listing: FolderListing,
        made_by: str,
        before: KeptStatistics | None,
    ) -> None:
        self.wants = collector.wants
        self._collector, self._listing, self._made_by = collector, listing, made_by
        self._images = [] if before is None else list(before.images)
        self._seconds = 0.0 if before is None else before.seconds
        self._started = time.monotonic()
        self._lock = Lock()
        self.has_new = False

    @property
    def counts(self) -> Mapping[Value, np.ndarray]:
        """Between the edges that were asked for."""
        return self._collector.counts

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        """Statistics and images together, or none of them."""
        with self._lock:
            self._collector.take(images, results)
            self._images += [self._seen(image) for image in images]
            self.has_new = True

    def skip(self, image: PreparedImage) -> None:
        """It is not tried again as long as its file is the same."""
        with self._lock:
            self._images.append(self._seen(image))
            self.has_new = True

    def kept(self) -> KeptStatistics:
        """What is there now."""
        with self._lock:
            seconds = self._seconds + (time.monotonic() - self._started if self.has_new else 0.0)
            spreads = dict(self._collector.spreads)
            return KeptStatistics(self._made_by, spreads, tuple(self._images), seconds)

    def _seen(self, image: PreparedImage) -> SeenImage:
        stamp = stamp_of(image.path)
        name = _within(image.path, self._listing)
        return SeenImage(name, stamp.n_bytes, stamp.changed, image.problem or "")


def _settled(request: StatsRequest) -> tuple[Net, tuple[Value, ...], ChosenRecipe]:
    """The net, the values and the recipe that a request means."""
    look = request.look
    net, shapes = net_of(look.net)
    values = choose_values(net, request.layers)
    picture = plan_feed(net, shapes, values).picture
    return net, values, choose_recipe(net, shapes, look.net.path, look.recipe, blob=picture)


def _collector(
    request: StatsRequest,
    net: Net,
    values: Iterable[Value],
    before: KeptStatistics | None = None,
) -> StatisticsCollector:
    limits = {value: saturation_limits(net.layer(value.layer)) for value in values}
    return StatisticsCollector(
        values,
        with_cells=request.with_cells,
        limits={value: ends for value, ends in limits.items() if ends is not None},
        edges=request.edges,
        begun=None if before is None else before.spreads,
    )


def _made_by(request: StatsRequest, net: Net, values: Sequence[Value], chosen: ChosenRecipe) -> str:
    """All that decides on the values but the images, as a SHA-256."""
    look = request.look
    said = {
        **what_runs(look.net, net),
        "engine": look.net.engine.settled.name,
        "recipe": chosen.recipe,
        "values": values,
        "with_cells": request.with_cells,
    }
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def _still_right(
    request: StatsRequest,
    net: Net,
    values: Sequence[Value],
    chosen: ChosenRecipe,
    listing: FolderListing,
) -> KeptStatistics | None:
    """What is kept, where every image of it is there as it was; edges are counted anew."""
    if request.kept is None or request.edges or not is_plain_file(request.kept):
        return None
    try:
        kept = load_statistics(request.kept)
    except AppError:
        return None
    if kept.made_by != _made_by(request, net, values, chosen):
        return None
    there = {_within(path, listing): path for path in listing.images}
    for image in kept.images:
        path = there.get(image.path)
        stamp = None if path is None else stamp_of(path)
        if stamp is None or (stamp.n_bytes, stamp.changed) != (image.n_bytes, image.changed):
            return None
    return kept


def _found(
    net: Net,
    kept: KeptStatistics,
    counts: Mapping[Value, np.ndarray],
    n_known: int,
    chosen: ChosenRecipe,
) -> Stats:
    skipped = tuple((image.path, image.reason) for image in kept.images if image.reason)
    n_images = len(kept.images) - len(skipped)
    return Stats(net, kept.spreads, counts, n_images, n_known, skipped, kept.seconds, chosen)


def _within(path: Path, listing: FolderListing) -> str:
    """Its name in the folder, as any file can hold it."""
    return path.relative_to(listing.root).as_posix().encode("utf-8", "backslashreplace").decode()


def _nothing_read(folder: Path, found: KeptStatistics) -> ImageError:
    reasons = "\n".join(f"{image.path}: {image.reason}" for image in found.images)
    return ImageError(f"There is no image in '{folder}' that can be used.", details=reasons)
