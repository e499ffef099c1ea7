"""Why a result matches a query: both pictures through the net, and the shares laid over them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.engines.engine import GradientsFound
from core.engines.values import EngineLayer, Value
from core.errors import GalleryError
from core.images.box import Box
from core.images.orientation import stored_box, upright_size
from core.measures.measure import KEEP, Measure, Pool
from core.net.definition import AUTOMATIC_TOP
from core.progress import Job, Progress
from core.representations.after import L2, After
from core.representations.encoding import Encoder
from core.representations.pca import PcaFit
from core.retrieval.describing import Describer, ReadyImage, Shape, checked_rows
from core.retrieval.why import (
    Pull,
    RegionShare,
    Shares,
    is_exact,
    linear_coefficients,
    method_words,
    pulls,
    share_out,
    share_out_parts,
)
from core.retrieval.why_grid import Rectangle, grid_rectangle

_STEP = "pictures explained"


class ExplainingEngine(Protocol):
    """What explaining needs of an engine."""

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]: ...

    def gradients(
        self,
        inputs: Mapping[str, np.ndarray],
        of: Mapping[Value, np.ndarray],
        want: Sequence[Value],
    ) -> GradientsFound: ...

    def needed_layers(self, want: Sequence[Value]) -> tuple[EngineLayer, ...]: ...


@dataclass(frozen=True)
class Part:
    """A picture, or the part of it in a box."""

    path: Path
    box: Box | None = None


@dataclass(frozen=True, eq=False)
class WhyMap:
    """What carries the cosine in one picture.

    size: (width, height) of the whole picture in pixels, turned by its EXIF orientation where the
    recipe says so; orientation: by which it is still to be turned to be upright. covered: left,
    top, right, bottom in its pixels of what the net was fed with; beyond its borders where the
    recipe pads. grid: the same of the grid of places, by the middles of their receptive fields.
    places: (height, width) float32; channels: (channels,) float32. offset: what no place carries,
    as the mean that a projection takes away. regions: of R-MAC, in places.
    """

    part: Part
    size: tuple[int, int]
    covered: Rectangle
    grid: Rectangle
    places: np.ndarray
    channels: np.ndarray
    offset: float = 0.0
    regions: tuple[RegionShare, ...] = ()
    orientation: int = 1

    @property
    def carried(self) -> float:
        """What all places carry together."""
        return float(self.places.sum(dtype=np.float64))

    @property
    def n_for_half(self) -> int:
        """How few places carry half of what all do; 0 where all together carry nothing."""
        return count_for_half(self.places)


@dataclass(frozen=True, eq=False)
class Why:
    """Which places of a query and of a result carry the cosine of their descriptors.

    value: whose places they are, by layer and top: the recipe's, or where that has none the last
    one before it that has. method: how, in words. is_exact: whether they follow from the pooling
    alone. by_gradient: whether `value` is another one than the descriptor is of.
    """

    cosine: float
    value: Value
    method: str
    is_exact: bool
    by_gradient: bool
    query: WhyMap
    result: WhyMap
    notes: tuple[str, ...] = ()

    @property
    def both(self) -> tuple[WhyMap, WhyMap]:
        """The query's and the result's."""
        return self.query, self.result

    @property
    def strongest(self) -> float:
        """The greatest share of a place of either, without its sign; 1 where there is none."""
        return max(float(np.abs(one.places).max(initial=0.0)) for one in self.both) or 1.0


@dataclass(frozen=True, eq=False)
class _Read:
    """One picture after its pass; descriptor: (dimension,) as pooled."""

    part: Part
    picture: ReadyImage
    inputs: dict[str, np.ndarray]
    activation: np.ndarray
    descriptor: np.ndarray

    @property
    def has_places(self) -> bool:
        return has_places(self.activation.shape)


def count_for_half(shares: np.ndarray) -> int:
    """How many of the greatest shares make half of the sum of all; 0 of a sum that is not above 0.

    Those below 0 speak against the match and count in the sum.
    """
    ordered = np.sort(shares, axis=None)[::-1].astype(np.float64)
    total = ordered.sum()
    if not total > 0:
        return 0
    return int(np.searchsorted(np.cumsum(ordered), total / 2 - 1e-12)) + 1


def explain_match(
    engine: ExplainingEngine,
    describer: Describer,
    query: Part,
    result: Part,
    after: After = L2,
    fit: PcaFit | None = None,
    encoder: Encoder | None = None,
) -> Job[Why]:
    """Which places of both pictures carry the cosine of their descriptors.

    after, fit: what is done with the pooled descriptor before it is compared; encoder: of parts,
    before that. Raises ImageError for
    a picture that can't be read, GalleryError for a layer without places that none comes before.
    """
    yield Progress(0, 2, _STEP)
    reads = []
    for number, part in enumerate((query, result)):
        reads.append(_read(engine, describer, part))
        yield Progress(number + 1, 2, _STEP)
    pool = describer.measure
    rows = [one.descriptor for one in reads]
    if encoder is not None:
        rows = [encoder.encode(row[None])[0] for row in rows]
    cosine, *pulled = pulls(rows[0], rows[1], after, fit)
    if all(one.has_places for one in reads):
        value = describer.recipe.value
        maps = [
            _map(one, describer, value, shares_of(one.activation[0], pool, pull, encoder))
            for one, pull in zip(reads, pulled, strict=True)
        ]
        words, exact = method_words(pool, after, encoder), is_exact(pool, after, encoder)
        return Why(cosine, value, words, exact, False, maps[0], maps[1])
    where = _last_with_places(engine, describer, reads)
    maps = [
        _map(one, describer, where, _by_gradient(engine, describer, one, where, pool, pull))
        for one, pull in zip(reads, pulled, strict=True)
    ]
    words = f"gradient x activation at {where.layer} ({where.top}), lengths held"
    return Why(cosine, where, words, False, True, maps[0], maps[1], _left_over(cosine, maps))


def shares_of(activation: np.ndarray, pool: Pool, pull: Pull, encoder: Encoder | None) -> Shares:
    """What carries the product with `pull` in an activation, of encoded parts where they are."""
    if encoder is not None:
        return share_out_parts(activation, pool, pull, encoder)
    return share_out(activation, pool, pull)


def _read(engine: ExplainingEngine, describer: Describer, part: Part) -> _Read:
    picture = describer.prepare(part.path, part.box)
    inputs = describer.feed.inputs(picture.values[None])
    value = describer.recipe.value
    activation = engine.measure(inputs, {value: (KEEP,)})[value, KEEP]
    rows = checked_rows(describer.measure.of(activation), 1, value.layer)
    if not np.isfinite(rows).all():
        raise GalleryError(f"Layer '{value.layer}' gives NaN or infinity for '{part.path.name}'.")
    return _Read(part, picture, inputs, activation, rows[0])


def _map(read: _Read, describer: Describer, value: Value, shares: Shares) -> WhyMap:
    covered = covered_rectangle(read.part, read.picture, describer)
    return WhyMap(
        read.part,
        read.picture.size if read.part.box is None else read.picture.whole,
        covered,
        grid_rectangle(
            describer.feed, value, read.picture.values.shape, shares.places.shape, covered
        ),
        shares.places.astype(np.float32),
        shares.channels.astype(np.float32),
        shares.offset,
        shares.regions,
        read.picture.orientation,
    )


def covered_rectangle(part: Part, picture: ReadyImage, describer: Describer) -> Rectangle:
    """Left, top, right, bottom in pixels of the whole picture of what the net was fed with."""
    box, (width, height) = part.box, picture.size
    whole = picture.whole if box is not None else (width, height)
    sizing = describer.recipe.preprocess.sizing(width, height, whole)
    left, top = (0, 0)
    if box is not None:
        turned = picture.orientation
        left, top = stored_box(box, *upright_size(*whole, turned), turned).inside(*whole)[:2]
    fed = sizing.covered(width, height)
    return fed[0] + left, fed[1] + top, fed[2] + left, fed[3] + top


def _by_gradient(
    engine: ExplainingEngine,
    describer: Describer,
    read: _Read,
    where: Value,
    pool: Pool,
    pull: Pull,
) -> Shares:
    """Gradient times activation of an earlier value, of the cosine with both lengths held.

    The cosine's own gradient is at right angles to the descriptor, for a longer one is as alike: it
    would add up to nothing. With the lengths held it is the same linear function that the exact
    shares are of, and adds up to the cosine where nothing between has a bias.
    """
    value = describer.recipe.value
    diff = linear_coefficients(read.activation[0].astype(np.float64), pool, pull.of)
    diffs = {value: np.ascontiguousarray(diff[None], np.float32)}
    gradient = engine.gradients(read.inputs, diffs, [where]).values[where]
    activation = engine.measure(read.inputs, {where: (KEEP,)})[where, KEEP]
    if gradient.shape != activation.shape or len(activation) != 1:
        raise GalleryError(f"Layer '{where.layer}' has not one activation for one picture.")
    shares = gradient[0].astype(np.float64) * activation[0]
    return Shares(shares.sum(0), shares.sum((1, 2)), pull.offset)


def _last_with_places(
    engine: ExplainingEngine, describer: Describer, reads: Iterable[_Read]
) -> Value:
    """The last value on the way to the recipe's that has height and width for all pictures."""
    feed, wanted = describer.feed, describer.recipe.value
    shapes = [feed.shapes_for(read.picture.values.shape) for read in reads]
    for layer in reversed(engine.needed_layers([wanted])):
        for index, top in enumerate(layer.tops):
            found = [one.top(layer.name, index) for one in shapes]
            if top != AUTOMATIC_TOP and all(map(has_places, found)):
                return Value(layer.name, top)
    raise GalleryError(
        f"Nothing before '{wanted.layer}' has height and width, so no place of the picture can be "
        "shown."
    )


def has_places(shape: Shape | None) -> bool:
    """Whether an activation of one picture has height and width."""
    return shape is not None and len(shape) == 4 and shape[0] == 1 and math.prod(shape[2:]) > 1


def _left_over(cosine: float, maps: Iterable[WhyMap]) -> tuple[str, ...]:
    sums = [one.carried + one.offset for one in maps]
    if all(abs(one - cosine) < 0.005 for one in sums):
        return ()
    listed = " and ".join(f"{one:.3f}" for one in sums)
    return (
        f"The places of query and result add up to {listed} of {cosine:.3f}: the rest is of biases "
        "and of layers that are not linear between.",
    )
