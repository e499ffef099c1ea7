"""Letting a layer run in place again, where Caffe allows it: the reverse of a rename.

Caffe's rules (BVLC/caffe src/caffe/net.cpp, util/insert_splits.cpp): the type must allow it, and
nobody else may read the blob that is then overwritten, in any phase.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.errors import RenameError
from core.layers.registry import layer_type
from core.layers.shapes import BYTES_PER_VALUE, NetShapes, infer_shapes
from core.net.blob_names import own_ending
from core.net.definition import BlobVersion, Layer, Net
from core.net.rename_plan import PlanWarning, RenamePlan, Top
from core.net.states import every_state
from core.net.version_names import plan_back

_GRADIENT_FROM_TOP = frozenset("Sigmoid TanH Softmax LRN ELU MVN Exp".split())
"""Types whose backward pass reads their own output, which must then not be overwritten."""


@dataclass(frozen=True)
class GiveBack:
    """Layer `layer` could write to `into_blob`, which it reads, instead of `blob`.

    saved_bytes: float32 storage that goes, with the batch of the prototxt; None when not known.
    """

    layer: str
    blob: str
    into_blob: str
    saved_bytes: int | None


def find_give_backs(net: Net, shapes: NetShapes | None = None) -> tuple[GiveBack, ...]:
    """Every layer that could run in place again without harm, all of them together too.

    Left out are layers that would overwrite a net input, and net outputs, whose names matter, but
    for those that a rename has named (`<blob>_<layer>`).
    """
    states = _with_shapes(net, shapes)
    shapes = states[0][1]
    return tuple(
        GiveBack(layer.name, layer.tops[0], layer.bottoms[0], _bytes(shapes, layer))
        for layer in net.layers
        if not layer.is_in_place
        and layer.tops
        and _reason(states, layer.name) is None
        and not _is_source(net, layer)
        and not _is_named_output(net, layer)
    )


def plan_give_back(
    net: Net, layer_names: Sequence[str], shapes: NetShapes | None = None
) -> RenamePlan:
    """Make these layers run in place on the blob they read, with `saved_bytes` of what it saves.

    Raises RenameError with the reason for a layer that Caffe would not let run in place.
    """
    states = _with_shapes(net, shapes)
    shapes = states[0][1]
    for name in layer_names:
        problem = _reason(states, name)
        if problem:
            raise RenameError(problem, hint=f"{name} keeps its own blob.")
    plan = plan_back(net, [Top(name, 0) for name in layer_names])
    return replace(
        plan,
        given_back=tuple(layer_names),
        saved_bytes=sum(_bytes(shapes, net.layer(name)) or 0 for name in layer_names),
        warnings=(*plan.warnings, *_warnings(net, layer_names)),
    )


def plan_give_back_all(net: Net, shapes: NetShapes | None = None) -> RenamePlan:
    """Make every layer of `find_give_backs` run in place.

    Raises RenameError when there is none.
    """
    shapes = shapes or infer_shapes(net)
    names = [found.layer for found in find_give_backs(net, shapes)]
    if not names:
        raise RenameError("No layer of this net with a blob of its own could run in place.")
    return plan_give_back(net, names, shapes)


def _with_shapes(net: Net, shapes: NetShapes | None) -> list[tuple[Net, NetShapes]]:
    """Every state the file tells apart, the net's own first."""
    own, *others = every_state(net)
    return [(own, shapes or infer_shapes(own)), *((net, infer_shapes(net)) for net in others)]


def _reason(states: Sequence[tuple[Net, NetShapes]], layer_name: str) -> str | None:
    own = states[0][0]
    layer = own.layer(layer_name)
    for net, shapes in states:
        if net.has_layer(layer_name):
            problem = _problem(net, net.layer(layer_name), shapes)
            if problem:
                return problem if net is own else f"{problem} ({net.state.phase} phase)"
        elif layer.tops and _is_named(net, layer.tops[0]):
            return f"{layer_name} is not active in every phase, and another phase uses its blob."
    return None


def _problem(net: Net, layer: Layer, shapes: NetShapes) -> str | None:
    name, type_ = layer.name, layer.type
    if layer.is_in_place:
        return f"{name} runs in place already."
    if not layer_type(type_).may_run_in_place or type_ == "Python":
        return f"{name} is of type {type_}, which can't run in place."
    if len(layer.bottoms) != 1 or len(layer.tops) != 1:
        return f"{name} has {len(layer.bottoms)} bottoms and {len(layer.tops)} tops."
    (source,) = net.read(layer)
    if source is None:
        return f"No layer writes {layer.bottoms[0]}, which {name} reads."
    others = [reader for reader in source.readers if reader != name]
    if others:
        return f"{_listed(others)} also read{'s' * (len(others) == 1)} {source.label}."
    if len(source.readers) > 1 or source.overwritten_by is not None:
        return f"{source.label} is read or overwritten elsewhere."
    if shapes.bottoms(layer)[0] != shapes.top(layer) and None not in (
        shapes.bottoms(layer)[0],
        shapes.top(layer),
    ):
        return f"{name} changes the shape of its blob."
    return _storage_problem(net, layer, source)


def _storage_problem(net: Net, layer: Layer, source: BlobVersion) -> str | None:
    """Flatten, Reshape and Split hand their bottom's memory on, so all who read it are asked."""
    writer = net.layers[source.layer_index]
    if writer.type == "Parameter":
        return f"{source.label} holds the weights of {writer.name}."
    while layer_type(writer.type).shares_storage:
        read = net.read(writer)[0]
        if read is None or len(read.readers) > 1 or len(writer.tops) > 1:
            return (
                f"{writer.name} ({writer.type}) shares its memory with {writer.bottoms[0]}, which "
                f"others read, and {layer.name} would overwrite it."
            )
        writer = net.layers[read.layer_index]
    return None


def _warnings(net: Net, layer_names: Sequence[str]) -> Iterator[PlanWarning]:
    sources = [name for name in layer_names if _is_source(net, net.layer(name))]
    if sources:
        yield PlanWarning(
            "source",
            f"{_listed(sources)} will overwrite the net's input, so it has to be set before each "
            "forward pass.",
            tuple(sources),
        )
    strained = [
        name
        for name in layer_names
        for version in net.read(name)
        if version and net.layers[version.layer_index].type in _GRADIENT_FROM_TOP
    ]
    if strained:
        yield PlanWarning(
            "training",
            f"{_listed(strained)} will overwrite an output that the layer before needs in its "
            "backward pass: right for a forward pass, wrong for training.",
            tuple(strained),
        )


def _is_source(net: Net, layer: Layer) -> bool:
    return any(v is not None and not net.layers[v.layer_index].bottoms for v in net.read(layer))


def _is_named_output(net: Net, layer: Layer) -> bool:
    """Whether its top is a net output under a name that somebody chose."""
    (version,) = net.written(layer)
    is_output = version.is_readable and not version.readers
    return is_output and not version.blob.endswith(own_ending(layer))


def _is_named(net: Net, blob: str) -> bool:
    return any(blob in layer.tops or blob in layer.bottoms for layer in net.layers)


def _bytes(shapes: NetShapes, layer: Layer) -> int | None:
    shape = shapes.top(layer)
    return None if shape is None else BYTES_PER_VALUE * math.prod(shape)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
