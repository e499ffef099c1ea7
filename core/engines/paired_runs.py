"""Running a net and its edit on one input, and finding the values that stand for each other."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.comparison.pairs import compare_nets
from core.engines.engine import Engine
from core.engines.process import EngineProcess
from core.engines.run_provenance import Provenance, sha256_of_text
from core.engines.values import Value
from core.engines.wiring import wire_net
from core.errors import EngineError
from core.files import file_sha256
from core.net.definition import BlobVersion, Net, NetState
from core.net.reader import read_net
from core.progress import Job, Progress

_RANDOM_SPREAD = 50.0
"""Standard deviation of the random input: about that of an image with its mean taken off."""
DEFAULT_STATE = NetState()


@dataclass(frozen=True)
class SharedOutput:
    """A version that both nets compute, as the net of `version` names it, and its two values.

    before, after: float32, of the shape that each net gives it.
    """

    version: BlobVersion
    before: np.ndarray
    after: np.ndarray


@dataclass(frozen=True)
class PairedRun:
    """What running a net and its edit on one input gave.

    first_different_layer: by its name in the net before; None where every value is the same.
    n_images: the batch of the input. filler: whether layers ran without trained weights.
    """

    outputs: tuple[SharedOutput, ...]
    first_different_layer: str | None
    n_images: int
    filler: bool
    seconds: float
    device: str
    provenance: Provenance


@dataclass(frozen=True)
class _Side:
    """One of the two nets and its tops, by the layer's name in the net before and top index."""

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


def run_both(
    process: EngineProcess,
    before_text: str,
    after_text: str,
    weights_path: Path | None = None,
    inputs: Mapping[str, np.ndarray] | None = None,
    device: str = "cpu",
    seed: int = 0,
    state: NetState = DEFAULT_STATE,
    *,
    is_of_after: bool = False,
) -> Job[PairedRun]:
    """Run both nets and give every output that they share.

    Layers are matched by place where both texts have the same types in the same order, as after a
    rename, and as `compare_nets` does otherwise.
    inputs: by input blob, float32; None for seeded random values. is_of_after: the outputs of the
    net after, which a repair changes, in place of those of the net before. Where a value differs,
    the first layer whose values differ is looked for. Raises EngineError when nothing is shared.
    """
    start = time.perf_counter()
    before, after = _sides(before_text, after_text, state)
    setting = _Setting(process, weights_path, device, seed, state)
    is_seeded = inputs is None
    yield Progress(0, 2, "net runs")
    with setting.open(before, inputs) as engine:
        filler = bool(engine.filler_layers)
        inputs = _random_inputs(engine, seed) if inputs is None else inputs
        shared = _shared_outputs(before, after, inputs, engine, is_of_after=is_of_after)
        found_before = engine.forward(inputs, [before.values[key] for key, _ in shared])
    yield Progress(1, 2, "net runs")
    with setting.open(after, inputs) as engine:
        found_after = engine.forward(inputs, [after.values[key] for key, _ in shared])
    yield Progress(2, 2, "net runs")
    outputs = tuple(
        SharedOutput(version, found_before[before.values[key]], found_after[after.values[key]])
        for key, version in shared
    )
    first = None
    if any(count_different(one.before, one.after) for one in outputs):
        first = yield from _first_different_layer(setting, before, after, inputs)
    return PairedRun(
        outputs=outputs,
        first_different_layer=first,
        n_images=max((len(array) for array in inputs.values() if array.ndim), default=0),
        filler=filler,
        seconds=time.perf_counter() - start,
        device=device,
        provenance=_provenance(setting, before, after, inputs, is_seeded),
    )


def count_different(a: np.ndarray, b: np.ndarray) -> int:
    """Values whose bits differ, so that NaN equals itself; all of them where shapes differ."""
    if a.shape != b.shape:
        return max(a.size, b.size)
    return int(np.count_nonzero(a.view(np.uint32) != b.view(np.uint32)))


def largest_difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest absolute difference; infinite where shapes differ."""
    if a.shape != b.shape:
        return math.inf
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(a.astype(np.float64) - b)
    finite = difference[~np.isnan(difference)]
    return float(finite.max()) if finite.size else 0.0


def _provenance(
    setting: _Setting,
    before: _Side,
    after: _Side,
    inputs: Mapping[str, np.ndarray],
    is_seeded: bool,
) -> Provenance:
    arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in inputs.items()}
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.shape}".encode())
        digest.update(array.data)
    return Provenance(
        engine=setting.process.spec.name,
        versions=tuple(sorted(setting.process.versions().items())),
        device=setting.device,
        precision=dict(setting.process.spec.options).get("precision", "float32"),
        before_sha256=sha256_of_text(before.text),
        after_sha256=sha256_of_text(after.text),
        weights_sha256=None if setting.weights_path is None else file_sha256(setting.weights_path),
        input_sha256=digest.hexdigest(),
        input_shapes=tuple((name, array.shape) for name, array in sorted(arrays.items())),
        is_seeded=is_seeded,
        seed=setting.seed,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _sides(before_text: str, after_text: str, state: NetState) -> tuple[_Side, _Side]:
    before, after = read_net(before_text, state=state), read_net(after_text, state=state)
    names = {layer.index: layer.name for layer in before.layers}
    is_same_order = [x.type for x in before.layers] == [x.type for x in after.layers]
    return (
        _Side(before_text, before, _values(before, names)),
        _Side(
            after_text, after, _values(after, names if is_same_order else _matched(before, after))
        ),
    )


def _matched(before: Net, after: Net) -> dict[int, str]:
    """By layer index in the net after: what its counterpart in the net before is called."""
    pairs = compare_nets(before, after).pairs
    return {p.after.index: p.before.name for p in pairs if p.after and p.before}


def _values(net: Net, names: Mapping[int, str]) -> dict[tuple[str, int], Value]:
    return {
        (names[v.layer_index], v.top_index): Value(v.layer, v.blob)
        for v in net.versions
        if v.layer_index in names
    }


def _shared_outputs(
    before: _Side,
    after: _Side,
    inputs: Mapping[str, np.ndarray],
    engine: Engine,
    *,
    is_of_after: bool,
) -> list[tuple[tuple[str, int], BlobVersion]]:
    """The outputs of one of the nets that the other has too and that the inputs reach."""
    wiring = wire_net(before.net)
    reached = _reached(before.net, inputs, engine)
    side = after if is_of_after else before
    keys = {value: key for key, value in side.values.items()}
    found = [
        (keys.get(Value(version.layer, version.blob)), version) for version in side.net.outputs
    ]
    shared = [
        (key, version)
        for key, version in found
        if key is not None
        and key in before.values
        and key in after.values
        and version.blob not in wiring.inputs
        and wiring.slots[before.values[key]] in reached
    ]
    if not shared:
        raise _nothing_to_compare(before.net, [n for n in wiring.inputs if n not in inputs])
    return shared


def _reached(net: Net, inputs: Mapping[str, np.ndarray], engine: Engine) -> set[int]:
    """The versions that these inputs lead to, past layers that the engine can't run."""
    left_out = {i for i, layer in enumerate(engine.layers) if layer.obstacle}
    return set(wire_net(net).computable(inputs, left_out))


def _nothing_to_compare(net: Net, missing: Sequence[str]) -> EngineError:
    if not net.outputs:
        return EngineError(
            "The net has no output with a name, so there is nothing to compare.",
            hint="Give its losses a top.",
        )
    if missing:
        return EngineError(
            f"Nothing can be compared without {' and '.join(missing)}, whose size the file leaves "
            "open.",
            hint="Verify a file with an Input layer, such as the deploy file.",
        )
    return EngineError("The two nets share no output that these inputs reach.")


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
    if engine.inputs and not inputs:
        raise EngineError("The input size of this net is not known.", hint="Open an image first.")
    return inputs


def _first_different_layer(
    setting: _Setting, before: _Side, after: _Side, inputs: Mapping[str, np.ndarray]
) -> Job[str | None]:
    """The first layer, in the order of the net before, whose tops differ."""
    with setting.open(before, inputs) as one, setting.open(after, inputs) as other:
        reached = _reached(before.net, inputs, one)
        keys = [
            (version.layer, version.top_index)
            for slot, version in enumerate(before.net.versions)
            if slot in reached and (version.layer, version.top_index) in after.values
        ]
        one.run(inputs)
        other.run(inputs)
        for done, key in enumerate(keys):
            yield Progress(done, len(keys), "layers compared")
            if count_different(one.read(before.values[key]), other.read(after.values[key])):
                return key[0]
    return None
