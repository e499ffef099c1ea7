"""One net that runs in an engine's child process."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from core.activations.summary import ValueSummary
from core.engines.operations import (
    Close,
    Opened,
    Read,
    Request,
    Run,
    Statistics,
    Take,
    Want,
)
from core.engines.values import EngineLayer, PassResult, Value
from core.errors import EngineError
from core.measures.measure import KEEP, Measure

Reply = tuple[Any, list[np.ndarray]]


class Call(Protocol):
    """Sends one request to the child and waits for the reply."""

    def __call__(self, request: Request, arrays: Sequence[np.ndarray] = ()) -> Reply: ...


class Engine:
    """A net in the child; every method waits for it and may raise what EngineProcess says."""

    def __init__(self, call: Call, opened: Opened) -> None:
        self._call = call
        self._net = opened.net
        self.layers: tuple[EngineLayer, ...] = opened.layers
        self.inputs: dict[str, tuple[int, ...] | None] = opened.inputs
        self.warnings: tuple[str, ...] = opened.warnings
        self.filler_layers: tuple[str, ...] = opened.filler_layers
        self.device: str = opened.device

    def forward(
        self, inputs: Mapping[str, np.ndarray], want: Sequence[Value]
    ) -> dict[Value, np.ndarray]:
        """Run one pass and return the wanted values, each as right after its layer.

        inputs: by input blob, (n_images, channels, height, width) float32; any batch size.
        """
        found = self.measure(inputs, {Value(*value): (KEEP,) for value in want})
        return {value: array for (value, _), array in found.items()}

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        """Run one pass and measure values where they live; only what was measured travels.

        inputs: as for `forward`. Each measure says the shape of its array.
        """
        pairs = [(value, m) for value, ms in wants.items() for m in dict.fromkeys(ms)]
        request = Take(self._net, tuple(inputs), tuple(Want(*pair) for pair in pairs))
        _, arrays = self._call(request, _float32(inputs))
        return dict(zip(pairs, arrays, strict=True))

    def shape_of(self, value: Value) -> tuple[int, ...] | None:
        """A value's shape as the engine built it; None where only running it can tell."""
        for layer in self.layers:
            if layer.name == value.layer and value.top in layer.tops:
                return layer.top_shapes[layer.tops.index(value.top)]
        return None

    def run(self, inputs: Mapping[str, np.ndarray]) -> PassResult:
        """Run one pass; every value stays in the child until the next one."""
        result, _ = self._call(Run(self._net, tuple(inputs)), _float32(inputs))
        passed: PassResult = result
        return passed

    def read(self, value: Value) -> np.ndarray:
        """One value of the last run."""
        _, arrays = self._call(Read(self._net, Value(*value)))
        return arrays[0]

    def statistics(
        self,
        values: Sequence[Value],
        *,
        bins: int | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> dict[Value, ValueSummary]:
        """Statistics and histograms of values of the last run; all share their edges."""
        wanted = tuple(dict.fromkeys(Value(*value) for value in values))
        found, arrays = self._call(Statistics(self._net, wanted, bins, value_range))
        pairs = zip(wanted, found.summaries, strict=True)
        return {
            value: ValueSummary.from_wire(summary, arrays[2 * i : 2 * i + 2])
            for i, (value, summary) in enumerate(pairs)
        }

    def close(self) -> None:
        """Let the child forget this net."""
        with contextlib.suppress(EngineError):
            self._call(Close(self._net))

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _float32(inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    return [np.asarray(array, dtype=np.float32) for array in inputs.values()]
