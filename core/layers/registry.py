"""Every layer type we know, by the name a prototxt gives it.

To add one: write its rule in the module of its family and a row in that module's TYPES.
"""

from __future__ import annotations

import difflib

from core.layers import (
    activation,
    convolution,
    detection,
    fork_losses,
    fork_normalisation,
    inner_product,
    inputs,
    losses,
    merge_split,
    normalisation,
    pooling,
    recurrent,
    regions,
    reshaping,
    resizing,
    yolo,
)
from core.layers.layer_type import Family, LayerType, ParameterDefault
from core.layers.reach_rules import NOT_KNOWN as NOBODY_KNOWS
from core.layers.reach_rules import at_most_everything
from core.layers.row_rules import NOT_KNOWN

__all__ = [
    "FAMILIES",
    "Family",
    "LayerType",
    "ParameterDefault",
    "all_types",
    "layer_type",
    "near_types",
]

FAMILIES: tuple[Family, ...] = (
    "convolution",
    "activation",
    "pooling",
    "normalisation",
    "inner product",
    "merge / split",
    "data / input",
    "loss / output",
    "other",
)

_MODULES = (
    activation,
    convolution,
    detection,
    fork_losses,
    fork_normalisation,
    inner_product,
    inputs,
    losses,
    merge_split,
    normalisation,
    pooling,
    recurrent,
    regions,
    reshaping,
    resizing,
    yolo,
)
_TYPES: dict[str, LayerType] = {row.type: row for module in _MODULES for row in module.TYPES}


def layer_type(type_name: str) -> LayerType:
    """What is known of a type; an unknown one is of family "other" and has no rule."""
    known = _TYPES.get(type_name)
    family = _guess_family(type_name)
    return known or LayerType(
        type_name,
        family,
        is_known=False,
        rows=NOT_KNOWN,
        reach=at_most_everything(NOBODY_KNOWS),
    )


def near_types(type_name: str) -> tuple[str, ...]:
    """Known types an unknown one may be a slip for."""
    if type_name in _TYPES:
        return ()
    lowered = {name.lower(): name for name in _TYPES}
    written = type_name.lower()
    close = difflib.get_close_matches(written, list(lowered), n=1, cutoff=0.88)
    # forks name their types by appending, as in Convolution3D: that is no slip
    return tuple(lowered[name] for name in close if name == written or name not in written)


def all_types() -> tuple[LayerType, ...]:
    """Every known type, sorted by name."""
    return tuple(sorted(_TYPES.values(), key=lambda row: row.type.lower()))


def _guess_family(type_name: str) -> Family:
    """Forks name their types after what they extend, so the colour can still be right."""
    lowered = type_name.lower()
    if lowered.endswith("loss"):
        return "loss / output"
    if lowered.endswith("data"):
        return "data / input"
    hints: tuple[tuple[str, Family], ...] = (
        ("conv", "convolution"),
        ("relu", "activation"),
        ("pool", "pooling"),
        ("norm", "normalisation"),
    )
    return next((family for hint, family in hints if hint in lowered), "other")
