"""What the engines that run a written graph have in common: float32, the CPU, opening nets."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping

import onnx

from core.engines.memory import host_bytes
from core.engines.onnx_graph.session import GraphEngine, GraphSession
from core.engines.session import Backend, OpenRequest, Session
from core.engines.values import Device
from core.errors import EngineError, EngineUnavailableError


class GraphBackend(Backend):
    """float32 on the CPU. version: of the library."""

    def __init__(self, engine: GraphEngine, version: str, n_threads: int) -> None:
        self._engine, self._version, self._n_threads = engine, version, n_threads

    def versions(self) -> dict[str, str]:
        """Of the library and of ONNX."""
        return {
            self._engine.name: self._version,
            "onnx": str(onnx.__version__),
            "threads": str(self._n_threads),
        }

    def devices(self) -> tuple[Device, ...]:
        """The CPU alone."""
        name = f"CPU ({self._n_threads} threads, {platform.machine()})"
        return (Device("cpu", name, host_bytes()),)

    def layer_types(self) -> tuple[str, ...]:
        """Those that agree with real Caffe on every case there is."""
        return tuple(sorted(self._engine.writers))

    def open(self, request: OpenRequest) -> Session:
        """Write a net as a graph."""
        if request.device != "cpu":
            raise EngineError(
                f"The {self._engine.name} engine has no device '{request.device}' here.",
                hint="There is: cpu.",
            )
        return GraphSession(request, self._engine)


def check_version(package: str, version: str, least: tuple[int, int]) -> None:
    """Raises EngineUnavailableError for one before `least`, with what to install."""
    if tuple(int(part) for part in version.split(".")[:2]) < least:
        words = ".".join(map(str, least))
        raise EngineUnavailableError(
            f"The {package} engine needs version {words} or later, not {version}.",
            hint=f"Install it: pip install '{package}>={words}'.",
        )


def n_threads_of(options: Mapping[str, str]) -> int:
    """The option `threads`, all cores by default."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return int(options.get("threads", "0")) or cores or 1
