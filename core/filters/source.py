"""A weights file, with the net that says what its arrays are where one is open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.errors import WeightsError
from core.layers.shapes import LayerShapes, NetShapes
from core.net.definition import Layer, Net
from core.weights.contents import WeightBlob, Weights
from core.weights.placing import FileArrays, WrongShape, array_key, place_arrays, shape_fits

_WITH_FOUR_AXES = ("Convolution", "Deconvolution")


@dataclass(frozen=True)
class WeightsSource:
    """Layers with arrays, by the net's names where there is a net, else by the file's.

    net, shapes: both or neither.
    """

    weights: Weights
    net: Net | None = None
    shapes: NetShapes | None = None

    @cached_property
    def layer_names(self) -> tuple[str, ...]:
        """The layers whose arrays the file holds, in the order of the net or of the file."""
        if self.shapes is None:
            return tuple(dict.fromkeys(x.name for x in self.weights.layers if x.blobs))
        return tuple(row.layer.name for row in self.shapes.layers if self._blobs(row))

    def type_of(self, name: str) -> str:
        """The type of a layer, "" for one of an HDF5 file without a net."""
        if self.net is not None:
            return self.net.layer(name).type
        found = self.weights.get(name)
        return found.type if found is not None else ""

    def layer(self, name: str) -> Layer | None:
        """The layer as the net writes it; None without a net. Raises NetError for another name."""
        return None if self.net is None else self.net.layer(name)

    def row(self, name: str) -> LayerShapes | None:
        """The shapes of a layer; None without a net."""
        if self.shapes is None or self.net is None:
            return None
        return self.shapes.of(self.net.layer(name))

    def arrays(self, name: str) -> tuple[np.ndarray, ...]:
        """The arrays of a layer in Caffe's order, views of the mapped file where it allows.

        Empty for a layer without any. Raises WeightsError for arrays of another shape than the
        net's, for values that can't be read, and for a file that lacks some that the layer needs.
        """
        row = self.row(name)
        if row is None:
            return self._of_file(name)
        blobs = self._blobs(row)
        if not row.is_complete:
            return tuple(blob.array().reshape(_plain(blob, row.layer.type)) for blob in blobs)
        if not blobs:
            return ()
        return tuple(self._fitting(row, index) for index in range(len(row.parameters)))

    def owner_of(self, name: str) -> str:
        """The layer whose arrays these are, where they are shared by name; "" for its own."""
        row = self.row(name)
        if row is None or not row.owners or row.owners[0][0] == name:
            return ""
        return row.owners[0][0]

    def sharers_of(self, name: str) -> tuple[str, ...]:
        """The other layers that use this layer's first array."""
        row = self.row(name)
        if row is None or not row.owners or self.shapes is None:
            return ()
        first = row.owners[0]
        return tuple(
            other.layer.name
            for other in self.shapes.layers
            if first in other.owners and other.layer.name != name
        )

    @cached_property
    def _placed(self) -> FileArrays | None:
        return None if self.shapes is None else place_arrays(self.shapes, self.weights)

    def _blobs(self, row: LayerShapes) -> tuple[WeightBlob, ...]:
        placed, shapes = self._placed, self.shapes
        if placed is None or shapes is None:
            return ()
        if not row.is_complete:
            return placed.unshaped.get(row.layer.index, ())
        keys = (array_key(shapes, row, index) for index in range(len(row.parameters)))
        return tuple(blob for key in keys if (blob := placed.by_key.get(key)) is not None)

    def _fitting(self, row: LayerShapes, index: int) -> np.ndarray:
        placed, shapes, in_net = self._placed, self.shapes, row.parameters[index]
        blob = None
        if placed is not None and shapes is not None:
            blob = placed.by_key.get(array_key(shapes, row, index))
        if blob is None or not shape_fits(in_net, blob):
            wrong = WrongShape(
                row.layer.name, index, in_net, blob.shape if blob else None,
                blob.problem if blob else "",
            )  # fmt: skip
            raise WeightsError(wrong.sentence, hint="Open the weights of this net.")
        return blob.array().reshape(in_net)

    def _of_file(self, name: str) -> tuple[np.ndarray, ...]:
        found = self.weights.get(name)
        if found is None:
            names = ", ".join(self.layer_names[:6])
            raise WeightsError(
                f"The weights file has no layer '{name}'.", hint=f"It has {names} ..."
            )
        return tuple(blob.array().reshape(_plain(blob, found.type)) for blob in found.blobs)


def _plain(blob: WeightBlob, type_name: str) -> tuple[int, ...]:
    """A shape without the ones that legacy files put before it; kernels keep their four axes."""
    shape = blob.shape
    if blob.is_legacy and type_name in _WITH_FOUR_AXES and shape[:3] != (1, 1, 1):
        return shape
    while blob.is_legacy and len(shape) > 1 and shape[0] == 1:
        shape = shape[1:]
    return shape
