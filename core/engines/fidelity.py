"""How far a net in a lower precision is from the same net in float32, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.base import Engine, EngineSpec, Value
from core.engines.registry import start_engine


@dataclass(frozen=True)
class LayerFidelity:
    """One value in two precisions, all images together.

    cosine: between both. relative_difference: the largest, over the largest float32 value.
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
    precision: str = "bfloat16",
) -> tuple[LayerFidelity, ...]:
    """Run the net in float32 and in another precision and compare every value of every layer.

    inputs: as for Engine.forward. Raises EngineError where this processor lacks the precision.
    """
    lower = EngineSpec("torch", options=(("precision", precision),))
    with start_engine(EngineSpec("torch")) as exact, start_engine(lower) as rough:
        wanted = exact.open(net_text, weights_path)
        found = rough.open(net_text, weights_path)
        wanted.run(inputs)
        found.run(inputs)
        return tuple(
            _compare(value, kind, wanted, found) for value, kind in _computed_values(wanted)
        )


def _computed_values(engine: Engine) -> list[tuple[Value, str]]:
    return [
        (Value(layer.name, top), layer.type)
        for layer in engine.layers
        if layer.bottoms
        for top in layer.tops
    ]


def _compare(value: Value, kind: str, wanted: Engine, found: Engine) -> LayerFidelity:
    a, b = (engine.read(value).astype(np.float64).ravel() for engine in (wanted, found))
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
