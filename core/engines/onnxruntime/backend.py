"""The ONNX Runtime engine: its versions, its threads and opening nets."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping

import onnx
import onnxruntime

from core.engines.memory import host_bytes
from core.engines.onnxruntime.session import OnnxRuntimeSession
from core.engines.onnxruntime.writing import WRITERS
from core.engines.session import Backend, OpenRequest, Session
from core.engines.values import Device
from core.errors import EngineError, EngineUnavailableError

LEAST_VERSION = (1, 32)
"""Before it, an average pooling that rounds up was wrong for the operator sets that are written."""


def make_backend(options: Mapping[str, str]) -> Backend:
    """Option `threads`: how many CPU threads to use (all cores by default)."""
    found = tuple(int(part) for part in onnxruntime.__version__.split(".")[:2])
    if found < LEAST_VERSION:
        raise EngineUnavailableError(
            f"The onnxruntime engine needs version 1.32 or later, not {onnxruntime.__version__}.",
            hint="Install it: pip install 'onnxruntime>=1.32'.",
        )
    return OnnxRuntimeBackend(int(options.get("threads", "0")) or _cores())


class OnnxRuntimeBackend(Backend):
    """float32 on the CPU."""

    def __init__(self, n_threads: int) -> None:
        self._n_threads = n_threads

    def versions(self) -> dict[str, str]:
        """Of ONNX Runtime and of ONNX."""
        return {
            "onnxruntime": str(onnxruntime.__version__),
            "onnx": str(onnx.__version__),
            "threads": str(self._n_threads),
        }

    def devices(self) -> tuple[Device, ...]:
        """The CPU alone."""
        name = f"CPU ({self._n_threads} threads, {platform.machine()})"
        return (Device("cpu", name, host_bytes()),)

    def layer_types(self) -> tuple[str, ...]:
        """Those that agree with real Caffe on every case there is."""
        return tuple(sorted(WRITERS))

    def open(self, request: OpenRequest) -> Session:
        """Write a net as a graph."""
        if request.device != "cpu":
            raise EngineError(
                f"The onnxruntime engine has no device '{request.device}' here.",
                hint="There is: cpu.",
            )
        return OnnxRuntimeSession(request, self._n_threads)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
