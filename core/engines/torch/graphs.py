"""Passes that are recorded once and played again, where that is quicker than calling each layer.

A GPU ends a small layer sooner than Python can begin the next one. A CUDA graph has all kernels of
a pass in one call, with the addresses that they had when it was recorded: inputs are copied to
where that pass had them, and whatever else is fixed in it must never change.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Protocol

import torch
from torch import Tensor

from core.engines.pass_choice import PassChoice
from core.engines.torch.intervening import equal_bits
from core.engines.torch.plan import PlannedStep
from core.errors import AppError
from core.layers.reshaping import drops_at_random

_LOG = logging.getLogger(__name__)

Inputs = Mapping[int, Tensor]
Work = Callable[[Inputs], list[Tensor]]
"""A pass: from its inputs by slot, which it may write over, to its results."""

_MOST_GRAPHS = 4
"""Kept; each holds the memory of its pass."""
_WARM = 3
"""Passes before the recording, in which libraries choose kernels and take workspaces."""
_RECORDABLE = frozenset(
    {
        "AbsVal", "BatchNorm", "Bias", "BNLL", "Concat", "Convolution", "Deconvolution", "Dropout",
        "Eltwise", "ELU", "Exp", "Flatten", "InnerProduct", "Log", "LRN", "Pooling", "Power",
        "PReLU", "ReLU", "ReLU6", "Reshape", "Scale", "Sigmoid", "Slice", "Softmax", "Split",
        "Swish", "TanH",
    }
)  # fmt: skip
"""Types that ask the GPU for no value on their way: what depends on values can't be recorded."""


class Graph(Protocol):
    """A recorded pass."""

    def replay(self, inputs: Inputs) -> list[Tensor]:
        """The pass with other inputs of the same sizes; results in memory of their own."""


Record = Callable[[Work, Inputs], Graph]


def can_be_recorded(steps: Iterable[PlannedStep]) -> bool:
    """Whether no layer of a pass asks the device for a value, or draws at random."""
    return all(_is_recordable(planned) for planned in steps)


def _is_recordable(planned: PlannedStep) -> bool:
    layer, state = planned.step.layer, planned.operation.place.state
    is_random = layer.type == "Dropout" and drops_at_random(layer, layer.phase_in(state))
    return layer.type in _RECORDABLE and not is_random


class GraphedPasses:
    """Runs passes layer by layer or recorded, by trial for each kind of pass.

    wait: until the device is done, so that a trial times the pass and not its beginning.
    """

    def __init__(
        self, record: Record, wait: Callable[[], None], choice: PassChoice[bool] | None = None
    ) -> None:
        self._record, self._wait = record, wait
        self._choice = choice or PassChoice((False, True))
        self._graphs: OrderedDict[Hashable, Graph] = OrderedDict()
        self._refused: set[Hashable] = set()

    def run(self, key: Hashable, inputs: Inputs, work: Work) -> list[Tensor]:
        """One pass; key: all that is fixed in it, as its layers, weights and sizes."""
        if key in self._refused:
            return work(inputs)
        turn = self._choice.turn(key)
        if turn.way and key not in self._graphs:
            return self._recorded(key, inputs, work)
        with self._choice.timed(turn):
            found = self._graphs[key].replay(inputs) if turn.way else work(inputs)
            if turn.trial.chosen is None:
                self._wait()
        if turn.way:
            self._graphs.move_to_end(key)
        return found

    def forget(self) -> None:
        """Drop every graph: the net has other weights or layers now."""
        self._graphs.clear()
        self._refused.clear()
        self._choice.forget()

    def _recorded(self, key: Hashable, inputs: Inputs, work: Work) -> list[Tensor]:
        """Record a pass and run it by its layers; bits that differ refuse the graph for good."""
        played: list[Tensor] | None = None
        try:
            graph = self._record(work, inputs)
            played = graph.replay(inputs)
        except (RuntimeError, ValueError, AppError) as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            self._refuse(key, f"it can't be recorded: {lines[0]}")
        found = work(inputs)
        if played is None:
            return found
        if len(found) == len(played) and all(map(equal_bits, found, played)):
            self._graphs[key] = graph
            while len(self._graphs) > _MOST_GRAPHS:
                self._graphs.popitem(last=False)
        else:
            self._refuse(key, "recorded, it has other bits")
        return found

    def _refuse(self, key: Hashable, why: str) -> None:
        self._refused.add(key)
        _LOG.warning("A pass stays layer by layer: %s", why)


class CudaGraph:
    """A pass as a CUDA graph, with inputs and results at fixed places."""

    def __init__(self, work: Work, inputs: Inputs, device: torch.device) -> None:
        self._inputs = {slot: tensor.clone() for slot, tensor in inputs.items()}
        current = torch.cuda.current_stream(device)
        side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        side.wait_stream(current)
        with torch.cuda.stream(side):
            for _ in range(_WARM):
                self._fill(inputs)
                work(dict(self._inputs))
        current.wait_stream(side)
        self._fill(inputs)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._found = work(dict(self._inputs))

    def replay(self, inputs: Inputs) -> list[Tensor]:
        """Results are copied, for the next replay writes over them."""
        self._fill(inputs)
        self._graph.replay()
        return [tensor.clone() for tensor in self._found]

    def _fill(self, inputs: Inputs) -> None:
        for slot, tensor in inputs.items():
            self._inputs[slot].copy_(tensor)


def graphs_for(device: torch.device, wish: str) -> GraphedPasses | None:
    """wish: "trial", "always" or "never". None where there are no graphs, or none are wished."""
    if device.type != "cuda" or wish == "never":
        return None

    def wait() -> None:
        torch.cuda.synchronize(device)

    choice = PassChoice((True,)) if wish == "always" else None
    return GraphedPasses(lambda work, inputs: CudaGraph(work, inputs, device), wait, choice)
