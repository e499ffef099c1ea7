"""What `info` says of the file itself: its states, and what is not stock Caffe's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from core.commands.output import counted
from core.errors import RenameError
from core.jobs.open import OpenedNet
from core.layers.registry import layer_type
from core.net.definition import Layer, Net, NetState, UnknownField
from core.net.reader import read_net
from core.net.state_choices import state_text
from core.net.states import every_state
from core.words import plural

_MOST_LISTED = 8


@dataclass(frozen=True)
class StateNote:
    """The layers that the file has but a state leaves out."""

    state: NetState
    dropped: tuple[str, ...]


def state_notes(net: Net) -> tuple[StateNote, ...]:
    """Every state the rules of the file tell apart; nothing for a file without rules."""
    layers = (*net.layers, *net.inactive)
    if not any(_has_rules(layer) for layer in layers):
        return ()
    try:
        nets = every_state(net)
    except RenameError:  # too many to list: the two phases are what most people ask for
        phases = (NetState("TEST"), NetState("TRAIN"))
        nets = tuple(read_net(net.text, state=state) for state in phases)
    return tuple(
        StateNote(other.state, tuple(layer.name for layer in other.inactive)) for other in nets
    )


def unknown_types(net: Net) -> tuple[Layer, ...]:
    """Layers of types that BVLC Caffe 1.0 does not have."""
    layers = (*net.layers, *net.inactive)
    return tuple(layer for layer in layers if not _is_stock(layer.type))


def _is_stock(type_name: str) -> bool:
    known = layer_type(type_name)
    return known.is_known and known.origin == "caffe"


def _has_rules(layer: Layer) -> bool:
    return layer.message.has("include") or layer.message.has("exclude")


def described_file(opened: OpenedNet) -> dict[str, Any]:
    """The notes as plain values for JSON."""
    net = opened.net
    return {
        "solver": None if opened.solver is None else str(opened.solver),
        "level": net.state.level,
        "stages": list(net.state.stages),
        "states": [
            {
                "phase": note.state.phase,
                "level": note.state.level,
                "stages": list(note.state.stages),
                "dropped_layers": list(note.dropped),
            }
            for note in state_notes(net)
        ],
        "unknown_fields": [
            {
                "path": field.path,
                "fork": field.fork or None,
                "layer": field.layer,
                "line": field.line,
                "column": field.column,
            }
            for field in net.unknown
        ],
        "unknown_types": [
            {"type": layer.type, "layer": layer.name, "line": layer.line, "fork": _origin(layer)}
            for layer in unknown_types(net)
        ],
    }


def _origin(layer: Layer) -> bool:
    """Whether it is a fork's type that we know."""
    return layer_type(layer.type).is_known


def file_lines(opened: OpenedNet) -> Iterator[str]:
    """The notes as lines for the terminal."""
    if opened.solver is not None:
        yield f"{opened.solver.name} is a solver; its net is {opened.path}."
    for note in state_notes(opened.net):
        yield f"In {state_text(note.state)}: {_dropped(note.dropped)}."
    fields = sorted(opened.net.unknown, key=lambda field: field.path)
    for path, found in groupby(fields, key=lambda field: field.path):
        yield _field_line(path, list(found))
    layers = sorted(unknown_types(opened.net), key=lambda layer: layer.type)
    for type_name, same in groupby(layers, key=lambda layer: layer.type):
        yield _type_line(type_name, list(same))


def _dropped(names: tuple[str, ...]) -> str:
    if not names:
        return "all layers"
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"{counted(len(names), 'layer')} left out ({', '.join(names[:_MOST_LISTED])}{more})"


def _field_line(path: str, found: Sequence[UnknownField]) -> str:
    first = min(found, key=lambda field: (field.line, field.column))
    origin = f"a field of {first.fork}" if first.fork else "unknown"
    times = f", {len(found)} times" if len(found) > 1 else ""
    where = f"line {first.line}, column {first.column}"
    return f"Not in BVLC Caffe 1.0: {path} ({origin}; {where}{times})."


def _type_line(type_name: str, layers: Sequence[Layer]) -> str:
    first = min(layers, key=lambda layer: layer.line)
    origin = "a fork's type" if _origin(first) else "unknown"
    times = f", {plural(len(layers), 'layer')}" if len(layers) > 1 else ""
    return (
        f"Not in BVLC Caffe 1.0: layer type {type_name or '(none)'} "
        f"({origin}; layer {first.name}, line {first.line}{times})."
    )
