"""Finding the layers whose outputs are classes."""

from __future__ import annotations

from core.errors import NetError
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Layer, Net
from core.net.message import Message

CLASSIFIERS = ("InnerProduct", "Convolution")
_SCORERS = ("Softmax", "Accuracy", "SoftmaxWithLoss", "ArgMax", "Silence")


def find_classifiers(net: Net) -> tuple[Layer, ...]:
    """The last layers with weights before each score or loss: those whose outputs are classes.

    Raises NetError where there is none.
    """
    shapes = infer_shapes(net)
    found: dict[str, Layer] = {}
    ends = [version for version in net.outputs if version.blob not in net.inputs]
    for layer in net.layers:
        if layer.type in _SCORERS and layer.bottoms:
            _add(_classifier_before(net, shapes, layer), found)
    for version in ends if not found else ():
        _add(_last_learned(net, shapes, net.layer(version.layer)), found)
    if not found:
        raise NetError(
            "No layer of this net gives classes: none with weights comes before an output.",
            hint="Fine-tuning replaces the last InnerProduct or Convolution.",
        )
    widths = {n_outputs(layer) for layer in found.values()}
    if len(widths) > 1:
        listed = ", ".join(f"{x.name} {n_outputs(x)}" for x in found.values())
        raise NetError(f"The class layers have unlike many outputs: {listed}.")
    return tuple(sorted(found.values(), key=lambda layer: layer.index))


def _add(layer: Layer | None, found: dict[str, Layer]) -> None:
    if layer is not None and layer.type in CLASSIFIERS:
        found[layer.name] = layer


def _classifier_before(net: Net, shapes: NetShapes, scorer: Layer) -> Layer | None:
    version = net.read(scorer)[0]
    return None if version is None else _last_learned(net, shapes, net.layer(version.layer))


def _last_learned(net: Net, shapes: NetShapes, layer: Layer) -> Layer | None:
    """The layer itself, or the first one before it along its first bottoms that has weights."""
    while True:
        if layer.type in CLASSIFIERS or shapes.of(layer).parameters:
            return layer
        read = net.read(layer)
        if not read or read[0] is None:
            return None
        layer = net.layer(read[0].layer)


def n_outputs(layer: Layer) -> int:
    """How many outputs a class layer has."""
    return parameters_of(layer).integer("num_output")


def parameters_of(layer: Layer) -> Message:
    """The message that says so."""
    kinds = {"InnerProduct": "inner_product_param", "Convolution": "convolution_param"}
    return layer.param(kinds[layer.type])
