"""Our static shapes and our engine's values beside real Caffe's answer to the same case."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from core.engines.session import Backend, OpenRequest
from core.engines.torch.backend import make_backend
from core.engines.values import Value
from core.errors import AppError
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Net, NetState
from core.net.reader import read_net
from core.weights.writer import write_caffemodel
from tests.conformance.case import Case
from tests.conformance.real_caffe import Answer
from tests.conformance.seeded_values import make_values, parameter_kind

TOLERANCE = 1e-4
"""Largest max|ours - golden| / max|golden| over a blob."""

Run = Callable[[str, Path | None, dict[str, np.ndarray], list[Value]], list[np.ndarray]]
"""Runs a prototxt with weights on inputs and gives the values asked for, in order."""


@dataclass(frozen=True)
class Agreement:
    """How far a case agrees: the worst relative difference, and what else is wrong in words."""

    worst: float = 0.0
    complaints: tuple[str, ...] = ()

    @property
    def is_close(self) -> bool:
        """Whether nothing is wrong."""
        return not self.complaints and self.worst < TOLERANCE


def run_in_torch(
    text: str, weights: Path | None, inputs: dict[str, np.ndarray], wanted: list[Value]
) -> list[np.ndarray]:
    """Our engine without its process: a case takes milliseconds."""
    shapes = {blob: array.shape for blob, array in inputs.items()}
    session = _backend().open(OpenRequest(text, weights, "cpu", 0, NetState(), shapes))
    session.run(inputs, lambda layer: None)
    return [session.read(value) for value in wanted]


@cache
def _backend() -> Backend:
    return make_backend({})


def compare_case(run: Run, case: Case, answer: Answer) -> Agreement:
    """Run a case in our engine and hold it beside real Caffe's answer."""
    if answer.error or case.is_undefined:
        return _compare_refusal(run, case, answer)
    try:
        net = read_net(case.prototxt)
        complaints = shape_complaints(net, infer_shapes(net), answer)
        found = run_case(run, case, net, answer)
    except AppError as error:
        return Agreement(math.inf, (f"ours refuses: {error.sentence}",))
    worst = 0.0
    for blob, wanted in answer.values.items():
        difference = relative_difference(found[blob], wanted)
        worst = max(worst, difference)
        if difference >= TOLERANCE:
            complaints.append(f"{blob} differs by {difference:.2g}")
    return Agreement(worst, tuple(complaints))


def run_case(run: Run, case: Case, net: Net, answer: Answer) -> dict[str, np.ndarray]:
    """By blob, the value that our engine leaves; inputs the case does not fill are 0."""
    inputs = {x.blob: make_values(f"{case.name}/{x.blob}", x.shape, x.kind) for x in case.inputs}
    for blob in set(net.inputs) & set(answer.blobs) - set(inputs):
        inputs[blob] = np.zeros(answer.blobs[blob], np.float32)
    wanted = [Value(v.layer, v.blob) for v in net.versions if v.is_readable]
    with tempfile.TemporaryDirectory() as folder:
        weights = _write_weights(Path(folder), case, net, answer) if answer.parameters else None
        values = run(case.prototxt, weights, inputs, wanted)
    return {value.top: array for value, array in zip(wanted, values, strict=True)}


def relative_difference(found: np.ndarray, wanted: np.ndarray) -> float:
    """max|found - wanted| / max|wanted|; infinite where shape, NaN or infinities differ."""
    if found.shape != wanted.shape:
        return math.inf
    is_finite = np.isfinite(wanted)
    if not np.array_equal(found[~is_finite], wanted[~is_finite], equal_nan=True):
        return math.inf
    distance = np.abs(found[is_finite].astype(np.float64) - wanted[is_finite]).max(initial=0.0)
    largest = np.abs(wanted[is_finite]).max(initial=0.0)
    return float(distance / largest) if largest else float(distance)


def shape_complaints(net: Net, shapes: NetShapes, answer: Answer) -> list[str]:
    """Where shapes of blobs and parameters, memory or the verdict differ, without any engine."""
    found = [problem.sentence for problem in shapes.problems]
    for version in net.versions:
        if not version.is_readable or version.blob not in answer.blobs:
            continue
        ours = shapes.top(net.layers[version.layer_index], version.top_index)
        if ours is not None and ours != answer.blobs[version.blob]:
            found.append(f"{version.blob} is {answer.blobs[version.blob]}, not {ours}")
    for layer in net.layers:
        wanted = answer.parameters.get(layer.written_name, ())
        if shapes.of(layer).is_complete and shapes.parameters(layer) != wanted:
            found.append(f"parameters of {layer.name} are {wanted}")
    if not shapes.n_unknown and shapes.total_cost.memory_bytes != answer.memory:
        found.append(f"memory is {answer.memory}, not {shapes.total_cost.memory_bytes}")
    return found


def _compare_refusal(run: Run, case: Case, answer: Answer) -> Agreement:
    """What real Caffe refuses, ours must refuse too, at the latest when it runs."""
    try:
        net = read_net(case.prototxt)
        if not infer_shapes(net).problems:
            run_case(run, case, net, answer)
            return Agreement(math.inf, (f"ours accepts what real Caffe refuses: {answer.error}",))
    except AppError:
        pass
    return Agreement()


def _write_weights(folder: Path, case: Case, net: Net, answer: Answer) -> Path:
    path = folder / "net.caffemodel"
    rows = []
    for layer, shapes in answer.parameters.items():
        type_ = net.layer(layer).type
        keys = [f"{layer}/{i}" for i in range(len(shapes))]
        kinds = [case.parameters.get(k) or parameter_kind(type_, i) for i, k in enumerate(keys)]
        arrays = [
            make_values(f"{case.name}/{key}", shape, kind)
            for key, shape, kind in zip(keys, shapes, kinds, strict=True)
        ]
        rows.append((layer, type_, arrays))
    write_caffemodel(path, "case", rows)
    return path
