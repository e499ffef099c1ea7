"""The OpenVINO engine: its version, its threads and its layer types."""

from __future__ import annotations

from collections.abc import Mapping

import openvino

from core.engines.onnx_graph.backend import GraphBackend, check_version, n_threads_of
from core.engines.onnx_graph.session import GraphEngine
from core.engines.openvino.running import OpenVinoRunner
from core.engines.openvino.writing import WRITERS
from core.engines.session import Backend

LEAST_VERSION = (2026, 2)
"""The first that the cases of real Caffe were run on."""


def make_backend(options: Mapping[str, str]) -> Backend:
    """Option `threads`: how many CPU threads to use (all cores by default)."""
    version = str(openvino.__version__).split("-", 1)[0]
    check_version("openvino", version, LEAST_VERSION)
    n_threads = n_threads_of(options)
    engine = GraphEngine("openvino", lambda: OpenVinoRunner(n_threads), WRITERS)
    return GraphBackend(engine, version, n_threads)
