"""Giving in-place layers blobs of their own, by replacing quoted names in the text.

The rules are CAFFE.md 1's: a renamed version takes every reader with it, and so does whoever
writes in place on it afterwards. The plan holds in every phase and stage the file mentions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.errors import PrototxtError, RenameError
from core.net.definition import BlobVersion, Layer, Net, NetState
from core.net.reader import read_net
from core.net.tokens import Span


class Top(NamedTuple):
    """One top of one layer: the identity of a blob version across phases."""

    layer: str
    top_index: int


@dataclass(frozen=True)
class TextEdit:
    """Replace text[start:end], which is `old`, by `new`; both are names with their quotes."""

    start: int
    end: int
    old: str
    new: str


@dataclass(frozen=True)
class BlobRename:
    """Layer `layer` writes its top number `top_index` to `new_blob` instead of `old_blob`."""

    layer: str
    top_index: int
    old_blob: str
    new_blob: str


@dataclass(frozen=True)
class RenamePlan:
    """Edits in text order, what they mean, and the text they lead to."""

    renames: tuple[BlobRename, ...]
    edits: tuple[TextEdit, ...]
    old_text: str = field(repr=False)
    new_text: str = field(repr=False)
    touched_layers: tuple[str, ...] = ()
    renamed_outputs: tuple[tuple[str, str], ...] = ()
    kept_in_place: tuple[str, ...] = ()

    def inverse(self) -> RenamePlan:
        """The plan that undoes this one, as edits of the new text."""
        back, shift = [], 0
        for edit in self.edits:
            start = edit.start + shift
            back.append(TextEdit(start, start + len(edit.new), edit.new, edit.old))
            shift += len(edit.new) - len(edit.old)
        renames = tuple(
            BlobRename(r.layer, r.top_index, r.new_blob, r.old_blob) for r in self.renames
        )
        outputs = tuple((new, old) for old, new in self.renamed_outputs)
        return RenamePlan(
            renames, tuple(back), self.new_text, self.old_text, self.touched_layers, outputs
        )


def apply_edits(text: str, edits: Sequence[TextEdit]) -> str:
    """The text with every edit made; RenameError when an edit does not fit the text."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda e: e.start):
        if edit.start < at or text[edit.start : edit.end] != edit.old:
            raise RenameError("The text has changed since this rename was planned.")
        parts += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*parts, text[at:]])


def default_blob_name(net: Net, layer_name: str, top_index: int = 0) -> str:
    """`<blob>_<layer>`, the blob being the one the chain starts from, made unique in the file."""
    return _default_name(net, layer_name, top_index, _taken_names(_every_state(net)))


def _default_name(net: Net, layer_name: str, top_index: int, taken: set[str]) -> str:
    base = f"{net.layer(layer_name).tops[top_index]}_{layer_name}"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def plan_rename(
    net: Net, layer_names: Sequence[str], new_names: Mapping[str, str] | None = None
) -> RenamePlan:
    """Give each named layer's output a blob that no other layer writes.

    An in-place layer gets a new blob; so does the layer that would overwrite the result next,
    while layers later in the chain stay in place on that one. For a layer that is not in place
    itself (fc7, overwritten by relu7) only the next writer moves.
    new_names: layer name -> blob name, where the default `<blob>_<layer>` is not wanted.
    Raises RenameError when the rename is impossible or would change what a phase computes.
    """
    states = _every_state(net)
    wanted = dict(new_names or {})
    targets: list[Top] = []
    for name in layer_names:
        targets += _targets_of(net, states, name)
    return _plan(net, states, targets, wanted)


def plan_rename_chain(net: Net, blob: str) -> RenamePlan:
    """Give every in-place layer of one chain its own blob."""
    chains = [chain for chain in net.chains if chain.blob == blob]
    if not chains:
        raise RenameError(f"No in-place layer writes blob '{blob}'.")
    states = _every_state(net)
    return _plan(net, states, _movable(states, chains[0].versions), {})


def plan_rename_all(net: Net) -> RenamePlan:
    """Give every in-place layer of the net its own blob.

    A layer that is active in some phases only stays in place where moving it would leave a
    reader without its blob in the other phase; it is listed in `kept_in_place`.
    """
    if not net.in_place_layers:
        raise RenameError("No layer of this net runs in place, so there is nothing to rename.")
    states = _every_state(net)
    versions = [version for chain in net.chains for version in chain.versions]
    return _plan(net, states, _movable(states, versions), {})


def _targets_of(net: Net, states: Sequence[Net], name: str) -> list[Top]:
    layer = net.layer(name)
    tops = [Top(name, i) for i in layer.in_place_tops()]
    for version in net.written(layer):
        following = _next_writer(states, Top(name, version.top_index))
        if following is not None:
            tops.append(following)
    if tops:
        return tops
    if any(version.overwritten_by for version in net.written(layer)):
        writer = next(v.overwritten_by for v in net.written(layer) if v.overwritten_by)
        raise RenameError(
            f"{writer} overwrites {name}'s blob, but only in some phases, so it has to stay.",
            hint="Choose the other phase to see it.",
        )
    raise RenameError(f"{name} already has a blob of its own.")


def _movable(states: Sequence[Net], versions: Iterable[BlobVersion]) -> list[Top]:
    tops = [Top(version.layer, version.top_index) for version in versions if version.version > 0]
    return [top for top in tops if _is_in_every_state(states, top.layer)]


def _next_writer(states: Sequence[Net], top: Top) -> Top | None:
    """Who overwrites this version, if it is the same layer in every state that has the version."""
    found: set[Top | None] = set()
    for state in states:
        for version in _versions_of(state, top):
            found.add(_following(state, version))
    return found.pop() if len(found) == 1 else None


def _following(net: Net, version: BlobVersion) -> Top | None:
    for later in net.versions:
        same = later.blob == version.blob and later.version == version.version + 1
        if same and later.layer_index > version.layer_index:
            return Top(later.layer, later.top_index)
    return None


def _is_in_every_state(states: Sequence[Net], layer: str) -> bool:
    return all(state.has_layer(layer) for state in states)


def _versions_of(net: Net, top: Top) -> list[BlobVersion]:
    if not net.has_layer(top.layer):
        return []
    return [v for v in net.written(top.layer) if v.top_index == top.top_index]


def _plan(
    net: Net, states: Sequence[Net], targets: Sequence[Top], wanted: Mapping[str, str]
) -> RenamePlan:
    names = _choose_names(net, states, targets, wanted)
    changes: dict[int, tuple[Span, str]] = {}
    for state in states:
        for span, name in _names_in_text(state, names):
            before = changes.setdefault(span.start, (span, name))
            if before[1] != name:
                raise _conflict(net, states, names, before[1], name)
    edits = tuple(
        edit for _, (span, name) in sorted(changes.items()) if (edit := _edit(net, span, name))
    )
    new_text = apply_edits(net.text, edits)
    _check_result(states, new_text, names)
    renames = tuple(
        BlobRename(top.layer, top.top_index, net.layer(top.layer).tops[top.top_index], name)
        for top, name in names.items()
        if net.has_layer(top.layer)
    )
    return RenamePlan(
        renames,
        edits,
        net.text,
        new_text,
        touched_layers=_touched(net, edits),
        renamed_outputs=_renamed_outputs(net, names),
        kept_in_place=tuple(
            layer.name
            for layer in net.in_place_layers
            if not _is_in_every_state(states, layer.name)
        ),
    )


def _choose_names(
    net: Net, states: Sequence[Net], targets: Sequence[Top], wanted: Mapping[str, str]
) -> dict[Top, str]:
    taken = _taken_names(states)
    names: dict[Top, str] = {}
    for top in dict.fromkeys(targets):
        name = wanted.get(top.layer) or _default_name(net, top.layer, top.top_index, taken)
        _check_name(name, top, taken - {top.layer})
        names[top] = name
        taken.add(name)
    return names


def _check_name(name: str, top: Top, taken: set[str]) -> None:
    if not name.strip() or name != name.strip():
        raise RenameError("A blob name can't be empty or begin or end with a space.")
    if any(c in "\"'\\" or not c.isprintable() for c in name):
        raise RenameError(f"The blob name {name!r} has a quote, backslash or control character.")
    if name in taken:
        raise RenameError(
            f"The name '{name}' is already a blob or layer of this file.",
            hint=f"Choose another name for {top.layer}'s blob.",
        )


def _names_in_text(net: Net, names: Mapping[Top, str]) -> list[tuple[Span, str]]:
    """What every written bottom and top has to say once the versions have their new names."""
    by_version: dict[tuple[str, int], str] = {}
    found: list[tuple[Span, str]] = []
    for version in net.versions:
        layer = net.layers[version.layer_index]
        name = names.get(Top(layer.name, version.top_index), version.blob)
        if name == version.blob and version.top_index in layer.in_place_tops():
            name = by_version.get((version.blob, version.version - 1), name)
        by_version[version.blob, version.version] = name
        span = layer.top_spans[version.top_index]
        if span is not None:
            found.append((span, name))
    for layer in net.layers:
        for span, read in zip(layer.bottom_spans, net.read(layer), strict=True):
            if span is not None and read is not None:
                found.append((span, by_version[read.blob, read.version]))
    return found


def _conflict(
    net: Net, states: Sequence[Net], names: Mapping[Top, str], first: str, second: str
) -> RenameError:
    partial = [
        layer.name
        for state in states
        for layer in state.layers
        if not _is_in_every_state(states, layer.name) and layer.is_in_place
    ]
    who = ", ".join(dict.fromkeys(partial)) or ", ".join(top.layer for top in names)
    return RenameError(
        f"This rename would break another phase: a layer would have to read '{first}' in one "
        f"and '{second}' in the other, because {who} is not active in both.",
        hint="Rename the layer before it, or take the phase rule out of the file first.",
    )


def _edit(net: Net, span: Span, name: str) -> TextEdit | None:
    old = net.text[span.start : span.end]
    quote = old[0] if old[0] in "\"'" else '"'
    if old.strip("\"'") == name:
        return None
    return TextEdit(span.start, span.end, old, f"{quote}{name}{quote}")


def _check_result(states: Sequence[Net], new_text: str, names: Mapping[Top, str]) -> None:
    """Hold the new text against the old, layer by layer, in every state: same wiring, no more."""
    for before in states:
        after = read_net(new_text, state=before.state)
        same = before.bottom_versions == after.bottom_versions and [
            (v.layer_index, v.top_index) for v in before.versions
        ] == [(v.layer_index, v.top_index) for v in after.versions]
        if not same or len(after.problems) > len(before.problems):
            renamed = ", ".join(top.layer for top in names)
            raise RenameError(
                f"Renaming {renamed} would change what the net computes in phase "
                f"{before.state.phase}, so it is refused."
            )


def _touched(net: Net, edits: Sequence[TextEdit]) -> tuple[str, ...]:
    layers: list[Layer] = [*net.layers, *net.inactive]
    return tuple(
        layer.name
        for layer in layers
        if layer.span and any(layer.span.start <= edit.start < layer.span.end for edit in edits)
    )


def _renamed_outputs(net: Net, names: Mapping[Top, str]) -> tuple[tuple[str, str], ...]:
    tops = ((v.blob, names.get(Top(v.layer, v.top_index), v.blob)) for v in net.outputs)
    return tuple((old, new) for old, new in tops if old != new)


def _every_state(net: Net) -> list[Net]:
    """The net in its own state and in every other phase and stage the file mentions."""
    rules = [
        rule
        for layer in (*net.layers, *net.inactive)
        for kind in ("include", "exclude")
        for rule in layer.message.messages(kind)
    ]
    if not rules:
        return [net]
    stages = {stage for rule in rules for stage in (*rule.words("stage"), *rule.words("not_stage"))}
    choices = [net.state.stages, (), *[(stage,) for stage in sorted(stages)]]
    states = [net]
    for phase in ("TEST", "TRAIN"):
        for chosen in choices:
            state = NetState(phase, net.state.level, tuple(chosen))
            if all(state != other.state for other in states):
                states.append(_read_again(net, state))
    return states


def _read_again(net: Net, state: NetState) -> Net:
    try:
        return read_net(net.text, state=state)
    except PrototxtError as error:  # the text was parsed once already
        raise RenameError(error.sentence) from error


def _taken_names(states: Sequence[Net]) -> set[str]:
    taken: set[str] = set()
    for net in states:
        for layer in net.layers:
            taken |= {layer.name, *layer.tops, *layer.bottoms}
    return taken
