"""The engines there are, and what users call them."""

from __future__ import annotations

import importlib.util

GRAPH_ENGINES = ("onnxruntime", "openvino", "opencv")
"""Often the faster ones on a CPU, for plain layers; without a way back and changes of values."""
_MODULES = {"opencv": "cv2"}
"""What is imported, where it has another name."""
ENGINE_NAMES = ("torch", *GRAPH_ENGINES, "caffe")
"""Engines that run; `fake` is for tests."""
AUTO = "auto"
"""The engine of surveys is chosen by trial; whatever else there is to do is PyTorch's."""
ENGINE_CHOICES = (AUTO, *ENGINE_NAMES)
"""What a user can choose: one of them, or by trial."""
ENGINE_TITLES = {
    AUTO: "Fastest by trial",
    "torch": "PyTorch",
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "opencv": "OpenCV",
    "caffe": "Caffe",
    "fake": "Fake",
}


def engine_title(name: str) -> str:
    """The engine's name as users know it."""
    return ENGINE_TITLES.get(name, name)


def installed_graph_engines() -> tuple[str, ...]:
    """Those whose packages are here; none is imported."""
    if importlib.util.find_spec("onnx") is None:
        return ()
    modules = {name: _MODULES.get(name, name) for name in GRAPH_ENGINES}
    return tuple(name for name, one in modules.items() if importlib.util.find_spec(one) is not None)
