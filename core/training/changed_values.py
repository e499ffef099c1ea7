"""Which values of a net a training can change, as far as rankings are made by them."""

from __future__ import annotations

from collections.abc import Collection

from core.net.definition import Layer, Net

_TRUNK = ("ReLU", "PReLU", "ELU", "Pooling", "Concat", "InnerProduct")


def changed_values(
    deploy: Net, learning: Collection[str], scores: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """(layer, top) after which a block ends, from the last one before what learns.

    learning: layers with arrays that learn. scores: those whose outputs are classes, which count
    whatever their type. The softmax is left out: it orders as the scores do not, and adds nothing.
    """
    first = min(
        (layer.index for layer in deploy.layers if layer.name in learning),
        default=len(deploy.layers),
    )
    trunk = [layer for layer in deploy.layers if _is_trunk(deploy, layer, scores)]
    before = [layer for layer in trunk if layer.index < first][-1:]
    after = [layer for layer in trunk if layer.index >= first]
    return tuple((layer.name, layer.tops[0]) for layer in (*before, *after))


def _is_trunk(net: Net, layer: Layer, scores: Collection[str]) -> bool:
    if not layer.bottoms or not layer.tops:
        return False
    if layer.name in scores:
        return True
    if layer.type == "InnerProduct":  # its ReLU stands for it, where there is one
        readers = [other for other in net.layers if layer.tops[0] in other.bottoms]
        return not any(reader.type in ("ReLU", "PReLU", "ELU") for reader in readers)
    return layer.type in _TRUNK
