"""Layers that the phase, level and stages leave out, as pale boxes without wires."""

from __future__ import annotations

from collections.abc import Mapping

from core.layers.registry import layer_type
from core.net.definition import Layer, Net
from core.net.message import Message
from gui.graph.picture import BoxPicture, EdgePicture

_PHASE_OF_NUMBER = {"0": "TRAIN", "1": "TEST"}


def draw_inactive(
    net: Net, box_of: Mapping[int, int]
) -> tuple[tuple[BoxPicture, ...], tuple[EdgePicture, ...]]:
    """A box for each dropped layer, keyed after the last layer, and what it would read first.

    box_of: from the index of an active layer to the key of its box. The edges say where a box
    stands; they are not drawn.
    """
    writers = {blob: box_of[layer.index] for layer in net.layers for blob in layer.tops}
    boxes, edges = [], []
    for key, layer in enumerate(net.inactive, len(net.layers)):
        boxes.append(_box(layer, key))
        source = next((writers[blob] for blob in layer.bottoms if blob in writers), None)
        if source is not None:
            edges.append(EdgePicture(source, key, (), is_inactive=True))
    return tuple(boxes), tuple(edges)


def is_of_phase(layer: Layer, phase: str) -> bool:
    """Whether a rule of the layer names that phase alone."""
    rules = layer.message.messages("include")
    words = {_PHASE_OF_NUMBER.get(rule.word("phase"), rule.word("phase")) for rule in rules}
    return words == {phase}


def rule_words(layer: Layer) -> str:
    """When Caffe builds the layer: "only phase TRAIN", "not stage deploy"."""
    included = [_rule(rule) for rule in layer.message.messages("include")]
    if included:
        return f"only {' or '.join(included)}"
    excluded = [_rule(rule) for rule in layer.message.messages("exclude")]
    return f"not {' or '.join(excluded)}" if excluded else ""


def _rule(rule: Message) -> str:
    words = []
    if rule.has("phase"):
        phase = rule.word("phase")
        words.append(f"phase {_PHASE_OF_NUMBER.get(phase, phase)}")
    words += [f"stage {stage}" for stage in rule.words("stage")]
    words += [f"without stage {stage}" for stage in rule.words("not_stage")]
    if rule.has("min_level"):
        words.append(f"level {rule.integer('min_level')} and up")
    if rule.has("max_level"):
        words.append(f"level up to {rule.integer('max_level')}")
    return ", ".join(words) or "always"


def _box(layer: Layer, key: int) -> BoxPicture:
    return BoxPicture(
        key=key,
        layers=(layer.name,),
        name=layer.name,
        note=layer.type,
        shape=rule_words(layer),
        family=layer_type(layer.type).family,
        is_data=False,
        group=None,
        badges=(),
        is_inactive=True,
    )
