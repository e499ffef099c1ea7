"""What every written bottom and top says once some blob versions have new names, in every phase.

Renaming and giving back are the same here: a version gets a name, whoever reads it follows, and so
does whoever writes in place on it. The result must be wired as the net was.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from core.errors import PrototxtError, RenameError
from core.net.blob_names import default_base, taken_names, unused_name, what_is_wrong_with
from core.net.definition import AUTOMATIC_TOP, Layer, Net
from core.net.reader import read_net
from core.net.rename_plan import BlobRename, RenamePlan, Top
from core.net.rename_warnings import text_warnings
from core.net.states import every_state
from core.net.text_edits import TextEdit, apply_edits, name_edit
from core.net.tokens import Span

NewNames = Mapping[str, str] | Mapping[Top, str]
"""Blob names by layer, or by Top for a layer with several."""


def plan_names(net: Net, targets: Sequence[Top], wanted: NewNames) -> RenamePlan:
    """Give every target version a blob of its own, named as wanted or `<blob>_<layer>`.

    Raises RenameError when a name is taken or a phase would compute something else.
    """
    states = every_state(net)
    names = _choose_names(net, targets, wanted)
    return _plan(net, states, names, frozenset())


def plan_back(net: Net, targets: Sequence[Top]) -> RenamePlan:
    """Let every target version share the blob of the bottom of the same index again.

    Raises RenameError when a phase would compute something else.
    """
    return _plan(net, every_state(net), {}, frozenset(targets))


def _choose_names(net: Net, targets: Sequence[Top], wanted: NewNames) -> dict[Top, str]:
    taken, chosen, named_layers = set(taken_names(net)), set[str](), set[str]()
    tried: dict[str, int] = {}
    given: dict[object, str] = dict(wanted.items())
    names: dict[Top, str] = {}
    for top in dict.fromkeys(targets):
        by_layer = "" if top.layer in named_layers else given.get(top.layer, "")
        name = given.get(top, by_layer) or unused_name(_base(net, top), taken, tried)
        problem = what_is_wrong_with(net, top.layer, name, chosen)
        if problem:
            raise RenameError(problem, hint=f"Choose another name for {top.layer}'s blob.")
        names[top] = name
        named_layers.add(top.layer)
        chosen.add(name)
        taken.add(name)
    return names


def _base(net: Net, top: Top) -> str:
    """`<blob>_<layer>`; a layer of another phase is named in the state that has it."""
    state = next(state for state in every_state(net) if state.has_layer(top.layer))
    return default_base(state, top.layer, top.top_index)


def _plan(
    net: Net, states: Sequence[Net], names: Mapping[Top, str], given_back: frozenset[Top]
) -> RenamePlan:
    changes: dict[int, tuple[Span, str, str]] = {}
    for state in states:
        for span, old, name in _names_in_text(state, names, given_back):
            before = changes.setdefault(span.start, (span, old, name))
            if before[2] != name:
                raise _conflict(states, [*names, *given_back], before[2], name)
    edits = _edits(net.text, changes.values())
    new_text = apply_edits(net.text, edits)
    targets = [*names, *sorted(given_back)]
    after = check_same_wiring(states, new_text, [top.layer for top in targets])
    return _described(net, after, states, edits, targets)


def _edits(text: str, changes: Collection[tuple[Span, str, str]]) -> tuple[TextEdit, ...]:
    edits = (name_edit(text, span, old, name) for span, old, name in changes)
    return tuple(sorted((e for e in edits if e is not None), key=lambda e: e.start))


def _described(
    net: Net,
    after: Net,
    states: Sequence[Net],
    edits: tuple[TextEdit, ...],
    targets: Sequence[Top],
) -> RenamePlan:
    renames = tuple(
        BlobRename(old.name, i, old.tops[i], new.tops[i])
        for top in sorted(targets, key=lambda t: (_place(net, t), t.top_index))
        for old, new in _pairs(net, after, top)
        for i in (top.top_index,)
        if old.tops[i] != new.tops[i]
    )
    plan = RenamePlan(
        renames,
        edits,
        net.text,
        after.text,
        touched_layers=touched_layers(net, edits),
        renamed_outputs=_renamed_outputs(net, after),
        kept_in_place=_kept_in_place(states, renames),
    )
    return replace(plan, warnings=text_warnings(net, plan))


def _place(net: Net, top: Top) -> int:
    return net.layer(top.layer).index if net.has_layer(top.layer) else len(net.layers)


def _kept_in_place(states: Sequence[Net], renames: Sequence[BlobRename]) -> tuple[str, ...]:
    """In-place layers of some phases only, in the chains that this plan takes apart."""
    blobs = {name for rename in renames for name in (rename.old_blob, rename.new_blob)}
    return tuple(
        dict.fromkeys(
            layer.name
            for state in states
            for layer in state.in_place_layers
            if not all(other.has_layer(layer.name) for other in states)
            and any(layer.tops[i] in blobs for i in layer.in_place_tops())
        )
    )


def _pairs(net: Net, after: Net, top: Top) -> Iterator[tuple[Layer, Layer]]:
    if net.has_layer(top.layer):
        yield net.layer(top.layer), after.layer(top.layer)


def _renamed_outputs(net: Net, after: Net) -> tuple[tuple[str, str], ...]:
    pairs = zip(net.versions, after.versions, strict=True)
    outputs = set(net.outputs)
    return tuple(
        (old.blob, new.blob) for old, new in pairs if old in outputs and old.blob != new.blob
    )


def _names_in_text(
    net: Net, names: Mapping[Top, str], given_back: frozenset[Top]
) -> Iterator[tuple[Span, str, str]]:
    """Where each bottom and top stands, what it says and what it has to say."""
    new_names: list[str] = []
    current: dict[str, int] = {}
    for number, version in enumerate(net.versions):
        layer = net.layers[version.layer_index]
        top = Top(layer.name, version.top_index)
        name = names.get(top, version.blob)
        if top in given_back:
            source = net.bottom_versions[layer.index][version.top_index]
            name = name if source is None else new_names[source]
        elif name == version.blob and version.top_index in layer.in_place_tops():
            before = current.get(version.blob)
            name = name if before is None else new_names[before]
        new_names.append(name)
        if version.blob != AUTOMATIC_TOP:
            current[version.blob] = number
        span = layer.top_spans[version.top_index]
        if span is not None:
            yield span, version.blob, name
    for layer in net.layers:
        numbers = net.bottom_versions[layer.index]
        for span, number_read in zip(layer.bottom_spans, numbers, strict=True):
            if span is not None and number_read is not None:
                yield span, net.versions[number_read].blob, new_names[number_read]


def _conflict(states: Sequence[Net], tops: Sequence[Top], first: str, second: str) -> RenameError:
    partial = [
        layer.name
        for state in states
        for layer in state.layers
        if layer.is_in_place and not all(other.has_layer(layer.name) for other in states)
    ]
    who = ", ".join(dict.fromkeys(partial)) or ", ".join(top.layer for top in tops)
    return RenameError(
        f"This rename would break another phase: a layer would have to read '{first}' in one "
        f"and '{second}' in the other, because {who} is not active in both.",
        hint="Rename the layer before it, or take the phase rule out of the file first.",
    )


def check_same_wiring(states: Sequence[Net], new_text: str, layers: Sequence[str]) -> Net:
    """Hold the new text against the old, layer by layer, in every state: same wiring, no more.

    Returns the new text as the net of the first state. Raises RenameError where a state would
    compute something else.
    """
    read: list[Net] = []
    for before in states:
        try:
            after = read_net(new_text, state=before.state)
        except PrototxtError as error:
            raise RenameError(f"The edited text can't be read: {error.sentence}") from error
        same = before.bottom_versions == after.bottom_versions and [
            (v.layer_index, v.top_index) for v in before.versions
        ] == [(v.layer_index, v.top_index) for v in after.versions]
        if not same or len(after.problems) > len(before.problems):
            raise RenameError(
                f"Renaming {', '.join(dict.fromkeys(layers))} would change what the net computes "
                f"in phase {before.state.phase}, so it is refused."
            )
        read.append(after)
    return read[0]


def touched_layers(net: Net, edits: Sequence[TextEdit]) -> tuple[str, ...]:
    """Layers with an edit in their block, in file order."""
    layers: list[Layer] = [*net.layers, *net.inactive]
    starts = sorted(edit.start for edit in edits)
    touched = (
        layer.name
        for layer in layers
        if layer.span
        and bisect_left(starts, layer.span.start) < bisect_left(starts, layer.span.end)
    )
    return tuple(dict.fromkeys(touched))
