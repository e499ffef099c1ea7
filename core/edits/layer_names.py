"""Renaming layers as tutorials do (relu7 becomes fc7_relu7), where no weights bind to the name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from core.errors import RenameError
from core.layers.registry import layer_type
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Layer, Net
from core.net.reader import read_net
from core.net.rename_plan import LayerRename, PlanWarning, RenamePlan
from core.net.states import every_state
from core.net.text_edits import TextEdit, apply_edits, name_edit
from core.net.version_names import check_same_wiring, touched_layers
from core.weights.contents import Weights

_MAY_HOLD_WEIGHTS = frozenset(
    "Convolution Deconvolution InnerProduct Embed BatchNorm PReLU BN Normalize Parameter LSTM RNN "
    "LSTMUnit ConvolutionDepthwise DepthwiseConvolution Python".split()
)


def what_keeps_layer_name(
    net: Net, layer_name: str, weights: Weights | None = None, shapes: NetShapes | None = None
) -> str | None:
    """One sentence about why this layer must keep its name; None when it may have another.

    Weights bind by layer name, so only a layer without any may be renamed, in no phase and in no
    weights file.
    """
    copies = [layer for layer in _all_layers(net) if layer.name == layer_name]
    if not copies or any(copy.name_span is None for copy in copies):
        return f"{layer_name} has no name in the text."
    written = copies[0].written_name
    stored = weights.get(written) if weights is not None else None
    if stored is not None and stored.blobs:
        return f"{layer_name} has weights in {weights.path.name if weights else ''}, bound by name."
    if net.has_layer(layer_name):
        row = (shapes or infer_shapes(net)).of(layer_name)
        if row.parameters:
            return _bound(row.layer)
    namesakes = [x for x in _all_layers(net) if x.written_name == written and x not in copies]
    for copy in (*copies, *(namesakes if written else ())):
        if copy.type in _MAY_HOLD_WEIGHTS or copy.parameter_names or copy.message.has("blobs"):
            return _bound(copy)
        if copy.type in ("Scale", "Bias") and len(copy.bottoms) < 2:
            return _bound(copy)
        if not layer_type(copy.type).is_known and stored is None and weights is None:
            return (
                f"{layer_name} is of type {copy.type}, which may have weights; open the weights "
                "file to rename it."
            )
    return None


def _bound(layer: Layer) -> str:
    return f"{layer.name} ({layer.type}) has weights, which bind to a layer by its name."


def plan_layer_names(
    net: Net, names: Mapping[str, str], weights: Weights | None = None
) -> RenamePlan:
    """Give layers new names, in every phase that has them; blobs stay as they are.

    Raises RenameError for a layer that has weights, and for a name that another layer or another
    layer's blob has, or that the weights file has weights for.
    """
    shapes = infer_shapes(net)
    for old, new in names.items():
        problem = what_keeps_layer_name(net, old, weights, shapes) or _taken(net, old, new, weights)
        if problem:
            raise RenameError(problem, hint="Leave this layer's name as it is.")
    if len(set(names.values())) < len(names):
        raise RenameError("Two layers can't have the same name.")
    edits = tuple(sorted(_edits(net, names), key=lambda edit: edit.start))
    new_text = apply_edits(net.text, edits)
    check_same_wiring(every_state(net), new_text, list(names))
    return RenamePlan(
        (),
        edits,
        net.text,
        new_text,
        touched_layers=touched_layers(net, edits),
        layer_renames=tuple(LayerRename(old, new) for old, new in names.items() if old != new),
    )


def with_layer_names(plan: RenamePlan, net: Net, weights: Weights | None = None) -> RenamePlan:
    """The plan, and each layer it renamed a blob of called like that blob, as tutorials have it.

    Layers that must keep their names do; a warning of kind "layer name" lists them with the reason.
    """
    after = read_net(plan.new_text, state=net.state)
    shapes = infer_shapes(after)
    names: dict[str, str] = {}
    kept: dict[str, str] = {}
    for rename in plan.renames:
        old, new = rename.layer, rename.new_blob
        if rename.top_index or old in names:
            continue
        problem = what_keeps_layer_name(after, old, weights, shapes)
        problem = problem or _taken(after, old, new, weights)
        if problem:
            kept[old] = problem
        else:
            names[old] = new
    joined = plan.then(plan_layer_names(after, names, weights)) if names else plan
    return joined if not kept else _with_kept(joined, kept)


def _with_kept(plan: RenamePlan, kept: Mapping[str, str]) -> RenamePlan:
    reason = next(iter(kept.values()))
    more = len(kept) - 1
    others = f" So do {more} more." if more > 1 else " So does 1 more." if more else ""
    warning = PlanWarning(
        "layer name", f"{next(iter(kept))} keeps its layer name. {reason}{others}", tuple(kept)
    )
    return replace(plan, warnings=(*plan.warnings, warning))


def _taken(net: Net, old: str, new: str, weights: Weights | None) -> str | None:
    if not new or any(c.isspace() or c in "\"'\\" or not c.isprintable() for c in new):
        return f"'{new}' is no name for a layer."
    if weights is not None and weights.get(new) is not None:
        return f"{weights.path.name} has weights of a layer '{new}', which would bind to {old}."
    for layer in _all_layers(net):
        if new in (layer.name, layer.written_name) and layer.name != old:
            return f"Another layer is called '{new}' already."
        if layer.name != old and new in layer.tops and new not in _tops_of(net, old):
            return f"Layer {layer.name} writes a blob called '{new}'."
    return None


def _tops_of(net: Net, name: str) -> set[str]:
    return {top for layer in _all_layers(net) if layer.name == name for top in layer.tops}


def _edits(net: Net, names: Mapping[str, str]) -> Iterator[TextEdit]:
    for layer in _all_layers(net):
        if layer.name in names and layer.name_span is not None:
            edit = name_edit(net.text, layer.name_span, layer.written_name, names[layer.name])
            if edit is not None:
                yield edit


def _all_layers(net: Net) -> tuple[Layer, ...]:
    return (*net.layers, *net.inactive)
