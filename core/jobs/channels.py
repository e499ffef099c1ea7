"""Channels: a layer over many images, a row of numbers for each, kept, and what it says of them."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

from core import __version__
from core.engines.engine import Engine
from core.engines.host import EngineHost, NetToRun
from core.engines.value_keys import IMAGES_KEY
from core.engines.values import Value
from core.errors import AppError
from core.evaluation.selectivity import ClassSelectivity, class_selectivity
from core.images.recipe_choice import ChosenRecipe, RecipeWish, choose_recipe
from core.jobs.index import what_runs
from core.jobs.named_images import NamedImages, named_images
from core.jobs.open import net_of
from core.jobs.provenance import net_manifest, plain_values
from core.jobs.top_images import check_some_image, value_shape, why_no_channels
from core.jobs.values import choose_value
from core.net.identity import place_of
from core.progress import Job, Progress, with_steps
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_store import CHANNELS_NAME
from core.surveys.channel_matrix import (
    ChannelMatrixCollector,
    ChannelRows,
    ChannelTable,
    Summary,
    columns_of,
    read_table,
    stored_columns,
)
from core.surveys.feature_files import forget_others, manifest_path, write_features
from core.surveys.feed import Feed, plan_feed
from core.surveys.part_files import PartFiles, request_digest
from core.surveys.survey import DEFAULT_BATCH, SurveyReport, survey
from core.typed_json import as_type, load_json
from core.words import plural

_MOST_BYTES = 1 << 30
_SPARE_BYTES = 64 << 20
Shape = tuple[int, ...]


@dataclass(frozen=True)
class ChannelsRequest:
    """Of which layer, over which images, by which number of an image and a channel.

    images: a folder, a list file or a gallery. truth: where a folder's labels come from, "" for its
    folders. kept_in: the folder that keeps what was read; None for the gallery's own, or, of a
    folder of images, nowhere. stored_only: give what is kept or say that there is none.
    """

    net: NetToRun
    layer: str | Value
    images: Path | Gallery
    truth: str = ""
    summary: Summary = "maximum"
    recipe: RecipeWish = None
    kept_in: Path | None = None
    stored_only: bool = False
    batch_size: int = DEFAULT_BATCH

    @property
    def layer_name(self) -> str:
        """The layer, as it is written."""
        return self.layer if isinstance(self.layer, str) else self.layer.layer


@dataclass(frozen=True, eq=False)
class ChannelsFound:
    """The table of a layer and what it says; files and labels in the order of its images.

    selectivity: None below two classes. is_dead, fires: (channels,), fires the number of images in
    which a channel is above 0 anywhere. resumed: images that were read before.
    """

    table: ChannelTable
    summary: Summary
    files: tuple[Path, ...]
    labels: tuple[str | None, ...]
    selectivity: ClassSelectivity | None
    is_dead: np.ndarray
    fires: np.ndarray
    skipped: tuple[tuple[str, str], ...]
    recipe: ChosenRecipe
    feed: Feed
    folder: Path | None
    resumed: int
    report: SurveyReport | None
    notes: tuple[str, ...] = ()

    @property
    def cells(self) -> np.ndarray:
        """(n_images, channels) float32."""
        return self.table.cells(self.summary)


class NothingKept(AppError):
    """What was asked for has not been read yet."""


class KeptNote(msgspec.Struct, frozen=True):
    """What the manifest of a kept table must say to be read again."""

    request: str
    images: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    resumed: Annotated[int, msgspec.Meta(ge=0)] = 0


@dataclass(frozen=True, eq=False)
class ReadPlan:
    """What net and files say before anything runs; digest: of all that decides on the numbers.

    The table of the value is kept in a folder of that name.
    """

    request: ChannelsRequest
    value: Value
    images: NamedImages
    feed: Feed
    recipe: ChosenRecipe
    shape: Shape | None
    is_vector: bool
    kind: str
    digest: str


def channels(request: ChannelsRequest, host: EngineHost) -> Job[ChannelsFound]:
    """The table that is kept where it is still of these images, else one pass over them.

    A pass that was cancelled or killed goes on where it stood, where there is a place to keep it.
    Raises NothingKept, and AppError for a layer without channels or where no image can be used.
    """
    yield Progress(0, 0, "looking for what is kept")
    plan = _plan(request)
    with ExitStack() as stack:
        kept_in = place_of_tables(request)
        place = kept_in or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = place / plan.digest
        note, report, resumed = read_note(plan, place), None, 0
        if note is None:
            if request.stored_only:
                raise NothingKept(
                    f"Layer '{plan.value.layer}' has not been read over these images.",
                    hint="Read them.",
                )
            report, resumed = yield from _read_one(plan, host, place)
            note = read_note(plan, place)
        if note is None:
            raise AppError(f"What was read could not be kept in {place}.")
        table = read_table(folder, plan.value, note.images)
        yield Progress(0, 0, "comparing classes")
        return _found(plan, table, note, report, resumed, None if kept_in is None else folder)


def _plan(request: ChannelsRequest) -> ReadPlan:
    net, _ = net_of(request.net)
    value = choose_value(net, request.layer)
    plan, reason = next(plan_reading(request, (value,)))
    if plan is None:
        raise AppError(f"Layer '{value.layer}' has no channels to compare. {reason}")
    return plan


def plan_reading(
    request: ChannelsRequest, values: Sequence[Value]
) -> Iterator[tuple[ReadPlan | None, str]]:
    """The plan of each value, or None and why it has no channels; files are looked at once.

    Of a value by itself, AppError where no picture leads to it or the recipe does not fit.
    """
    net, shapes = net_of(request.net)
    images = named_images(request.images, request.truth)
    stamps = [(name, *_stamp(path)) for name, path in zip(images.names, images.files, strict=True)]
    of_images = request_digest({"images": stamps})[:16]
    runs = {
        **plain_values(what_runs(request.net, net)),
        "net_sha256": "",  # names of blobs and comments decide on nothing
        "state": msgspec.to_builtins(request.net.state),
        "engine": request.net.engine.settled.name,
    }
    for value in values:
        feed = plan_feed(net, shapes, [value])
        try:
            feed.check_takes_pictures()
            recipe = choose_recipe(net, shapes, request.net.path, request.recipe, blob=feed.picture)
            feed.check_channels(recipe.recipe.n_channels)
        except AppError as problem:
            if len(values) == 1:
                raise
            yield None, problem.sentence
            continue
        found = feed.value_shapes(value, recipe.recipe)
        reason = next(filter(None, (why_no_channels(value, shape) for shape in found)), "")
        if reason:
            yield None, reason
            continue
        is_vector = all(shape is not None and math.prod(shape[2:]) == 1 for shape in found)
        decides = {**runs, "place": place_of(net, *value), "recipe": recipe.recipe.digest}
        kind = request_digest(decides)[:16]
        digest = f"{kind}-{of_images}"
        yield ReadPlan(request, value, images, feed, recipe, found[0], is_vector, kind, digest), ""


def place_of_tables(request: ChannelsRequest) -> Path | None:
    """The folder that tables are kept in; None for nowhere."""
    if request.kept_in is None and isinstance(request.images, Gallery):
        return request.images.folder / CHANNELS_NAME
    return request.kept_in


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def read_note(plan: ReadPlan, place: Path) -> KeptNote | None:
    """The manifest of a kept table; None where there is none of this plan."""
    path = manifest_path(place / plan.digest)
    if not path.is_file():
        return None
    note = as_type(load_json(path, _MOST_BYTES), KeptNote, path.name)
    return note if note.request == plan.digest else None


def _read_one(plan: ReadPlan, host: EngineHost, place: Path) -> Job[tuple[SurveyReport, int]]:
    make_place(place, [plan])
    parts = PartFiles(place / plan.digest, len(columns_of(is_vector=plan.is_vector)), plan.digest)
    with closing(parts), host.opened(plan.request.net) as engine:
        engine.check([plan.value])
        return (yield from read_images([plan], plan.feed, engine, parts, place))


def read_images(
    plans: Sequence[ReadPlan],
    feed: Feed,
    engine: Engine,
    parts: PartFiles,
    place: Path,
    most_held: int = 1,
) -> Job[tuple[SurveyReport, int]]:
    """One pass over the images that the parts lack, and the tables of all plans from them.

    feed: of all values. parts: the columns of the plans, one after the other. Returns the report,
    and how many images had been read before. Raises ImageError where none can be used.
    """
    request, images = plans[0].request, plans[0].images
    names = dict(zip(images.files, images.names, strict=True))
    done = parts.done
    todo = [path for path in images.files if names[path] not in done]
    rows = [_rows_of(plan) for plan in plans]
    collector = ChannelMatrixCollector(rows, parts, names, most_held)
    recipe = plans[0].recipe.recipe
    job = survey(engine, feed, todo, recipe, [collector], batch_size=request.batch_size)
    n_before = len(done)
    try:
        report = yield from with_steps(
            job, lambda step: Progress(n_before + step.done, n_before + step.total, step.what)
        )
    finally:
        collector.flush()
    if not parts.images:
        skipped = list(parts.skipped)
        parts.remove()
        check_some_image(report, skipped)
    first = 0
    for done_plans, (plan, of_plan) in enumerate(zip(plans, rows, strict=True)):
        yield Progress(done_plans, len(plans), "layers written")
        columns = stored_columns(parts, of_plan.columns, first)
        write_features(
            place / plan.digest, columns, {IMAGES_KEY: parts.images}, _manifest(plan, parts)
        )
        forget_others(place / plan.digest, plan.kind)  # over images that are no longer so
        first += len(of_plan.columns)
    parts.remove()
    return report, n_before


def _rows_of(plan: ReadPlan) -> ChannelRows:
    shape_of = lru_cache(maxsize=64)(lambda shape: value_shape(plan.feed, plan.value, shape))
    return ChannelRows(plan.value, shape_of, is_vector=plan.is_vector)


def _manifest(plan: ReadPlan, parts: PartFiles) -> dict[str, Any]:
    """Where the numbers come from, and what `KeptNote` reads again."""
    return {
        "made_by": f"Blobscope {__version__}",
        "request": plan.digest,
        **net_manifest(plan.request.net),
        "layer": plan.value.layer,
        "top": plan.value.top,
        "shape": None if plan.shape is None else list(plan.shape),
        "columns": list(columns_of(is_vector=plan.is_vector)),
        "recipe": {"origin": plan.recipe.origin, **plan.recipe.recipe.to_json()},
        "images": parts.images,
        "skipped": parts.skipped,
    }


def make_place(place: Path, plans: Sequence[ReadPlan]) -> None:
    """Make the folder of the tables. AppError where the disk refuses, or has no room for them."""
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AppError(f"The folder '{place}' can't be made: {error.strerror}.") from error
    needed = 2 * sum(map(bytes_of_table, plans)) + _SPARE_BYTES  # parts and files
    free = shutil.disk_usage(place).free
    if needed > free:
        raise AppError(
            f"The channels of {plural(len(plans[0].images.files), 'image')} take "
            f"{needed / 1e9:.1f} GB while they are written; {free / 1e9:.1f} GB are free.",
            hint="Choose fewer images, another layer or another disk.",
        )


def bytes_of_table(plan: ReadPlan) -> int:
    """What the table of a plan takes on the disk; 0 where no shape says so."""
    if plan.shape is None:
        return 0
    return 4 * len(columns_of(is_vector=plan.is_vector)) * len(plan.images.files) * plan.shape[1]


def _found(
    plan: ReadPlan,
    table: ChannelTable,
    note: KeptNote,
    report: SurveyReport | None,
    resumed: int,
    folder: Path | None,
) -> ChannelsFound:
    images, summary = plan.images, plan.request.summary
    row_of = {name: row for row, name in enumerate(images.names)}
    if not row_of.keys() >= set(table.names):
        raise AppError(
            f"What was kept of layer '{plan.value.layer}' names other images.",
            hint="Remove what was kept, and read the images again.",
            details=str(folder),
        )
    rows: Sequence[int] = [row_of[name] for name in table.names]
    labels = tuple(images.labels[row] for row in rows)
    lost = [(str(one.path), one.reason) for one in images.skipped if one.is_loss]
    return ChannelsFound(
        table,
        summary,
        tuple(images.files[row] for row in rows),
        labels,
        class_selectivity(table.cells(summary), labels),
        table.is_dead,
        (table.columns["maximum"] > 0).sum(axis=0),
        (*lost, *note.skipped),
        plan.recipe,
        plan.feed,
        folder,
        resumed,
        report,
        (*images.notes, *(report.notes if report else ())),
    )
