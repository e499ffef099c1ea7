"""Extracting: activations of any layers for images or raw arrays, streamed into one file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import __version__
from core.engines.batch_size import AUTO_BATCH, USUAL_BATCH, BatchSize, BatchWish
from core.engines.engine import Engine
from core.engines.host import EngineHost, NetToRun
from core.engines.value_keys import IMAGES_KEY, SKIPPED_KEY
from core.engines.values import Value
from core.errors import ImageError
from core.images.finding import ImageFiles, find_files
from core.images.recipe_choice import ChosenRecipe, RecipeWish, choose_recipe
from core.jobs.arrays import ArrayPasses, plan_array_passes
from core.jobs.batch_choice import as_begun, settle_batch
from core.jobs.classes import ClassScores, WantedClasses, classes_wanted, score_classes
from core.jobs.engine_choice import settle_engine
from core.jobs.open import net_of
from core.jobs.provenance import measure_words, net_manifest, plain_values, spelled
from core.jobs.values import choose_values
from core.layers.shapes import NetShapes, infer_shapes
from core.measures.measure import KEEP, Measure, Pool
from core.net.definition import Net
from core.progress import Job, Progress, with_steps
from core.surveys.feature_files import (
    check_features_writable,
    check_suffix,
    manifest_path,
    write_features,
)
from core.surveys.features import (
    Feature,
    FeatureCollector,
    check_room,
    features_of,
    stored_features,
    wants_of,
)
from core.surveys.feed import Feed, fit_pool, plan_feed, top_shape
from core.surveys.part_files import PartFiles, request_digest
from core.surveys.stages import StageLimit
from core.surveys.survey import StopAtBadImage, SurveyReport, survey
from core.words import plural


@dataclass(frozen=True)
class ExtractRequest:
    """What to extract of which net, from what, into which file.

    layers: names as "fc6,relu6", "slice:top" or "all", or values. images: files, folders, list
    files; else arrays: raw input blobs by name ("" names the only one); neither for a net that
    feeds itself. recipe: None takes the net's own. batch_size: images a pass, None for the usual.
    is_strict: the first bad image ends the run.
    """

    net: NetToRun
    layers: str | tuple[Value, ...]
    out: Path
    images: tuple[Path, ...] = ()
    arrays: tuple[tuple[str, Path], ...] = ()
    measure: Measure = KEEP
    recipe: RecipeWish = None
    batch_size: BatchWish | None = None
    class_names: Path | None = None
    is_strict: bool = False


@dataclass(frozen=True)
class Extracted:
    """What was written. skipped: (image, reason); resumed: images an earlier run had done.

    arrays: shapes by key. apart: why each image had a pass of its own, "" where they shared.
    """

    out: Path
    manifest: Path
    images: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    arrays: dict[str, tuple[int, ...]]
    n_passes: int
    resumed: int
    recipe: ChosenRecipe | None
    apart: str
    limit: StageLimit | None
    images_per_second: float
    warnings: tuple[str, ...]
    filler_layers: tuple[str, ...]
    classes: ClassScores | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Plan:
    """What the files and the net say before anything runs."""

    request: ExtractRequest
    net: Net
    shapes: NetShapes
    features: tuple[Feature, ...]
    classes: WantedClasses
    files: ImageFiles
    recipe: ChosenRecipe | None
    passes: ArrayPasses | None
    feed: Feed
    notes: tuple[str, ...] = ()

    @property
    def collected(self) -> tuple[Feature, ...]:
        """The features, and the class scores where they are not among them."""
        extra = self.classes.scores
        is_extra = extra is not None and all(extra.value != one.value or extra.measure !=
                                             one.measure for one in self.features)  # fmt: skip
        return (*self.features, extra) if extra is not None and is_extra else self.features


@dataclass
class _Ran:
    """What the passes of this run told."""

    report: SurveyReport | None = None
    n_passes: int = 0
    warnings: tuple[str, ...] = ()
    filler_layers: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def extract(request: ExtractRequest, host: EngineHost) -> Job[Extracted]:
    """Run the inputs once and write what was asked for; yields the images done.

    Features lie beside the file until it is complete, so that a run that was cancelled or killed
    goes on where it stood when it is asked for again. Raises AppError for what can't be done,
    before anything runs where that can be told.
    """
    check_suffix(request.out)
    check_features_writable(request.out)
    request, batch = yield from _with_engine(request, host)
    with ExitStack() as held:
        with host.opened(request.net) as engine:
            plan = _plan(request, engine)
            parts = PartFiles(request.out, len(plan.collected), _digest(plan))
            held.enter_context(closing(parts))
            resumed = len(parts.done)
            names = _names(plan.files)
            batch = as_begun(batch, parts)
            collector = FeatureCollector(plan.collected, parts, names)
            ran = _Ran(warnings=engine.warnings, filler_layers=engine.filler_layers)
            ran.notes += [f"{request.net.why_engine}."] if request.net.why_engine else []
            ran.notes += [batch.sentence] if batch.reason else []
            if plan.passes is None:
                yield from _run_images(plan, engine, batch, collector, parts, names, ran)
            else:
                yield from _run_arrays(plan, engine, collector, plan.passes, parts, ran)
        return (yield from _finish(plan, parts, ran, resumed))


def _with_engine(
    request: ExtractRequest, host: EngineHost
) -> Job[tuple[ExtractRequest, BatchSize]]:
    """The request with an engine in place of "auto", and the images a pass.

    Arrays are no survey: they stay on PyTorch, and what they hold says how many share a pass.
    """
    wish, recipe = request.batch_size or USUAL_BATCH, None
    if request.images and (request.net.engine.is_by_trial or wish == AUTO_BATCH):
        with host.opened(request.net) as engine:
            plan = _plan(request, engine)
        recipe = plan.recipe
    if recipe is None:
        return request, BatchSize(USUAL_BATCH if wish == AUTO_BATCH else wish)
    asked = (plan.feed, recipe.recipe, wants_of(plan.collected))
    net = yield from settle_engine(request.net, host, *asked, wish)
    batch = yield from settle_batch(wish, net, host, *asked)
    return dataclasses.replace(request, net=net), batch


def _plan(request: ExtractRequest, engine: Engine) -> _Plan:
    net, shapes = net_of(request.net)
    values, left_out = _runnable(choose_values(net, request.layers), request.layers, engine)
    classes = classes_wanted(net, engine, request.net, request.class_names, values)
    notes = (*left_out, *classes.notes)
    wanted = [*values, *([classes.scores.value] if classes.scores is not None else [])]
    feed = plan_feed(net, shapes, wanted)
    if request.images:
        feed.check_takes_pictures()
        recipe = choose_recipe(net, shapes, request.net.path, request.recipe, blob=feed.picture)
        files = find_files(request.images)
        feed.check_channels(recipe.recipe.n_channels)
        shapes_of = {value: feed.value_shapes(value, recipe.recipe) for value in values}
        measures = {value: _fitted(request.measure, found) for value, found in shapes_of.items()}
        features = features_of(net, measures)
        return _Plan(request, net, shapes, features, classes, files, recipe, None, feed, notes)
    rows = None if request.batch_size == AUTO_BATCH else request.batch_size
    passes = plan_array_passes(request.arrays, feed, rows)
    given = infer_shapes(net, {blob: array.shape for blob, array in passes.arrays.items()})
    measures = {v: _fitted(request.measure, (top_shape(net, given, v),)) for v in values}
    features = features_of(net, measures)
    return _Plan(
        request, net, shapes, features, classes, ImageFiles(), None, passes, feed, left_out
    )


def _runnable(
    values: tuple[Value, ...], named: str | tuple[Value, ...], engine: Engine
) -> tuple[tuple[Value, ...], tuple[str, ...]]:
    """The values this engine can give; of "all" the others are left out, with a note.

    Raises UnsupportedLayerError or the like for a value that was named, or where none is left, and
    PythonLayersRefused where the user's agreement is all that is missing.
    """
    blocked = {value: engine.obstacles([value]) for value in values}
    able = tuple(value for value in values if not blocked[value])
    found = [layer.obstacle for layers in blocked.values() for layer in layers]
    asks_consent = any(obstacle is not None and obstacle.kind == "program" for obstacle in found)
    if named != "all" or not able or asks_consent:
        engine.check(values)
        return values, ()
    reasons = {
        layer.name: layer.obstacle.sentence
        for layers in blocked.values()
        for layer in layers
        if layer.obstacle is not None
    }
    if not reasons:
        return values, ()
    why = " ".join(f"{name}: {reason}" for name, reason in list(reasons.items())[:4])
    n_left = len(values) - len(able)
    return able, (f"{n_left:,} of {plural(len(values), 'value')} can't be computed here. {why}",)


def _fitted(measure: Measure, shapes: Sequence[tuple[int, ...] | None]) -> Measure:
    return fit_pool(measure, shapes) if isinstance(measure, Pool) else measure


def _names(files: ImageFiles) -> dict[Path, str]:
    return {path: spelled(path) for path in files.files}


def _digest(plan: _Plan) -> str:
    """What decides on the numbers: another net, recipe, layer or list of images begins anew."""
    request = plan.request
    described = dataclasses.asdict(dataclasses.replace(request, out=Path()))
    described["layers"] = [list(feature.value) for feature in plan.features]
    described["recipe"] = None if plan.recipe is None else plan.recipe.recipe.digest
    described["images"] = list(plan.files.files)
    described["net"] = net_manifest(dataclasses.replace(request.net, why_engine=""))
    described["arrays"] = [_stamped(path) for _, path in request.arrays]
    return request_digest(plain_values(described))


def _stamped(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return spelled(path), status.st_size, status.st_mtime_ns


def _run_images(
    plan: _Plan,
    engine: Engine,
    batch: BatchSize,
    collector: FeatureCollector,
    parts: PartFiles,
    names: Mapping[Path, str],
    ran: _Ran,
) -> Job[None]:
    """The survey over the images that no earlier run has done."""
    done, request = parts.done, plan.request
    todo = [path for path in plan.files.files if names[path] not in done]
    if plan.recipe is None:
        return
    check_room(
        plan.collected, plan.feed, plan.recipe.recipe, request.out, len(plan.files.files), len(todo)
    )
    job = survey(
        engine,
        plan.feed,
        todo,
        plan.recipe.recipe,
        [*([StopAtBadImage()] if request.is_strict else []), collector],
        batch_size=batch.n_images,
    )
    n_before = len(done)
    ran.report = yield from with_steps(
        job, lambda step: Progress(n_before + step.done, n_before + step.total, step.what)
    )
    ran.n_passes = ran.report.n_passes


def _run_arrays(
    plan: _Plan,
    engine: Engine,
    collector: FeatureCollector,
    passes: ArrayPasses,
    parts: PartFiles,
    ran: _Ran,
) -> Job[None]:
    """Raw blobs as they are; passes that an earlier run has done are not run again."""
    n_done = len(parts.images)
    seen = 0
    for names, inputs in passes:
        seen += len(names)
        if len(parts.entries) and seen <= n_done:
            continue
        collector.take_named(names, engine.measure(inputs, collector.wants))
        ran.n_passes += 1
        yield Progress(seen, passes.n_rows, "images")
    ran.notes += passes.notes


def _finish(plan: _Plan, parts: PartFiles, ran: _Ran, resumed: int) -> Job[Extracted]:
    """The file, out of the parts."""
    request = plan.request
    skipped = (*((str(s.path), s.reason) for s in plan.files.skipped), *parts.skipped)
    if request.images and not parts.images:
        first = f" {Path(skipped[0][0]).name}: {skipped[0][1]}" if skipped else ""
        parts.remove()
        raise ImageError(
            f"None of the images can be used.{first}",
            details="\n".join(f"{name}: {reason}" for name, reason in skipped[:20]),
        )
    yield Progress(0, 0, "writing the file")
    stored = stored_features(plan.collected, parts)
    classes = score_classes(plan.net, plan.classes, plan.collected, stored)
    wanted = stored[: len(plan.features)]  # without the class scores that only came along
    names: dict[str, Sequence[str]] = {IMAGES_KEY: parts.images}
    if parts.skipped:
        names[SKIPPED_KEY] = [name for name, _ in parts.skipped]
    write_features(request.out, wanted, names, _manifest(plan, parts, wanted))
    parts.remove()
    report = ran.report
    return Extracted(
        request.out,
        manifest_path(request.out),
        tuple(parts.images),
        skipped,
        {one.key: one.shape for one in wanted},
        sum(1 for entry in parts.entries if entry.rows),
        resumed,
        plan.recipe,
        report.apart if report else "",
        report.limit if report else None,
        report.images_per_second if report else 0.0,
        ran.warnings,
        ran.filler_layers,
        classes,
        (*plan.notes, *ran.notes, *(report.notes if report else ())),
    )


def _manifest(plan: _Plan, parts: PartFiles, stored: Sequence[Any]) -> dict[str, Any]:
    """All that a reader of the file needs to know where its numbers come from."""
    labels = {(version.layer, version.blob): version.label for version in plan.net.versions}
    return {
        "made_by": f"Blobscope {__version__}",
        **net_manifest(plan.request.net),
        "features": [
            {
                "key": one.key,
                "layer": feature.value.layer,
                "top": feature.value.top,
                "version": labels.get((feature.value.layer, feature.value.top)),
                "measure": measure_words(feature.measure),
                "shape": list(one.shape),
            }
            for one, feature in zip(stored, plan.features, strict=True)
        ],
        "recipe": None
        if plan.recipe is None
        else {
            "origin": plan.recipe.origin,
            "note": plan.recipe.note,
            **plan.recipe.recipe.to_json(),
        },
        "passes": [
            {"images": list(entry.images), "rows": list(entry.rows)}
            for entry in parts.entries
            if entry.rows
        ],
        "images": list(parts.images),
        "labels": _labels(plan.files),
        "skipped": [
            {"image": name, "reason": reason}
            for name, reason in (
                *((str(lost.path), lost.reason) for lost in plan.files.losses),
                *parts.skipped,
            )
        ],
    }


def _labels(files: ImageFiles) -> dict[str, str]:
    """The label that a list gives an image, by the image's name."""
    names = _names(files)
    pairs = zip(files.files, files.labels, strict=True)
    return {names[path]: label for path, label in pairs if label is not None}
