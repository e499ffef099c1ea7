"""Every phase, level and stage that a prototxt distinguishes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from core.errors import PrototxtError, RenameError
from core.net.definition import Net, NetState
from core.net.phase_rules import rules_of, states_of
from core.net.reader import read_net

MOST_STATES = 64
"""Real files distinguish at most a dozen; the bound keeps a hostile one from hanging us."""

_MOST_REMEMBERED = 4


def every_state(net: Net) -> tuple[Net, ...]:
    """The net in its own state and in every other one its rules tell apart.

    Raises RenameError for a file with more than 64 of them.
    """
    return (net, *_others(Asked.of(net)))


@dataclass(frozen=True)
class Asked:
    """A net as the key of what is remembered about it: two of the same text and state are equal."""

    text: str
    state: NetState
    net: Net = field(compare=False, repr=False)

    @classmethod
    def of(cls, net: Net) -> Asked:
        """The key of a net."""
        return cls(net.text, net.state, net)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _others(asked: Asked) -> tuple[Net, ...]:
    """Remembered, since every keystroke in a name field asks again for the same text."""
    net = asked.net
    try:
        found = [net]
        for other in _candidates(net):
            read = read_net(net.text, path=net.root.source.path, state=other)
            if all(_active(read) != _active(known) for known in found):
                found.append(read)
    except PrototxtError as error:  # the text was parsed once already
        raise RenameError(error.sentence) from error
    return tuple(found[1:])


def _active(net: Net) -> tuple[int, ...]:
    return tuple(layer.span.start if layer.span else -1 for layer in net.layers)


def _candidates(net: Net) -> list[NetState]:
    """Both phases as they are, and for each rule a state that meets it and one that does not."""
    layers = (*net.layers, *net.inactive)
    rules = [rule for layer in layers for rule in rules_of(layer.message)]
    if not rules:
        return []
    states = [NetState(phase) for phase in ("TEST", "TRAIN")]
    states += [state for rule in rules for state in states_of(rule, net.state.level)]
    distinct = list(dict.fromkeys(states))
    if len(distinct) > MOST_STATES:
        raise RenameError(
            f"The rules of this file tell {len(distinct)} phases, levels and stages apart, which "
            "are too many to check.",
            hint="Take include and exclude rules that are not needed out of the file.",
        )
    return distinct
