"""What can be shown of a layer, what a pass is fed with, and the best classes of an output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.activations.class_names import find_class_names
from core.net.definition import BlobVersion, Net
from gui.document import ModelDocument
from gui.panels.activations.classes import ClassScore, ClassScores
from gui.panels.activations.panel import CHAIN, LAYER
from gui.panels.activations.tiles import ShowChoice, ShownValue

N_BEST = 5
IMAGE_INFO = "im_info"
Shape = tuple[int, ...]


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


def find_image_input(document: ModelDocument) -> str | None:
    """The first input blob that takes pictures: four axes, one or three channels."""
    net, shapes = document.net, document.shapes
    if net is None or shapes is None:
        return None
    for layer in net.layers:
        for index, top in enumerate(layer.tops):
            if top in net.inputs and _takes_pictures(shapes.top(layer, index)):
                return top
    return None


def _takes_pictures(shape: Shape | None) -> bool:
    return shape is not None and len(shape) == 4 and shape[1] in (1, 3)


def feed_inputs(
    declared: Mapping[str, Shape | None], image_input: str, image: np.ndarray
) -> dict[str, np.ndarray]:
    """An array for every input: the picture, its size for detection nets, else zeros.

    image: (channels, height, width) float32. declared: shape of each input, None when unknown.
    """
    inputs = {image_input: image[None]}
    for name, shape in declared.items():
        if name == image_input or shape is None:
            continue
        if name == IMAGE_INFO:
            size = (*image.shape[1:], 1.0)
            inputs[name] = np.array([size[: shape[-1]]], dtype=np.float32)
        else:
            inputs[name] = np.zeros(shape, dtype=np.float32)
    return inputs


def n_classes(document: ModelDocument, layer_name: str) -> int:
    """How many scores a net output gives for an image; 0 where it is no list of scores."""
    net, shapes = document.net, document.shapes
    if net is None or shapes is None or not net.has_layer(layer_name):
        return 0
    outputs = [version for version in net.outputs if version.layer == layer_name]
    shape = shapes.top(layer_name, outputs[0].top_index) if outputs else None
    if shape is None or len(shape) < 2 or any(size != 1 for size in shape[2:]):
        return 0
    return shape[1] if shape[1] > 1 else 0


def class_scores(
    layer: str, scores: np.ndarray, folders: Sequence[Path], *, are_probabilities: bool
) -> ClassScores | None:
    """The best classes of the first image; None for scores of unknown classes without a Softmax.

    scores: (n_images, n_classes, ...) with all later axes 1.
    """
    flat = scores[0].reshape(-1)
    names = find_class_names(folders, flat.size)
    if not names and not are_probabilities:
        return None
    order = np.argsort(-flat, kind="stable")[:N_BEST]
    classes = tuple(ClassScore(int(i), names[i] if names else "", float(flat[i])) for i in order)
    return ClassScores(layer, classes, are_probabilities)
