"""Running graphs in OpenVINO: a compiled model for each, on all threads.

The number of threads is not tried: with another one an inner product's last bits move.
"""

from __future__ import annotations

import ctypes
from collections.abc import Hashable, Mapping

import numpy as np
import openvino
from onnx import ModelProto, TensorProto
from openvino import opset13

from core.engines.onnx_graph.finite import check_finite
from core.engines.onnx_graph.running import GraphRunner

_SETTINGS = {
    # it would take bfloat16 by itself where the processor has it
    "INFERENCE_PRECISION_HINT": "f32",
    "EXECUTION_MODE_HINT": "ACCURACY",
    "PERFORMANCE_HINT": "LATENCY",
}


class _Graph:
    """One compiled graph. inputs: what it reads, by name."""

    def __init__(self, model: openvino.Model, request: openvino.InferRequest) -> None:
        self.inputs = frozenset(one.any_name for one in model.inputs)
        self._request, self._n_outputs = request, len(model.outputs)

    def run(self, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Its outputs, in order."""
        self._request.infer(feeds, share_inputs=True)
        outputs = map(self._request.get_output_tensor, range(self._n_outputs))
        return [np.array(one.data) for one in outputs]


class OpenVinoRunner(GraphRunner[_Graph]):
    """Learned arrays are held once."""

    def __init__(self, n_threads: int) -> None:
        super().__init__()
        self._settings = {**_SETTINGS, "INFERENCE_NUM_THREADS": n_threads}
        self._core = openvino.Core()
        self._arrays: dict[str, np.ndarray] = {}

    def _read(self, model: ModelProto, beside: Mapping[str, np.ndarray]) -> _Graph:
        for name, array in beside.items():
            if name not in self._arrays:
                self._arrays[name] = np.require(array, requirements=("C", "A"))
        read = _model_of(self._core, model, {name: self._arrays[name] for name in beside})
        compiled = self._core.compile_model(read, "CPU", self._settings)
        return _Graph(read, compiled.create_infer_request())

    def _pass(self, key: Hashable, graph: _Graph, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        check_finite(feeds.values(), "OpenVINO")
        return graph.run(feeds)


def _model_of(
    core: openvino.Core, model: ModelProto, beside: Mapping[str, np.ndarray]
) -> openvino.Model:
    """A graph, whose arrays beside it enter as inputs and are made constants where they lie."""
    _enter_as_inputs(model)
    found = core.read_model(model.SerializeToString())
    for parameter in list(found.get_parameters()):
        name = parameter.output(0).any_name
        if name in beside:
            constant = opset13.constant(_writable(beside[name]), shared_memory=True)
            parameter.output(0).replace(constant.output(0))
            found.remove_parameter(parameter)
    found.validate_nodes_and_infer_types()
    return found


def _enter_as_inputs(model: ModelProto) -> None:
    """Each array that the model does not hold."""
    graph, kept = model.graph, []
    for array in graph.initializer:
        if array.data_location != TensorProto.EXTERNAL:
            kept.append(array)
            continue
        entry = graph.input.add(name=array.name).type.tensor_type
        entry.elem_type = array.data_type
        for size in array.dims:
            entry.shape.dim.add(dim_value=size)
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _writable(array: np.ndarray) -> np.ndarray:
    """The same memory: OpenVINO refuses what is read-only, as a mapped file is, and writes to none.

    The array has to stay for as long as what is made here.
    """
    memory = (ctypes.c_byte * array.nbytes).from_address(array.ctypes.data)
    return np.frombuffer(memoryview(memory), array.dtype).reshape(array.shape)
