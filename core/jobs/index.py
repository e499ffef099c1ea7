"""Indexing: every image of a folder described by one layer, into a gallery that can be resumed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from core.engines.batch_size import AUTO_BATCH, USUAL_BATCH, BatchSize, BatchWish
from core.engines.engine import Engine
from core.engines.host import EngineHost, NetToRun
from core.engines.values import Value
from core.errors import GalleryError, ImageError, RequestError
from core.files import file_sha256
from core.images.input_size import with_size
from core.images.recipe_choice import ChosenRecipe, RecipeWish, choose_recipe
from core.jobs.batch_choice import settle_batch
from core.jobs.engine_choice import engine_of_gallery_in, settle_engine
from core.jobs.fit_choice import FitWish
from core.jobs.fitting import FitPlan, settle_fits
from core.jobs.open import net_of
from core.jobs.values import choose_value
from core.layers.traits import traits_of
from core.measures.measure import Pool
from core.net.definition import Net
from core.net.identity import Place, net_identity, place_of, value_at
from core.net.reader import read_net
from core.progress import Job
from core.representations.after import L2, After
from core.representations.encoding import Encoding
from core.retrieval.cautions import cautions
from core.retrieval.cluster.indexing import ClusterSurvey, ClusterWish
from core.retrieval.describing import Describer, described_by_pass
from core.retrieval.descriptor import DescriptorRecipe, text_sha256
from core.retrieval.finish import Finish, Fits, FurtherValue
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_origin import GalleryOrigin
from core.retrieval.indexing import IndexReport, index_folder
from core.surveys.feed import Feed, plan_feed
from core.words import plural


@dataclass(frozen=True)
class IndexRequest:
    """A folder to index: with which net, which value of it pooled how, pictures prepared how.

    layer: "L" or "L:top", "L1+L2" to join the descriptors of several, or the value. recipe: None
    takes the net's own. prune: drop what the gallery has and the folder does not show, also where
    that may be a disk's doing. size: of the pictures, as core.images.input_size has it; "" leaves
    the recipe's. scales: factors of that size whose descriptors are put together. encoding: of the
    pooling's parts. after: what follows pooling; fits: where its fits come from. known: folders
    below which galleries lie, which may hold other images to fit on. cluster: whose machines
    describe the images, None for this one.
    """

    net: NetToRun
    folder: Path
    layer: str | Value
    pool: Pool
    out: Path
    recipe: RecipeWish = None
    batch_size: BatchWish = USUAL_BATCH
    prune: bool = False
    size: str = ""
    scales: tuple[float, ...] = (1.0,)
    encoding: Encoding | None = None
    after: After = L2
    fits: FitWish = field(default_factory=FitWish)
    known: tuple[Path, ...] = ()
    cluster: ClusterWish | None = None


@dataclass(frozen=True)
class Indexed:
    """The gallery as the run left it, what the run did, and the images of each of its passes."""

    gallery: Gallery
    report: IndexReport
    recipe: ChosenRecipe
    batch: BatchSize


def index(request: IndexRequest, host: EngineHost) -> Job[Indexed]:
    """Index, or bring an index of the same recipe up to date.

    Raises GalleryError where the gallery there has another recipe, ImageError where the folder has
    no image that can be used.
    """
    plan = _plan(request)
    recipe = _recipe_of(request, plan)
    request, batch = yield from _with_engine(request, host, plan, recipe)
    with host.opened(request.net) as engine:
        origin = None
        if request.net.weights is not None:
            origin = origin_of(request.net, request.net.weights, batch.n_images)
        fit_plan = FitPlan(
            request.fits, request.folder, request.out, origin, batch.n_images, request.known
        )
        fitted = yield from settle_fits(Describer(engine, plan.feed, recipe), fit_plan)
        report = yield from index_folder(
            fitted.describer,
            request.folder,
            request.out,
            origin=origin,
            batch_size=batch.n_images,
            prune=request.prune,
            surveyor=_surveyor(request, origin),
        )
    if not report.n_images:
        raise _nothing_indexed(request.folder, report)
    notes = (*_cautions(plan, fitted.describer), *fitted.notes, *report.notes)
    if request.net.why_engine:
        notes = (*notes, f"{request.net.why_engine}.")
    if batch.reason:
        notes = (*notes, batch.sentence)
    report = replace(report, notes=notes)
    return Indexed(open_gallery(request.out), report, plan.chosen, batch)


def origin_of(net: NetToRun, weights: Path, batch: int) -> GalleryOrigin:
    """What a gallery notes of the net that makes it and the images of a pass."""
    return GalleryOrigin(net.path, weights, net.state, net.engine.settled.name, batch)


def _with_engine(
    request: IndexRequest, host: EngineHost, plan: _Plan, recipe: DescriptorRecipe
) -> Job[tuple[IndexRequest, BatchSize]]:
    """The request with an engine in place of "auto", and the images a pass.

    Both as the gallery says which it goes on with.
    """
    net = engine_of_gallery_in(request.out, request.net)
    wants = {value: (pool,) for value, pool in described_by_pass(plan.feed, recipe)}
    net = yield from settle_engine(
        net, host, plan.feed, recipe.preprocess, wants, request.batch_size
    )
    if request.cluster is not None:
        request.cluster.check(net)
        if request.batch_size == AUTO_BATCH:
            raise RequestError(
                "What is free on the machines of a cluster is not known here.",
                hint="Say how many images share a pass, such as --batch 64.",
            )
    batch = yield from settle_batch(
        request.batch_size, net, host, plan.feed, recipe.preprocess, wants,
        gallery=request.out, scale=max(request.scales),
    )  # fmt: skip
    return replace(request, net=net), batch


def _surveyor(request: IndexRequest, origin: GalleryOrigin | None) -> ClusterSurvey | None:
    if request.cluster is None:
        return None
    return ClusterSurvey(request.cluster, request.net, origin, request.out)


def descriptor_recipe(request: IndexRequest) -> DescriptorRecipe:
    """All that decides on the descriptors, which a gallery keeps, but fits not made yet."""
    return _recipe_of(request, _plan(request))


@dataclass(frozen=True)
class _Plan:
    """What a request stands for: the net, the value, what feeds it, how pictures are prepared."""

    net: Net
    values: tuple[Value, ...]
    feed: Feed
    chosen: ChosenRecipe


def _plan(request: IndexRequest) -> _Plan:
    net, shapes = net_of(request.net)
    values = _values(net, request.layer)
    feed = plan_feed(net, shapes, values)
    feed.check_takes_pictures()
    chosen = choose_recipe(net, shapes, request.net.path, request.recipe, blob=feed.picture)
    return _Plan(net, values, feed, with_size(chosen, request.size))


def _values(net: Net, layer: str | Value) -> tuple[Value, ...]:
    """The one that is named, or those that are joined by + where no layer has that name."""
    is_one = isinstance(layer, Value) or net.has_layer(layer) or "+" not in layer
    if isinstance(layer, Value) or is_one:
        return (choose_value(net, layer),)
    found = (choose_value(net, word.strip()) for word in layer.split("+") if word.strip())
    return tuple(dict.fromkeys(found))


def _finish_of(request: IndexRequest, plan: _Plan) -> Finish:
    finish = Finish(
        request.after.word,
        scales=request.scales,
        encoding="" if request.encoding is None else request.encoding.word,
        further=tuple(
            FurtherValue(value.layer, value.top, place_of(plan.net, *value))
            for value in plan.values[1:]
        ),
    )
    finish.check()
    return finish


def _cautions(plan: _Plan, describer: Describer) -> list[str]:
    """What to know of the values that are read, in sentences."""
    traits = traits_of(plan.net)
    return [
        f"'{value.layer}': {said}."
        for value, pool in describer.keys
        for said in cautions(traits[value], pool)
    ]


def _recipe_of(request: IndexRequest, plan: _Plan) -> DescriptorRecipe:
    value = plan.values[0]
    return DescriptorRecipe(
        value.layer,
        value.top,
        request.pool.method,
        request.pool.p,
        plan.chosen.recipe,
        **what_runs(request.net, plan.net),
        is_batched=plan.feed.mixing is None,
        levels=request.pool.levels,
        relu=request.pool.relu,
        place=place_of(plan.net, *value),
        finish=_finish_of(request, plan),
    )


def recipe_on(to_run: NetToRun, like: DescriptorRecipe) -> DescriptorRecipe:
    """What a net gives with the layer, pooling and preprocessing of a recipe.

    The value is called as the net calls it, where the recipe's net computes the same.
    """
    net = read_net(to_run.text, path=to_run.path, state=to_run.state)
    ran = what_runs(to_run, net)
    is_same = like.net_identity == ran["net_identity"]

    def here(layer: str, top: str, place: Place | None) -> tuple[str, str]:
        return (value_at(net, place) if is_same and place is not None else None) or (layer, top)

    layer, top = here(*like.value, like.place)
    further = tuple(
        FurtherValue(*found, place_of(net, *found))
        for found in (here(one.layer, one.top, one.place) for one in like.finish.further)
    )
    finish = msgspec.structs.replace(like.finish, further=further)
    place = place_of(net, layer, top)
    return replace(like, **ran, layer=layer, top=top, place=place, finish=finish)


def what_runs(to_run: NetToRun, net: Net) -> dict[str, Any]:
    """What a recipe says of the net that runs, by the names of its fields; net: as read of it."""
    weights = to_run.weights
    return {
        "net_sha256": text_sha256(to_run.text),
        "net_identity": net_identity(net),
        "weights_sha256": f"filler {to_run.seed}" if weights is None else file_sha256(weights),
        "state": to_run.state,
        "precision": to_run.engine.precision,
        "engine_options": to_run.engine.value_options,
    }


def describer_for(
    to_run: NetToRun, recipe: DescriptorRecipe, engine: Engine, fits: Fits | None = None
) -> Describer:
    """What describes pictures by a recipe with an open net; fits: those that the recipe names."""
    net, shapes = net_of(to_run)
    return Describer(engine, plan_feed(net, shapes, recipe.values), recipe, fits or Fits())


def _nothing_indexed(folder: Path, report: IndexReport) -> ImageError | GalleryError:
    reasons = [(p.path, p.reason) for p in report.problems]
    reasons += [(str(s.path), s.reason) for s in report.skipped]
    details = "\n".join(f"{path}: {reason}" for path, reason in reasons[:20])
    if not reasons:
        return ImageError(f"There are no images in '{folder}'.")
    first = f"{Path(reasons[0][0]).name}: {reasons[0][1]}"
    return ImageError(
        f"None of the {plural(len(reasons), 'file')} in '{folder}' is an image that can be used.",
        hint=f"The first: {first}",
        details=details,
    )
