"""One net that learns in real Caffe: its own solver, given our batches one iteration at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.engines.caffe.link import Link
from core.engines.caffe.python_layers import python_layers
from core.engines.caffe.refusals import refused_by_any_caffe, types_it_lacks
from core.engines.caffe.solver_text import solver_for_caffe
from core.engines.caffe.text import WRITES_FILES, is_stood_in, text_for_caffe
from core.engines.obstacles import check_free, check_readable
from core.engines.operations import Iterated, Pass
from core.engines.session import OnLayer, TestRequest, TestSession, TrainingSession, TrainRequest
from core.engines.wiring import Wiring, wire_net
from core.errors import EngineError
from core.layers.layer_type import Shape
from core.layers.loss_weights import loss_weights
from core.layers.multipliers import learned_arrays
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Net, NetState
from core.net.learning_rate import LearningRate
from core.net.reader import read_net
from core.weights.fillers import filler_array
from core.weights.placing import array_key, check_fit, place_arrays
from core.weights.reader import open_weights
from core.weights.solver_state import SolverState, read_solver_state, write_solver_state
from core.weights.writer import LayerArrays, write_caffemodel

ENGINE = "caffe"


class CaffeTraining(TrainingSession):
    """Caffe's solver holds weights and history; what it begins with is what ours begins with."""

    def __init__(
        self, link: Link, request: TrainRequest, gpu: int | None, layer_types: Sequence[str]
    ) -> None:
        self._link, self._settings = link, request.solver
        self._types, self._seed = layer_types, request.seed
        net, wiring, shapes = _read(request.net_text, request.state, request.input_shapes)
        self._shapes = shapes
        sizes = _check(net, wiring, shapes, layer_types)
        self.inputs = dict(sizes)
        self.arrays = learned_arrays(shapes)
        losses, self._outputs = _told_blobs(wiring)
        if not losses:
            raise EngineError("This net has no loss, so there is nothing to learn.")
        start, self.filler_layers = _start_arrays(shapes, request.weights_path, request.seed)
        self._weights_there = _sent_weights(link, net.name, start)
        text = _send_text(link, net, wiring, sizes)
        prefix = str(link.ask({"op": "add_file", "suffix": ".snap"})[0]["path"])
        solver = solver_for_caffe(self._settings, text, prefix, request.seed)
        opened, _ = link.ask(
            {
                "op": "train",
                "text": text,
                "solver": link.send_text(solver, ".solver.prototxt"),
                "weights": self._weights_there,
                "prefix": prefix,
                "gpu": gpu,
                "losses": losses,
                "outputs": self._outputs,
                "learned": [[_written_name(shapes, a.layer), a.index] for a in self.arrays],
            }
        )
        self._number = opened["net"]
        self._rate, self._iteration = LearningRate(self._settings), 0

    def iterate(self, batches: Sequence[Mapping[str, np.ndarray]], on_layer: OnLayer) -> Iterated:
        """One step of Caffe's solver; its passes take these batches one after the other."""
        if len(batches) != self._settings.iter_size:
            raise EngineError(f"An iteration takes {self._settings.iter_size} batches here.")
        names = list(batches[0])
        request = {"op": "iterate", "net": self._number, "inputs": names, "n_batches": len(batches)}
        told, _ = self._link.ask(request, [batch[name] for batch in batches for name in names])
        rate = self._rate.at(self._iteration)
        self._iteration += 1
        passes = tuple(_pass(one, only_single=True) for one in told["passes"])
        norm = math.sqrt(told["squares"])
        return Iterated(self._iteration, rate, self._rate.step, passes, norm)

    def add_test(self, request: TestRequest) -> TestSession:
        """A net of the TEST phase that shares Caffe's own arrays."""
        return CaffeTest(self._link, request, self._number, self._shapes, self._types, self._seed)

    def weights(self) -> list[np.ndarray]:
        """Every learned array in the order of `arrays`."""
        return self._read("weights")

    def history(self) -> list[np.ndarray]:
        """What Caffe's solver writes into a .solverstate, which nothing else tells."""
        _, arrays = self._link.ask({"op": "state", "net": self._number})
        with TemporaryDirectory(prefix="blobscope-") as folder:
            path = Path(folder) / "now.solverstate"
            path.write_bytes(arrays[0].tobytes())
            return [np.array(array, np.float32) for array in read_solver_state(path).history]

    def first_gradients(self) -> list[np.ndarray]:
        """Of iteration 0; [] where this pycaffe lets nobody see them."""
        return self._read("first_gradients")

    def first_updates(self) -> list[np.ndarray]:
        """What iteration 0 subtracted."""
        return self._read("first_updates")

    def restore(self, iteration: int, step: int, history: Sequence[np.ndarray]) -> None:
        """Give Caffe's solver a .solverstate of its own, with the weights it began with here."""
        state = SolverState(iteration, step, self._weights_there, tuple(history))
        with TemporaryDirectory(prefix="blobscope-") as folder:
            path = Path(folder) / "state.solverstate"
            write_solver_state(path, state)
            there = self._link.send_file(path, ".solverstate")
        self._link.ask({"op": "restore", "net": self._number, "path": there})
        self._iteration, self._rate = iteration, LearningRate(self._settings, step)

    def _read(self, what: str) -> list[np.ndarray]:
        request = {"op": "read_training", "net": self._number, "what": what}
        _, arrays = self._link.ask(request)
        return arrays


class CaffeTest(TestSession):
    """One test net of a training in Caffe."""

    def __init__(
        self,
        link: Link,
        request: TestRequest,
        number: int,
        trained: NetShapes,
        layer_types: Sequence[str],
        seed: int,
    ) -> None:
        self._link, self._number = link, number
        net, wiring, shapes = _read(request.net_text, request.state, request.input_shapes)
        sizes = _check(net, wiring, shapes, layer_types)
        _check_shared(shapes, trained)
        self.inputs = dict(sizes)
        losses, outputs = _told_blobs(wiring)
        start, _ = _start_arrays(shapes, request.weights_path, seed)
        opened, _ = link.ask(
            {
                "op": "add_test",
                "net": number,
                "text": _send_text(link, net, wiring, sizes),
                "weights": _sent_weights(link, net.name, start) if start else None,
                "losses": losses,
                "outputs": sorted(outputs),
            }
        )
        self._test = opened["test"]

    def test(self, batch: Mapping[str, np.ndarray], on_layer: OnLayer) -> Pass:
        """One pass."""
        request = {"op": "test", "net": self._number, "test": self._test, "inputs": list(batch)}
        told, _ = self._link.ask(request, list(batch.values()))
        return _pass(told["told"], only_single=False)


def _read(
    text: str, state: NetState, input_shapes: Mapping[str, Shape]
) -> tuple[Net, Wiring, NetShapes]:
    net = read_net(text, state=state)
    check_readable(net)
    return net, wire_net(net), infer_shapes(net, input_shapes)


def _check(
    net: Net, wiring: Wiring, shapes: NetShapes, layer_types: Sequence[str]
) -> dict[str, Shape]:
    """The shape of each input. EngineError for what Caffe would abort on, or must not run."""
    programs = python_layers(net)
    if programs:
        raise EngineError(
            f"Layer '{programs[0].name}' runs a Python program; such a net is not trained here."
        )
    obstacles = {
        **refused_by_any_caffe(net, shapes),
        **types_it_lacks(wiring.steps, layer_types),
    }
    check_free(wiring.steps, obstacles, ENGINE)
    sizes: dict[str, Shape] = {}
    for step in wiring.steps:
        for index, name in enumerate(step.layer.tops if is_stood_in(step) else ()):
            shape = shapes.top(step.layer, index)
            if shape is None:
                raise EngineError(
                    f"How large a batch of '{name}' is can't be known from the net.",
                    hint="Give it an Input layer with a shape.",
                )
            sizes[name] = shape
    return sizes


def _check_shared(shapes: NetShapes, trained: NetShapes) -> None:
    """Caffe ends its process where the shapes of a layer of both nets differ."""
    known = {row.layer.written_name: row.parameters for row in trained.layers}
    for row in shapes.layers:
        if known.get(row.layer.written_name, row.parameters) != row.parameters:
            raise EngineError(
                f"Layer '{row.layer.name}' has other shapes in the test net than in the net that "
                "learns."
            )


def _told_blobs(wiring: Wiring) -> tuple[list[list[object]], list[str]]:
    """Losses as [blob, weight], and the blobs that nothing reads."""
    losses: list[list[object]] = [
        [blob, weight]
        for step in wiring.steps
        for blob, weight in zip(step.layer.tops, loss_weights(step.layer), strict=True)
        if weight
    ]
    read = {slot for step in wiring.steps for slot in step.bottoms}
    outputs = [
        blob
        for step in wiring.steps
        for blob, slot in zip(step.layer.tops, step.tops, strict=True)
        if slot not in read
    ]
    return losses, outputs


def _start_arrays(
    shapes: NetShapes, weights_path: Path | None, seed: int
) -> tuple[list[LayerArrays], tuple[str, ...]]:
    """What each layer begins with, from the file or its fillers; and the layers of the latter.

    The numbers are our own engine's, so that runs in both can be compared.
    """
    placed = {}
    if weights_path is not None:
        found = place_arrays(shapes, open_weights(weights_path))
        check_fit(found.wrong)
        placed = found.by_key
    started: list[LayerArrays] = []
    lacking: list[str] = []
    for row in shapes.layers:
        arrays = []
        for index, shape in enumerate(row.parameters):
            key = array_key(shapes, row, index)
            blob = placed.get(key)
            if blob is None:
                lacking.append(row.layer.name)
            array = (
                filler_array(shapes.layers[key[0]], key[1], seed) if blob is None else blob.array()
            )
            arrays.append(np.asarray(array, np.float32).reshape(shape))
        if arrays:
            started.append((row.layer.written_name, row.layer.type, arrays))
    return started, tuple(dict.fromkeys(lacking))


def _sent_weights(link: Link, name: str, layers: Sequence[LayerArrays]) -> str:
    with TemporaryDirectory(prefix="blobscope-") as folder:
        path = Path(folder) / "start.caffemodel"
        write_caffemodel(path, name, layers)
        return link.send_file(path, ".caffemodel")


def _send_text(link: Link, net: Net, wiring: Wiring, sizes: Mapping[str, Shape]) -> str:
    """Without layers of other phases and those that write files."""
    left_out = [
        step.layer for step in wiring.steps if is_stood_in(step) or step.layer.type in WRITES_FILES
    ]
    text = text_for_caffe(net, sizes, [*left_out, *net.inactive])
    there = link.send_text(text, ".prototxt")
    answer, _ = link.ask({"op": "parse", "text": there})
    if answer["refused"]:
        raise EngineError("This Caffe can't read the net.", details=str(answer["refused"]))
    return there


def _written_name(shapes: NetShapes, layer: str) -> str:
    """As Caffe knows it. EngineError where several layers with arrays have that name."""
    name = shapes.of(layer).layer.written_name
    same = [row for row in shapes.layers if row.parameters and row.layer.written_name == name]
    if len(same) > 1:
        raise EngineError(f"{len(same)} layers that learn are named '{name}'.")
    return name


def _pass(told: Sequence[Any], *, only_single: bool) -> Pass:
    outputs: dict[str, float] = {}
    for blob, values in told[1].items():
        if len(values) == 1:
            outputs[blob] = float(values[0])
        elif not only_single:
            outputs.update({f"{blob}[{i}]": float(value) for i, value in enumerate(values)})
    return Pass(float(told[0]), outputs)
