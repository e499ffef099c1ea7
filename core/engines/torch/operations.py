"""Every layer type this engine runs, by the name a prototxt gives it.

To add one: write its Operation in the module of its family and a row in that module's OPERATIONS.
"""

from __future__ import annotations

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
from core.engines.torch.operation import MakeOperation, Operation, Place, spoilt_in_place
from core.engines.torch.parameters import ParameterStore
from core.engines.torch.views import check_views
from core.engines.wiring import Wiring
from core.errors import UnsupportedLayerError
from core.layers.registry import layer_type

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


def check_supported(wiring: Wiring) -> None:
    """UnsupportedLayerError that names every layer this engine can't run.

    EngineError for a layer that real Caffe runs in place with values nobody can foretell, or that
    changes a blob behind its readers.
    """
    missing = [
        (step.layer.name, step.layer.type)
        for step in wiring.steps
        if not step.is_data
        and step.layer.type not in OPERATIONS
        and not _is_ignored(step.layer.type)
    ]
    if missing:
        raise UnsupportedLayerError(missing, "torch")
    for step in wiring.steps:
        if step.layer.is_in_place and layer_type(step.layer.type).is_spoilt_in_place:
            raise spoilt_in_place(step.layer)
    check_views(wiring)


def make_operations(
    wiring: Wiring, store: ParameterStore, place: Place
) -> tuple[Operation | None, ...]:
    """The operation of each step, by layer index; None for data layers."""
    return tuple(
        OPERATIONS[step.layer.type](step.layer, store.of(step.layer), place)
        if step.layer.type in OPERATIONS
        else None
        for step in wiring.steps
    )


def _is_ignored(type_name: str) -> bool:
    return type_name in IGNORED_TYPES
