"""How far one engine or precision is from another on the same net, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.base import Engine, EngineSpec, Value
from core.engines.registry import start_engine
from core.net.definition import NetState
from core.net.reader import DEFAULT_STATE
from core.progress import Job, Progress

FLOAT32 = EngineSpec("torch")
BFLOAT16 = EngineSpec("torch", options=(("precision", "bfloat16"),))
COARSER = ("bfloat16", "float16", "tf32")
"""Precisions below float32; all but bfloat16 need a GPU."""


def in_precision(name: str) -> EngineSpec:
    """PyTorch in one of COARSER."""
    return EngineSpec("torch", options=(("precision", name),))


@dataclass(frozen=True)
class LayerFidelity:
    """One value of two engines, all images together.

    cosine: between both. relative_difference: the largest, over the reference's largest value;
    infinite, and the cosine 0, where the shapes differ.
    """

    value: Value
    type: str
    cosine: float
    relative_difference: float


def measure_fidelity(
    net_text: str,
    weights_path: Path | None,
    inputs: Mapping[str, np.ndarray],
    *,
    other: EngineSpec = BFLOAT16,
    reference: EngineSpec = FLOAT32,
    state: NetState = DEFAULT_STATE,
    device: str = "cpu",
) -> Job[tuple[LayerFidelity, ...]]:
    """Run the net in two engines, or precisions, and compare every value of every layer.

    inputs: as for Engine.forward. device: of the other; the reference is the CPU's. Without weights
    both run on the same filler values. Raises EngineError where an engine or its precision can't be
    had.
    """
    with start_engine(reference) as one, start_engine(other) as two:
        wanted = one.open(net_text, weights_path, state=state)
        yield Progress(0, 0, "passes")
        found = two.open(net_text, weights_path, device=device, state=state)
        wanted.run(inputs)
        yield Progress(0, 0, "passes")
        found.run(inputs)
        values = _computed_values(wanted, found, inputs)
        rows = []
        for done, (value, kind) in enumerate(values):
            yield Progress(done, len(values), "values compared")
            rows.append(_compare(value, kind, wanted, found))
        return tuple(rows)


def _computed_values(
    one: Engine, other: Engine, inputs: Mapping[str, np.ndarray]
) -> list[tuple[Value, str]]:
    """What the inputs lead to, past layers that one of the engines can't run."""
    values = [
        (Value(layer.name, top), layer.type)
        for layer in one.layers
        if layer.bottoms
        for top in layer.tops
    ]
    return [
        (value, kind)
        for value, kind in values
        if not one.obstacles([value]) + other.obstacles([value])
        and set(one.needed_inputs([value])).issubset(inputs)
    ]


def _compare(value: Value, kind: str, wanted: Engine, found: Engine) -> LayerFidelity:
    one, other = wanted.read(value), found.read(value)
    if one.shape != other.shape:  # as where a detection more or less was kept
        return LayerFidelity(value, kind, 0.0, math.inf)
    a, b = (array.astype(np.float64).ravel() for array in (one, other))
    return LayerFidelity(value, kind, cosine(a, b), relative_difference(a, b))


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Between two vectors of one length; 1 between two zeros, 0 between a zero and another."""
    norms = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    if norms == 0.0:
        return 1.0 if not a.any() and not b.any() else 0.0
    return float(a @ b) / norms


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest |a - b| over the largest |a|; 0 for empty arrays."""
    if not a.size:
        return 0.0
    scale = float(np.abs(a).max())
    difference = float(np.abs(a - b).max())
    return difference / scale if scale else difference
