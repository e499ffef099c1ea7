"""Keeping the graphs of one net ready in a library that runs them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Generic, Protocol, TypeVar

import numpy as np
from onnx import ModelProto

from core.engines.onnx_graph.graph import Model

_MAX_GRAPHS = 4


class ReadyGraph(Protocol):
    """A graph that a library has read. inputs: what it reads, by name."""

    inputs: frozenset[str]


Ready = TypeVar("Ready", bound=ReadyGraph)


class GraphRunner(ABC, Generic[Ready]):
    """The graphs of one net; the last few are kept."""

    def __init__(self) -> None:
        self._graphs: OrderedDict[Hashable, Ready] = OrderedDict()

    def run(
        self, key: Hashable, model: Callable[[], Model], inputs: Mapping[str, np.ndarray]
    ) -> list[np.ndarray]:
        """The outputs of a graph. key: of the graph; model: makes it where it is not kept.

        inputs: by name; those that the graph does not read are left out.
        """
        graph = self._graphs.get(key)
        if graph is None:
            graph = self._graphs[key] = self._read(*model())
            if len(self._graphs) > _MAX_GRAPHS:
                self._graphs.popitem(last=False)
        self._graphs.move_to_end(key)
        feeds = {
            name: np.ascontiguousarray(array, np.float32)
            for name, array in inputs.items()
            if name in graph.inputs
        }
        return self._pass(key, graph, feeds)

    @abstractmethod
    def _read(self, model: ModelProto, beside: Mapping[str, np.ndarray]) -> Ready:
        """Get a graph ready. beside: the arrays that the model does not hold, which are shared."""

    @abstractmethod
    def _pass(self, key: Hashable, graph: Ready, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Its outputs, in order."""
