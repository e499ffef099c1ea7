"""A name of its own for every layer of a net, where the file repeats names or leaves them out.

Caffe takes such files: it numbers its layers, and where it asks for a name it means the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.net.definition import NetState
from core.net.message import Message
from core.net.phase_rules import is_included, rules_of, states_of

NO_NAME = "(no name)"
"""What a layer without a name is called."""
_MOST_STATES = 64


def unique_names(
    written: Sequence[str], blocks: Sequence[Message], state: NetState, file_stages: Sequence[str]
) -> tuple[str, ...]:
    """The names of layers in file order: the first of a name keeps it, others are "conv1#2".

    Layers that no phase, level or stage of the file builds together share a name, as the Data
    layers of a train_val file do; so a layer has one name in all of them. No name made here is one
    that the file has.
    written: names as they stand, "" for none; blocks: where the rules are; file_stages: those that
    hold in every state.
    """
    if len(set(written)) == len(written) and "" not in written:
        return tuple(written)
    places: dict[str, list[int]] = {}
    for place, name in enumerate(written):
        places.setdefault(name, []).append(place)
    names = list(written)
    taken = set(written)
    for name, found in places.items():
        if len(found) == 1 and name:
            continue
        group = [blocks[place] for place in found]
        numbers = _numbers(group, _states(group, state, file_stages))
        spelled = _spelled(name, sorted(set(numbers)), taken)
        for place, number in zip(found, numbers, strict=True):
            names[place] = spelled[number]
        taken.update(spelled.values())
    return tuple(names)


def _states(
    blocks: Iterable[Message], own: NetState, file_stages: Sequence[str]
) -> tuple[NetState, ...]:
    """Every state that tells these layers apart, and the one that is asked for."""
    apart = [s for block in blocks for rule in rules_of(block) for s in states_of(rule, own.level)]
    states = dict.fromkeys(replace(s, stages=(*s.stages, *file_stages)) for s in apart)
    return (own,) if len(states) > _MOST_STATES else tuple(dict.fromkeys((*states, own)))


def _numbers(blocks: Sequence[Message], states: Sequence[NetState]) -> list[int]:
    """For each layer a number that no earlier one has in any state that builds both."""
    following = dict.fromkeys(states, 1)
    numbers = []
    for block in blocks:
        built_in = [state for state in states if is_included(block, state)]
        number = max((following[state] for state in built_in), default=1)
        following.update(dict.fromkeys(built_in, number + 1))
        numbers.append(number)
    return numbers


def _spelled(name: str, numbers: Sequence[int], taken: set[str]) -> dict[int, str]:
    """By number: the name itself for the first, then "conv1#2", as often "#" as makes it new."""
    base = name
    while not name and (not base or base in taken):
        base = f"({base})" if base else NO_NAME
    mark = "#"
    while any(f"{base}{mark}{number}" in taken for number in numbers):
        mark += "#"
    return {number: base if number == 1 else f"{base}{mark}{number}" for number in numbers}
