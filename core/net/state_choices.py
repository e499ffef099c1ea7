"""The stages and levels that a prototxt's rules name, and a state in words."""

from __future__ import annotations

from dataclasses import dataclass

from core.net.definition import Net, NetState


@dataclass(frozen=True)
class StateChoices:
    """What can be told apart: `stages` in file order, `levels` ascending, 0 among them."""

    stages: tuple[str, ...]
    levels: tuple[int, ...]


def state_choices(net: Net) -> StateChoices:
    """Every stage that a rule names, and a level on each side of every bound."""
    stages: dict[str, None] = {}
    levels = {0, net.state.level}
    for layer in sorted((*net.layers, *net.inactive), key=lambda layer: layer.line):
        for rule in (*layer.message.messages("include"), *layer.message.messages("exclude")):
            stages |= dict.fromkeys((*rule.words("stage"), *rule.words("not_stage")))
            if rule.has("min_level"):
                levels.add(rule.integer("min_level"))
            if rule.has("max_level"):
                levels.add(rule.integer("max_level") + 1)
    return StateChoices(tuple(stages), tuple(sorted(levels)))


def state_text(state: NetState) -> str:
    """ "TEST", or "TRAIN, level 2, stage deploy"."""
    parts = [state.phase]
    if state.level:
        parts.append(f"level {state.level}")
    if state.stages:
        parts.append(f"stage{'s' if len(state.stages) > 1 else ''} {', '.join(state.stages)}")
    return ", ".join(parts)
