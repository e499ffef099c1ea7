"""Running graphs in OpenCV's dnn module, which convolves 3x3 kernels by Winograd's way.

Lavin and Gray, 2016: less than half of the multiplications, and sums that are a few times as far
from the exact ones. It gives the same bits with any number of threads and images.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from onnx import ModelProto, TensorProto

from core.engines.onnx_graph.finite import check_finite
from core.engines.onnx_graph.running import GraphRunner
from core.errors import EngineError

_MOST_MODEL_BYTES = (1 << 31) - 1
"""Of a protobuf message."""


@dataclass
class _Graph:
    """A graph that was read. inputs: what it reads, by name."""

    inputs: frozenset[str]
    outputs: tuple[str, ...]
    net: Any


class OpenCvRunner(GraphRunner[_Graph]):
    """Each graph holds the learned arrays that it reads, in OpenCV's own order."""

    def _read(self, model: ModelProto, beside: Mapping[str, np.ndarray]) -> _Graph:
        inputs = frozenset(one.name for one in model.graph.input)
        outputs = tuple(one.name for one in model.graph.output)
        n_bytes = sum(array.nbytes for array in beside.values())
        if n_bytes + model.ByteSize() > _MOST_MODEL_BYTES:
            raise EngineError(
                "OpenCV reads no net with more than 2 GB of weights.",
                hint="The engine torch runs it.",
            )
        for one in model.graph.output:
            one.type.tensor_type.shape.SetInParent()  # it asks for one, and takes its own
        written = np.frombuffer(_whole(model, beside), np.uint8)
        model.Clear()  # a second copy of the arrays
        try:
            return _Graph(inputs, outputs, cv2.dnn.readNetFromONNX(written))
        except cv2.error as error:
            raise _refused("read", error) from error

    def _pass(self, key: Hashable, graph: _Graph, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        check_finite(feeds.values(), "OpenCV")
        try:
            for name, array in feeds.items():
                graph.net.setInput(array, name)
            # its ReLU makes -0 of what is below 0, unless it is joined to the layer before
            return [one + np.float32(0) for one in graph.net.forward(graph.outputs)]
        except cv2.error as error:
            raise _refused("run", error) from error


def _whole(model: ModelProto, beside: Mapping[str, np.ndarray]) -> bytes:
    """The model as bytes, with the arrays that it does not hold in their places."""
    for array in model.graph.initializer:
        if array.data_location == TensorProto.EXTERNAL:
            del array.external_data[:]
            array.data_location = TensorProto.DEFAULT
            array.raw_data = np.ascontiguousarray(beside[array.name]).tobytes()
    return bytes(model.SerializeToString())


def _refused(what: str, error: Exception) -> EngineError:
    return EngineError(
        f"OpenCV can't {what} this net.", hint="The engine torch runs it.", details=str(error)
    )
