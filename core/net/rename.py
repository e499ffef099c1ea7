"""Giving in-place layers blobs of their own: one layer, a selection, a chain, all, or the needed.

The rules are CAFFE.md 1's: a renamed version takes every reader with it, and so does whoever
writes in place on it afterwards. The plan holds in every phase and stage the file mentions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.errors import RenameError
from core.net.blob_names import default_blob_name
from core.net.definition import BlobVersion, Net
from core.net.reader import read_net
from core.net.rename_plan import BlobRename, RenamePlan, Top
from core.net.states import every_state
from core.net.text_edits import TextEdit, apply_edits
from core.net.version_names import NewNames, plan_names

__all__ = [
    "BlobRename",
    "NewNames",
    "RenamePlan",
    "TextEdit",
    "Top",
    "apply_edits",
    "default_blob_name",
    "plan_needed",
    "plan_rename",
    "plan_rename_all",
    "plan_rename_chain",
    "plan_rename_selection",
]


def plan_rename(
    net: Net, layer_names: Sequence[str], new_names: NewNames | None = None
) -> RenamePlan:
    """Give each named layer's output a blob that no other layer writes.

    An in-place layer gets a new blob; so does the layer that would overwrite the result next,
    while layers later in the chain stay in place on that one. For a layer that is not in place
    itself (fc7, overwritten by relu7) only the next writer moves.
    new_names: layer name, or Top where a layer has several, -> blob name, where the default
    `<blob>_<layer>` is not wanted.
    Raises RenameError when the rename is impossible or would change what a phase computes.
    """
    states = every_state(net)
    targets = [top for name in layer_names for top in _targets_of(net, states, name)]
    return plan_names(net, targets, new_names or {})


def plan_rename_selection(
    net: Net, layer_names: Sequence[str], new_names: NewNames | None = None
) -> RenamePlan:
    """As `plan_rename`, for whatever was selected: layers with a blob of their own are passed over.

    Raises RenameError when no layer of the selection shares its blob.
    """
    states = every_state(net)
    targets: list[Top] = []
    for name in layer_names:
        if any(v.n_versions > 1 for v in net.written(name)):
            try:
                targets += _targets_of(net, states, name)
            except RenameError:
                continue
    if not targets:
        raise RenameError("Every layer of this selection has a blob of its own already.")
    return plan_names(net, targets, new_names or {})


def plan_rename_chain(net: Net, blob: str, new_names: NewNames | None = None) -> RenamePlan:
    """Give every in-place layer of one chain its own blob."""
    chains = [chain for chain in net.chains if chain.blob == blob]
    if not chains:
        raise RenameError(f"No in-place layer writes blob '{blob}'.")
    return plan_names(net, _movable(every_state(net), chains[0].versions), new_names or {})


def plan_rename_all(net: Net, new_names: NewNames | None = None) -> RenamePlan:
    """Give every in-place layer of the net its own blob.

    A layer that is active in some phases only stays in place where moving it would leave a
    reader without its blob in the other phase; it is listed in `kept_in_place`.
    """
    if not net.in_place_layers:
        raise RenameError("No layer of this net runs in place, so there is nothing to rename.")
    versions = [version for chain in net.chains for version in chain.versions]
    return plan_names(net, _movable(every_state(net), versions), new_names or {})


def plan_needed(net: Net, wanted: Sequence[str], new_names: NewNames | None = None) -> RenamePlan:
    """The fewest renames after which one full forward pass leaves the wanted layers' values.

    A value is lost to the layer that overwrites it next, so that layer alone moves; a wanted
    layer may stay in place itself. `found_in` says in which blob each wanted value then is.
    Raises RenameError when every wanted value survives already, or one can't.
    """
    states = every_state(net)
    targets: dict[Top, None] = {}
    for name in wanted:
        for version in net.written(name):
            if version.overwritten_by is not None:
                targets[_required_writer(states, name, version)] = None
    if not targets:
        verb = "survives" if len(wanted) == 1 else "survive"
        raise RenameError(
            f"What {', '.join(wanted)} computes {verb} a full forward pass already, so nothing "
            "needs a new name."
        )
    plan = plan_names(net, list(targets), new_names or {})
    return replace(plan, found_in=_found_in(net, plan, wanted))


def _required_writer(states: Sequence[Net], name: str, version: BlobVersion) -> Top:
    writer = _next_writer(states, Top(name, version.top_index))
    if writer is None:
        raise _kept_by_a_phase(name, version.overwritten_by or "")
    return writer


def _found_in(net: Net, plan: RenamePlan, wanted: Sequence[str]) -> tuple[tuple[str, str], ...]:
    after = read_net(plan.new_text, state=net.state)
    return tuple((name, version.blob) for name in wanted for version in after.written(name))


def _targets_of(net: Net, states: Sequence[Net], name: str) -> list[Top]:
    layer = net.layer(name)
    tops = [Top(name, i) for i in layer.in_place_tops()]
    for version in net.written(layer):
        following = _next_writer(states, Top(name, version.top_index))
        if following is not None:
            tops.append(following)
    if tops:
        return tops
    writers = [v.overwritten_by for v in net.written(layer) if v.overwritten_by]
    if writers:
        raise _kept_by_a_phase(name, writers[0])
    raise RenameError(f"{name} already has a blob of its own.")


def _kept_by_a_phase(name: str, writer: str) -> RenameError:
    return RenameError(
        f"{writer} overwrites {name}'s blob, but only in some phases, so it has to stay.",
        hint="Choose the other phase to see it.",
    )


def _movable(states: Sequence[Net], versions: Iterable[BlobVersion]) -> list[Top]:
    tops = [Top(version.layer, version.top_index) for version in versions if version.version > 0]
    return [top for top in tops if all(state.has_layer(top.layer) for state in states)]


def _next_writer(states: Sequence[Net], top: Top) -> Top | None:
    """Who overwrites this version, if it is the same layer in every state that has the version."""
    found = {
        _following(state, version)
        for state in states
        if state.has_layer(top.layer)
        for version in state.written(top.layer)
        if version.top_index == top.top_index
    }
    return found.pop() if len(found) == 1 else None


def _following(net: Net, version: BlobVersion) -> Top | None:
    if version.overwritten_by is None:
        return None
    for later in net.versions:
        if later.blob == version.blob and later.version == version.version + 1:
            return Top(later.layer, later.top_index)
    return None
