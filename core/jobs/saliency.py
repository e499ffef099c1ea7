"""What explains a score: places of the picture, by gradients or by covering it, and the layers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.attribution.explain import Question, explain
from core.attribution.explanation import Explained
from core.attribution.feeding import Fed
from core.attribution.methods import OF_PICTURE, Method
from core.attribution.targets import ClassTarget, Target
from core.engines.engine import Engine
from core.engines.host import EngineHost
from core.engines.values import Value
from core.errors import RequestError
from core.jobs.look import LookRequest
from core.jobs.open import net_of
from core.jobs.score_target import fed_for, objective_of, value_of_target
from core.jobs.way_back import way_back
from core.net.definition import AUTOMATIC_TOP
from core.progress import Job

BEST_CLASS = ClassTarget()
GRAD_CAM = Method("gradcam")


@dataclass(frozen=True)
class SaliencyRequest:
    """A pass over one image, the score to explain, and how.

    at: whose channels Grad-CAM weighs; None for the last value before the score that has places.
    by: with respect to which value gradients are taken; None for the picture.
    """

    look: LookRequest
    target: Target = BEST_CLASS
    methods: tuple[Method, ...] = (GRAD_CAM,)
    at: Value | None = None
    by: Value | None = None


def saliency(request: SaliencyRequest, host: EngineHost) -> Job[Explained]:
    """Every explanation asked for, in that order. Raises AppError."""
    way = way_back(request.look.net)
    look = replace(request.look, net=way.net)
    net, shapes = net_of(look.net)
    with host.opened(look.net) as engine:
        asked = way.target_there(request.target)
        of = value_of_target(asked, net, engine)
        fed = fed_for(look, net, shapes, of)
        base = engine.forward(fed.inputs, [of])[of]
        target, objective = objective_of(asked, look, net, engine, fed, base)
        by = fed.value if request.by is None else way.there(request.by)
        at = way.there(request.at) if request.at is not None else _last_with_places(engine, fed, of)
        _check(request, engine, of, fed, by, at)
        question = Question(engine, fed, objective, target, base, at, by)
        found = yield from explain(question, request.methods)
        needed = [layer.name for layer in engine.needed_layers([of])]
    goes_back = any(method.name != "occlusion" for method in request.methods)
    notes = way.notes(needed) if goes_back else ()
    return way.explained_here(replace(found, notes=notes), request.target)


def _last_with_places(engine: Engine, fed: Fed, of: Value) -> Value:
    shapes = fed.feed.shapes_for(fed.pixels.shape) if fed.recipe is not None else None
    for layer in reversed(engine.needed_layers([of])):
        for index, top in enumerate(layer.tops):
            value = Value(layer.name, top)
            shape = engine.shape_of(value) if shapes is None else shapes.top(layer.name, index)
            has_places = shape is not None and len(shape) == 4 and shape[2] * shape[3] > 1
            if has_places and top != AUTOMATIC_TOP and value != fed.value:
                return value
    return fed.value


def _check(
    request: SaliencyRequest, engine: Engine, of: Value, fed: Fed, by: Value, at: Value
) -> None:
    needed = {Value(layer.name, top) for layer in engine.needed_layers([of]) for top in layer.tops}
    for value in (at, by):
        if value not in needed:
            raise RequestError(
                f"The score at '{of.layer}' does not depend on '{value.top}' of '{value.layer}'.",
                hint="Choose a layer before it.",
            )
    of_picture = [method for method in request.methods if method.name in OF_PICTURE]
    if of_picture and by != fed.value:
        raise RequestError(f"{of_picture[0].title} is of the picture alone.")
    if of_picture and fed.pixels.ndim != 3:
        raise RequestError(f"{of_picture[0].title} needs an input with height and width.")
