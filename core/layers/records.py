"""What every layer of a net can be found by: its words, shapes and costs."""

from __future__ import annotations

from core.layers.registry import layer_type
from core.layers.shapes import NetShapes
from core.net.definition import Layer, Net
from core.net.find import FindRecord


def find_records(net: Net, shapes: NetShapes) -> tuple[FindRecord, ...]:
    """One record for each layer, in the order of `net.layers`."""
    return tuple(find_record(net, shapes, layer) for layer in net.layers)


def find_record(net: Net, shapes: NetShapes, layer: Layer) -> FindRecord:
    """What one layer can be found by."""
    written = net.written(layer)
    cost = shapes.cost(layer)
    return FindRecord(
        name=layer.name,
        type=layer.type,
        family=layer_type(layer.type).family,
        bottoms=layer.bottoms,
        tops=layer.tops,
        versions=tuple(version.label for version in written),
        shapes=tuple(shapes.top(layer, i) for i in range(len(layer.tops))),
        is_in_place=layer.is_in_place,
        is_hidden=any(not version.is_readable for version in written),
        params=shapes.n_parameters(layer),
        macs=cost.macs,
        memory=cost.memory_bytes,
    )
