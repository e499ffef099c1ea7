"""Explains a score with a net in an engine: passes forward and back, or many with parts covered."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.attribution.explanation import Completeness, Explained, Explanation
from core.attribution.feeding import Fed
from core.attribution.maps import (
    by_channel,
    covered,
    grad_cam,
    largest_gradient,
    middle_points,
    products,
)
from core.attribution.methods import Method, MethodName
from core.attribution.objectives import Objective
from core.attribution.targets import Target
from core.engines.engine import Engine, GradientsFound
from core.engines.operations import BackwardRule
from core.engines.values import Value
from core.errors import RequestError
from core.net.definition import AUTOMATIC_TOP, Layer
from core.progress import Job, Progress

_BATCH_BACK, _BATCH_FORWARD = 4, 8
"""Pictures in a pass: on the way back every value of all of them is kept."""
_RECTIFIERS = ("ReLU", "ReLU6")
PASSES = "passes"


@dataclass(frozen=True, eq=False)
class Question:
    """A score of an image in an engine, and how to explain it.

    base: the objective's value in the plain pass, (1, ...). at: whose channels are weighted by
    Grad-CAM. by: with respect to which value the other ways take gradients.
    """

    engine: Engine
    fed: Fed
    objective: Objective
    target: Target
    base: np.ndarray
    at: Value
    by: Value

    @property
    def score(self) -> float:
        """Of the image as it is."""
        return float(self.objective.score(self.base)[0])


def explain(question: Question, methods: Sequence[Method]) -> Job[Explained]:
    """Each method's places; those of one pass share it. Raises AppError."""
    height, width = _sides(question)
    plan = _plan(methods, has_products=_products_differ(question))
    n_long = sum(
        m.n_passes(height, width) for m in methods if m.name in ("integrated", "occlusion")
    )
    total = len(plan) + n_long
    done = 0
    yield Progress(done, total, PASSES)
    found: dict[Method, Explanation] = {}
    ways: list[_Way] = []
    for rule, is_product, of in plan:
        way = _go_back(question, rule, is_product=is_product)
        ways.append(way)
        found.update({method: _of_way(question, way, method) for method in of})
        done += 1
        yield Progress(done, total, PASSES)
    for method in methods:
        if method not in found:
            job = _integrated(question, method) if method.name == "integrated" else (
                _occluded(question, method))  # fmt: skip
            for step in _counted(job, found, method):
                yield Progress(done + step, total, PASSES)
            done += method.n_passes(height, width)
    maps = tuple(found[method] for method in methods)
    return _with_layers(question, ways, maps)


@dataclass(frozen=True, eq=False)
class _Way:
    """One pass forward and back."""

    rule: BackwardRule
    is_product: bool
    found: GradientsFound
    seconds: float


_Plan = list[tuple[BackwardRule, bool, list[Method]]]
_PRODUCTS: tuple[MethodName, ...] = ("gradxinput", "gradcam")


def _plan(methods: Sequence[Method], *, has_products: bool) -> _Plan:
    """Which passes back there are, and whose they are; products take one of their own or not."""
    found: _Plan = []
    plain = [m for m in methods if m.name == "saliency" or (m.name in _PRODUCTS)]
    if has_products:
        apart = [m for m in plain if m.name in _PRODUCTS]
        plain = [m for m in plain if m.name not in _PRODUCTS]
        if apart:
            found.append(("gradient", True, apart))
    if plain:
        found.insert(0, ("gradient", False, plain))
    guided = [m for m in methods if m.name == "guided"]
    return [*found, ("guided", False, guided)] if guided else found


def _products_differ(question: Question) -> bool:
    kind = type(question.objective)
    return kind.for_products is not Objective.for_products


def _go_back(question: Question, rule: BackwardRule, *, is_product: bool) -> _Way:
    start = time.perf_counter()
    objective, engine = question.objective, question.engine
    diff = (objective.for_products if is_product else objective.gradient)(question.base)
    wanted = tuple(dict.fromkeys((question.at, question.by)))
    found = engine.gradients(
        question.fed.inputs,
        {objective.value: diff},
        wanted,
        rule=rule,
        norms=_values(question),
        reads=wanted,
    )
    return _Way(rule, is_product, found, time.perf_counter() - start)


def _of_way(question: Question, way: _Way, method: Method) -> Explanation:
    at = question.at if method.name == "gradcam" else question.by
    gradient, values = _spatial(way.found.values[at], at), way.found.activations[at][0]
    if method.name == "gradcam":
        places = grad_cam(gradient, values)
    elif method.name == "gradxinput":
        places = products(gradient, values)
    else:
        places = largest_gradient(gradient)
    notes = []
    if method.name == "guided" and not any(
        layer.type in _RECTIFIERS for layer in _layers(question)
    ):
        notes.append("No ReLU lies on the way, so guided gradients are plain ones.")
    if way.is_product:
        notes.append("Lengths of both descriptors held, so that products add up to the cosine.")
    return _explanation(question, method, at, places, way.seconds, notes=tuple(notes))


def _integrated(question: Question, method: Method) -> Iterator[int | Explanation]:
    """Sundararajan et al., 2017, by the middle of each step; how many steps are done on the way."""
    start = time.perf_counter()
    fed, objective = question.fed, question.objective
    picture, baseline = fed.pixels, fed.filled(method.baseline)
    way = picture - baseline
    summed = np.zeros(picture.shape, np.float64)
    points = middle_points(method.steps)
    size = _BATCH_BACK if fed.can_batch else 1
    for first in range(0, len(points), size):
        at = points[first : first + size].astype(np.float32)
        inputs = fed.with_pixels(baseline + at[:, None, None, None] * way)
        arrays = question.engine.forward(inputs, [objective.value])[objective.value]
        diff = objective.gradient(arrays)
        found = question.engine.gradients(inputs, {objective.value: diff}, [fed.value])
        summed += found.values[fed.value].sum(0, dtype=np.float64)
        yield first + len(at)
    shares = summed / len(points) * way
    inputs = fed.with_pixels(baseline[None])
    begun = objective.score(question.engine.forward(inputs, [objective.value])[objective.value])
    complete = Completeness(float(shares.sum()), question.score - float(begun[0]))
    words = f"{method.steps} steps from {fed.fill_words(method.baseline)}."
    yield replace(
        _explanation(
            question, method, fed.value, shares.sum(0), time.perf_counter() - start,
            notes=(f"{words[0].upper()}{words[1:]}",),
        ),
        completeness=complete,
    )  # fmt: skip


def _occluded(question: Question, method: Method) -> Iterator[int | Explanation]:
    """Zeiler and Fergus, 2014: the score of the picture less that of each with a patch covered."""
    start = time.perf_counter()
    fed, objective = question.fed, question.objective
    picture, fill = fed.pixels, fed.filled(method.fill)
    height, width = picture.shape[1:]
    patch, stride = method.grid(height, width)
    n_rows, n_columns = -(-height // stride), -(-width // stride)
    scores = np.zeros(n_rows * n_columns)
    size = _BATCH_FORWARD if fed.can_batch else 1
    for first in range(0, len(scores), size):
        cells = range(first, min(first + size, len(scores)))
        inputs = fed.with_pixels(
            np.stack([covered(picture, fill, patch, stride, cell) for cell in cells])
        )
        arrays = question.engine.forward(inputs, [objective.value])[objective.value]
        scores[first : cells.stop] = objective.score(arrays)
        yield cells.stop
    places = (question.score - scores).reshape(n_rows, n_columns)
    left, top, right, bottom = fed.covered
    wide, high = (right - left) / width, (bottom - top) / height
    words = f"A patch of {patch} pixels, {stride} apart, of {fed.fill_words(method.fill)}."
    found = _explanation(
        question, method, fed.value, places, time.perf_counter() - start, notes=(words,)
    )
    grid = (left, top, left + n_columns * stride * wide, top + n_rows * stride * high)
    yield replace(found, grid=grid)


def _explanation(
    question: Question,
    method: Method,
    at: Value,
    places: np.ndarray,
    seconds: float,
    *,
    notes: tuple[str, ...] = (),
) -> Explanation:
    fed, objective = question.fed, question.objective
    return Explanation(
        method, question.target, objective.words, objective.value, question.score, at,
        places.astype(np.float32), fed.size, fed.covered, fed.grid(at, places.shape),
        fed.orientation, seconds, None, notes,
    )  # fmt: skip


def _with_layers(
    question: Question, ways: Sequence[_Way], maps: tuple[Explanation, ...]
) -> Explained:
    """What the plain way back says of layers: the guided one is no gradient."""
    plain = [way for way in ways if way.rule == "gradient"]
    norms = tuple(plain[0].found.norms.items()) if plain else ()
    channels = np.zeros(0)
    if plain:
        found = plain[-1].found  # products, where they have a way of their own
        channels = by_channel(found.values[question.at][0], found.activations[question.at][0])
    return Explained(maps, question.at, channels, norms)


def _counted(
    job: Iterable[int | Explanation], found: dict[Method, Explanation], method: Method
) -> Iterator[int]:
    for step in job:
        if isinstance(step, Explanation):
            found[method] = step
        else:
            yield step


def _sides(question: Question) -> tuple[int, int]:
    shape = question.fed.pixels.shape
    return (shape[1], shape[2]) if len(shape) == 3 else (1, 1)


def _layers(question: Question) -> tuple[Layer, ...]:
    net = question.fed.feed.net
    needed = question.engine.needed_layers([question.objective.value])
    names = {layer.name for layer in needed}
    return tuple(layer for layer in net.layers if layer.name in names)


def _values(question: Question) -> tuple[Value, ...]:
    """Every version that the score needs, in net order."""
    return values_on_the_way(question.engine, (question.objective.value,))


def values_on_the_way(engine: Engine, of: Sequence[Value]) -> tuple[Value, ...]:
    """Every value that these need, in net order: not a label, nor a top that nobody reads."""
    needed = engine.needed_layers(of)
    read = {bottom for layer in needed for bottom in layer.bottoms}
    return tuple(
        value
        for layer in needed
        for value in (Value(layer.name, top) for top in dict.fromkeys(layer.tops))
        if value.top != AUTOMATIC_TOP and (value.top in read or value in of)
    )


def _spatial(gradient: np.ndarray, at: Value) -> np.ndarray:
    if gradient.ndim != 4 or len(gradient) != 1:
        raise RequestError(
            f"'{at.top}' of layer '{at.layer}' has no places: its shape is "
            f"{' x '.join(map(str, gradient.shape))}.",
            hint="Choose a layer with height and width.",
        )
    found: np.ndarray = gradient[0]
    return found
