"""Value-only layers that a later layer should read and does not: the tutorials' rewiring.

There relu7 and drop7 both read fc7 and fc8 still reads fc7, so ReLU and Dropout are dead ends
(CAFFE.md 1). A dead end is a mistake only where something later reads what it reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.edits.findings.finding import Finding, NameChange, listed
from core.edits.findings.flow import Flow, is_measure, names_of, types_of
from core.net.definition import Layer, Net

_FEWEST_PLACES = 4
_MOST_TRIED = 100
"""So many chains of the same types are held against a dead one: no net has more on one value."""
_MOST_EXCEPTIONS = 1
"""A raw read is suspect where at least four other places of the net do it the other way."""


def find_bypassed(net: Net) -> Iterator[Finding]:
    """Dead value-only chains beside a reader of the same version."""
    flow = Flow(net)
    for number in range(len(net.versions)):
        found = _beside(flow, number) or _behind(flow, number)
        if found is not None:
            yield found


def find_half_bypassed(net: Net) -> Iterator[Finding]:
    """One reader of the values before an activation, where everything else reads those after it."""
    flow = Flow(net)
    places = [
        (layer, number)
        for layer in net.layers
        if flow.is_value_only(layer)
        and not layer.is_in_place
        and (number := net.bottom_versions[layer.index][0]) is not None
    ]
    last_raw = {number: _last_raw_readers(flow, number) for number in {n for _, n in places}}
    suspects = [
        (layer, number)
        for layer, number in places
        if last_raw[number] and _is_raw_beside(flow, layer, last_raw[number])
    ]
    if len(suspects) <= _MOST_EXCEPTIONS and len(places) - len(suspects) >= _FEWEST_PLACES:
        for layer, number in suspects:
            yield _raw_beside(flow, layer, number)


def _beside(flow: Flow, number: int) -> Finding | None:
    """v is read by dead chains and, later, by others: they belong in one row."""
    readers = flow.readers(number)
    if len(readers) < 2:
        return None
    dead = [
        chain
        for layer in readers
        if not layer.is_in_place and (chain := flow.dead_chain(layer)) is not None
    ]
    if not dead:
        return None
    firsts = {chain[0].index for chain in dead}
    late = [
        layer
        for layer in readers
        if layer.index > dead[0][0].index and not is_measure(layer) and layer.index not in firsts
    ]
    if not late:
        return None
    rows = tuple(_in_one_row(flow, number, dead))
    bypassed = [layer for chain in dead for layer in chain]
    return Finding(
        "bypassed",
        "suspect" if types_of(bypassed) == ["Dropout"] else "wrong values",
        names_of(bypassed),
        rows,
        _title(bypassed),
        _body(flow, number, dead, late),
    )


def _in_one_row(flow: Flow, number: int, dead: Sequence[Sequence[Layer]]) -> Iterator[NameChange]:
    """Each reader of v reads the end of the last dead chain that begins before it."""
    firsts = {chain[0].index: chain for chain in dead}
    end = ""
    for layer, index in flow.reads(number):
        if end:
            yield NameChange(layer.name, "bottom", index, layer.bottoms[index], end)
        if layer.index in firsts:
            end = firsts[layer.index][-1].tops[0]


def _behind(flow: Flow, number: int) -> Finding | None:
    """v is read by a dead end and by an earlier value-only chain that goes on: wrong order."""
    readers = flow.readers(number)
    if len(readers) < 2:
        return None
    going_on: dict[frozenset[str], list[_GoingOn]] = {}
    for layer in readers:
        if flow.is_value_only(layer):
            chain = _GoingOn.of(flow, layer)
            going_on.setdefault(chain.types, []).append(chain)
    for layer in readers:
        dead = None if layer.is_in_place else flow.dead_chain(layer)
        live = None if dead is None else _before(dead, going_on)
        if dead is not None and live is not None:
            return _after_chain(flow, number, dead, live)
    return None


def _before(
    dead: Sequence[Layer], going_on: Mapping[frozenset[str], Sequence[_GoingOn]]
) -> Sequence[Layer] | None:
    """The first chain of other types that ends before the dead one and is read after it."""
    types, first, last = {layer.type for layer in dead}, dead[0].index, dead[-1].index
    found = [
        chain.layers
        for chains in (chains for other, chains in going_on.items() if not types & other)
        for chain in chains[:_MOST_TRIED]
        if chain.layers[-1].index < first and chain.last_read > last
    ]
    return min(found, key=lambda layers: layers[0].index, default=None)


@dataclass(frozen=True)
class _GoingOn:
    """A value-only chain, its types, and the last layer that works on its end; -1 for none."""

    layers: Sequence[Layer]
    types: frozenset[str]
    last_read: int

    @classmethod
    def of(cls, flow: Flow, first: Layer) -> _GoingOn:
        """The chain that begins with `first`."""
        layers = flow.live_chain(first)
        working = (x.index for x in flow.readers(flow.top(layers[-1])) if not is_measure(x))
        return cls(layers, frozenset(x.type for x in layers), max(working, default=-1))


def _after_chain(flow: Flow, number: int, dead: Sequence[Layer], live: Sequence[Layer]) -> Finding:
    end = flow.top(live[-1])
    late = [layer for layer in flow.readers(end) if layer.index > dead[-1].index]
    blob, last = flow.version(end).blob, dead[-1].tops[0]
    rows = (
        NameChange(dead[0].name, "bottom", 0, dead[0].bottoms[0], blob),
        *flow.moved(end, last, after=dead[-1].index),
    )
    names = listed(names_of(late))
    return Finding(
        "wrong order",
        "wrong values",
        names_of(dead),
        rows,
        _title(dead),
        f"{listed(names_of([live[0], dead[0]]))} both read {flow.version(number).label}, and "
        f"{names} read{'s' * (len(late) == 1)} {blob}, which {live[-1].name} writes. So {names} "
        f"work{'s' * (len(late) == 1)} on values that have not been through "
        f"{listed(types_of(dead))}.",
    )


def _last_raw_readers(flow: Flow, number: int) -> dict[str, int]:
    """Of each type that works on v itself, the last layer that reads it."""
    return {
        reader.type: reader.index
        for reader in flow.readers(number)
        if not flow.is_value_only(reader) and not is_measure(reader)
    }


def _is_raw_beside(flow: Flow, layer: Layer, last_raw: Mapping[str, int]) -> bool:
    """Another layer reads v later, of a type that also reads what comes out of `layer`'s chain."""
    chain = flow.live_chain(layer)
    after = flow.readers(flow.top(chain[-1]))
    return any(last_raw.get(reader.type, -1) > chain[-1].index for reader in after)


def _raw_beside(flow: Flow, layer: Layer, number: int) -> Finding:
    """The readers of v that were meant to read what comes out of `layer`'s chain."""
    chain = flow.live_chain(layer)
    end = flow.top(chain[-1])
    after = flow.readers(end)
    raw = [
        reader
        for reader in flow.readers(number)
        if reader.index > chain[-1].index
        and reader.type in {x.type for x in after}
        and not flow.is_value_only(reader)
        and not is_measure(reader)
    ]
    blob = flow.version(end).blob
    rows = tuple(
        NameChange(reader.name, "bottom", index, reader.bottoms[index], blob)
        for reader, index in flow.reads(number)
        if reader in raw
    )
    names, s = listed(names_of(raw)), "s" * (len(raw) == 1)
    return Finding(
        "half bypassed",
        "suspect",
        names_of(raw),
        rows,
        f"{names} read{s} values from before {chain[0].name}",
        f"{names} read{s} {flow.version(number).label}, while {listed(names_of(after))} "
        f"read{'s' * (len(after) == 1)} {blob}, which has been through {listed(types_of(chain))}. "
        "Everywhere else in this net the values after it are read.",
    )


def _title(dead: Sequence[Layer]) -> str:
    names = names_of(dead)
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'} bypassed in this file"


def _body(flow: Flow, number: int, dead: Sequence[Sequence[Layer]], late: Sequence[Layer]) -> str:
    blob = flow.version(number).blob
    firsts = names_of([chain[0] for chain in dead])
    bypassed = [layer for chain in dead for layer in chain]
    verb = "reads" if len(firsts) == 1 else "both read" if len(firsts) == 2 else "all read"
    names, s = listed(names_of(late)), "s" * (len(names_of(late)) == 1)
    text = f"{listed(firsts)} {verb} {blob}, and {names} still read{s} {blob}. So {names} work{s}"
    types = types_of(bypassed)
    if types == ["Dropout"]:
        return (
            f"{text} on values before Dropout: the scores stay, since dropout copies at TEST, but "
            "training runs without it."
        )
    return (
        f"{text} on values before {listed(types)}, and every score of this net differs from the "
        "original's."
    )
