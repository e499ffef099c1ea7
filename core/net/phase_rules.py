"""Which phase, level and stages a layer is built in (BVLC/caffe src/caffe/net.cpp, FilterNet)."""

from __future__ import annotations

from collections.abc import Iterator

from core.net.definition import NetState
from core.net.message import Message


def rules_of(layer: Message) -> tuple[Message, ...]:
    """The include and exclude rules of a layer."""
    return (*layer.messages("include"), *layer.messages("exclude"))


def is_included(layer: Message, state: NetState) -> bool:
    """Whether Caffe builds the layer in that state; include rules win where both kinds stand."""
    include = layer.messages("include")
    if include:
        return any(_meets(rule, state) for rule in include)
    return not any(_meets(rule, state) for rule in layer.messages("exclude"))


def states_of(rule: Message, own_level: int) -> Iterator[NetState]:
    """States that meet the rule and, for each of its conditions, states that do not."""
    written = {"0": "TRAIN", "1": "TEST"}.get(rule.word("phase"), rule.word("phase"))
    stages = tuple(dict.fromkeys((*rule.words("stage"), *rule.words("not_stage"))))
    levels = {own_level, 0}
    if rule.has("min_level"):
        levels |= {rule.integer("min_level"), rule.integer("min_level") - 1}
    if rule.has("max_level"):
        levels |= {rule.integer("max_level"), rule.integer("max_level") + 1}
    for phase in (written,) if written in ("TRAIN", "TEST") else ("TEST", "TRAIN"):
        for level in sorted(levels):
            yield NetState(phase, level, ())
            if stages:
                yield NetState(phase, level, stages)


def _meets(rule: Message, state: NetState) -> bool:
    phase = rule.word("phase")
    return (
        (not phase or {"0": "TRAIN", "1": "TEST"}.get(phase, phase) == state.phase)
        and (not rule.has("min_level") or state.level >= rule.integer("min_level"))
        and (not rule.has("max_level") or state.level <= rule.integer("max_level"))
        and all(stage in state.stages for stage in rule.words("stage"))
        and not any(stage in state.stages for stage in rule.words("not_stage"))
    )
