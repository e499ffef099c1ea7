"""The OpenCV engine: its version, its threads and its layer types."""

from __future__ import annotations

from collections.abc import Mapping

import cv2

from core.engines.onnx_graph.backend import GraphBackend, check_version, n_threads_of
from core.engines.onnx_graph.session import GraphEngine
from core.engines.opencv.running import OpenCvRunner
from core.engines.opencv.writing import WRITERS
from core.engines.session import Backend

LEAST_VERSION = (4, 14)
"""The first that the cases of real Caffe were run on."""


def make_backend(options: Mapping[str, str]) -> Backend:
    """Option `threads`: how many CPU threads to use (all cores by default)."""
    version = str(cv2.__version__)
    check_version("opencv-python-headless", version, LEAST_VERSION)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    n_threads = n_threads_of(options)
    cv2.setNumThreads(n_threads)
    return GraphBackend(GraphEngine("opencv", OpenCvRunner, WRITERS), version, n_threads)
