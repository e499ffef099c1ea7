"""Where the arrays of a weights file go in a net, found as Caffe does: by layer name.

After BVLC/caffe src/caffe/net.cpp (CopyTrainedLayersFrom) and blob.cpp (ShapeEquals).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.errors import WeightsError
from core.layers.axes import show_shape
from core.layers.layer_type import Shape
from core.layers.shapes import LayerShapes, NetShapes
from core.weights.contents import LayerWeights, WeightBlob, Weights
from core.words import plural_with

LEGACY_AXES = 4

LEARN_ANEW = "To learn such a layer from scratch, give it another name in the prototxt."
"""Caffe's own advice where shapes differ."""

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


@dataclass(frozen=True)
class FileArrays:
    """The arrays of a file where a net has them, by owner; a later copy has replaced an earlier.

    unshaped: by layer index, of layers whose shapes are unknown; wrong: what Caffe would abort on.
    """

    by_key: dict[ArrayKey, WeightBlob]
    unshaped: dict[int, tuple[WeightBlob, ...]]
    wrong: tuple[WrongShape, ...]


def place_arrays(shapes: NetShapes, weights: Weights) -> FileArrays:
    """Where each array of a file goes; nothing is loaded."""
    by_key: dict[ArrayKey, WeightBlob] = {}
    unshaped: dict[int, tuple[WeightBlob, ...]] = {}
    wrong: list[WrongShape] = []
    for row, source in pair_layers(shapes, weights):
        if not row.is_complete:
            arrays = tuple(blob for blob in source.blobs if blob.n_values)
            unshaped.update({row.layer.index: arrays} if arrays else {})
            continue
        wrong.extend(compare_layer(row, source))
        for index in range(len(row.parameters)):
            blob = source.blob(index)
            if blob is not None:
                by_key[array_key(shapes, row, index)] = blob
    return FileArrays(by_key, unshaped, tuple(wrong))


def check_fit(wrong: Sequence[WrongShape]) -> None:
    """WeightsError when there is anything that Caffe would abort on."""
    if wrong:
        more = (
            f" {plural_with(len(wrong) - 1, 'more array', 'does not fit', 'do not fit')}."
            if len(wrong) > 1
            else ""
        )
        hint = f"Are these the weights of another net? {LEARN_ANEW}"
        raise WeightsError(f"{wrong[0].sentence}{more}", hint=hint)


def compare_layer(row: LayerShapes, source: LayerWeights) -> tuple[WrongShape, ...]:
    """What keeps Caffe from loading these arrays into this layer; empty when they fit."""
    name, n_arrays = row.layer.name, len(row.parameters)
    if source.problem:
        return (WrongShape(name, 0, row.parameters[0] if n_arrays else None, None, source.problem),)
    if source.is_part_of_names:
        return ()
    wrong = []
    for index in range(max(n_arrays, source.n_parameters)):
        in_net = row.parameters[index] if index < n_arrays else None
        found = _compare_array(row, source, index, in_net)
        wrong += [found] if found else []
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


def _is_borrowed(row: LayerShapes, index: int) -> bool:
    return index < len(row.owners) and row.owners[index] != (row.layer.name, index)
