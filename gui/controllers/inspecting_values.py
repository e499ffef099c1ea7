"""What can be shown of a layer: its own values, and the chain it works in."""

from __future__ import annotations

from core.net.definition import BlobVersion, Net
from core.net.value_words import value_words
from gui.document import ModelDocument
from gui.panels.activations.panel import LayerValues
from gui.panels.activations.shown import Pin, ShownValue


def layer_values(document: ModelDocument, layer_name: str) -> LayerValues:
    """The layer's own tops, and the whole chain it works in, as renamed as it may be by now."""
    net = document.net
    if net is None or not net.has_layer(layer_name):
        return LayerValues()
    own = net.written(layer_name)
    blob, chain = _chain_of(document, net, layer_name)
    return LayerValues(
        layer_name,
        tuple(_shown(net, version) for version in own),
        blob,
        tuple(_shown(net, version) for version in chain),
    )


def value_of_pin(document: ModelDocument, pin: Pin) -> ShownValue | None:
    """The value that a pinned channel is of, in the net of now; None where the layer is gone."""
    net = document.net
    if net is None or not net.has_layer(pin.layer):
        return None
    written = {version.top_index: version for version in net.written(pin.layer)}
    version = written.get(pin.top_index)
    return None if version is None else _shown(net, version)


def _chain_of(
    document: ModelDocument, net: Net, layer_name: str
) -> tuple[str, tuple[BlobVersion, ...]]:
    """The first chain of the file as opened that the layer belongs to, with today's versions."""
    for chain in (document.original_net or net).chains:
        if layer_name not in {version.layer for version in chain.versions}:
            continue
        today = tuple(
            net.written(old.layer)[old.top_index]
            for old in chain.versions
            if net.has_layer(old.layer) and old.top_index < len(net.written(old.layer))
        )
        if len(today) > 1:
            return chain.blob, today
    return "", ()


def _shown(net: Net, version: BlobVersion) -> ShownValue:
    layer = net.layers[version.layer_index]
    top = layer.tops[version.top_index]
    return ShownValue(layer.name, top, value_words(version), version.top_index)
