"""Top images: where each channel of some layers is greatest and least over many images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.engines.engine import Engine
from core.engines.host import EngineHost, NetToRun
from core.engines.values import Value
from core.errors import AppError, ImageError, RequestError
from core.images.recipe_choice import ChosenRecipe, RecipeWish, choose_recipe
from core.jobs.named_images import NamedImages, named_images
from core.jobs.open import net_of
from core.jobs.values import choose_values
from core.measures.measure import ChannelPeaks
from core.progress import Job
from core.retrieval.gallery import Gallery
from core.surveys.feed import Feed, plan_feed
from core.surveys.survey import DEFAULT_BATCH, SurveyReport, survey
from core.surveys.top_images import DEFAULT_K, TopImages, TopImagesCollector, place_on
from core.words import plural

Shape = tuple[int, ...]


@dataclass(frozen=True)
class TopImagesRequest:
    """Of which layers, over which images, and how many of each channel.

    layers: names as "fc6,relu6", "slice:top" or "all", or values. images: a folder, a list file or
    a gallery. recipe: None takes the net's own.
    """

    net: NetToRun
    layers: str | tuple[Value, ...]
    images: Path | Gallery
    k: int = DEFAULT_K
    recipe: RecipeWish = None
    batch_size: int = DEFAULT_BATCH


@dataclass(frozen=True, eq=False)
class TopImagesFound:
    """The rankings, whose images are numbers into `images`; left_out: values that have none.

    skipped: (name, reason) of images that could not be used.
    """

    found: tuple[TopImages, ...]
    images: NamedImages
    left_out: tuple[tuple[Value, str], ...]
    skipped: tuple[tuple[str, str], ...]
    recipe: ChosenRecipe
    report: SurveyReport
    feed: Feed
    pictures: dict[int, Shape]
    n_bytes: int

    def map_axes(self, value: Value, image: int) -> Shape:
        """The axes behind the channels of a value for one image; () where they are not known."""
        picture = self.pictures.get(image)
        return () if picture is None else axes_behind(self.feed, value, picture)


def top_images(request: TopImagesRequest, host: EngineHost) -> Job[TopImagesFound]:
    """One pass over the images for all layers, in memory that does not grow with them.

    Raises AppError where no value can be ranked or no image be used.
    """
    net, shapes = net_of(request.net)
    images = named_images(request.images)
    with host.opened(request.net) as engine:
        values = choose_values(net, request.layers)
        wanted, left_out = _rankable(values, engine, must_all=request.layers != "all")
        feed = plan_feed(net, shapes, wanted)
        feed.check_takes_pictures()
        recipe = choose_recipe(net, shapes, request.net.path, request.recipe, blob=feed.picture)
        feed.check_channels(recipe.recipe.n_channels)
        wanted, unfit = _with_channels(wanted, feed, recipe, must_all=request.layers != "all")
        numbers = {path: number for number, path in enumerate(images.files)}
        collector = TopImagesCollector(wanted, numbers, request.k)
        report = yield from survey(
            engine, feed, images.files, recipe.recipe, [collector], batch_size=request.batch_size
        )
    skipped = [(str(one.path), one.reason) for one in images.skipped if one.is_loss]
    skipped += [(images.names[numbers[one.path]], one.reason) for one in report.skipped]
    check_some_image(report, skipped)
    return TopImagesFound(
        collector.found(),
        images,
        (*left_out, *unfit),
        tuple(skipped),
        recipe,
        report,
        feed,
        collector.pictures,
        collector.n_bytes,
    )


def axes_behind(feed: Feed, value: Value, picture: Shape) -> Shape:
    """The axes behind the channels of a value for a picture of this shape; () where unknown."""
    shape = value_shape(feed, value, picture)
    return () if shape is None else shape[2:]


def value_shape(feed: Feed, value: Value, picture: Shape) -> Shape | None:
    """The shape of a value for one picture of (channels, height, width)."""
    layer = feed.net.layer(value.layer)
    return feed.shapes_for(picture).top(layer, layer.tops.index(value.top))


def why_no_channels(value: Value, shape: Shape | None) -> str:
    """Why a value of this shape for one image has no channels of it to rank; "" where it has."""
    if shape is None:
        return ""  # a pass tells
    try:
        ChannelPeaks().check(shape)
    except AppError as problem:
        return problem.sentence
    if shape[0] != 1:
        return f"Layer '{value.layer}' gives {plural(shape[0], 'row')} for one image."
    return ""


def check_some_image(report: SurveyReport, skipped: Sequence[tuple[str, str]]) -> None:
    """ImageError where none could be used."""
    if report.n_images:
        return
    first = f" {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
    raise ImageError(
        f"None of the images can be used.{first}",
        details="\n".join(f"{name}: {reason}" for name, reason in skipped[:20]),
    )


def _rankable(
    values: tuple[Value, ...], engine: Engine, *, must_all: bool
) -> tuple[tuple[Value, ...], tuple[tuple[Value, str], ...]]:
    """Those that this engine can compute. Raises what it says of one that was named."""
    if must_all:
        engine.check(values)
        return values, ()
    able = tuple(value for value in values if not engine.obstacles([value]))
    if not able:
        engine.check(values)
    lost = [value for value in values if value not in able]
    return able, tuple((value, "This engine can't compute it.") for value in lost)


def _with_channels(
    values: tuple[Value, ...], feed: Feed, recipe: ChosenRecipe, *, must_all: bool
) -> tuple[tuple[Value, ...], tuple[tuple[Value, str], ...]]:
    reasons = {}
    for value in values:
        shape = feed.value_shapes(value, recipe.recipe)[0]
        reasons[value] = why_no_channels(value, shape)
    unfit = tuple((value, reason) for value, reason in reasons.items() if reason)
    fit = tuple(value for value, reason in reasons.items() if not reason)
    if unfit and (must_all or not fit):
        raise AppError(
            f"Layer '{unfit[0][0].layer}' has no channels to rank. {unfit[0][1]}",
            hint="Choose a layer whose first axis is the images and whose second the channels.",
        )
    return fit, unfit


@dataclass(frozen=True)
class RankedRow:
    """One image of a ranking; place: (y, x) on the map, () of a vector."""

    value: Value
    channel: int
    rank: int
    peak: float
    place: tuple[int, ...]
    name: str
    image: int


def ranked_rows(
    found: TopImagesFound, channels: Sequence[int] | None = None, *, is_least: bool = False
) -> list[RankedRow]:
    """The rankings image by image. Raises RequestError for a channel that a layer has not."""
    rows = []
    for one in found.found:
        ranking = one.least if is_least else one.greatest
        n_channels = len(ranking.images)
        for channel in range(n_channels) if channels is None else channels:
            if channel >= n_channels:
                raise RequestError(
                    f"Layer '{one.value.layer}' has {plural(n_channels, 'channel')}, the last of "
                    f"which is {n_channels - 1}; there is no {channel}."
                )
            for rank, (image, peak, at) in enumerate(ranking.of(channel), start=1):
                place = place_on(found.map_axes(one.value, image), at)
                name = found.images.names[image]
                rows.append(RankedRow(one.value, channel, rank, peak, place, name, image))
    return rows
