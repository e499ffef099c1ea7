"""A net's learned arrays as tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.engines.learned_arrays import LearnedArrays
from core.engines.torch.operation import LayerParameters
from core.layers.shapes import LayerShapes, NetShapes
from core.net.definition import Layer
from core.weights.contents import Weights
from core.weights.placing import ArrayKey


class ParameterStore(LearnedArrays):
    """The learned arrays of a net as tensors on its device."""

    def __init__(
        self,
        shapes: NetShapes,
        weights: Weights | None,
        seed: int,
        device: torch.device,
    ) -> None:
        super().__init__(shapes, weights, seed)
        self.device = device
        self._kept: dict[ArrayKey, Tensor] = {}

    def of(self, layer: Layer) -> LayerParameters:
        """The arrays of one layer."""
        return StoredParameters(self, self._shapes.of(layer))

    def keep(self, row: LayerShapes, index: int) -> Tensor:
        """Like load, but one tensor for all that share it."""
        kept = self.shared(row, index)
        return kept.reshape(row.parameters[index]) if row.parameters else kept

    def shared(self, row: LayerShapes, index: int) -> Tensor:
        """The tensor that all layers have that share an array, shaped as its owner's."""
        key = self.key(row, index)
        if key not in self._kept:
            self._kept[key] = self.load(row, index)
        return self._kept[key]

    def load(self, row: LayerShapes, index: int) -> Tensor:
        """A fresh tensor, aligned and float32, whatever the map of the file holds."""
        array = np.array(self.read(row, index), dtype=np.float32, order="C", copy=True)
        return torch.from_numpy(array).to(self.device)


class StoredParameters(LayerParameters):
    """One layer's view of the store."""

    def __init__(self, store: ParameterStore, row: LayerShapes) -> None:
        self._store = store
        self._row = row

    @property
    def count(self) -> int:
        """How many arrays the layer has."""
        return self._store.count(self._row)

    def load(self, index: int) -> Tensor:
        """A fresh tensor."""
        return self._store.load(self._row, index)

    def get(self, index: int) -> Tensor:
        """A tensor that is kept."""
        return self._store.keep(self._row, index)
