"""Where a net's learned arrays come from: the weights file, read lazily, or fillers."""

from __future__ import annotations

import numpy as np

from core.engines.filler_warnings import filler_warnings
from core.layers.shapes import LayerShapes, NetShapes
from core.net.definition import NetState
from core.weights.contents import Weights
from core.weights.fillers import FillArray, filler_array, random_array
from core.weights.placing import ArrayKey, FileArrays, array_key, check_fit, place_arrays
from core.weights.zero_factors import zero_factor_layers, zero_factor_note


class LearnedArrays:
    """Finds the source of every array of a net; nothing is read before a layer asks.

    Without a weights file every layer gets random values that keep the net alive; with one, layers
    it lacks get what their fillers say, as in Caffe. Raises WeightsError for an array that does
    not fit.
    """

    def __init__(self, shapes: NetShapes, weights: Weights | None, seed: int) -> None:
        self._shapes, self._seed = shapes, seed
        self._has_weights = weights is not None
        self._fill: FillArray = filler_array if weights else random_array
        self._placed = FileArrays({}, {}, ()) if weights is None else place_arrays(shapes, weights)
        check_fit(self._placed.wrong)

    @property
    def filler_layers(self) -> tuple[str, ...]:
        """Layers with an array that no weights file gave, in net order."""
        rows = (row for row in self._shapes.layers if row.layer.index not in self._placed.unshaped)
        missing = (row.layer.name for row in rows if self._lacks_array(row))
        return tuple(dict.fromkeys(missing))

    def zero_factors(self, state: NetState) -> tuple[str, ...]:
        """BatchNorm layers whose statistics in the file count as zero."""
        return zero_factor_layers(self._shapes, self._placed.by_key, state)

    def warnings(self, state: NetState) -> tuple[str, ...]:
        """Sentences about arrays that no file gave, and statistics that count as zero."""
        note = zero_factor_note(self.zero_factors(state))
        fillers = filler_warnings(self.filler_layers, has_weights=self._has_weights)
        return (*fillers, note) if note else fillers

    def count(self, row: LayerShapes) -> int:
        """How many arrays a layer has."""
        return len(row.parameters) or len(self._placed.unshaped.get(row.layer.index, ()))

    def key(self, row: LayerShapes, index: int) -> ArrayKey:
        """What all layers have in common that share an array."""
        return array_key(self._shapes, row, index) if row.parameters else (row.layer.index, index)

    def read(self, row: LayerShapes, index: int) -> np.ndarray:
        """Array `index` of a layer in the net's shape, as the file holds it."""
        if not row.parameters:
            return self._placed.unshaped[row.layer.index][index].array()
        key = array_key(self._shapes, row, index)
        blob = self._placed.by_key.get(key)
        array = blob.array() if blob else self._filler(key)
        return array.reshape(row.parameters[index])

    def _lacks_array(self, row: LayerShapes) -> bool:
        keys = (array_key(self._shapes, row, index) for index in range(len(row.parameters)))
        return any(key not in self._placed.by_key for key in keys)

    def _filler(self, key: ArrayKey) -> np.ndarray:
        owner, at = key
        return self._fill(self._shapes.layers[owner], at, self._seed)
