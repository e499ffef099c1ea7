"""A fast engine without torch: deterministic values of the right shapes, for tests."""

from __future__ import annotations

import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from core.engines.as_built import shapes_of_inputs
from core.engines.changes import Moved, Writing, by_value, check_writing
from core.engines.obstacles import (
    Obstacles,
    check_free,
    check_readable,
    refused_layers,
    refused_shapes,
    unknown_types,
)
from core.engines.operations import Intervened, Want
from core.engines.overwriting import moved, overwrite
from core.engines.session import Backend, OnLayer, OpenRequest, Session
from core.engines.values import Device, EngineLayer, FastPath, PassResult, Value
from core.engines.wiring import Step, Wiring, not_computed, wire_net
from core.errors import EngineError
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Layer
from core.net.reader import read_net

ENGINE = "fake"
Shape = tuple[int, ...]


def make_backend(options: Mapping[str, str]) -> Backend:
    """Options that tests set: crash_at, hang_at, fail_at and print_at name a layer, refuse a type,
    seconds_per_layer slows every layer down, seconds_to_get_ready the first, no_fast_path says why
    one of two paths is off.
    """
    return FakeBackend(options)


class FakeBackend(Backend):
    """Runs on "cpu" only."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._options = options

    def versions(self) -> dict[str, str]:
        """The fake has one version."""
        return {"fake": "1"}

    def devices(self) -> tuple[Device, ...]:
        """One device that is always there."""
        return (Device("cpu", "CPU (fake)", None),)

    def fast_paths(self) -> tuple[FastPath, ...]:
        """None, or two of which one is off where a test says why."""
        why_not = self._options.get("no_fast_path")
        return (FastPath("stand-ins"), FastPath("real layers", why_not)) if why_not else ()

    def open(self, request: OpenRequest) -> Session:
        """Any net whose shapes can be told."""
        return FakeSession(request, self._options)


class FakeSession(Session):
    """Computes with stand-in layers; the values depend on input, seed and layer names only."""

    def __init__(self, request: OpenRequest, options: Mapping[str, str]) -> None:
        self._is_ready = False
        if request.device != "cpu":
            raise EngineError(f"The fake engine has no device '{request.device}'.")
        self._net = read_net(request.net_text, state=request.state)
        self._options, self._seed = options, request.seed
        check_readable(self._net)
        self._wiring = wire_net(self._net)
        self._obstacles: Obstacles = {
            **refused_layers(self._net),
            **_refused_types(self._wiring, options.get("refuse", "")),
        }
        self._shapes = infer_shapes(self._net, request.input_shapes)
        self.layers = tuple(self._engine_layer(layer) for layer in self._net.layers)
        self.inputs = shapes_of_inputs(self._wiring, self.layers)
        self._kept: dict[int, np.ndarray] = {}

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Sequence[Want], on_layer: OnLayer
    ) -> list[np.ndarray]:
        """One pass over the steps that the wanted values need, measured in NumPy."""
        slots = [self._wiring.slot(want.value) for want in wants]
        check_free(self._wiring.steps_for(slots), self._obstacles, ENGINE)
        values = self._compute(inputs, slots, on_layer)
        return [want.measure.of(values[slot]) for want, slot in zip(wants, slots, strict=True)]

    def run(self, inputs: Mapping[str, np.ndarray], on_layer: OnLayer) -> PassResult:
        """One pass over everything the inputs allow."""
        start = time.perf_counter()
        self._kept = {}
        slots = self._wiring.computable(inputs, self._obstacles)
        if not any(not step.is_data for step in self._wiring.steps_for(slots)):
            check_free(self._wiring.steps, self._obstacles, ENGINE)
        self._kept = self._compute(inputs, slots, on_layer)
        kept_bytes = sum(array.nbytes for array in self._kept.values())
        n_images = max((len(array) for array in inputs.values() if array.ndim), default=0)
        each = {layer.name: 0.001 * (n + 1) for n, layer in enumerate(self.layers)}
        return PassResult(time.perf_counter() - start, n_images, kept_bytes, each)

    def read(self, value: Value) -> np.ndarray:
        """A kept value."""
        slot = self._wiring.slot(value)
        kept = self._kept.get(slot)
        if kept is None:
            check_free(self._wiring.steps_for([slot]), self._obstacles, ENGINE)
            raise not_computed(value, ())
        return kept

    def intervene(
        self,
        inputs: Mapping[str, np.ndarray] | None,
        writings: Sequence[Writing],
        wants: Sequence[Want],
        copies: int,
        on_layer: OnLayer,
    ) -> tuple[Intervened, list[np.ndarray]]:
        """All layers again, from the inputs of the last run where none are given."""
        start = time.perf_counter()
        if inputs is None and not self._kept:
            raise EngineError("Nothing has run yet.", hint="Open an image first.")
        fed = self._kept_inputs(copies) if inputs is None else inputs
        writes = {self._wiring.slot(value): of for value, of in by_value(writings).items()}
        slots = [self._wiring.slot(want.value) for want in wants]
        runnable = self._wiring.computable(fed, self._obstacles)
        values = self._compute(fed, runnable if inputs is None else slots, on_layer, writes)
        found = tuple(self._moved(values)) if inputs is None and copies == 1 else ()
        arrays = [want.measure.of(values[slot]) for want, slot in zip(wants, slots, strict=True)]
        told = Intervened(
            time.perf_counter() - start, tuple({one.value.layer: 0 for one in found}), found
        )
        return told, arrays

    def _kept_inputs(self, copies: int) -> dict[str, np.ndarray]:
        kept = {
            n: self._kept[slot] for n, slot in self._wiring.inputs.items() if slot in self._kept
        }
        return {name: np.repeat(array, copies, axis=0) for name, array in kept.items()}

    def _moved(self, values: Mapping[int, np.ndarray]) -> Iterator[Moved]:
        for value, slot in self._wiring.slots.items():
            if slot in values and slot in self._kept:
                how = moved(self._kept[slot], values[slot])
                if how is not None:
                    yield Moved(value, *how)

    def _compute(
        self,
        inputs: Mapping[str, np.ndarray],
        slots: Sequence[int],
        on_layer: OnLayer,
        writes: Mapping[int, Sequence[Writing]] | None = None,
    ) -> dict[int, np.ndarray]:
        steps = self._wiring.steps_for(slots)
        self._wiring.check_inputs(inputs, steps)
        shapes = infer_shapes(self._net, {name: array.shape for name, array in inputs.items()})
        check_free(steps, refused_shapes(shapes), ENGINE)
        values: dict[int, np.ndarray] = {}

        def put(slot: int, array: np.ndarray) -> None:
            for writing in (writes or {}).get(slot, ()):
                check_writing(writing, array.shape)
                array = array.copy()
                overwrite(array, writing.change.plain, writing.array)
            values[slot] = array

        for name, array in inputs.items():
            put(self._wiring.inputs[name], array)
        for step in steps:
            on_layer(step.layer.name)
            self._misbehave(step.layer.name)
            bottoms = [values[slot] for slot in step.bottoms]
            for i, top in enumerate(step.tops):
                if top not in values:
                    put(top, self._top(step, i, bottoms, shapes))
        return values

    def _top(
        self, step: Step, index: int, bottoms: list[np.ndarray], shapes: NetShapes
    ) -> np.ndarray:
        shape = shapes.top(step.layer.name, index)
        if shape is None:
            raise EngineError(f"Layer '{step.layer.name}': its output shape can't be told.")
        stand_in = _STAND_INS.get(step.layer.type, _mixed)
        rng = np.random.default_rng([self._seed, zlib.crc32(step.layer.name.encode()), index])
        if not bottoms:
            return np.zeros(shape, np.float32)
        return np.asarray(stand_in(bottoms, shape, rng), dtype=np.float32, order="C")

    def _engine_layer(self, layer: Layer) -> EngineLayer:
        tops = tuple(self._shapes.top(layer, i) for i in range(len(layer.tops)))
        why = self._obstacles.get(layer.index)
        return EngineLayer(layer.name, layer.type, layer.bottoms, layer.tops, tops, why)

    def _misbehave(self, layer_name: str) -> None:
        """Do to this layer what the options of a test ask for."""
        if self._options.get("print_at") == layer_name:
            os.write(1, b"a stray line from C\n")
            print("a stray line from Python", flush=True)  # noqa: T201
        if self._options.get("crash_at") == layer_name:
            print("F0101 12:00:00.0 1 fake.cpp:1] Check failed: told to crash", file=sys.stderr)  # noqa: T201
            print("*** Check failure stack trace: ***", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(134)
        if self._options.get("hang_at") == layer_name:
            time.sleep(3600)
        if self._options.get("fail_at") == layer_name:
            raise ValueError("told to fail")
        time.sleep(float(self._options.get("seconds_per_layer", "0")))
        if not self._is_ready:
            self._is_ready = True
            time.sleep(float(self._options.get("seconds_to_get_ready", "0")))


StandIn = Callable[[list[np.ndarray], Shape, np.random.Generator], np.ndarray]


def _relu(bottoms: list[np.ndarray], shape: Shape, rng: np.random.Generator) -> np.ndarray:
    result: np.ndarray = np.maximum(bottoms[0], 0)
    return result


def _copy(bottoms: list[np.ndarray], shape: Shape, rng: np.random.Generator) -> np.ndarray:
    return bottoms[0].reshape(shape).copy()


def _softmax(bottoms: list[np.ndarray], shape: Shape, rng: np.random.Generator) -> np.ndarray:
    axis = 1 if len(shape) > 1 else 0
    powers = np.exp(bottoms[0] - bottoms[0].max(axis, keepdims=True))
    result: np.ndarray = powers / powers.sum(axis, keepdims=True)
    return result


def _sum(bottoms: list[np.ndarray], shape: Shape, rng: np.random.Generator) -> np.ndarray:
    result: np.ndarray = np.sum(bottoms, axis=0)
    return result


def _concat(bottoms: list[np.ndarray], shape: Shape, rng: np.random.Generator) -> np.ndarray:
    whole = next((i for i, n in enumerate(shape) if n != bottoms[0].shape[i]), 1)
    return np.concatenate(bottoms, axis=whole)


def _pooled(bottoms: list[np.ndarray], shape: Shape, rng: np.random.Generator) -> np.ndarray:
    return _resized(bottoms[0], shape[2:])


def _mixed(bottoms: list[np.ndarray], shape: Shape, rng: np.random.Generator) -> np.ndarray:
    """Every output channel is a seeded multiple of some input channel, plus a seeded offset."""
    bottom = bottoms[0]
    if not shape or not bottom.ndim:
        return np.full(shape, bottom.mean() if bottom.size else 0.0)
    n_images, rest = shape[0], shape[2:]
    channels = shape[1] if len(shape) > 1 else 1
    source = bottom if bottom.ndim > 2 and rest else bottom.reshape(bottom.shape[0], -1)
    picked = rng.integers(0, source.shape[1] if source.ndim > 1 else 1, channels)
    weights = rng.standard_normal((channels,) + (1,) * len(rest))
    offsets = 0.1 * rng.standard_normal(weights.shape)
    mixed = _resized(source[:, picked] if source.ndim > 1 else source[:, None], rest)
    mixed = np.broadcast_to(mixed[:n_images], (n_images, channels, *rest))
    result: np.ndarray = (mixed * weights + offsets).reshape(shape)
    return result


def _resized(array: np.ndarray, sizes: Shape) -> np.ndarray:
    """Nearest neighbour over every axis from the third on."""
    for axis, size in enumerate(sizes, start=2):
        if axis < array.ndim:
            index = (np.arange(size) * array.shape[axis]) // max(1, size)
            array = np.take(array, np.minimum(index, array.shape[axis] - 1), axis)
    return array


_STAND_INS: dict[str, StandIn] = {
    "ReLU": _relu,
    "Dropout": _copy,
    "Split": _copy,
    "Flatten": _copy,
    "Reshape": _copy,
    "Softmax": _softmax,
    "Eltwise": _sum,
    "Concat": _concat,
    "Pooling": _pooled,
}


def _refused_types(wiring: Wiring, type_name: str) -> Obstacles:
    known = {step.layer.type for step in wiring.steps} - {type_name}
    return unknown_types(wiring.steps, known, ENGINE)
