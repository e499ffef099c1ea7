"""Which arrays of a weights file fit which layers of a net, found as Caffe does: by layer name.

After BVLC/caffe src/caffe/net.cpp (CopyTrainedLayersFrom) and blob.cpp (ShapeEquals).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.layers.axes import show_shape
from core.layers.layer_type import Shape
from core.layers.shapes import LayerShapes, NetShapes
from core.net.definition import Net
from core.weights.contents import LayerWeights, WeightBlob, Weights

LEGACY_AXES = 4

ArrayKey = tuple[int, int]
"""One array of a net, however many layers share it: its owner's index among the layers, its own."""


@dataclass(frozen=True)
class WrongShape:
    """Array number `index` of a layer does not fit; a side is None where it has no such array.

    problem: what is wrong with the file's array itself, "" where only the shapes differ.
    """

    layer: str
    index: int
    in_net: Shape | None
    in_file: Shape | None
    problem: str = ""

    @property
    def sentence(self) -> str:
        """What Caffe would abort on."""
        if self.problem:
            return f"Layer '{self.layer}', array {self.index}: the weights file {self.problem}."
        in_net = "no array" if self.in_net is None else show_shape(self.in_net)
        in_file = "no array" if self.in_file is None else show_shape(self.in_file)
        return (
            f"Layer '{self.layer}' has {in_net} as parameter {self.index} in the prototxt but "
            f"{in_file} in the weights."
        )


@dataclass(frozen=True)
class Binding:
    """How a weights file covers a net.

    bound: layers whose arrays all come from the file; shared: those of them for which it has only
    another layer's, shared by name; unbound: layers with an array the file lacks, which keeps
    filler values; wrong: arrays Caffe would abort on, their layers are in neither; unused: layers
    of the file that the net lacks; unchecked: layers bound without their shapes being known;
    left_to_fillers: the arrays that no layer of the file gives.
    """

    bound: tuple[str, ...]
    unbound: tuple[str, ...]
    unused: tuple[str, ...]
    wrong: tuple[WrongShape, ...]
    n_arrays_bound: int
    n_arrays_expected: int
    n_values: int
    unchecked: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    left_to_fillers: tuple[ArrayKey, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every layer got its arrays and Caffe would load the file."""
        return not self.unbound and not self.wrong


def array_key(shapes: NetShapes, row: LayerShapes, index: int) -> ArrayKey:
    """Where parameter `index` of a layer is held."""
    owner, at = row.owners[index]
    return shapes.of(owner).layer.index, at


def pair_layers(shapes: NetShapes, weights: Weights) -> Iterator[tuple[LayerShapes, LayerWeights]]:
    """Each layer of the file that the net has, in file order, with the one Caffe copies it to.

    Of several layers with one name that is the first, from HDF5 the last.
    """
    rows = shapes.layers if weights.format == "HDF5" else shapes.layers[::-1]
    by_name = {row.layer.written_name: row for row in rows}
    for source in weights.layers:
        if source.name in by_name:
            yield by_name[source.name], source


def bind_weights(net: Net, shapes: NetShapes, weights: Weights) -> Binding:
    """Compare a weights file with a net; nothing is loaded."""
    match = _Match(shapes)
    for row, source in pair_layers(shapes, weights):
        match.take(row, source)
    for row in shapes.layers:
        match.report(row)
    names = {layer.written_name for layer in net.layers}
    unused = (layer.name for layer in weights.layers if layer.blobs and layer.name not in names)
    return Binding(
        tuple(match.bound),
        tuple(match.unbound),
        tuple(dict.fromkeys(unused)),
        tuple(found for row in shapes.layers for found in match.wrong.get(row.layer.index, ())),
        match.n_arrays_bound,
        match.n_arrays_expected,
        match.n_values,
        tuple(match.unchecked),
        tuple(match.shared),
        tuple(match.left_to_fillers),
    )


def compare_layer(row: LayerShapes, source: LayerWeights) -> tuple[WrongShape, ...]:
    """What keeps Caffe from loading these arrays into this layer; empty when they fit."""
    name, n_arrays = row.layer.name, len(row.parameters)
    if source.problem:
        return (WrongShape(name, 0, row.parameters[0] if n_arrays else None, None, source.problem),)
    wrong = []
    for index in range(max(n_arrays, source.n_parameters)):
        in_net = row.parameters[index] if index < n_arrays else None
        found = _compare_array(row, source, index, in_net)
        wrong += [found] if found else []
    if not wrong and source.n_members > n_arrays:
        problem = f"has {source.n_members} members in place of {n_arrays} arrays"
        return (WrongShape(name, n_arrays, None, None, problem),)
    return tuple(wrong)


def _compare_array(
    row: LayerShapes, source: LayerWeights, index: int, in_net: Shape | None
) -> WrongShape | None:
    blob = source.blob(index)
    if blob is None and in_net is not None and _is_borrowed(row, index) and source.is_hdf5:
        return None  # HDF5 stores a shared array once, at its owner
    problem = blob.problem if blob is not None else ""
    has_values = blob is not None and blob.load is not None
    if in_net is not None and blob is not None and has_values and shape_fits(in_net, blob):
        return None
    in_file = blob.shape if blob is not None and has_values else None
    return WrongShape(row.layer.name, index, in_net, in_file, problem)


def shape_fits(in_net: Shape, blob: WeightBlob) -> bool:
    """Caffe's comparison: legacy shapes have four axes and align from the right."""
    if not blob.is_legacy:
        return in_net == blob.shape
    padded = (1,) * (LEGACY_AXES - len(in_net)) + in_net
    return len(in_net) <= LEGACY_AXES and padded == blob.shape


@dataclass
class _Match:
    shapes: NetShapes
    sources: dict[int, LayerWeights] = field(default_factory=dict)
    given: set[ArrayKey] = field(default_factory=set)
    wrong: dict[int, list[WrongShape]] = field(default_factory=dict)
    bound: list[str] = field(default_factory=list)
    unbound: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    left_to_fillers: dict[ArrayKey, None] = field(default_factory=dict)
    n_arrays_bound: int = 0
    n_arrays_expected: int = 0
    n_values: int = 0

    def take(self, row: LayerShapes, source: LayerWeights) -> None:
        """Copy as Caffe does: of two sources for one array the later stays."""
        at = row.layer.index
        wrong = compare_layer(row, source) if row.is_complete else ()
        if wrong:
            self.wrong.setdefault(at, []).extend(wrong)
            return
        self.sources[at] = source
        for index in range(len(row.parameters)):
            if source.blob(index) is not None:
                self.given.add(array_key(self.shapes, row, index))

    def report(self, row: LayerShapes) -> None:
        """Put one layer of the net where it belongs."""
        source = self.sources.get(row.layer.index)
        n_own = len(source.blobs) if source else 0
        n_arrays = len(row.parameters) if row.is_complete else n_own
        self.n_arrays_expected += n_arrays
        if row.layer.index in self.wrong or not n_arrays:
            return
        keys = [array_key(self.shapes, row, i) for i in range(len(row.parameters))]
        lacking = [key for key in keys if key not in self.given]
        if row.is_complete and lacking:
            self.left_to_fillers.update(dict.fromkeys(lacking))
            self.unbound.append(row.layer.name)
            return
        self.bound.append(row.layer.name)
        self.n_arrays_bound += n_arrays
        self.n_values += sum(blob.n_values for blob in source.blobs) if source else 0
        self.unchecked += [] if row.is_complete else [row.layer.name]
        self.shared += [] if n_own else [row.layer.name]


def _is_borrowed(row: LayerShapes, index: int) -> bool:
    return index < len(row.owners) and row.owners[index] != (row.layer.name, index)
