"""Sweeping: one pass over a folder gives every layer under every pooling, each of them measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.engines.batch_size import USUAL_BATCH, BatchSize, BatchWish
from core.engines.host import EngineHost, NetToRun
from core.engines.values import Value
from core.errors import AppError, GalleryError, RequestError
from core.images.box import BOXES_UNUSED
from core.images.finding import list_images
from core.images.input_size import with_size
from core.images.recipe_choice import ChosenRecipe, RecipeWish, choose_recipe
from core.jobs.batch_choice import settle_batch
from core.jobs.engine_choice import engine_of_gallery_in, settle_engine
from core.jobs.index import origin_of, what_runs
from core.jobs.open import net_of
from core.jobs.sweep_fits import FitSet, measured_set, unnamed_set
from core.jobs.values import choose_value, choose_values, every_value
from core.measures.measure import Pool
from core.net.definition import Net
from core.net.identity import place_of
from core.progress import Job, Progress
from core.representations.after import L2, After
from core.representations.fit_files import save_fit
from core.representations.pca import PcaFit
from core.representations.titles import after_title, pooling_title
from core.retrieval.alignment import check_alignment
from core.retrieval.describing import Describer
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.finish import FITS_NAME, Finish, check_scales
from core.retrieval.finished import fit_name
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_store import FITTED_ON_NAME
from core.retrieval.ground_truth import choose_labels
from core.retrieval.indexing import IndexReport, index_folder
from core.retrieval.label_matching import MatchedLabels
from core.retrieval.sweep_cost import SweepCost, find_price
from core.retrieval.sweep_file import save_sweep
from core.retrieval.sweep_plan import (
    DEFAULT_POOLS,
    LeftOut,
    SweepPlan,
    plan_sweep,
    rectified_pairs,
    trunk_values,
)
from core.retrieval.sweep_rows import (
    SweepRow,
    described_by,
    fit_after,
    measure_row,
    summarise,
)
from core.surveys.feed import Feed, plan_feed

TRUNK = "default"


@dataclass(frozen=True)
class SweepRequest:
    """A labelled folder, a net, and what of it is compared.

    layers: "L1,L2", "layer:top", "all", values themselves, or "default": the values after a ReLU,
    a pooling or a Concat. truth: as EvaluateRequest has it. fit_folder: other images that PCA and
    whitening are fitted on; None fits them on the images that are measured, and says so. together:
    layers whose descriptors are put together, each as "L1+L2". size: of the pictures, as
    core.images.input_size has it; "" leaves the recipe's. scales: factors of that size whose
    descriptors are put together.
    """

    net: NetToRun
    folder: Path
    out: Path
    layers: str | Sequence[Value] = TRUNK
    pools: tuple[Pool, ...] = DEFAULT_POOLS
    after: tuple[After, ...] = (L2,)
    recipe: RecipeWish = None
    truth: str | Path = "folders"
    fit_folder: Path | None = None
    batch_size: BatchWish = USUAL_BATCH
    together: tuple[str, ...] = ()
    size: str = ""
    scales: tuple[float, ...] = (1.0,)
    known: tuple[Path, ...] = ()


@dataclass(frozen=True)
class SweepStep(Progress):
    """How far a sweep came; row: one that is just measured.

    cost, plan: the price and what there will be rows of, both told once, before the pass.
    """

    cost: SweepCost | None = None
    row: SweepRow | None = None
    plan: SweepPlan | None = None


@dataclass(frozen=True, eq=False)
class Swept:
    """The table, the sentence, and what its reader has to know.

    fit_set: what PCA and whitening are fitted on, None where no row has them.
    """

    gallery: Gallery
    rows: tuple[SweepRow, ...]
    sentence: str
    cost: SweepCost
    report: IndexReport
    recipe: ChosenRecipe
    truth: MatchedLabels
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...] = ()
    fit_set: FitSet | None = None


def sweep(request: SweepRequest, host: EngineHost) -> Job[Swept]:
    """Describe the folder in one pass by everything asked for, then measure row by row.

    A sweep that was stopped goes on where it stood. Steps are `SweepStep`s. Raises RequestError
    where no layer gives a descriptor, GalleryError where the gallery holds other representations
    or no label has two images, or where an image does not find itself.
    """
    _check_labels(request)
    net, shapes = net_of(request.net)
    together = tuple(_joined(net, words) for words in request.together)
    chosen_values = {*_chosen(net, request.layers), *(one for some in together for one in some)}
    values = tuple(value for value in every_value(net) if value in chosen_values)
    feed = plan_feed(net, shapes, values)
    feed.check_takes_pictures()
    chosen = choose_recipe(net, shapes, request.net.path, request.recipe, blob=feed.picture)
    chosen = with_size(chosen, request.size)
    check_scales(request.scales)
    plan = plan_sweep(feed, values, request.pools, chosen.recipe, request.scales)
    recipes = _recipes(request, net, plan, feed, chosen)
    request, batch = yield from _with_engine(request, host, feed, plan, chosen)
    with host.opened(request.net) as engine:
        run = _Run(request, plan, recipes, Describer(engine, feed, recipes[0]), batch, together)
        yield Progress(0, 0, "time found")
        n_images = len(list_images(request.folder).images)
        cost = find_price(run.describer, plan, batch.n_images, n_images)
        yield SweepStep(0, cost.n_images, "images described", cost=cost, plan=plan)
        report = yield from _described(run, request.folder, request.out)
        gallery = open_gallery(request.out)
        check_alignment(run.describer, plan, gallery)
        truth = choose_labels(str(request.truth), gallery.images.paths, gallery.roots)
        fits = yield from _fit_set(run, gallery, truth)
    if fits is not None and fits.held_out is not None:
        truth = replace(truth, labels=fits.held_out.labels)
    measured = _Measured()
    yield from _measure(run, gallery, truth, fits, measured)
    sentence = summarise(measured.rows, _pairs(net))
    if fits is not None and fits.note:
        sentence = f"{sentence} {fits.note}"
    queries = _queries(gallery.images.paths, truth)
    save_sweep(request.out, measured.rows, sentence, str(request.truth), queries)
    notes = [*report.notes, *truth.notes, *measured.notes]
    notes += [f"{request.net.why_engine}."] if request.net.why_engine else []
    notes += [batch.sentence] if batch.reason else []
    if truth.boxes:
        notes.append(BOXES_UNUSED)
    return Swept(
        gallery,
        tuple(measured.rows),
        sentence,
        cost,
        report,
        chosen,
        truth,
        plan.left_out,
        tuple(dict.fromkeys(notes)),
        fits,
    )


@dataclass(frozen=True)
class _Run:
    """What a sweep is made of once its net is open."""

    request: SweepRequest
    plan: SweepPlan
    recipes: tuple[DescriptorRecipe, ...]
    describer: Describer
    batch: BatchSize
    together: tuple[tuple[Value, ...], ...] = ()


@dataclass
class _Measured:
    """Rows measured so far, and what could not be."""

    rows: list[SweepRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fit: tuple[tuple[tuple[int, ...], bool], PcaFit] | None = None
    """The last fit, and of which representation: PCA and whitening share one."""


def _chosen(net: Net, layers: str | Sequence[Value]) -> tuple[Value, ...]:
    """The values that words mean; inputs are none, for all that is read of them is the picture."""
    if isinstance(layers, str) and layers == TRUNK and not net.has_layer(TRUNK):
        found = trunk_values(net) or every_value(net)
    else:
        found = choose_values(net, layers)
    is_all = isinstance(layers, str) and not net.has_layer(layers) and layers in ("all", TRUNK)
    if not is_all:
        return found
    return tuple(value for value in found if net.layer(value.layer).bottoms)


def _joined(net: Net, words: str) -> tuple[Value, ...]:
    """The values of "relu4_3+relu5_3". Raises RequestError for fewer than two."""
    found = tuple(choose_value(net, word.strip()) for word in words.split("+") if word.strip())
    if len(found) < 2:
        raise RequestError(f"'{words}' names no two layers.", hint='Join them as "relu4+relu5".')
    return found


def _with_engine(
    request: SweepRequest, host: EngineHost, feed: Feed, plan: SweepPlan, chosen: ChosenRecipe
) -> Job[tuple[SweepRequest, BatchSize]]:
    """The request with an engine in place of "auto", and the images a pass.

    Both as the sweep says which it goes on with.
    """
    net = engine_of_gallery_in(request.out, request.net)
    net = yield from settle_engine(net, host, feed, chosen.recipe, plan.wants, request.batch_size)
    batch = yield from settle_batch(
        request.batch_size, net, host, feed, chosen.recipe, plan.wants,
        gallery=request.out, scale=max(request.scales),
    )  # fmt: skip
    return replace(request, net=net), batch


def _check_labels(request: SweepRequest) -> None:
    """Raise GalleryError before the pass where its images leave nothing to find."""
    listing = list_images(request.folder)
    paths = [path.relative_to(listing.root).as_posix() for path in listing.images]
    truth = choose_labels(str(request.truth), paths, (listing.root,))
    if not _queries(paths, truth):
        raise GalleryError(
            "No label has two images, so there is nothing to find.",
            hint="Labels are needed that two images or more share.",
        )


def _recipes(
    request: SweepRequest, net: Net, plan: SweepPlan, feed: Feed, chosen: ChosenRecipe
) -> tuple[DescriptorRecipe, ...]:
    ran = what_runs(request.net, net)
    return tuple(
        DescriptorRecipe(
            one.value.layer,
            one.value.top,
            one.pool.method,
            one.pool.p,
            chosen.recipe,
            **ran,
            is_batched=feed.mixing is None,
            levels=one.pool.levels,
            relu=one.pool.relu,
            place=place_of(net, *one.value),
            finish=Finish(scales=request.scales),
        )
        for one in plan.representations
    )


def _described(run: _Run, folder: Path, out: Path) -> Job[IndexReport]:
    """Index the folder by every representation at once."""
    to_run = run.request.net
    origin = None
    if to_run.weights is not None:
        origin = origin_of(to_run, to_run.weights, run.batch.n_images)
    report = yield from index_folder(
        run.describer,
        folder,
        out,
        origin=origin,
        batch_size=run.batch.n_images,
        others=run.recipes[1:],
    )
    if not report.n_images:
        raise GalleryError(f"There is no image in '{folder}' that can be used.")
    return report


def _fit_set(run: _Run, gallery: Gallery, truth: MatchedLabels) -> Job[FitSet | None]:
    """What PCA and whitening are fitted on; None where nothing asks for them."""
    request = run.request
    if not any(after.projection for after in request.after):
        return None
    folder = request.fit_folder
    if folder is None:
        return unnamed_set(gallery, truth.labels, request.after, request.known)
    if folder.resolve() == request.folder.resolve():
        return measured_set(gallery)
    out = request.out / FITTED_ON_NAME
    yield from _described(run, folder, out)
    return FitSet(open_gallery(out), folder.name, "named")


def _measure(
    run: _Run, gallery: Gallery, truth: MatchedLabels, fits: FitSet | None, measured: _Measured
) -> Job[None]:
    """Every representation after every post-processing, a step with each row."""
    sets = _sets(run)
    total = len(sets) * len(run.request.after)
    for numbers, after in ((numbers, after) for numbers in sets for after in run.request.after):
        parts = [run.plan.representations[number] for number in numbers]
        done = len(measured.rows)
        yield SweepStep(done, total, "rows measured")
        try:
            fit = _fitted(run, numbers, after, fits, measured)
            notes = tuple(dict.fromkeys(one.note for one in parts if one.note))
            described = described_by(gallery, numbers)
            row = yield from _told(
                measure_row(described, after, truth.labels, fit, notes), done, total
            )
        except AppError as error:
            names = "+".join(one.value.layer for one in parts)
            where = f"{names}, {pooling_title(parts[0].pool.word)}, {after_title(after.word)}"
            measured.notes.append(f"{where}: {error.sentence}")
            continue
        measured.rows.append(row)
        yield SweepStep(len(measured.rows), total, "rows measured", row=row)
    if not measured.rows:
        raise GalleryError(
            "No representation could be measured.", details="\n".join(measured.notes)
        )


def _sets(run: _Run) -> tuple[tuple[int, ...], ...]:
    """Which representations make a row: each alone, and those that are put together."""
    numbers = {key: number for number, key in enumerate(run.plan.keys)}
    found: dict[tuple[int, ...], None] = {(number,): None for number in numbers.values()}
    for values in run.together:
        for pool in run.request.pools:
            flat = Pool("flatten", relu=pool.relu)  # of a value with one place per channel
            parts = [numbers.get((v, pool), numbers.get((v, flat))) for v in values]
            known = tuple(part for part in parts if part is not None)
            if len(known) == len(values):
                found[known] = None
    return tuple(found)


def _told(job: Job[SweepRow], done: int, total: int) -> Job[SweepRow]:
    """The same job, whose queries are no steps of the sweep: a row takes a moment."""
    try:
        while True:
            try:
                next(job)
            except StopIteration as stop:
                row: SweepRow = stop.value
                return row
            yield SweepStep(done, total, "rows measured")
    finally:
        job.close()


def _fitted(
    run: _Run,
    numbers: tuple[int, ...],
    after: After,
    fits: FitSet | None,
    measured: _Measured,
) -> PcaFit | None:
    """The fit for a row, kept under the gallery for whoever queries by it."""
    if not after.projection or fits is None:
        return None
    key = numbers, after.has_power
    if measured.fit is None or measured.fit[0] != key:
        measured.fit = key, fit_after(fits.described(numbers), after, fits.name)
    fit = measured.fit[1]
    settled = after.settled(fit)
    kept = fit.cut(settled.dimension) if settled.dimension <= fit.most else fit
    folder = run.request.out / FITS_NAME
    folder.mkdir(exist_ok=True)
    name, root = fit_name(numbers, settled), fits.gallery.root
    save_fit(folder / name, kept, whole=fit, after=settled.word, folder=root)
    return fit


def _pairs(net: Net) -> tuple[tuple[tuple[str, str], tuple[str, str]], ...]:
    return tuple(((b.layer, b.top), (a.layer, a.top)) for b, a in rectified_pairs(net))


def _queries(paths: Sequence[str], truth: MatchedLabels) -> tuple[str, ...]:
    """The images that are queries, in the order of the rows' precisions."""
    counts = Counter(label for label in truth.labels if label is not None)
    pairs = zip(paths, truth.labels, strict=True)
    return tuple(path for path, label in pairs if label is not None and counts[label] > 1)
