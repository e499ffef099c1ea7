"""What a net computes, told apart from how its file spells it.

Blob names, comments, layout and the names of layers that hold no weights decide on no value. What
does: the layers in order with type, phase and parameters, which layer's top each bottom reads, and
the names by which weights are bound.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from core.net.definition import BlobVersion, Layer, Net
from core.net.message import Message, Scalar, to_number

Place = tuple[int, int]
"""A value of a net without its names: the layer's index among the active ones, and the top's."""

_SPELLING = frozenset({"name", "top", "bottom", "type", "include", "exclude", "phase"})
"""Fields of a layer that are names or rules, and stand in the identity as what they come to."""

_NAMELESS = frozenset(
    """
    AbsVal Accuracy ArgMax BNLL Concat Crop ELU Eltwise EuclideanLoss Exp Flatten HingeLoss Im2col
    Input LRN Log MVN MultinomialLogisticLoss Pooling Power ReLU Reshape Sigmoid
    SigmoidCrossEntropyLoss Silence Slice Softmax SoftmaxWithLoss Split SPP TanH Threshold Tile
    Permute PriorBox ShuffleChannel Axpy ReLU6
    """.split()
)
"""Types that hold no weights and draw nothing at random: their values hang on no name."""
_NAMELESS_IN_TEST = frozenset({"Dropout"})  # in TRAIN what is dropped hangs on the name
_EXACT = 2**53


def net_identity(net: Net) -> str:
    """SHA-256 of what the net computes in its state, in hexadecimal."""
    text = json.dumps([_layer(net, layer) for layer in net.layers], separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def place_of(net: Net, layer: str, top: str) -> Place | None:
    """Where a value is in the net; None for one that it has not."""
    if not net.has_layer(layer):
        return None
    found = net.layer(layer)
    return (found.index, found.tops.index(top)) if top in found.tops else None


def value_at(net: Net, place: Place) -> tuple[str, str] | None:
    """The layer and top that are there, by the net's own names; None where there is none."""
    index, top_index = place
    if not 0 <= index < len(net.layers):
        return None
    layer = net.layers[index]
    return (layer.name, layer.tops[top_index]) if 0 <= top_index < len(layer.tops) else None


def _layer(net: Net, layer: Layer) -> list[Any]:
    phase = layer.phase_in(net.state)
    is_nameless = layer.type in _NAMELESS or (layer.type in _NAMELESS_IN_TEST and phase == "TEST")
    return [
        layer.type,
        "" if is_nameless else layer.name,
        phase,
        [_source(version) for version in net.read(layer)],
        len(layer.tops),
        _fields(layer.message, _SPELLING),
    ]


def _source(version: BlobVersion | None) -> Place | None:
    return None if version is None else (version.layer_index, version.top_index)


def _fields(message: Message, left_out: frozenset[str] = frozenset()) -> list[list[Any]]:
    """Name and value of each field; those of one name stay in order, names are sorted."""
    kept = sorted((f for f in message.fields if f.name not in left_out), key=lambda f: f.name)
    return [
        [f.name, _scalar(f.value) if isinstance(f.value, Scalar) else _fields(f.value)]
        for f in kept
    ]


def _scalar(scalar: Scalar) -> str:
    """A number by its value, however it is written; anything else as it is."""
    text = "".join(scalar.value.split())
    if scalar.kind != "number" or (text.lstrip("-")[:1] == "0" and text.lstrip("-").isdigit()):
        return scalar.value  # a leading 0 is octal in a whole number, and not in another
    try:
        value = to_number(text)
    except (ValueError, OverflowError):
        return scalar.value
    return repr(value) if abs(value) < _EXACT else text
