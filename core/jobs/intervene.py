"""Interventions: what an image's values and class scores become where some are written over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.engines.changes import Change, Writing
from core.engines.engine import Engine
from core.engines.host import NetToRun
from core.engines.values import Value
from core.errors import RequestError
from core.interventions.effect import Effect, Scores
from core.interventions.intervention import Intervention
from core.jobs.classes import are_classes, is_softmax, names_of_classes, scored_value, shares
from core.jobs.look import Looker, LookRequest, inputs_of
from core.jobs.open import net_of
from core.jobs.values import choose_value, every_value
from core.jobs.way_back import changeable, no_changes
from core.layers.shapes import NetShapes
from core.measures.measure import KEEP, Measure
from core.net.definition import AUTOMATIC_TOP, Net
from core.progress import Job, Progress
from core.surveys.feed import shape_words
from core.words import join_names

MOST_ALONE, _MOST_NAMED = 12, 8


@dataclass(frozen=True)
class InterveneRequest:
    """A pass, and what is written over in it, in net order whatever their order here."""

    look: LookRequest
    interventions: tuple[Intervention, ...]


def intervene(request: InterveneRequest, looker: Looker) -> Job[Effect]:
    """Run what follows the interventions again, together and each alone. Raises AppError."""
    given, look = request.interventions, _changeable(request.look)
    steps = len(given) + 1 if 1 < len(given) <= MOST_ALONE else 1
    yield Progress(0, steps, "passes")
    net, shapes = net_of(look.net)
    check_interventions(net, given)
    _check_sources(net, shapes, given)
    with looker.passed(look) as engine:
        writings = [_writing(one, look, engine) for one in given]
        scored = scored_value(net, engine)
        logits = None if scored is None else _read_by_softmax(net, scored)
        wanted = {value: (KEEP,) for value in (scored, logits) if value is not None}
        told, after = engine.intervene(writings, wanted)
        scores = None
        alone = []
        if scored is not None:
            read = score_reader(net, look.net, scored)
            scores = _scores(net, look.net, engine, scored, read, after)
            best = int(np.argmax(scores.before))
            for number, writing in enumerate(writings if steps > 1 else ()):
                yield Progress(number + 1, steps, "passes")
                _, found = engine.intervene([writing], {scored: (KEEP,)})
                alone.append(float(read(found[scored, KEEP])[0, best] - scores.before[best]))
    yield Progress(steps, steps, "passes")
    n_values = len(every_value(net))
    note = no_changes(request.look.net) if look is not request.look else ""
    return Effect(
        given, scores, told.moved, n_values, told.layers, told.seconds, tuple(alone), note
    )


def _changeable(look: LookRequest) -> LookRequest:
    """The same pass on an engine that changes values."""
    able = changeable(look.net)
    return look if able is look.net else replace(look, net=able)


def check_interventions(net: Net, given: Sequence[Intervention]) -> None:
    """Raise AppError where there is nothing to do, or a value that the net does not have."""
    if not given:
        raise RequestError("There is no intervention.", hint="Switch a channel off first.")
    for one in given:
        one.check()
        choose_value(net, one.value)
        if one.source is not None:
            choose_value(net, one.source)


def fitting_values(net: Net, shapes: NetShapes, value: Value) -> tuple[Value, ...]:
    """The other values of the same shape, in net order: each can stand in the place of one."""
    known = _shapes_of_values(net, shapes)
    shape = known.get(value)
    if shape is None:
        return ()
    return tuple(one for one, own in known.items() if own == shape and one != value)


def _shapes_of_values(net: Net, shapes: NetShapes) -> dict[Value, tuple[int, ...] | None]:
    return {
        Value(layer.name, top): shapes.top(layer, index)
        for layer in net.layers
        for index, top in enumerate(layer.tops)
        if top != AUTOMATIC_TOP
    }


def _check_sources(net: Net, shapes: NetShapes, given: Sequence[Intervention]) -> None:
    """RequestError for a layer of another shape, which says those that fit."""
    known = _shapes_of_values(net, shapes)
    for one in given:
        if one.source is None:
            continue
        shape, other = known.get(one.value), known.get(one.source)
        if shape is not None and other is not None and shape[1:] != other[1:]:
            fitting = [value.layer for value in fitting_values(net, shapes, one.value)]
            raise RequestError(
                f"'{one.source.layer}' is {shape_words(other)}; it can't stand in for "
                f"'{one.value.layer}', which is {shape_words(shape)}.",
                hint=f"Of that shape: {join_names(fitting[:_MOST_NAMED])}."
                if fitting
                else "No other layer has that shape.",
            )


def parse_intervention(net: Net, kind: str, word: str) -> Intervention:
    """ "LAYER[:1,2]" and what stands behind a = as an intervention on a net. Raises AppError.

    kind: as Intervention has it; "scale" and "constant" take a number behind the =, "image" a file
    and "layer" a layer.
    """
    named, equals, rest = word.partition("=")
    if not equals and kind in ("scale", "constant", "image", "layer"):
        raise RequestError(f"'{word}' says not what to put there.", hint="Write LAYER:CHANNEL=...")
    value, channels = _split(net, named)
    found = Intervention(
        value,
        kind,  # type: ignore[arg-type]
        channels,
        _number(rest) if kind in ("scale", "constant") else 0.0,
        str(Path(rest).absolute()) if kind == "image" else "",
        choose_value(net, rest) if kind == "layer" else None,
    )
    found.check()
    return found


def _split(net: Net, named: str) -> tuple[Value, tuple[int, ...]]:
    layer, colon, listed = named.rpartition(":")
    words = listed.split(",")
    if not colon or net.has_layer(named) or not all(w.isascii() and w.isdecimal() for w in words):
        return choose_value(net, named), ()
    return choose_value(net, layer), tuple(int(word) for word in words)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError as error:
        raise RequestError(f"'{word}' is no number.") from error


def change_of(one: Intervention) -> Change:
    """What an engine does for an intervention."""
    if one.kind == "off":
        return Change(one.value, "put", one.channels, 0.0)
    if one.kind == "only":
        return Change(one.value, "elsewhere", one.channels, 0.0)
    if one.kind == "scale":
        return Change(one.value, "multiply", one.channels, one.number)
    if one.kind == "constant":
        return Change(one.value, "put", one.channels, one.number)
    return Change(one.value, "array", one.channels)


def _writing(one: Intervention, look: LookRequest, engine: Engine) -> Writing:
    array = None
    if one.kind == "layer" and one.source is not None:
        array = engine.read(one.source)
    elif one.kind == "image":
        other = replace(look, image=Path(one.image), arrays=(), wanted=())
        array = engine.forward(inputs_of(other), [one.value])[one.value]
    return Writing(change_of(one), array)


def _read_by_softmax(net: Net, scored: Value) -> Value | None:
    if not is_softmax(net, scored):
        return None
    read = net.read(net.layer(scored.layer))[0]
    return None if read is None else Value(read.layer, read.blob)


def _row(array: np.ndarray) -> np.ndarray:
    row: np.ndarray = array[0].reshape(-1).astype(np.float64)
    return row


def _scores(
    net: Net,
    to_run: NetToRun,
    engine: Engine,
    scored: Value,
    read: Callable[[np.ndarray], np.ndarray],
    found: Mapping[tuple[Value, Measure], np.ndarray],
) -> Scores:
    before, after = engine.read(scored), found[scored, KEEP]
    logits = _read_by_softmax(net, scored) or scored
    is_class = are_classes(net, to_run, scored, before[0].size)
    raw = _row(engine.read(logits)), _row(found[logits, KEEP])
    names = names_of_classes(to_run, scored, before[0].size)
    return Scores(
        scored,
        read(before)[0],
        read(after)[0],
        is_class,
        names,
        (logits, *raw) if is_class else None,
    )


def score_reader(net: Net, to_run: NetToRun, scored: Value) -> Callable[[np.ndarray], np.ndarray]:
    """What makes scores of a value (n_images, n_classes, ...): (n_images, n_classes) float64.

    Probabilities where they are of classes, by Softmax of what the net gives; else as they are.
    """

    def read(array: np.ndarray) -> np.ndarray:
        rows = array.reshape(len(array), -1).astype(np.float64)
        is_raw = not is_softmax(net, scored) and are_classes(net, to_run, scored, rows.shape[1])
        return shares(rows) if is_raw else rows

    return read
