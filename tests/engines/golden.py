"""Comparing an engine with values that real Caffe computed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.base import Engine, EngineProcess, Value
from core.net.definition import Net
from core.net.reader import read_net

TOLERANCE = 1e-4
"""Largest absolute difference over the blob's largest absolute value."""


@dataclass(frozen=True)
class GoldenNet:
    """A prototxt, its weights and the arrays real Caffe left: input/, blob/ and layer/ keys."""

    prototxt: Path
    weights: Path | None
    arrays: Path
    strides: dict[str, int]


def relative_differences(process: EngineProcess, golden: GoldenNet) -> dict[str, float]:
    """By key, how far the engine is off, whose bits are the same whatever is wanted."""
    return differences_of(process, golden, pins_bits=True)


def differences_of(
    process: EngineProcess, golden: GoldenNet, *, pins_bits: bool = False
) -> dict[str, float]:
    """By key, how far the engine is off; infinite where shape, NaN or infinities differ."""
    text = golden.prototxt.read_text(encoding="utf-8")
    net = read_net(text)
    with np.load(golden.arrays, allow_pickle=False) as arrays:
        inputs = {key[6:]: arrays[key] for key in arrays.files if key.startswith("input/")}
        shapes = {name: array.shape for name, array in inputs.items()}
        engine = process.open(text, golden.weights, input_shapes=shapes)
        engine.run(inputs)
        found = {}
        for key, value in _values(net, arrays.files).items():
            stride = golden.strides.get(key)
            found[key] = _difference(engine, value, arrays[key], stride)
        if pins_bits:
            _check_bits_are_the_same_alone(engine, net, inputs)
        engine.close()
    return found


def _values(net: Net, keys: list[str]) -> dict[str, Value]:
    """layer/LAYER/TOP is a version that is overwritten later, blob/BLOB the last version."""
    values = {f"layer/{v.layer}/{v.blob}": Value(v.layer, v.blob) for v in net.versions}
    values.update({f"blob/{v.blob}": Value(v.layer, v.blob) for v in net.versions})
    known = {key: values[key] for key in keys if key in values}
    unknown = [k for k in keys if k.startswith("layer/") and k not in known]
    assert not unknown, unknown
    return known


def _difference(engine: Engine, value: Value, wanted: np.ndarray, stride: int | None) -> float:
    found = engine.read(value)
    if stride:
        found = found.ravel()[::stride]
    if found.shape != wanted.shape:
        return np.inf
    if not wanted.size:
        return 0.0
    is_finite = np.isfinite(wanted)
    if not np.array_equal(found[~is_finite], wanted[~is_finite], equal_nan=True):
        return np.inf
    distance = np.abs(found[is_finite].astype(np.float64) - wanted[is_finite])
    largest = np.abs(wanted[is_finite]).max(initial=0.0)
    worst = distance.max(initial=0.0)
    return float(worst / largest) if largest else float(worst)


def _check_bits_are_the_same_alone(engine: Engine, net: Net, inputs: dict[str, np.ndarray]) -> None:
    """With nothing else wanted, layers are fused and overwrite one another: same bits."""
    wanted = [Value(v.layer, v.blob) for v in net.outputs if v.blob not in inputs]
    for value, array in engine.forward(inputs, wanted).items():
        assert array.tobytes() == engine.read(value).tobytes(), value
