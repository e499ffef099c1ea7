"""Two nets on one image: how far the values of paired layers are from each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core.activations.class_names import ScoredClass
from core.activations.histogram import Histogram, histogram
from core.comparison.distances import Distance, channel_parts, distance
from core.comparison.pairs import LayerPair, compare_nets
from core.engines.engine import Engine
from core.engines.host import EngineHost, NetToRun
from core.engines.values import Value
from core.errors import AppError, RequestError
from core.images.prepared import read_image
from core.images.recipe_choice import RecipeWish, choose_recipe
from core.jobs.arrays import plan_array_passes
from core.jobs.classes import class_output, classes_of
from core.jobs.open import net_of
from core.layers.shapes import NetShapes
from core.net.definition import AUTOMATIC_TOP, Layer, Net
from core.net.value_words import value_words
from core.progress import Job, Progress
from core.surveys.feed import Feed, plan_whole_feed
from core.words import join_names, plural, plural_with, shape_text, with_minus

N_MOVED = 3
"""How many channels are named as those that moved most."""

_BINS = 48
_MOST_NAMED = 3
_ALL_ROWS = 1 << 40


@dataclass(frozen=True)
class CompareValuesRequest:
    """Two nets with weights, and the image, or raw arrays by blob, that both run.

    recipe: of the first net, its own without one; the second takes the same where its input has
    the same shape, else its own.
    """

    first: NetToRun
    second: NetToRun
    image: Path | None = None
    arrays: tuple[tuple[str, Path], ...] = ()
    recipe: RecipeWish = None


class ValueSide(msgspec.Struct, frozen=True):
    """One value of a pair: its layer, its blob, and both as they are written for a reader."""

    layer: str
    top: str
    words: str
    shape: tuple[int, ...] = ()


class ValuePair(msgspec.Struct, frozen=True):
    """A value and its counterpart in the other net.

    is_input: the net is fed with it. distance: None where `why_not` says why there is none.
    moved: the channels that most of the difference is in, each with its part of |b - a|^2.
    histograms: of both, with the same edges, None without a distance.
    """

    first: ValueSide | None
    second: ValueSide | None
    type: str
    is_input: bool = False
    distance: Distance | None = None
    why_not: str = ""
    moved: tuple[tuple[int, float], ...] = ()
    histograms: tuple[Histogram, Histogram] | None = None

    @property
    def words(self) -> str:
        """The value as a reader calls it; both names where they differ."""
        names = [side.words for side in (self.first, self.second) if side is not None]
        return " and ".join(dict.fromkeys(names))


class ComparedValues(msgspec.Struct, frozen=True):
    """Every pair in the nets' order, the best classes of both, and what else there is to know."""

    pairs: tuple[ValuePair, ...]
    classes: tuple[tuple[ScoredClass, ...], tuple[ScoredClass, ...]] = ((), ())
    notes: tuple[str, ...] = ()

    @property
    def computed(self) -> tuple[ValuePair, ...]:
        """The pairs with a distance that a layer computed, inputs left out."""
        return tuple(p for p in self.pairs if p.distance is not None and not p.is_input)


@dataclass(frozen=True)
class _Side:
    """One of the two nets as it is read, and what it is fed with."""

    to_run: NetToRun
    net: Net
    shapes: NetShapes
    feed: Feed


def compare_values(request: CompareValuesRequest, host: EngineHost) -> Job[ComparedValues]:
    """Run both nets and hold every paired value against its counterpart. Raises AppError."""
    yield Progress(0, 0, "prototxts")
    first, second = _side(request.first), _side(request.second)
    inputs, notes = _inputs(request, first, second)
    with host.opened(first.to_run) as one, host.opened(second.to_run) as other:
        yield Progress(0, 0, "passes")
        one.run(inputs[0])
        yield Progress(0, 0, "passes")
        other.run(inputs[1])
        pairs = []
        wanted = list(_value_pairs(first.net, second.net))
        for done, pair in enumerate(wanted):
            yield Progress(done, len(wanted), "values compared")
            pairs.append(_measured(pair, (first, one, inputs[0]), (second, other, inputs[1])))
        classes = (_classes(first, one), _classes(second, other))
    return ComparedValues(tuple(pairs), classes, notes)


def sentence_of(found: ComparedValues) -> tuple[str, str]:
    """What the two passes show, in a sentence that holds for all of it, and what has no pair."""
    computed = found.computed
    hint = _without_pair(found.pairs)
    if not computed:
        return "The two nets have no layer whose values can be held against each other.", hint
    n_equal = sum(pair.distance is not None and pair.distance.is_equal for pair in computed)
    if n_equal == len(computed):
        same = plural(n_equal, "paired value")
        return f"Both nets give the same values, bit for bit: {same}.", hint
    worst = _worst(computed)
    moved = f"{worst.words} moved most (cosine {cosine_text(worst.distance)})"
    lead = next(
        i for i, p in enumerate(computed) if p.distance is not None and not p.distance.is_equal
    )
    if lead == 0:
        of_all = plural_with(len(computed), "paired value", "is", "are")
        said = f"{n_equal:,} of {of_all} equal, bit for bit"
        return f"{said}; {moved}.", hint
    return (
        f"Up to {computed[lead - 1].words} both give the same values, bit for bit; {moved}.",
        hint,
    )


def cosine_text(found: Distance | None) -> str:
    """ "0.944", "> 0.9999" for what is not equal but as good as; "1, equal" bit for bit."""
    if found is None:
        return "–"
    if found.is_equal:
        return "1, equal"
    if found.cosine != found.cosine:
        return "NaN"
    if found.cosine > 0.99995:
        return "> 0.9999"
    text = f"{found.cosine:.4f}".rstrip("0").rstrip(".")
    return with_minus(text)


def _worst(computed: Sequence[ValuePair]) -> ValuePair:
    def rank(pair: ValuePair) -> float:
        found = pair.distance
        return -2.0 if found is None or found.cosine != found.cosine else found.cosine

    return min((p for p in computed if p.distance and not p.distance.is_equal), key=rank)


def _without_pair(pairs: Sequence[ValuePair]) -> str:
    """ "conv10 has another size, so it has no pair."."""
    other_size = [p.first.layer for p in pairs if p.first and p.second and p.why_not]
    alone = sum(p.first is None or p.second is None for p in pairs)
    parts = []
    if other_size:
        named = other_size[:_MOST_NAMED]
        more = len(other_size) - len(named)
        names = join_names([*named, f"{more:,} more"] if more else named)
        have, they = ("has", "it has") if len(other_size) == 1 else ("have", "they have")
        parts.append(f"{names} {have} another size, so {they} no pair.")
    if alone:
        parts.append(f"{plural(alone, 'value')} of one net only.")
    return " ".join(parts)


def _side(to_run: NetToRun) -> _Side:
    net, shapes = net_of(to_run)
    return _Side(to_run, net, shapes, plan_whole_feed(net, shapes))


def _inputs(
    request: CompareValuesRequest, first: _Side, second: _Side
) -> tuple[tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]], tuple[str, ...]]:
    if request.image is None:
        if not request.arrays:
            raise RequestError("No image is open.", hint="Open one: both nets run it.")
        (_, one), *_ = plan_array_passes(request.arrays, first.feed, _ALL_ROWS)
        (_, other), *_ = plan_array_passes(request.arrays, second.feed, _ALL_ROWS)
        return (one, other), ()
    recipes, notes = _recipes(request, first, second)
    fed = []
    for side, recipe in zip((first, second), recipes, strict=True):
        chosen = choose_recipe(
            side.net, side.shapes, side.to_run.path, recipe, blob=side.feed.picture
        ).recipe
        side.feed.check_channels(chosen.n_channels)
        fed.append(side.feed.inputs(read_image(request.image, chosen)[None]))
    return (fed[0], fed[1]), notes


def _recipes(
    request: CompareValuesRequest, first: _Side, second: _Side
) -> tuple[tuple[RecipeWish, RecipeWish], tuple[str, ...]]:
    for side in (first, second):
        side.feed.check_takes_pictures()
    chosen = choose_recipe(
        first.net, first.shapes, first.to_run.path, request.recipe, blob=first.feed.picture
    )
    shapes = [side.feed.needed[side.feed.picture] for side in (first, second)]
    if shapes[0] is None or shapes[1] is None or shapes[0][1:] == shapes[1][1:]:
        return (chosen, chosen), ()
    read = " and ".join(shape_text(shape[1:]) for shape in shapes if shape is not None)
    return (chosen, None), (f"The inputs are {read}: each net reads the image its own way.",)


def _value_pairs(first: Net, second: Net) -> list[tuple[LayerPair, int]]:
    """Each pair of layers with a number of their tops, as far as either has tops."""
    pairs = []
    for pair in compare_nets(first, second).pairs:
        layers = [layer for layer in (pair.before, pair.after) if layer is not None]
        n_tops = max(len(layer.tops) for layer in layers)
        automatic = any(AUTOMATIC_TOP in layer.tops for layer in layers)
        pairs += [] if automatic else [(pair, k) for k in range(n_tops)]
    return pairs


def _measured(
    wanted: tuple[LayerPair, int],
    first: tuple[_Side, Engine, Mapping[str, np.ndarray]],
    second: tuple[_Side, Engine, Mapping[str, np.ndarray]],
) -> ValuePair:
    pair, top = wanted
    sides = []
    for layer, (side, engine, _) in zip((pair.before, pair.after), (first, second), strict=True):
        sides.append(_value_side(layer, top, side.net, engine))
    one, other = sides
    layer = pair.before or pair.after
    base = ValuePair(one, other, layer.type if layer else "", not (layer and layer.bottoms))
    if one is None or other is None:
        return replace_pair(base, why_not=f"only in {'A' if other is None else 'B'}")
    arrays = []
    for value, (_, engine, inputs) in zip((one, other), (first, second), strict=True):
        array = _read(engine, Value(value.layer, value.top), inputs)
        if array is None:
            return replace_pair(base, why_not="not run")
        arrays.append(array)
    return _held(base, arrays[0], arrays[1])


def _held(base: ValuePair, a: np.ndarray, b: np.ndarray) -> ValuePair:
    """The pair with its distance, or with why its values have none."""
    sides = []
    for side, array in zip((base.first, base.second), (a, b), strict=True):
        sides.append(None if side is None else msgspec.structs.replace(side, shape=array.shape[1:]))
    base = replace_pair(base, first=sides[0], second=sides[1])
    if a.shape != b.shape:
        sizes = _differing(a.shape, b.shape)
        return replace_pair(base, why_not=f"{sizes}, no pair")
    found = distance(a, b)
    moved: tuple[tuple[int, float], ...] = ()
    if a.ndim > 1 and not found.is_equal:
        parts = channel_parts(a, b, axis=1)
        order = np.argsort(-parts, kind="stable")[:N_MOVED]
        moved = tuple((int(i), float(parts[i])) for i in order if parts[i] > 0)
    counted = histogram((a, b), _BINS)
    return replace_pair(base, distance=found, moved=moved, histograms=(counted[0], counted[1]))


def replace_pair(pair: ValuePair, **changes: object) -> ValuePair:
    """The same pair with some of its fields changed."""
    return msgspec.structs.replace(pair, **changes)


def _differing(first: tuple[int, ...], second: tuple[int, ...]) -> str:
    """ "1000 and 205" where one axis differs, else both shapes without the batch."""
    if len(first) == len(second):
        apart = [(a, b) for a, b in zip(first[1:], second[1:], strict=True) if a != b]
        if len(apart) == 1:
            return f"{apart[0][0]} and {apart[0][1]}"
    return f"{shape_text(first[1:])} and {shape_text(second[1:])}"


def _value_side(layer: Layer | None, top: int, net: Net, engine: Engine) -> ValueSide | None:
    if layer is None or top >= len(layer.tops):
        return None
    version = next(v for v in net.written(layer) if v.top_index == top)
    shape = engine.shape_of(Value(layer.name, layer.tops[top])) or (0,)
    return ValueSide(layer.name, layer.tops[top], value_words(version), tuple(shape[1:]))


def _read(engine: Engine, value: Value, inputs: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """A value of the last pass; None where a layer before it can't run or is not fed."""
    if engine.obstacles([value]) or not set(engine.needed_inputs([value])) <= set(inputs):
        return None
    return engine.read(value)


def _classes(side: _Side, engine: Engine) -> tuple[ScoredClass, ...]:
    """The best classes of the first image; () for a net that gives none."""
    value = class_output(side.net, engine)
    if value is None or engine.obstacles([value]):
        return ()
    try:
        return classes_of(side.net, side.to_run, value, engine.read(value))
    except AppError:
        return ()  # names beside the net that can't be read leave the values as they are
