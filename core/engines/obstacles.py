"""Layers that can't run, and why: whatever does not need them runs all the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.engines.consent import PythonLayersRefused
from core.engines.values import Obstacle
from core.engines.wiring import Step
from core.errors import EngineError, UnsupportedLayerError
from core.layers.shapes import NetShapes
from core.net.definition import Net

_REFUSED_TOO = "Real Caffe refuses it too."

Obstacles = Mapping[int, Obstacle]
"""By layer index."""


def check_readable(net: Net) -> None:
    """EngineError for a file that real Caffe refuses whole, whatever is wanted of it."""
    whole = next((problem for problem in net.problems if not problem.layer), None)
    if whole is not None:
        raise EngineError(whole.sentence, hint="Real Caffe refuses this net too.")


def refused_layers(net: Net) -> dict[int, Obstacle]:
    """Layers that real Caffe refuses where they stand, whatever the sizes of the inputs."""
    sentences = {problem.layer: problem.sentence for problem in reversed(net.problems)}
    return {
        layer.index: Obstacle(sentences[layer.name], _REFUSED_TOO)
        for layer in net.layers
        if layer.name in sentences
    }


def refused_shapes(shapes: NetShapes) -> dict[int, Obstacle]:
    """Layers whose bottoms or parameters have sizes that real Caffe refuses."""
    sentences = {problem.layer: problem.sentence for problem in reversed(shapes.problems)}
    return {
        row.layer.index: Obstacle(sentences[row.layer.name])
        for row in shapes.layers
        if row.layer.name in sentences
    }


def refused_parameters(
    steps: Iterable[Step], built: NetShapes, wanted: NetShapes
) -> dict[int, Obstacle]:
    """Layers that would need other weights for new input sizes than the net was built with."""
    found = {}
    for step in steps:
        layer = step.layer
        before, after = built.parameters(layer), wanted.parameters(layer)
        if before and after and before != after:
            sentence = (
                f"Layer '{layer.name}' ({layer.type}) can't take an input of shape "
                f"{wanted.bottoms(layer)[0]}: its weights are {before[0]} and would have to be "
                f"{after[0]}."
            )
            hint = "An inner product fixes the size of the input image."
            found[layer.index] = Obstacle(sentence, hint)
    return found


def unknown_types(steps: Iterable[Step], known: Iterable[str], engine: str) -> dict[int, Obstacle]:
    """Layers of types that an engine lacks."""
    types = frozenset(known)
    return {
        step.layer.index: Obstacle(
            f"The {engine} engine can't run the type {step.layer.type}.", kind="type"
        )
        for step in steps
        if step.layer.type not in types
    }


def check_free(steps: Sequence[Step], obstacles: Obstacles, engine: str) -> None:
    """Raise for the obstacles among these steps; see `refusal`."""
    if not obstacles:
        return
    layers = (step.layer for step in steps if step.layer.index in obstacles)
    error = refusal(((x.name, x.type, obstacles[x.index]) for x in layers), engine)
    if error is not None:
        raise error


def refusal(found: Iterable[tuple[str, str, Obstacle]], engine: str) -> EngineError | None:
    """The error that names every layer which the engine lacks, or nobody has agreed to run.

    found: name, type and obstacle. An UnsupportedLayerError, a PythonLayersRefused, or an
    EngineError about the first layer that real Caffe refuses.
    """
    rows = list(found)
    missing = [(name, type_) for name, type_, why in rows if why.kind == "type"]
    if missing:
        return UnsupportedLayerError(missing, engine)
    calls = [(name, why.sentence) for name, _, why in rows if why.kind == "program"]
    if calls:
        programs = next((why.programs for _, _, why in rows if why.programs), None)
        return PythonLayersRefused(calls, programs)
    return EngineError(rows[0][2].sentence, hint=rows[0][2].hint) if rows else None


def free_steps(steps: Iterable[Step], obstacles: Obstacles) -> Iterator[Step]:
    """Those that neither are obstacles nor read what one would have written."""
    lost: set[int] = set()
    for step in steps:
        if step.layer.index in obstacles or lost.intersection(step.bottoms):
            lost.update(step.tops)
        else:
            yield step
