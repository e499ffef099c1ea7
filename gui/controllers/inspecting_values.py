"""What can be shown of a layer: its own values, and the chain it works in."""

from __future__ import annotations

from collections.abc import Iterator

from core.net.definition import BlobVersion, Net
from gui.document import ModelDocument
from gui.panels.activations.panel import CHAIN, LAYER
from gui.panels.activations.tiles import ShowChoice, ShownValue


def show_choices(document: ModelDocument, layer_name: str) -> tuple[ShowChoice, ...]:
    """The layer's own tops, then the whole chain it works in, as renamed as it may be by now."""
    net = document.net
    if net is None or not net.has_layer(layer_name):
        return ()
    own = net.written(layer_name)
    choices = []
    if own:
        names = ", ".join(version.label for version in own)
        text = layer_name if names == layer_name else f"{layer_name}, {names}"
        choices.append(ShowChoice(text, LAYER, tuple(_shown(net, v) for v in own)))
    for blob, chain in _chains_of(document, net, layer_name):
        values = tuple(_shown(net, version) for version in chain)
        choices.append(ShowChoice(f"whole chain of {blob}", CHAIN, values))
    return tuple(choices)


def _chains_of(
    document: ModelDocument, net: Net, layer_name: str
) -> Iterator[tuple[str, list[BlobVersion]]]:
    """Chains of the file as opened that the layer belongs to, with the versions of today."""
    for chain in (document.original_net or net).chains:
        if layer_name not in {version.layer for version in chain.versions}:
            continue
        today = [
            net.written(old.layer)[old.top_index]
            for old in chain.versions
            if net.has_layer(old.layer) and old.top_index < len(net.written(old.layer))
        ]
        if len(today) > 1:
            yield chain.blob, today


def _shown(net: Net, version: BlobVersion) -> ShownValue:
    layer = net.layers[version.layer_index]
    top = layer.tops[version.top_index]
    return ShownValue(layer.name, top, version.label, f"{layer.name}, {layer.type}")
