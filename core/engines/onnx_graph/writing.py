"""A net written as an ONNX graph for inputs of given sizes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from core.engines.learned_arrays import LearnedArrays
from core.engines.obstacles import free_steps
from core.engines.onnx_graph import joining, pointwise, windows
from core.engines.onnx_graph.graph import Graph, slot_name
from core.engines.onnx_graph.layer_writer import LayerWriter, NotWritten, Writers
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


@dataclass(frozen=True)
class NetToWrite:
    """What a graph is written from; engine: the name of the one that is to run it."""

    wiring: Wiring
    shapes: NetShapes
    arrays: LearnedArrays
    state: NetState
    engine: str


def write_net(writing: NetToWrite, writers: Writers, left_out: Collection[int]) -> WrittenNet:
    """Write each layer whose shapes are known; those left out, and what needs them, are not."""
    graph, obstacles = Graph(), {}
    steps, shapes = writing.wiring.steps, writing.shapes
    known = {layer.index: shapes.bottoms(layer) for layer in (step.layer for step in steps)}
    for step in free_steps(steps, dict.fromkeys(left_out, Obstacle(""))):
        has_shapes = None not in (*known[step.layer.index], *shapes.of(step.layer).tops)
        if step.is_data or not has_shapes or step.layer.type not in writers:
            continue
        n_nodes = len(graph.nodes)
        try:
            writers[step.layer.type](_writer(graph, step, writing))
        except (NotWritten, ShapeRefused) as error:
            del graph.nodes[n_nodes:]
            obstacles[step.layer.index] = _obstacle(step, writing.engine, str(error))
    return WrittenNet(graph, obstacles)


def _obstacle(step: Step, engine: str, why: str) -> Obstacle:
    layer = step.layer
    sentence = f"The {engine} engine can't run layer '{layer.name}' ({layer.type}): {why}."
    return Obstacle(sentence, _HINT)


def _writer(graph: Graph, step: Step, writing: NetToWrite) -> LayerWriter:
    shapes, arrays = writing.shapes, writing.arrays
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
        step.layer.phase_in(writing.state),
        tuple(map(slot_name, step.bottoms)),
        tuple(bottoms),
        tuple(map(slot_name, step.tops)),
        tuple(shape for shape in row.tops if shape is not None),
        arrays.count(row),
        array,
        name,
    )
