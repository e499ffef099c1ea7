"""What users call the engines."""

from __future__ import annotations

ENGINE_TITLES = {
    "auto": "Fastest by trial",
    "torch": "PyTorch",
    "onnxruntime": "ONNX Runtime",
    "caffe": "Caffe",
    "fake": "Fake",
}


def engine_title(name: str) -> str:
    """The engine's name as users know it."""
    return ENGINE_TITLES.get(name, name)
