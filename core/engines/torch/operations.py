"""Every layer type this engine runs, by the name a prototxt gives it.

To add one: write its Operation in the module of its family and a row in that module's OPERATIONS.
"""

from __future__ import annotations

from collections.abc import Collection

from core.engines.obstacles import unknown_types
from core.engines.torch import (
    activation,
    convolution,
    detection,
    fork_losses,
    fork_normalisation,
    inner_product,
    losses,
    margin,
    merge_split,
    normalisation,
    pooling,
    proposal,
    recurrent,
    regions,
    reshaping,
    resizing,
    yolo,
)
from core.engines.torch.operation import MakeOperation, Operation, Place
from core.engines.torch.parameters import ParameterStore
from core.engines.unforeseen import unforeseen_layers
from core.engines.values import Obstacle
from core.engines.wiring import Step, Wiring
from core.net.definition import Net

_MODULES = (
    activation,
    convolution,
    detection,
    fork_losses,
    fork_normalisation,
    inner_product,
    losses,
    margin,
    merge_split,
    normalisation,
    pooling,
    proposal,
    recurrent,
    regions,
    reshaping,
    resizing,
    yolo,
)
OPERATIONS: dict[str, MakeOperation] = {
    name: make for module in _MODULES for name, make in module.OPERATIONS.items()
}
IGNORED_TYPES = frozenset({"HDF5Output"})
"""Types that write files and no blobs; they do not run here."""


def find_obstacles(net: Net, wiring: Wiring) -> dict[int, Obstacle]:
    """By index, the layers this engine can't run, as it has no such type, or as in real Caffe
    nobody can foretell their values.
    """
    computed = [step for step in wiring.steps if not step.is_data]
    known = {*OPERATIONS, *IGNORED_TYPES}
    return {**unforeseen_layers(net, wiring), **unknown_types(computed, known, "torch")}


def _is_run(step: Step) -> bool:
    """A type that computes, without bottoms, is fed from outside like a data layer."""
    return step.layer.type in OPERATIONS and not step.is_data


def make_operations(
    wiring: Wiring, store: ParameterStore, place: Place, left_out: Collection[int]
) -> tuple[Operation | None, ...]:
    """The operation of each step, by layer index; None for data layers and those left out."""
    return tuple(
        OPERATIONS[step.layer.type](step.layer, store.of(step.layer), place)
        if _is_run(step) and step.layer.index not in left_out
        else None
        for step in wiring.steps
    )
