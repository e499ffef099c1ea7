"""An ONNX graph under construction: nodes, constants, and the name of every value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from core.layers.layer_type import Shape

OPSET, IR_VERSION = 17, 8
_INLINE_BYTES = 1024
"""Larger arrays stay outside the model, so that several sessions share one copy."""

Model = tuple[ModelProto, dict[str, np.ndarray]]
"""A graph, and the arrays that are to be given beside it."""


def slot_name(slot: int) -> str:
    """What the value of a slot is called in the graph."""
    return f"v{slot}"


@dataclass
class Graph:
    """Nodes in execution order; `arrays`: the constants by name."""

    nodes: list[NodeProto] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """One node; the name of its only output, a new one unless it is given."""
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, array: np.ndarray, name: str = "") -> str:
        """An array; name: under which it is shared, a new one otherwise."""
        name = name or f"c{len(self.arrays)}"
        self.arrays.setdefault(name, np.ascontiguousarray(array))
        return name

    def number(self, value: float) -> str:
        """A float32 scalar."""
        return self.constant(np.array(value, np.float32))

    def integers(self, values: Sequence[int]) -> str:
        """A list of int64, as shapes are given."""
        return self.constant(np.array(values, np.int64))

    def copy(self) -> Graph:
        """The same nodes and arrays, to add others to."""
        return Graph(list(self.nodes), dict(self.arrays))

    def model(self, inputs: Mapping[str, Shape], outputs: Sequence[str]) -> Model:
        """What the outputs need as a model, and the arrays that are to be given beside it."""
        nodes, read = self._needed(outputs)
        used = {name: array for name, array in self.arrays.items() if name in read}
        outside = {name: array for name, array in used.items() if array.nbytes > _INLINE_BYTES}
        kept = [
            _declared(name, array) if name in outside else numpy_helper.from_array(array, name)
            for name, array in used.items()
        ]
        graph = helper.make_graph(
            nodes,
            "net",
            [_value(name, shape) for name, shape in inputs.items() if name in read],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            kept,
        )
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
        return model, outside

    def _needed(self, outputs: Sequence[str]) -> tuple[list[NodeProto], set[str]]:
        """Nodes in order, and every name that they read."""
        wanted, nodes = set(outputs), []
        for node in reversed(self.nodes):
            if wanted.intersection(node.output):
                nodes.append(node)
                wanted.update(node.input)
        return nodes[::-1], wanted


def _value(name: str, shape: Shape) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _declared(name: str, array: np.ndarray) -> TensorProto:
    """Type and shape of an array that the model does not hold."""
    tensor = TensorProto()
    tensor.name = name
    tensor.data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
    tensor.dims.extend(array.shape)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="beside")
    return tensor
