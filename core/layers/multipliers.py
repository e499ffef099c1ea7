"""The learned arrays of a net, each once, and how fast each of them learns and decays.

After BVLC/caffe src/caffe/net.cpp AppendParam and util/upgrade_proto.cpp UpgradeNetBatchNorm.
"""

from __future__ import annotations

import msgspec

from core.errors import NetError
from core.layers.normalisation import has_scale_and_bias
from core.layers.shapes import LayerShapes, NetShapes
from core.net.message import Message

_N_STATISTICS = 3
"""Mean, variance and factor of a BatchNorm: the pass moves them, no solver does."""


class LearnedArray(msgspec.Struct, frozen=True):
    """Array `index` of `layer`, its owner; multipliers of the learning rate and of the decay."""

    layer: str
    index: int
    shape: tuple[int, ...]
    lr_mult: float
    decay_mult: float


def learned_arrays(shapes: NetShapes) -> tuple[LearnedArray, ...]:
    """Every array in Caffe's order. Raises NetError where sharers want different multipliers."""
    rows = {row.layer.name: row for row in shapes.layers}
    stated: dict[tuple[str, int], dict[str, float]] = {}
    order: list[tuple[str, int]] = []
    for row in shapes.layers:
        for index, owner in enumerate(row.owners):
            if owner == (row.layer.name, index):
                order.append(owner)
            known = stated.setdefault(owner, {})
            for name, value in _written(row, index).items():
                if known.setdefault(name, value) != value:
                    raise NetError(
                        f"Layers share array {owner[1]} of '{owner[0]}' with different {name}: "
                        f"{known[name]:g} and {value:g} ('{row.layer.name}').",
                        hint="Write the same in each, or in one only.",
                    )
    return tuple(
        LearnedArray(
            layer,
            index,
            rows[layer].parameters[index],
            stated[layer, index].get("lr_mult", 1.0),
            stated[layer, index].get("decay_mult", 1.0),
        )
        for layer, index in order
    )


def frozen_uses(shapes: NetShapes) -> frozenset[tuple[str, int]]:
    """(layer, index) of arrays that get no gradient where they are used, as that layer says.

    Another layer that shares the array may say nothing and give it one, which counts when gradients
    are clipped (BVLC/caffe src/caffe/net.cpp, Init).
    """
    return frozenset(
        (row.layer.name, index)
        for row in shapes.layers
        for index in range(len(row.parameters))
        if _written(row, index).get("lr_mult", 1.0) == 0.0
    )


def _written(row: LayerShapes, index: int) -> dict[str, float]:
    """What the file says of an array, or what a BatchNorm says of its statistics."""
    message = row.layer.message
    params = message.messages("param")
    if row.layer.type == "BatchNorm" and index < _N_STATISTICS:
        return _of_statistics(row, params, index)
    found = {}
    if index < len(params):
        found = {
            name: params[index].number(name)
            for name in ("lr_mult", "decay_mult")
            if params[index].has(name)
        }
    for name, old in (("lr_mult", "blobs_lr"), ("decay_mult", "weight_decay")):
        numbers = message.numbers(old)
        if index < len(numbers):
            found[name] = numbers[index]
    return found


def _of_statistics(row: LayerShapes, params: tuple[Message, ...], index: int) -> dict[str, float]:
    if len(params) == _N_STATISTICS and not has_scale_and_bias(row.layer):
        return {"lr_mult": 0.0, "decay_mult": 0.0}
    written = params[index] if index < len(params) else None
    if written is not None and written.number("lr_mult", 1.0) != 0.0:
        raise NetError(
            f"BatchNorm '{row.layer.name}' has an lr_mult that is not 0 for its statistics.",
            hint="The pass moves them, no solver does: write lr_mult: 0.",
        )
    decay = (
        {}
        if written is None or not written.has("decay_mult")
        else {"decay_mult": written.number("decay_mult")}
    )
    return {"lr_mult": 0.0, **decay}
