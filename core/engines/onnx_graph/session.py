"""One net opened in an engine that runs the graph written from it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.engines.as_built import engine_layers, shapes_of_inputs
from core.engines.learned_arrays import LearnedArrays
from core.engines.memory import Need, bytes_of_slots, check_fits, free_host_bytes
from core.engines.obstacles import (
    Obstacles,
    check_free,
    check_readable,
    refused_parameters,
    refused_shapes,
    unknown_types,
)
from core.engines.onnx_graph.graph import Graph, Model, slot_name
from core.engines.onnx_graph.layer_writer import Writers
from core.engines.onnx_graph.running import GraphRunner
from core.engines.onnx_graph.writing import NetToWrite, WrittenNet, write_net
from core.engines.operations import Want
from core.engines.session import OnLayer, OpenRequest, Session
from core.engines.unforeseen import unforeseen_layers
from core.engines.values import PassResult, Value
from core.engines.wiring import not_computed, wire_net
from core.errors import EngineError
from core.layers.layer_type import Shape
from core.layers.shapes import NetShapes, infer_shapes
from core.measures.measure import Measure, Pool
from core.net.reader import read_net
from core.weights.reader import open_weights

_MAX_SIZES, _MAX_READINGS = 3, 16
_FLOAT_BYTES = 4
Reduced = tuple[int, str]
"""A slot, and "gap" or "mac": what is reduced inside the graph."""


@dataclass(frozen=True)
class GraphEngine:
    """What runs graphs. runner: of one net. writers: of the layer types that it runs as Caffe."""

    name: str
    runner: Callable[[], GraphRunner[Any]]
    writers: Writers


@dataclass(frozen=True)
class _Reading:
    """How the answer to a request is read from a pass: whole values and reduced ones.

    pairs: for each want its slot, its measure, and "gap" or "mac" where the graph takes it.
    """

    first_layer: str
    pairs: tuple[tuple[int, Measure, str], ...]
    whole: tuple[int, ...]
    reduced: tuple[Reduced, ...]


@dataclass(frozen=True)
class _Built:
    """The net written for inputs of one size; readings: of what was asked of it before."""

    number: int
    shapes: NetShapes
    graph: Graph
    obstacles: Obstacles
    readings: dict[tuple[Want, ...], _Reading] = field(default_factory=dict)


class GraphSession(Session):
    """Graphs are written anew for each size of the inputs; the learned arrays are held once.

    A value may differ in its last bits with what else is wanted, as layers are fused.
    """

    def __init__(self, request: OpenRequest, engine: GraphEngine) -> None:
        self._net = read_net(request.net_text, state=request.state)
        check_readable(self._net)
        self._wiring = wire_net(self._net)
        computed = [step for step in self._wiring.steps if not step.is_data or step.is_made_up]
        self._refused: Obstacles = {
            **unforeseen_layers(self._net, self._wiring),
            **unknown_types(computed, engine.writers, engine.name),
        }
        self._engine, self._runner = engine, engine.runner()
        self._state, self._seed = request.state, request.seed
        self._input_shapes = dict(request.input_shapes)
        path = request.weights_path
        self._weights = None if path is None else open_weights(path)
        self._built: OrderedDict[object, _Built] = OrderedDict()
        self._n_built = 0
        self._kept: dict[int, np.ndarray] | None = None
        self._run_obstacles: Obstacles = {}
        self._given: frozenset[str] = frozenset()
        shapes = infer_shapes(self._net, self._input_shapes)
        arrays = LearnedArrays(shapes, self._weights, self._seed)
        written = self._write(shapes, arrays, self._refused)
        self._obstacles: Obstacles = {**written.obstacles, **self._refused}
        self.layers = engine_layers(self._net, shapes, self._obstacles)
        self.filler_layers = arrays.filler_layers
        self.warnings = arrays.warnings(self._net.state)
        self.inputs = shapes_of_inputs(self._wiring, self.layers)
        self._shapes = shapes

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want], on_layer: OnLayer
    ) -> list[np.ndarray]:
        """One pass over what the wanted values need; means and maxima are taken in the graph."""
        built, reading = self._reading(inputs, tuple(wants))
        on_layer(reading.first_layer)
        values, peaks = self._pass(built, inputs, reading.whole, reading.reduced)
        return [
            peaks[slot, kind] if kind else np.ascontiguousarray(measure.of(values[slot]))
            for slot, measure, kind in reading.pairs
        ]

    def _reading(
        self, inputs: Mapping[str, np.ndarray], wants: tuple[Want, ...]
    ) -> tuple[_Built, _Reading]:
        """Found once for a request and the sizes of its inputs; EngineError where it can't run."""
        built = self._built.get(_sizes(inputs))
        known = None if built is None else built.readings.get(wants)
        if built is not None and known is not None:
            return built, known
        slots = [self._wiring.slot(want.value) for want in wants]
        steps = self._wiring.steps_for(slots)
        check_free(steps, self._refused, self._engine.name)
        self._wiring.check_inputs(inputs, steps)
        built = self._build(inputs)
        check_free(steps, built.obstacles, self._engine.name)
        pairs = tuple(
            (slot, want.measure, _reduced(want.measure, self._places(slot, built)))
            for slot, want in zip(slots, wants, strict=True)
        )
        found = _Reading(
            steps[0].layer.name if steps else "",
            pairs,
            tuple(sorted({slot for slot, _, kind in pairs if not kind})),
            tuple(sorted({(slot, kind) for slot, _, kind in pairs if kind})),
        )
        if len(built.readings) >= _MAX_READINGS:
            built.readings.clear()
        built.readings[wants] = found
        return built, found

    def run(self, inputs: Mapping[str, np.ndarray], on_layer: OnLayer) -> PassResult:
        """One pass over everything that can be computed."""
        self._kept, self._given = None, frozenset(inputs)
        start = time.perf_counter()
        self._wiring.check_inputs(inputs, ())
        built = self._build(inputs)
        self._run_obstacles = built.obstacles
        slots = self._wiring.computable(inputs, built.obstacles)
        steps = [step for step in self._wiring.steps_for(slots) if not step.is_data]
        if not steps:
            check_free(self._wiring.steps, built.obstacles, self._engine.name)
        else:
            on_layer(steps[0].layer.name)
        sizes = bytes_of_slots(self._wiring, built.shapes, _FLOAT_BYTES)
        check_fits(Need(sum(sizes[slot] for slot in slots), ""), free_host_bytes)
        self._kept, _ = self._pass(built, inputs, slots, ())
        seconds = time.perf_counter() - start
        n_images = max((len(array) for array in inputs.values() if array.ndim), default=0)
        return PassResult(seconds, n_images, sum(array.nbytes for array in self._kept.values()))

    def read(self, value: Value) -> np.ndarray:
        """A value of the last run."""
        slot = self._wiring.slot(value)
        if self._kept is None:
            raise EngineError("Nothing has run yet.", hint="Open an image first.")
        if slot in self._kept:
            return self._kept[slot]
        steps = self._wiring.steps_for([slot])
        missing = self._wiring.missing(self._given, steps)
        check_free(steps, self._refused if missing else self._run_obstacles, self._engine.name)
        raise not_computed(value, missing)

    def _pass(
        self,
        built: _Built,
        inputs: Mapping[str, np.ndarray],
        slots: Sequence[int],
        reduced: tuple[Reduced, ...],
    ) -> tuple[dict[int, np.ndarray], dict[Reduced, np.ndarray]]:
        """Values by slot, and what was reduced of some."""
        given = {self._wiring.inputs[name]: array for name, array in inputs.items()}
        values = {slot: given[slot] for slot in slots if slot in given}
        wanted = tuple(slot for slot in slots if slot not in given)
        if not wanted and not reduced:
            return values, {}

        def model() -> Model:
            sizes = {slot: array.shape for slot, array in given.items()}
            return _model(built.graph, sizes, wanted, reduced)

        feeds = {slot_name(slot): array for slot, array in given.items()}
        found = iter(self._runner.run((built.number, wanted, reduced), model, feeds))
        values.update((slot, next(found)) for slot in wanted)
        return values, {one: next(found) for one in reduced}

    def _build(self, inputs: Mapping[str, np.ndarray]) -> _Built:
        sizes = _sizes(inputs)
        built = self._built.get(sizes)
        if built is None:
            shapes = infer_shapes(self._net, {**self._input_shapes, **dict(sizes)})
            refused: Obstacles = {
                **refused_shapes(shapes),
                **refused_parameters(self._wiring.steps, self._shapes, shapes),
                **self._refused,
            }
            arrays = LearnedArrays(shapes, self._weights, self._seed)
            written = self._write(shapes, arrays, refused)
            built = _Built(self._n_built, shapes, written.graph, {**written.obstacles, **refused})
            self._n_built += 1
            self._built[sizes] = built
            if len(self._built) > _MAX_SIZES:
                self._built.popitem(last=False)
        self._built.move_to_end(sizes)
        return built

    def _write(self, shapes: NetShapes, arrays: LearnedArrays, refused: Obstacles) -> WrittenNet:
        writing = NetToWrite(self._wiring, shapes, arrays, self._state, self._engine.name)
        return write_net(writing, self._engine.writers, refused)

    def _places(self, slot: int, built: _Built) -> int:
        """How many axes a value has after its channels."""
        for step in self._wiring.steps:
            if slot in step.tops:
                shape = built.shapes.top(step.layer, step.tops.index(slot))
                return 0 if shape is None else max(0, len(shape) - 2)
        return 0


def _sizes(inputs: Mapping[str, np.ndarray]) -> tuple[tuple[str, Shape], ...]:
    return tuple(sorted((name, array.shape) for name, array in inputs.items()))


def _reduced(measure: Measure, n_places: int) -> str:
    """ "gap" or "mac" for what a graph reduces by itself, "" for what NumPy does."""
    if not isinstance(measure, Pool) or measure.relu or not n_places:
        return ""
    return measure.method if measure.method in ("gap", "mac") else ""


def _model(
    written: Graph, given: Mapping[int, Shape], wanted: Sequence[int], reduced: Sequence[Reduced]
) -> Model:
    """What gives these values, in order, from inputs of these shapes."""
    graph = written.copy()
    names = [slot_name(slot) for slot in wanted]
    names += [_reduce(graph, slot, kind) for slot, kind in reduced]
    return graph.model({slot_name(slot): shape for slot, shape in given.items()}, names)


def _reduce(graph: Graph, slot: int, kind: str) -> str:
    """The name of a value's mean or maximum over its places, (n_images, channels)."""
    flat = graph.add("Reshape", [slot_name(slot), graph.integers((0, 0, -1))])
    reduce = "ReduceMean" if kind == "gap" else "ReduceMax"
    return graph.add(reduce, [flat], axes=[2], keepdims=0)
