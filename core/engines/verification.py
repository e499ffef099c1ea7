"""Proving that a rename changes no number: both nets run on one input, compared bit by bit."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.engine import Engine
from core.engines.process import EngineProcess
from core.engines.values import Value
from core.engines.wiring import wire_net
from core.errors import EngineError
from core.net.definition import BlobVersion, Net, NetState
from core.net.reader import read_net
from core.progress import Job, Progress

_RANDOM_SPREAD = 50.0
"""Standard deviation of the random input: about that of an image with its mean taken off."""
_DEFAULT_STATE = NetState()


@dataclass(frozen=True)
class Verification:
    """What comparing the two nets found.

    outputs: labels of the shared outputs in the net before. n_different: values whose bits differ;
    largest_difference: between them, absolute. filler: whether layers ran without trained weights.
    """

    is_identical: bool
    outputs: tuple[str, ...]
    n_values: int
    n_different: int
    largest_difference: float
    first_different_layer: str | None
    seconds: float
    device: str
    n_images: int
    filler: bool


@dataclass(frozen=True)
class _Side:
    """One of the two nets and where its layers' tops are, by (layer, top index)."""

    text: str
    net: Net
    values: Mapping[tuple[str, int], Value]


@dataclass(frozen=True)
class _Setting:
    """What both sides share."""

    process: EngineProcess
    weights_path: Path | None
    device: str
    seed: int
    state: NetState

    def open(self, side: _Side, inputs: Mapping[str, np.ndarray] | None) -> Engine:
        shapes = {name: tuple(array.shape) for name, array in (inputs or {}).items()}
        return self.process.open(
            side.text,
            self.weights_path,
            device=self.device,
            seed=self.seed,
            state=self.state,
            input_shapes=shapes,
        )


def verify_rename(
    process: EngineProcess,
    before_text: str,
    after_text: str,
    weights_path: Path | None = None,
    inputs: Mapping[str, np.ndarray] | None = None,
    device: str = "cpu",
    seed: int = 0,
    state: NetState = _DEFAULT_STATE,
) -> Job[Verification]:
    """Run both nets and compare every output they share, matched by layer and top.

    inputs: by input blob, float32; None for seeded random values. Where an output differs, the
    first layer whose values differ is looked for. Raises EngineError when nothing can be compared.
    """
    start = time.perf_counter()
    before, after = _side(before_text, state), _side(after_text, state)
    setting = _Setting(process, weights_path, device, seed, state)
    yield Progress(0, 2, "net runs")
    with setting.open(before, inputs) as engine:
        filler = bool(engine.filler_layers)
        inputs = _random_inputs(engine, seed) if inputs is None else inputs
        shared = _shared_outputs(before, after, inputs)
        found_before = engine.forward(inputs, [before.values[key] for key, _ in shared])
    yield Progress(1, 2, "net runs")
    with setting.open(after, inputs) as engine:
        found_after = engine.forward(inputs, [after.values[key] for key, _ in shared])
    yield Progress(2, 2, "net runs")
    pairs = [
        (found_before[before.values[key]], found_after[after.values[key]]) for key, _ in shared
    ]
    n_different = sum(_count_different(a, b) for a, b in pairs)
    first = None
    if n_different:
        first = yield from _first_different_layer(setting, before, after, inputs)
    return Verification(
        is_identical=n_different == 0,
        outputs=tuple(version.label for _, version in shared),
        n_values=sum(a.size for a, _ in pairs),
        n_different=n_different,
        largest_difference=max(_largest_difference(a, b) for a, b in pairs),
        first_different_layer=first,
        seconds=time.perf_counter() - start,
        device=device,
        n_images=max((len(array) for array in inputs.values() if array.ndim), default=0),
        filler=filler,
    )


def _side(text: str, state: NetState) -> _Side:
    net = read_net(text, state=state)
    values = {(v.layer, v.top_index): Value(v.layer, v.blob) for v in net.versions}
    return _Side(text, net, values)


def _shared_outputs(
    before: _Side, after: _Side, inputs: Mapping[str, np.ndarray]
) -> list[tuple[tuple[str, int], BlobVersion]]:
    """The outputs of the net before that the net after has too and that the inputs reach."""
    wiring = wire_net(before.net)
    reached = set(wiring.computable(inputs))
    shared = [
        ((version.layer, version.top_index), version)
        for version in before.net.outputs
        if (version.layer, version.top_index) in after.values
        and version.blob not in wiring.inputs
        and wiring.slots[Value(version.layer, version.blob)] in reached
    ]
    if not shared:
        raise EngineError("The two nets share no output that these inputs reach.")
    return shared


def _random_inputs(engine: Engine, seed: int) -> dict[str, np.ndarray]:
    """Seeded values for every input of known shape; labels are 0, which every net accepts."""
    inputs = {}
    for name, shape in engine.inputs.items():
        if shape is None:
            continue
        if math.prod(shape[1:]) <= 1 or "label" in name:
            inputs[name] = np.zeros(shape, np.float32)
        else:
            values = np.random.default_rng([seed, len(inputs)]).standard_normal(shape, np.float32)
            inputs[name] = values * np.float32(_RANDOM_SPREAD)
    if not inputs:
        raise EngineError("The input size of this net is not known.", hint="Open an image first.")
    return inputs


def _first_different_layer(
    setting: _Setting, before: _Side, after: _Side, inputs: Mapping[str, np.ndarray]
) -> Job[str | None]:
    """The first layer, in the order of the net before, whose tops differ."""
    reached = set(wire_net(before.net).computable(inputs))
    keys = [
        (version.layer, version.top_index)
        for slot, version in enumerate(before.net.versions)
        if slot in reached and (version.layer, version.top_index) in after.values
    ]
    with setting.open(before, inputs) as one, setting.open(after, inputs) as other:
        one.run(inputs)
        other.run(inputs)
        for done, key in enumerate(keys):
            yield Progress(done, len(keys), "layers compared")
            if _count_different(one.read(before.values[key]), other.read(after.values[key])):
                return key[0]
    return None


def _count_different(a: np.ndarray, b: np.ndarray) -> int:
    """Values whose bits differ, so that NaN equals itself; all of them where shapes differ."""
    if a.shape != b.shape:
        return max(a.size, b.size)
    return int(np.count_nonzero(a.view(np.uint32) != b.view(np.uint32)))


def _largest_difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest absolute difference; infinite where shapes differ."""
    if a.shape != b.shape:
        return math.inf
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(a.astype(np.float64) - b)
    finite = difference[~np.isnan(difference)]
    return float(finite.max()) if finite.size else 0.0
