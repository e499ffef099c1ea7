"""Answering the requests of the window inside the child."""

from __future__ import annotations

import gc
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.activations.summary import summarise_values
from core.engines.session import Backend, OnLayer, OpenRequest, Session
from core.engines.values import PoolingRecipe, Value
from core.errors import EngineError
from core.net.definition import NetState

PROTOCOL = 1
Answer = tuple[dict[str, Any], list[np.ndarray]]


class Server:
    """Holds the open nets and turns each request into a call of the engine."""

    def __init__(self, backend: Backend, on_layer: OnLayer) -> None:
        self._backend = backend
        self._on_layer = on_layer
        self._sessions: dict[int, Session] = {}
        self._next_net = 1
        self._operations: dict[str, Callable[[Mapping[str, Any], Sequence[np.ndarray]], Answer]] = {
            "hello": self._hello,
            "open": self._open,
            "forward": self._forward,
            "run": self._run,
            "read": self._read,
            "statistics": self._statistics,
            "describe": self._describe,
            "close": self._close,
        }

    def answer(self, request: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Answer:
        """Do what a request asks; EngineError for an operation nobody knows."""
        operation = self._operations.get(str(request.get("op")))
        if operation is None:
            raise EngineError(f"The engine knows no operation {request.get('op')!r}.")
        return operation(request, arrays)

    def _hello(self, request: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Answer:
        devices = [
            {"id": device.id, "name": device.name, "memory_bytes": device.memory_bytes}
            for device in self._backend.devices()
        ]
        versions = {"python": platform.python_version(), "numpy": np.__version__}
        versions.update(self._backend.versions())
        return {
            "protocol": PROTOCOL,
            "versions": versions,
            "devices": devices,
            "layer_types": list(self._backend.layer_types()),
        }, []

    def _open(self, request: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Answer:
        phase, level, stages = request["state"]
        weights = request["weights"]
        opened = OpenRequest(
            net_text=request["net_text"],
            weights_path=None if weights is None else Path(weights),
            device=request["device"],
            seed=request["seed"],
            state=NetState(phase, level, tuple(stages)),
            input_shapes={n: tuple(shape) for n, shape in request["input_shapes"].items()},
            allow_python_layers=bool(request.get("allow_python_layers")),
        )
        session = self._backend.open(opened)
        net = self._next_net
        self._next_net += 1
        self._sessions[net] = session
        return {"net": net, "device": opened.device, **_described(session)}, []

    def _forward(self, request: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Answer:
        wanted = [Value(*pair) for pair in request["want"]]
        session = self._session(request)
        return {}, session.forward(_inputs(request, arrays), wanted, self._on_layer)

    def _run(self, request: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Answer:
        result = self._session(request).run(_inputs(request, arrays), self._on_layer)
        return {
            "seconds": result.seconds,
            "n_images": result.n_images,
            "kept_bytes": result.kept_bytes,
        }, []

    def _read(self, request: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Answer:
        return {}, [self._session(request).read(Value(*request["value"]))]

    def _statistics(self, request: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Answer:
        session = self._session(request)
        values = [session.read(Value(*pair)) for pair in request["values"]]
        value_range = request["value_range"]
        summaries = summarise_values(
            values,
            bins=request["bins"],
            value_range=None if value_range is None else (value_range[0], value_range[1]),
        )
        parts = [summary.to_wire() for summary in summaries]
        return (
            {"summaries": [header for header, _ in parts]},
            [array for _, pair in parts for array in pair],
        )

    def _describe(self, request: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Answer:
        recipes = [
            PoolingRecipe(Value(*value), pooling, p) for value, pooling, p in request["recipes"]
        ]
        inputs = _inputs(request, arrays)
        return {}, self._session(request).describe(inputs, recipes, self._on_layer)

    def _close(self, request: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> Answer:
        session = self._sessions.pop(request["net"], None)
        if session is not None:
            session.close()
        gc.collect()  # layers refer to themselves; their weights should go now
        return {}, []

    def _session(self, request: Mapping[str, Any]) -> Session:
        session = self._sessions.get(request["net"])
        if session is None:
            raise EngineError("This net is closed in the engine.", hint="Open it again.")
        return session


def _described(session: Session) -> dict[str, Any]:
    layers = [
        {
            "name": layer.name,
            "type": layer.type,
            "bottoms": list(layer.bottoms),
            "tops": list(layer.tops),
            "top_shapes": [None if s is None else list(s) for s in layer.top_shapes],
        }
        for layer in session.layers
    ]
    return {
        "layers": layers,
        "inputs": {name: shape and list(shape) for name, shape in session.inputs.items()},
        "warnings": list(session.warnings),
        "filler_layers": list(session.filler_layers),
    }


def _inputs(request: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    return dict(zip(request["inputs"], arrays, strict=True))
