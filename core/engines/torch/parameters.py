"""Where a net's learned arrays come from: the weights file, read lazily, or fillers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from core.engines.torch.operation import LayerParameters
from core.errors import WeightsError
from core.layers.shapes import LayerShapes, NetShapes
from core.net.definition import Layer
from core.weights.binding import (
    ArrayKey,
    WrongShape,
    array_key,
    compare_layer,
    pair_layers,
)
from core.weights.contents import Weights
from core.weights.fillers import FillArray, filler_array, random_array


class ParameterStore:
    """Finds the source of every array of a net; nothing is read before a layer asks.

    Without a weights file every layer gets random values that keep the net alive; with one, layers
    it lacks get what their fillers say, as in Caffe. Raises WeightsError for an array that does
    not fit.
    """

    def __init__(
        self,
        shapes: NetShapes,
        weights: Weights | None,
        seed: int,
        device: torch.device,
    ) -> None:
        self.device = device
        self._shapes, self._seed = shapes, seed
        self._fill: FillArray = filler_array if weights else random_array
        self._loaders: dict[ArrayKey, Callable[[], np.ndarray]] = {}
        self._unshaped: dict[int, list[Callable[[], np.ndarray]]] = {}
        self._kept: dict[ArrayKey, Tensor] = {}
        if weights is not None:
            self._bind(weights)

    @property
    def filler_layers(self) -> tuple[str, ...]:
        """Layers with an array that no weights file gave, in net order."""
        rows = (row for row in self._shapes.layers if row.layer.index not in self._unshaped)
        missing = (row.layer.name for row in rows if self._lacks_array(row))
        return tuple(dict.fromkeys(missing))

    def of(self, layer: Layer) -> StoredParameters:
        """The arrays of one layer."""
        return StoredParameters(self, self._shapes.of(layer))

    def count(self, row: LayerShapes) -> int:
        """How many arrays a layer has."""
        return len(row.parameters) or len(self._unshaped.get(row.layer.index, ()))

    def read(self, row: LayerShapes, index: int) -> np.ndarray:
        """Array `index` of a layer in the net's shape."""
        if not row.parameters:
            return self._unshaped[row.layer.index][index]()
        key = array_key(self._shapes, row, index)
        loader = self._loaders.get(key)
        array = loader() if loader else self._filler(key)
        return array.reshape(row.parameters[index])

    def keep(self, row: LayerShapes, index: int) -> Tensor:
        """Like load, but one tensor for all that share it."""
        has_shape = bool(row.parameters)
        key = array_key(self._shapes, row, index) if has_shape else (row.layer.index, index)
        if key not in self._kept:
            self._kept[key] = self.load(row, index)
        kept = self._kept[key]
        return kept.reshape(row.parameters[index]) if has_shape else kept

    def load(self, row: LayerShapes, index: int) -> Tensor:
        """A fresh tensor, aligned and float32, whatever the map of the file holds."""
        array = np.array(self.read(row, index), dtype=np.float32, order="C", copy=True)
        return torch.from_numpy(array).to(self.device)

    def _bind(self, weights: Weights) -> None:
        wrong: list[WrongShape] = []
        for row, source in pair_layers(self._shapes, weights):
            if not row.is_complete:
                arrays = [blob.array for blob in source.blobs if blob.n_values]
                self._unshaped.update({row.layer.index: arrays} if arrays else {})
                continue
            wrong.extend(compare_layer(row, source))
            for index in range(len(row.parameters)):
                blob = source.blob(index)
                if blob is not None:
                    self._loaders[array_key(self._shapes, row, index)] = blob.array
        if wrong:
            raise _mismatch(wrong)

    def _lacks_array(self, row: LayerShapes) -> bool:
        keys = (array_key(self._shapes, row, index) for index in range(len(row.parameters)))
        return any(key not in self._loaders for key in keys)

    def _filler(self, key: ArrayKey) -> np.ndarray:
        owner, at = key
        return self._fill(self._shapes.layers[owner], at, self._seed)


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


def _mismatch(wrong: list[WrongShape]) -> WeightsError:
    more = f" {len(wrong) - 1} more arrays do not fit." if len(wrong) > 1 else ""
    return WeightsError(f"{wrong[0].sentence}{more}", hint="Are these the weights of another net?")
