"""Which arrays of a weights file fit which layers of a net, found as Caffe does: by layer name.

After BVLC/caffe src/caffe/net.cpp (CopyTrainedLayersFrom) and blob.cpp (ShapeEquals).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from core.layers.layer_type import Shape
from core.layers.shapes import LayerShapes, NetShapes
from core.net.definition import Net
from core.weights.contents import LayerWeights, WeightBlob, Weights

LEGACY_AXES = 4


@dataclass(frozen=True)
class WrongShape:
    """Array number `index` of a layer does not fit; a side is None where it has no such array."""

    layer: str
    index: int
    in_net: Shape | None
    in_file: Shape | None


@dataclass(frozen=True)
class Binding:
    """How a weights file covers a net.

    bound: layers with arrays of the file; unbound: layers absent from the file, which keep filler
    values; wrong: arrays Caffe would abort on, their layers are in neither; unused: layers of the
    file that the net lacks; unchecked: layers bound without their shapes being known.
    """

    bound: tuple[str, ...]
    unbound: tuple[str, ...]
    unused: tuple[str, ...]
    wrong: tuple[WrongShape, ...]
    n_arrays_bound: int
    n_arrays_expected: int
    n_values: int
    unchecked: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every layer got its arrays and Caffe would load the file."""
        return not self.unbound and not self.wrong


def bind_weights(net: Net, shapes: NetShapes, weights: Weights) -> Binding:
    """Compare a weights file with a net; nothing is loaded."""
    match = _Match(weights)
    seen = set()
    for layer in net.layers:
        match.add(shapes.of(layer), is_first=layer.name not in seen)
        seen.add(layer.name)
    unused = dict.fromkeys(
        layer.name for layer in weights.layers if layer.blobs and layer.name not in seen
    )
    return Binding(
        tuple(match.bound),
        tuple(match.unbound),
        tuple(unused),
        tuple(match.wrong),
        match.n_arrays_bound,
        match.n_arrays_expected,
        match.n_values,
        tuple(match.unchecked),
    )


def compare_layer(row: LayerShapes, source: LayerWeights) -> tuple[WrongShape, ...]:
    """What keeps Caffe from loading these arrays into this layer; empty when they fit."""
    wrong = []
    for index in range(max(len(row.parameters), source.n_parameters)):
        in_net = row.parameters[index] if index < len(row.parameters) else None
        blob = source.blob(index)
        if blob is None and in_net is not None and _is_shared(row, index) and source.indices:
            continue  # HDF5 stores a shared array once, at its owner
        has_values = blob is not None and blob.n_values > 0
        if in_net is None or blob is None or not has_values or not shape_fits(in_net, blob):
            in_file = blob.shape if blob is not None and has_values else None
            wrong.append(WrongShape(row.layer.name, index, in_net, in_file))
    return tuple(wrong)


def shape_fits(in_net: Shape, blob: WeightBlob) -> bool:
    """Caffe's comparison: legacy shapes have four axes and align from the right."""
    if not blob.is_legacy:
        return in_net == blob.shape
    padded = (1,) * (LEGACY_AXES - len(in_net)) + in_net
    return len(in_net) <= LEGACY_AXES and padded == blob.shape


@dataclass
class _Match:
    weights: Weights
    bound: list[str] = field(default_factory=list)
    unbound: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    wrong: list[WrongShape] = field(default_factory=list)
    n_arrays_bound: int = 0
    n_arrays_expected: int = 0
    n_values: int = 0

    def add(self, row: LayerShapes, *, is_first: bool) -> None:
        """Of several layers with one name Caffe fills only the first."""
        self.n_arrays_expected += len(row.parameters)
        name = row.layer.name
        source = self.weights.get(name) if is_first else None
        if source is None or not (source.blobs or self._refuses_empty(row)):
            self._add_without_source(row)
        elif not row.is_complete:
            if source.blobs:
                self.unchecked.append(name)
                self.n_arrays_expected += len(source.blobs)
                self._add_bound(name, source, len(source.blobs))
        else:
            self._add_compared(row, source)

    def _add_without_source(self, row: LayerShapes) -> None:
        if not row.parameters:
            return
        name = row.layer.name
        is_borrowed = all(_is_shared(row, i) for i in range(len(row.parameters)))
        if is_borrowed and all(owner in self.bound for owner, _ in row.owners):
            self.bound.append(name)
            self.n_arrays_bound += len(row.parameters)
        else:
            self.unbound.append(name)

    def _add_compared(self, row: LayerShapes, source: LayerWeights) -> None:
        name = row.layer.name
        wrong = compare_layer(row, source)
        self.wrong.extend(wrong)
        if not wrong:
            self._add_bound(name, source, len(row.parameters))

    def _refuses_empty(self, row: LayerShapes) -> bool:
        """A caffemodel must list every array; HDF5 has an empty group for each layer without."""
        return bool(row.parameters) and self.weights.format != "HDF5"

    def _add_bound(self, name: str, source: LayerWeights, n_arrays: int) -> None:
        self.bound.append(name)
        self.n_arrays_bound += n_arrays
        self.n_values += sum(blob.n_values for blob in source.blobs)


def _is_shared(row: LayerShapes, index: int) -> bool:
    return index < len(row.owners) and row.owners[index] != (row.layer.name, index)
