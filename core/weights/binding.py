"""How a weights file covers a net: what is bound, what is missing, what does not fit."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.layers.shapes import LayerShapes, NetShapes
from core.net.definition import Net
from core.weights.caffe_reading import caffe_note
from core.weights.contents import LayerWeights, Weights
from core.weights.placing import (
    ArrayKey,
    WrongShape,
    array_key,
    compare_layer,
    pair_layers,
    place_arrays,
)
from core.weights.zero_factors import zero_factor_layers
from core.words import readable_name

__all__ = ["Binding", "WrongShape", "bind_weights"]


@dataclass(frozen=True)
class Binding:
    """How a weights file covers a net.

    bound: layers whose arrays all come from the file; shared: those of them for which it has only
    another layer's, shared by name; unbound: layers with an array the file lacks, which keeps
    filler values; wrong: arrays Caffe would abort on, their layers are in neither; unused: layers
    of the file that the net lacks; unchecked: layers bound without their shapes being known;
    left_to_fillers: the arrays that no layer of the file gives; caffe_note: why Caffe reads less
    from the file than is bound here, "" when it reads the same; zero_factors: BatchNorm layers
    whose statistics count as zero.
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
    caffe_note: str = ""
    zero_factors: tuple[str, ...] = ()

    @property
    def near_names(self) -> tuple[str, ...]:
        """Sentences about layers that the file has under almost the same name."""
        by_letters = {name.strip().casefold(): name for name in self.unused}
        pairs = ((by_letters.get(name.strip().casefold()), name) for name in self.unbound)
        return tuple(
            f"The file's {readable_name(near)} is not {readable_name(name)}: "
            f"{'capitals' if near.strip() == near and name.strip() == name else 'blanks'} count."
            for near, name in pairs
            if near is not None
        )

    @property
    def is_complete(self) -> bool:
        """Whether every layer got its arrays and Caffe would load the file."""
        return not self.unbound and not self.wrong


def bind_weights(net: Net, shapes: NetShapes, weights: Weights) -> Binding:
    """Compare a weights file with a net; of its values only factors of BatchNorm are read."""
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
        caffe_note(shapes, weights),
        zero_factor_layers(shapes, place_arrays(shapes, weights).by_key, net.state),
    )


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
