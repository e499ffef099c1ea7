"""A net written as an ONNX graph for inputs of given sizes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from core.engines.learned_arrays import LearnedArrays
from core.engines.obstacles import free_steps
from core.engines.onnxruntime import joining, pointwise, windows
from core.engines.onnxruntime.graph import Graph, slot_name
from core.engines.onnxruntime.layer_writer import LayerWriter, NotWritten, Writers
from core.engines.values import Obstacle
from core.engines.wiring import Step, Wiring
from core.layers.layer_type import ShapeRefused
from core.layers.shapes import NetShapes
from core.net.definition import NetState

WRITERS: Writers = {**windows.WRITERS, **pointwise.WRITERS, **joining.WRITERS}
_HINT = "The engine torch runs it."


@dataclass(frozen=True)
class WrittenNet:
    """A graph with every layer that could be written; obstacles: the others, by layer index."""

    graph: Graph
    obstacles: Mapping[int, Obstacle]


def write_net(
    wiring: Wiring,
    shapes: NetShapes,
    arrays: LearnedArrays,
    state: NetState,
    left_out: Collection[int],
) -> WrittenNet:
    """Write each layer whose shapes are known; those left out, and what needs them, are not."""
    graph, obstacles = Graph(), {}
    known = {layer.index: shapes.bottoms(layer) for layer in (s.layer for s in wiring.steps)}
    blocked = dict.fromkeys(left_out, Obstacle(""))
    for step in free_steps(wiring.steps, blocked):
        has_shapes = None not in (*known[step.layer.index], *shapes.of(step.layer).tops)
        if step.is_data or not has_shapes or step.layer.type not in WRITERS:
            continue
        n_nodes = len(graph.nodes)
        try:
            WRITERS[step.layer.type](_writer(graph, step, shapes, arrays, state))
        except (NotWritten, ShapeRefused) as error:
            del graph.nodes[n_nodes:]
            obstacles[step.layer.index] = _obstacle(step, str(error))
    return WrittenNet(graph, obstacles)


def _obstacle(step: Step, why: str) -> Obstacle:
    layer = step.layer
    sentence = f"The onnxruntime engine can't run layer '{layer.name}' ({layer.type}): {why}."
    return Obstacle(sentence, _HINT)


def _writer(
    graph: Graph, step: Step, shapes: NetShapes, arrays: LearnedArrays, state: NetState
) -> LayerWriter:
    row = shapes.of(step.layer)
    bottoms = [shape for shape in shapes.bottoms(step.layer) if shape is not None]

    def array(index: int) -> np.ndarray:
        return np.asarray(arrays.read(row, index), np.float32)

    def name(index: int) -> str:
        owner, at = arrays.key(row, index)
        return f"w{owner}.{at}"

    return LayerWriter(
        graph,
        step.layer,
        step.layer.phase_in(state),
        tuple(map(slot_name, step.bottoms)),
        tuple(bottoms),
        tuple(map(slot_name, step.tops)),
        tuple(shape for shape in row.tops if shape is not None),
        arrays.count(row),
        array,
        name,
    )
