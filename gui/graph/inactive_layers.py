"""Layers that the phase, level and stages leave out, as pale boxes beside the net that is built."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.layers.registry import layer_type
from core.net.definition import Layer, Net
from core.net.message import Message
from gui.graph.picture import BoxPicture, EdgePicture

_PHASE_OF_NUMBER = {"0": "TRAIN", "1": "TEST"}


@dataclass
class _Uses:
    """Who reads and writes one blob, in the order of the file: (layer, box key)."""

    readers: list[tuple[Layer, int]] = field(default_factory=list)
    writers: list[tuple[Layer, int]] = field(default_factory=list)


def draw_inactive(
    net: Net, box_of: Mapping[int, int]
) -> tuple[tuple[BoxPicture, ...], tuple[EdgePicture, ...]]:
    """A box for each dropped layer, keyed after the last layer, and arrows as if it were there.

    box_of: from the index of an active layer to the key of its box.
    """
    first_key = len(net.layers)
    keys = {id(layer): first_key + i for i, layer in enumerate(net.inactive)}
    keys |= {id(layer): box_of[layer.index] for layer in net.layers}
    uses: dict[str, _Uses] = defaultdict(_Uses)
    for layer in sorted((*net.layers, *net.inactive), key=_place):
        for blob in layer.bottoms:
            uses[blob].readers.append((layer, keys[id(layer)]))
        for blob in layer.tops:
            uses[blob].writers.append((layer, keys[id(layer)]))
    ends: dict[tuple[int, int], list[str]] = {}
    for layer in net.inactive:
        key = keys[id(layer)]
        for blob in layer.bottoms:
            _note(ends, [(source, key) for source in _source(uses[blob], layer)], blob)
        for blob in layer.tops:
            _note(ends, [(key, target) for target in _targets(uses[blob], layer, blob)], blob)
    boxes = tuple(_box(layer, keys[id(layer)]) for layer in net.inactive)
    return boxes, _edges(ends)


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


def _place(layer: Layer) -> int:
    return layer.span.start if layer.span else -1


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


def _source(uses: _Uses, reader: Layer) -> list[int]:
    """The box of the last layer before `reader` that writes the blob."""
    before = [key for layer, key in uses.writers if _place(layer) < _place(reader)]
    return before[-1:]


def _targets(uses: _Uses, writer: Layer, blob: str) -> Iterable[int]:
    """Boxes that would read what `writer` writes, up to the next layer that overwrites it."""
    is_in_place = blob in writer.bottoms
    for layer, key in uses.readers:
        if _place(layer) <= _place(writer):
            continue
        yield key
        if blob in layer.tops:
            return
        if is_in_place and any(
            _place(writer) < _place(other) <= _place(layer) for other, _ in uses.writers
        ):
            return


def _note(
    ends: dict[tuple[int, int], list[str]], pairs: Iterable[tuple[int, int]], blob: str
) -> None:
    """Keep arrows that lead on; one back to where it came from would make a cycle."""
    for source, target in pairs:
        if source != target and (target, source) not in ends:
            ends.setdefault((source, target), []).append(blob)


def _edges(ends: Mapping[tuple[int, int], list[str]]) -> tuple[EdgePicture, ...]:
    return tuple(
        EdgePicture(source, target, tuple(dict.fromkeys(blobs)), is_inactive=True)
        for (source, target), blobs in ends.items()
    )
