"""What one layer is given to write itself into a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.engines.onnx_graph.graph import Graph
from core.layers.layer_type import Shape
from core.net.definition import Layer


class NotWritten(Exception):
    """This layer, as it is set, has no counterpart that was checked against real Caffe."""


@dataclass(frozen=True)
class LayerWriter:
    """A layer with the names and shapes of what it reads and writes, and its learned arrays.

    phase: "TRAIN" or "TEST", as the layer runs. array: array `index` in the net's shape, float32.
    array_name: what it is called by all layers that share it.
    """

    graph: Graph
    layer: Layer
    phase: str
    bottoms: tuple[str, ...]
    bottom_shapes: tuple[Shape, ...]
    tops: tuple[str, ...]
    top_shapes: tuple[Shape, ...]
    n_arrays: int
    array: Callable[[int], np.ndarray]
    array_name: Callable[[int], str]

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """A node on the way."""
        return self.graph.add(kind, inputs, **attributes)

    def top(self, kind: str, inputs: Sequence[str], **attributes: Any) -> None:
        """The node that gives the first top."""
        self.graph.add(kind, inputs, self.tops[0], **attributes)

    def learned(self, index: int, shape: Sequence[int] | None = None) -> str:
        """The name of a learned array, in another shape if one is asked for."""
        name = self.array_name(index)
        if shape is None:
            return self.graph.constant(self.array(index), name)
        words = "x".join(map(str, shape))
        return self.graph.constant(self.array(index).reshape(shape), f"{name}/{words}")

    @property
    def n_axes(self) -> int:
        """Of the first bottom."""
        return len(self.bottom_shapes[0])

    def axis(self, axis: int) -> int:
        """An axis of the first bottom, a negative one counted from the end."""
        return axis + self.n_axes if axis < 0 else axis

    def need(self, *, when: bool, why: str) -> None:
        """NotWritten with the reason unless it holds."""
        if not when:
            raise NotWritten(why)


Write = Callable[[LayerWriter], None]
Writers = Mapping[str, Write]
