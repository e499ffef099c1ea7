"""Which score is to be explained: a target in words, or as a value, becomes a number of a net."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.attribution.feeding import Fed, fed_with_arrays, fed_with_picture
from core.attribution.objectives import (
    CosineObjective,
    ElementObjective,
    Objective,
    channel_objective,
)
from core.attribution.targets import (
    ChannelTarget,
    ClassTarget,
    MatchTarget,
    Target,
    channel_target,
    class_target,
    split_target,
)
from core.engines.engine import Engine
from core.engines.host import EngineHost, NetToRun
from core.engines.values import Value
from core.errors import RequestError
from core.images.recipe_choice import choose_recipe
from core.jobs.classes import is_softmax, names_of_classes, scored_value
from core.jobs.look import LookRequest, inputs_of
from core.jobs.open import net_of
from core.jobs.values import choose_value
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.progress import Job, Progress
from core.surveys.feed import plan_feed, plan_whole_feed

EXACT_POOLS = ("flatten", "gap", "mac", "gem")
"""Those whose gradient is the whole one: others hold weights that an image gives its places."""


def read_target(net: Net, word: str, of: str = "before") -> Target:
    """A target in words, as `split_target` has them. Raises AppError."""
    split = split_target(word)
    if split.kind == "class":
        return class_target(split.rest, "after" if of == "after" else "before")
    value = choose_value(net, split.layer)
    if split.kind == "match":
        return MatchTarget(Path(split.rest), value)
    return channel_target(value, split.rest, split.how)


@dataclass(frozen=True, eq=False)
class ClassTable:
    """The classes of an image, best first.

    before, after: the values that hold the scores before and after the last Softmax; after is None
    where there is none. shares: probabilities in the order of `order`. names: of every class, ()
    where unknown.
    """

    before: Value
    after: Value | None
    order: tuple[int, ...]
    shares: tuple[float, ...]
    names: tuple[str, ...]


def rank_classes(look: LookRequest, host: EngineHost) -> Job[ClassTable | None]:
    """One pass; None for a net without scores of classes. Raises AppError."""
    yield Progress(0, 1, "forward pass")
    net, shapes = net_of(look.net)
    with host.opened(look.net) as engine:
        scored = scored_value(net, engine)
        if scored is None:
            return None
        fed = fed_for(look, net, shapes, scored)
        scores = engine.forward(fed.inputs, [scored])[scored][0].reshape(-1).astype(np.float64)
        has_softmax = is_softmax(net, scored)
        before = value_of_target(ClassTarget(), net, engine)
    shares = scores
    if not has_softmax:
        powers = np.exp(scores - scores.max())
        shares = powers / powers.sum()
    order = np.argsort(-shares, kind="stable")
    return ClassTable(
        before,
        scored if has_softmax else None,
        tuple(map(int, order)),
        tuple(map(float, shares[order])),
        names_of_classes(look.net, scored, len(scores)),
    )


def values_with_places(net: Net, shapes: NetShapes) -> tuple[Value, ...]:
    """Every value with height and width that a pass over the whole net computes, in net order."""
    feed = plan_whole_feed(net, shapes)
    found = []
    for step in feed.steps:
        if step.is_data:
            continue
        for index, top in enumerate(step.layer.tops):
            shape = shapes.top(step.layer, index)
            if shape is not None and len(shape) == 4 and shape[2] * shape[3] > 1:
                found.append(Value(step.layer.name, top))
    return tuple(dict.fromkeys(found))


def value_of_target(target: Target, net: Net, engine: Engine) -> Value:
    if not isinstance(target, ClassTarget):
        return target.value
    scored = scored_value(net, engine)
    if scored is None:
        raise RequestError(
            "This net has no scores of classes.",
            hint="Explain a channel: channel:LAYER:0.",
        )
    if target.of == "before" and is_softmax(net, scored):
        read = net.read(net.layer(scored.layer))[0]
        if read is not None:
            return Value(read.layer, read.blob)
    return scored


def fed_for(look: LookRequest, net: Net, shapes: NetShapes, of: Value) -> Fed:
    feed = plan_feed(net, shapes, [of])
    if look.image is None:
        return fed_with_arrays(feed, inputs_of(replace(look, wanted=(of,))))
    if not feed.picture:
        feed = plan_whole_feed(net, shapes)
        feed.check_takes_pictures()
    chosen = choose_recipe(net, shapes, look.net.path, look.recipe, blob=feed.picture)
    return fed_with_picture(feed, look.image, chosen.recipe)


def objective_of(
    target: Target, look: LookRequest, net: Net, engine: Engine, fed: Fed, base: np.ndarray
) -> tuple[Target, Objective]:
    """The target with its class named, and what it is of this image."""
    if isinstance(target, ClassTarget):
        return _class_objective(target, net, look.net, engine, base)
    if isinstance(target, ChannelTarget):
        return target, channel_objective(target, base.shape)
    pool = target.pool.fitting(base.shape)
    if pool.method not in EXACT_POOLS:
        raise RequestError(
            f"Gradients of {pool.method} can't be told exactly.",
            hint=f"Choose one of {', '.join(EXACT_POOLS)}.",
        )
    pool.check(base.shape)
    if fed.recipe is None:
        raise RequestError("A match is of two pictures.", hint="Give --image, not --array.")
    other = fed_with_picture(fed.feed, target.image, fed.recipe)
    array = engine.forward(other.inputs, [target.value])[target.value]
    row = pool.of(array)[0].astype(np.float64)
    words = f"similarity to {target.image.name}"
    return target, CosineObjective(target.value, words, pool, row)


def _class_objective(
    target: ClassTarget, net: Net, to_run: NetToRun, engine: Engine, base: np.ndarray
) -> tuple[Target, Objective]:
    value = value_of_target(target, net, engine)
    scores = base.reshape(len(base), -1)[0]
    n_classes = len(scores)
    number = int(scores.argmax()) if target.number is None else target.number
    for one in (number, target.minus or 0):
        if not 0 <= one < n_classes:
            raise RequestError(
                f"The net has no class {one}.", hint=f"It has 0 to {n_classes - 1:,}."
            )
    names = names_of_classes(to_run, value, n_classes)
    words = class_words(number, names)
    if target.minus is not None:
        words = f"{words} less {class_words(target.minus, names)}"
    resolved = replace(target, number=number)
    return resolved, ElementObjective(value, words, number, target.minus)


def class_words(number: int, names: tuple[str, ...]) -> str:
    """ "church (497)", its first name alone; "class 497" where it has none."""
    if number < len(names):
        return f"{names[number].split(',')[0]} ({number})"
    return f"class {number}"
