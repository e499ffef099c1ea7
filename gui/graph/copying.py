"""What "Copy" gives of a box: the layer's name, its blob versions, and how pycaffe reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.net.definition import Net
from core.net.pycaffe_words import pycaffe_expression


@dataclass(frozen=True)
class CopyOffer:
    """A line of the menu and the text it puts on the clipboard."""

    words: str
    text: str


def copy_offers(net: Net, layer_names: Sequence[str]) -> tuple[CopyOffer, ...]:
    """Offers for the layers of one box, in file order."""
    known = [name for name in layer_names if net.has_layer(name)]
    versions = [version for name in known for version in net.written(name)]
    if not known:
        return (CopyOffer("Copy layer name", "\n".join(layer_names)),)
    is_one = len(known) == 1
    return (
        CopyOffer("Copy layer name" if is_one else "Copy layer names", "\n".join(known)),
        CopyOffer("Copy blob@version", "\n".join(version.label for version in versions)),
        CopyOffer(
            "Copy as pycaffe", "\n".join(pycaffe_expression(version) for version in versions)
        ),
    )
