"""Runs a net in one library, in a process of its own: `-m tests.bench.library_peer NAME P W`.

Speaks as caffe_peer.py does: a JSON line {"shape"} and float32 values in, {"seconds", "shape"} and
the output's values out, after one line {"ready": version}.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.simple_nets import build_torch, write_onnx

Forward = Callable[[np.ndarray], np.ndarray]


def open_torch(net_path: Path, weights_path: Path) -> tuple[str, Forward]:
    """Plain eager PyTorch."""
    import torch

    return torch.__version__, build_torch(net_path, weights_path)


def open_opencv(net_path: Path, weights_path: Path) -> tuple[str, Forward]:
    """OpenCV's dnn module, from the Caffe files themselves."""
    import cv2

    net = cv2.dnn.readNetFromCaffe(str(net_path), str(weights_path))

    def forward(batch: np.ndarray) -> np.ndarray:
        net.setInput(batch)
        return np.array(net.forward())

    return cv2.__version__, forward


def open_onnxruntime(net_path: Path, weights_path: Path) -> tuple[str, Forward]:
    """ONNX Runtime, from a model made of the same layers and weights."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "net.onnx")
        write_onnx(net_path, weights_path, model)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
    name = session.get_inputs()[0].name
    return onnxruntime.__version__, lambda batch: session.run(None, {name: batch})[0]


def open_openvino(net_path: Path, weights_path: Path) -> tuple[str, Forward]:
    """OpenVINO in float32, compiled for each size; it would take bfloat16 by itself."""
    import core.engines.openvino  # whose import is reported to nobody

    import openvino  # isort: skip

    core = openvino.Core()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.onnx")
        write_onnx(net_path, weights_path, path)
        model = core.read_model(path)
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}

    @cache
    def compiled(shape: tuple[int, ...]) -> Any:
        model.reshape(list(shape))
        return core.compile_model(model, "CPU", settings).create_infer_request()

    def forward(batch: np.ndarray) -> np.ndarray:
        request = compiled(batch.shape)
        request.infer([batch], share_inputs=True)
        return np.array(request.get_output_tensor(0).data)

    return openvino.__version__.split("-")[0], forward


OPENERS = {
    "torch": open_torch,
    "opencv": open_opencv,
    "onnxruntime": open_onnxruntime,
    "openvino": open_openvino,
}


def main(library: str, net_path: Path, weights_path: Path) -> None:
    """Open the net, then run passes until the input ends."""
    stream, answer = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    version, forward = OPENERS[library](net_path, weights_path)
    answer.write(json.dumps({"ready": version}).encode() + b"\n")
    answer.flush()
    for line in iter(stream.readline, b""):
        shape = json.loads(line)["shape"]
        values = stream.read(4 * int(np.prod(shape)))
        batch = np.frombuffer(values, np.float32).reshape(shape).copy()
        started = time.perf_counter()
        out = np.ascontiguousarray(forward(batch), np.float32)
        took = time.perf_counter() - started
        answer.write(json.dumps({"seconds": took, "shape": out.shape}).encode() + b"\n")
        answer.write(out.tobytes())
        answer.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
