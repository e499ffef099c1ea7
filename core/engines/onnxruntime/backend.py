"""The ONNX Runtime engine: its version, its threads and its layer types."""

from __future__ import annotations

from collections.abc import Mapping

import onnxruntime

from core.engines.onnx_graph.backend import GraphBackend, check_version, n_threads_of
from core.engines.onnx_graph.session import GraphEngine
from core.engines.onnx_graph.writing import WRITERS
from core.engines.onnxruntime.running import OnnxRuntimeRunner
from core.engines.session import Backend

LEAST_VERSION = (1, 32)
"""Before it, an average pooling that rounds up was wrong for the operator sets that are written."""


def make_backend(options: Mapping[str, str]) -> Backend:
    """Option `threads`: how many CPU threads to use (all cores by default)."""
    version = str(onnxruntime.__version__)
    check_version("onnxruntime", version, LEAST_VERSION)
    onnxruntime.disable_telemetry_events()  # Microsoft's builds for Windows send some
    n_threads = n_threads_of(options)
    engine = GraphEngine("onnxruntime", lambda: OnnxRuntimeRunner(n_threads), WRITERS)
    return GraphBackend(engine, version, n_threads)
