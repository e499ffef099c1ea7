"""Saying which layers have one name or none, what they are called here, and which get weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.layers.shapes import NetShapes
from core.net.definition import Layer
from core.weights.binding import Binding
from core.weights.contents import LayerWeights, Weights
from core.weights.placing import pair_layers
from core.words import join_names, plural, plural_with

_MOST_LINES = 4


def repeated_name_notes(
    shapes: NetShapes, weights: Weights | None = None, binding: Binding | None = None
) -> tuple[str, ...]:
    """A sentence or two for every name that several layers have, of the net or of the file.

    Empty for the usual net, whose layers all have names of their own.
    """
    groups: dict[str, list[Layer]] = {}
    for row in shapes.layers:
        groups.setdefault(row.layer.written_name, []).append(row.layer)
    notes = []
    for name, layers in groups.items():
        said = [_called(name, layers)] if len(layers) > 1 or not name else []
        if said or (weights is not None and len(_sources(weights, name)) > 1):
            said += _weights(name, layers, shapes, weights, binding)
        notes += [" ".join(said)] if said else []
    return tuple(notes)


def _sources(weights: Weights, written: str) -> list[LayerWeights]:
    return [layer for layer in weights.layers if layer.name == written and layer.blobs]


def _called(written: str, layers: Sequence[Layer]) -> str:
    apart = [layer.name for layer in layers if layer.name != written]
    lines = join_names([str(layer.line) for layer in layers[:_MOST_LINES]])
    more = f" and {len(layers) - _MOST_LINES} more" if len(layers) > _MOST_LINES else ""
    where = f"line{'s' if len(layers) > 1 else ''} {lines}{more}"
    here = f"here called {join_names(apart[:_MOST_LINES])}"
    if not written:
        count = (
            "1 layer has"
            if len(layers) == 1
            else f"{plural_with(len(layers), 'layer', 'has', 'have')}"
        )
        return f"{count} no name ({where}), {here}."
    others = "the other is" if len(apart) == 1 else "the others are"
    return (
        f"{plural(len(layers), 'layer')} are called {written} in the file ({where}); "
        f"{others} {here}."
    )


def _weights(
    written: str,
    layers: Sequence[Layer],
    shapes: NetShapes,
    weights: Weights | None,
    binding: Binding | None,
) -> Iterator[str]:
    """Which of them gets the file's arrays, and what the others run with."""
    if weights is None or binding is None or not any(shapes.parameters(x) for x in layers):
        return
    sources = _sources(weights, written)
    if not sources:
        return
    is_hdf5 = weights.format == "HDF5"
    getter = next(row for row, found in pair_layers(shapes, weights) if found is sources[-1])
    place = "" if len(layers) == 1 else "the last of them, " if is_hdf5 else "the first of them, "
    yield _copied(written, len(sources), f"{place}{getter.layer.name}")
    fillers = [x.name for x in layers if x.name in binding.unbound and x is not getter.layer]
    if fillers:
        yield f"{join_names(fillers)} keep{'s' * (len(fillers) == 1)} filler values."
    shared = [x.name for x in layers if x.name in binding.bound and x is not getter.layer]
    shared = [name for name in shared if shapes.parameters(name)]
    if shared:
        verb = "shares" if len(shared) == 1 else "share"
        yield f"{join_names(shared)} {verb} arrays by parameter name."


def _copied(written: str, n_sources: int, getter: str) -> str:
    called = f" called {written}" if written else " without a name"
    if n_sources == 1:
        return f"Caffe copies the weights{called} to {getter}."
    return (
        f"The weights file has {plural(n_sources, 'layer')}{called}; Caffe copies each to "
        f"{getter}, which "
        "keeps the last one's arrays."
    )
