"""What keeps a layer out of the text that real Caffe gets, so that the other layers run.

Caffe refuses a net whole, most often by ending its process; what it would refuse has to go before.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.engines.caffe.text import WRITES_FILES, is_stood_in
from core.engines.obstacles import Obstacles, refused_shapes, unknown_types
from core.engines.values import Obstacle
from core.engines.wiring import Step
from core.layers.registry import layer_type
from core.layers.shapes import NetShapes
from core.net.definition import Net, Problem
from core.net.versions import trace_versions


def refused_by_any_caffe(net: Net, shapes: NetShapes) -> dict[int, Obstacle]:
    """By index, layers wired as no Caffe takes them, or of sizes that BVLC's own types refuse.

    A layer with a field that BVLC lacks may have other sizes in a fork: Caffe itself decides.
    """
    foreign = _foreign_sentences(net)
    sizes = {
        index: obstacle
        for index, obstacle in refused_shapes(shapes).items()
        if layer_type(net.layers[index].type).origin == "caffe"
        and net.layers[index].name not in foreign
    }
    wiring = _by_layer(trace_versions(net.layers).problems)
    return {**sizes, **_obstacles(net, wiring)}


def unreadable_layers(net: Net) -> dict[int, Obstacle]:
    """By index, layers with a field or a value that BVLC lacks."""
    return _obstacles(net, _foreign_sentences(net))


def _foreign_sentences(net: Net) -> dict[str, str]:
    """Why BVLC's Caffe can't read a layer, by its name."""
    traced = set(trace_versions(net.layers).problems)
    values = _by_layer(tuple(problem for problem in net.problems if problem not in traced))
    fields = {
        field.layer: f"This Caffe does not know the field {field.path.partition('.')[2]}"
        + (f", which is one of {field.fork}." if field.fork else ".")
        for field in reversed(net.unknown)
        if field.layer
    }
    return {**values, **fields}


def _by_layer(problems: tuple[Problem, ...]) -> dict[str, str]:
    return {problem.layer: problem.sentence for problem in reversed(problems) if problem.layer}


def _obstacles(net: Net, sentences: dict[str, str]) -> dict[int, Obstacle]:
    named = (layer for layer in net.layers if layer.name in sentences)
    return {layer.index: Obstacle(sentences[layer.name]) for layer in named}


def types_it_lacks(steps: Sequence[Step], known: Sequence[str]) -> Obstacles:
    """By index, layers of types this build of Caffe lacks; none where it doesn't tell its types."""
    if not known:
        return {}
    built = [step for step in steps if not is_stood_in(step)]
    return unknown_types(built, {*known, *WRITES_FILES}, "caffe")
