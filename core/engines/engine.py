"""One net that runs in an engine's child process."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from core.activations.summary import ValueSummary
from core.engines.values import EngineLayer, PassResult, PoolingRecipe, Value
from core.errors import EngineError

Reply = tuple[dict[str, Any], list[np.ndarray]]


class Call(Protocol):
    """Sends one request to the child and waits for the reply."""

    def __call__(self, request: Mapping[str, Any], arrays: Sequence[np.ndarray] = ()) -> Reply: ...


class Engine:
    """A net in the child; every method waits for it and may raise what EngineProcess says."""

    def __init__(self, call: Call, opened: Mapping[str, Any]) -> None:
        self._call = call
        self._net = opened["net"]
        self.layers: tuple[EngineLayer, ...] = tuple(_layer(entry) for entry in opened["layers"])
        self.inputs: dict[str, tuple[int, ...] | None] = {
            name: None if shape is None else tuple(shape)
            for name, shape in opened["inputs"].items()
        }
        self.warnings: tuple[str, ...] = tuple(opened["warnings"])
        self.filler_layers: tuple[str, ...] = tuple(opened["filler_layers"])
        self.device: str = opened["device"]

    def forward(
        self, inputs: Mapping[str, np.ndarray], want: Sequence[Value]
    ) -> dict[Value, np.ndarray]:
        """Run one pass and return the wanted values, each as right after its layer.

        inputs: by input blob, (n_images, channels, height, width) float32; any batch size.
        """
        wanted = list(dict.fromkeys(Value(*value) for value in want))
        _, arrays = self._ask("forward", inputs, want=[list(value) for value in wanted])
        return dict(zip(wanted, arrays, strict=True))

    def run(self, inputs: Mapping[str, np.ndarray]) -> PassResult:
        """Run one pass; every value stays in the child until the next one."""
        header, _ = self._ask("run", inputs)
        return PassResult(header["seconds"], header["n_images"], header["kept_bytes"])

    def read(self, value: Value) -> np.ndarray:
        """One value of the last run."""
        _, arrays = self._ask("read", {}, value=list(value))
        return arrays[0]

    def statistics(
        self,
        values: Sequence[Value],
        *,
        bins: int | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> dict[Value, ValueSummary]:
        """Statistics and histograms of values of the last run; all share their edges."""
        wanted = list(dict.fromkeys(Value(*value) for value in values))
        header, arrays = self._ask(
            "statistics",
            {},
            values=[list(value) for value in wanted],
            bins=bins,
            value_range=value_range,
        )
        pairs = zip(wanted, header["summaries"], strict=True)
        return {
            value: ValueSummary.from_wire(summary, arrays[2 * i : 2 * i + 2])
            for i, (value, summary) in enumerate(pairs)
        }

    def describe(
        self, inputs: Mapping[str, np.ndarray], recipes: Sequence[PoolingRecipe]
    ) -> list[np.ndarray]:
        """Run one pass and pool: for each recipe (n_images, dimension) float32, not normalised."""
        described = [[list(recipe.value), recipe.pooling, recipe.p] for recipe in recipes]
        _, arrays = self._ask("describe", inputs, recipes=described)
        return arrays

    def close(self) -> None:
        """Let the child forget this net."""
        with contextlib.suppress(EngineError):
            self._ask("close", {})

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, op: str, inputs: Mapping[str, np.ndarray], **fields: Any) -> Reply:
        request = {"op": op, "net": self._net, "inputs": list(inputs), **fields}
        arrays = [np.asarray(array, dtype=np.float32) for array in inputs.values()]
        return self._call(request, arrays)


def _layer(entry: Mapping[str, Any]) -> EngineLayer:
    return EngineLayer(
        entry["name"],
        entry["type"],
        tuple(entry["bottoms"]),
        tuple(entry["tops"]),
        tuple(None if shape is None else tuple(shape) for shape in entry["top_shapes"]),
    )
