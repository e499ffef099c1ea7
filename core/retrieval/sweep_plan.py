"""What a sweep reads: which values of a net, pooled how, and what can't be read and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.engines.values import Value
from core.errors import AppError, RequestError
from core.images.preprocess import Preprocess
from core.layers.shapes import NetShapes
from core.layers.traits import ValueTraits, traits_of
from core.measures.measure import Pool, check_flatten, parse_poolings
from core.net.definition import Net
from core.retrieval.cautions import cautions
from core.surveys.detection_rows import gives_rows
from core.surveys.feed import Feed, top_shape

DEFAULT_POOLS = parse_poolings("gap,mac,rmac")
"""What two reads of an activation give: its means, and the maxima of its cells."""
MOST_VALUES = 8_000_000
"""Of all descriptors of an image together, 32 MB: a batch of eight waits in 256 MB."""
RECTIFIERS = ("ReLU", "PReLU", "ReLU6", "ELU")
_TRUNK = (*RECTIFIERS, "Pooling", "Concat")
_FREE_SIZES = ((1024, 768), (640, 960))
_TWO = 2


@dataclass(frozen=True)
class Representation:
    """One value of a net under one pooling, as it is run; note: what a reader has to know."""

    value: Value
    pool: Pool
    dimension: int
    note: str = ""


@dataclass(frozen=True)
class LeftOut:
    """A value, or one pooling of it, that gives no descriptor."""

    value: Value
    pooling: str
    reason: str

    def describe(self) -> str:
        """ "conv1 (conv1), flatten: Flattened, it gives ..." in one line."""
        pooling = f", {self.pooling}" if self.pooling else ""
        return f"{self.value.layer} ({self.value.top}){pooling}: {self.reason}"


@dataclass(frozen=True)
class SweepPlan:
    """Everything that is read of each image in one pass.

    n_places: values of all activations of one image that are read, each counted once.
    """

    representations: tuple[Representation, ...]
    left_out: tuple[LeftOut, ...]
    n_places: int

    @property
    def values(self) -> tuple[Value, ...]:
        """Each value that is read, in net order."""
        return tuple(dict.fromkeys(one.value for one in self.representations))

    @property
    def keys(self) -> tuple[tuple[Value, Pool], ...]:
        """What is measured for each representation."""
        return tuple((one.value, one.pool) for one in self.representations)

    @property
    def wants(self) -> dict[Value, tuple[Pool, ...]]:
        """The request of a pass."""
        wants: dict[Value, tuple[Pool, ...]] = {}
        for value, pool in self.keys:
            wants[value] = (*wants.get(value, ()), pool)
        return wants

    @property
    def n_dimensions(self) -> int:
        """Of all descriptors of one image together."""
        return sum(one.dimension for one in self.representations)


def trunk_values(net: Net) -> tuple[Value, ...]:
    """Each value after a ReLU, a pooling or a Concat: those that are mostly searched by.

    What a Concat alone reads is left out, for it is in the whole.
    """
    kinds = {layer.name: layer.type for layer in net.layers}
    return tuple(
        Value(version.layer, version.blob)
        for version in net.versions
        if kinds[version.layer] in _TRUNK
        and not (version.readers and {kinds.get(name) for name in version.readers} == {"Concat"})
    )


def plan_sweep(
    feed: Feed,
    values: Iterable[Value],
    pools: Sequence[Pool],
    recipe: Preprocess,
    scales: Sequence[float] = (1.0,),
) -> SweepPlan:
    """Which representations there are for pictures of this recipe.

    A value with one place per channel has one, "flatten", whatever the poolings. scales: at which
    pictures are read, where what has another length at each is left out. Raises
    RequestError where nothing is left, or it is too much to hold.
    """
    shapes = _shapes(feed, recipe, scales)
    found: dict[tuple[Value, Pool], Representation] = {}
    left_out: list[LeftOut] = []
    n_places = 0
    traits = traits_of(feed.net)
    for value in values:
        of_sizes = [top_shape(feed.net, one, value) for one in shapes]
        why_not = _why_not(feed.net, value, of_sizes)
        if why_not:
            left_out.append(LeftOut(value, "", why_not))
            continue
        known = [shape for shape in of_sizes if shape is not None]
        n_places += max(_count(shape) for shape in known)
        for pool in pools:
            fitted = pool.fitting(known[0]) if len({pool.fitting(s) for s in known}) == 1 else pool
            problem = _problem(value, fitted, known)
            if problem:
                left_out.append(LeftOut(value, pool.word, problem))
            elif (value, fitted) not in found:
                note = _note(traits[value], pool, fitted)
                dimension = fitted.dimension(known[0])
                found[value, fitted] = Representation(value, fitted, dimension, note)
    plan = SweepPlan(tuple(found.values()), tuple(left_out), n_places)
    _check(plan)
    return plan


def rectified_pairs(net: Net) -> tuple[tuple[Value, Value], ...]:
    """(before, after) of each ReLU: what it reads, as its writer left it, and what it writes."""
    last: dict[str, Value] = {}
    pairs = []
    for layer in net.layers:
        if layer.type in RECTIFIERS and layer.bottoms and layer.tops and layer.bottoms[0] in last:
            pairs.append((last[layer.bottoms[0]], Value(layer.name, layer.tops[0])))
        last.update({top: Value(layer.name, top) for top in layer.tops})
    return tuple(pairs)


def _shapes(feed: Feed, recipe: Preprocess, scales: Sequence[float]) -> tuple[NetShapes, ...]:
    """For two images of one size, or of two sizes where the recipe gives each its own; by scale."""
    sizes = _FREE_SIZES if recipe.is_free_size else _FREE_SIZES[:1]
    found = []
    for channels, height, width in (recipe.output_shape(*size) for size in sizes):
        for scale in scales:
            shape = channels, max(1, int(height * scale)), max(1, int(width * scale))
            if scale == 1.0 or feed.problem_with(shape) is None:  # else nobody reads it so
                found.append(feed.shapes_for(shape, _TWO))
    return tuple(found)


def _why_not(net: Net, value: Value, shapes: Sequence[tuple[int, ...] | None]) -> str:
    """Why a value gives no row an image; "" where it does."""
    if any(shape is None for shape in shapes):
        return "its size is known only when it runs"
    if gives_rows(net, value.layer, value.top):
        return "it is rows of detections, several for each image"
    first = shapes[0]
    if first is None or len(first) < _TWO or first[0] != _TWO:
        return "it has no row for each image"
    if not _count(first):
        return "it is empty"
    return ""


def _problem(value: Value, pool: Pool, shapes: Sequence[tuple[int, ...]]) -> str:
    """Why a pooling of a value gives no descriptor; "" where it does."""
    try:
        for shape in shapes:
            pool.check(shape)
        if pool.method == "flatten":
            check_flatten(shapes[0], value.layer)
    except AppError as error:
        return error.sentence
    if len({pool.dimension(shape) for shape in shapes}) > 1:
        return "it has another length for each picture size"
    return ""


def _note(traits: ValueTraits, asked: Pool, fitted: Pool) -> str:
    """What to know of a representation."""
    is_other = asked != fitted
    notes = ["one place per channel: every pooling is flatten"] if is_other else []
    return "; ".join([*notes, *cautions(traits, fitted)])


def _check(plan: SweepPlan) -> None:
    if not plan.representations:
        reasons = "; ".join(f"{one.value.layer}: {one.reason}" for one in plan.left_out[:5])
        raise RequestError("None of these layers gives a descriptor.", details=reasons)
    if plan.n_dimensions > MOST_VALUES:
        widest = max(plan.representations, key=lambda one: one.dimension)
        raise RequestError(
            f"All descriptors of an image together have {plan.n_dimensions:,} values, more than "
            f"{MOST_VALUES:,}.",
            hint=f"Leave out flatten, or layers such as {widest.value.layer} "
            f"({widest.dimension:,} values).",
        )


def _count(shape: Sequence[int]) -> int:
    """How many values an image has."""
    n = 1
    for size in shape[1:]:
        n *= size
    return n
