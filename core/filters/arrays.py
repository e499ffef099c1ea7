"""The arrays of one layer as filters: each output's weights as kernels over its inputs.

Layouts after BVLC/caffe src/caffe/layers/{base_conv,deconv,inner_product,embed,lstm,rnn}_layer.cpp
and lstm_unit_layer.cpp for the order of the gates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.errors import WeightsError
from core.filters.affine import affine_of
from core.filters.source import WeightsSource
from core.layers.layer_type import Shape
from core.mapped import is_whole, map_of
from core.weights.blob import cut_off
from core.words import join_names, plural

GATES = ("input", "forget", "output", "candidate")
"""Of an LSTM, in the order of its rows."""

_AFFINE = ("BatchNorm", "Scale")
_RECURRENT = {
    "LSTM": ("from the input", "from the state"),
    "RNN": ("from the input", "from the state", "to the output"),
}
_MOST_COPIED = 1 << 26


@dataclass(frozen=True, eq=False)
class FilterArray:
    """One array of a layer, seen as filters.

    name: what it is among the layer's, "weights" where there is one. values: (n_filters, n_inputs,
    height, width), a view of the file where that is possible, float32 or float64, not always
    aligned; a single number a channel is (n, 1, 1, 1). groups: which inputs filter i reads:
    those of its group alone. row_words: of blocks of rows of equal size, such as an LSTM's gates.
    """

    name: str
    values: np.ndarray
    groups: int = 1
    row_words: tuple[str, ...] = ()

    @property
    def n_filters(self) -> int:
        """How many filters."""
        return int(self.values.shape[0])

    @property
    def n_weights(self) -> int:
        """Numbers of one filter."""
        return math.prod(self.values.shape[1:])

    @property
    def is_vector(self) -> bool:
        """Whether each filter is one number."""
        return self.n_weights == 1

    @property
    def shape_text(self) -> str:
        """Of one filter: "7×7×3", "25,088 inputs"."""
        _, inputs, height, width = self.values.shape
        if height * width == 1:
            return plural(inputs, "input")
        return f"{height}×{width}×{inputs}"

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Filters start to stop - 1 as float32 rows, (n, n_weights), a copy in one piece."""
        part = np.array(self.to_read[start:stop], dtype=np.float32, order="C")
        return part.reshape(len(part), -1)

    def filter(self, index: int) -> np.ndarray:
        """One filter, (n_inputs, height, width) float32, a copy."""
        return np.array(self.to_read[index], dtype=np.float32, order="C")

    @property
    def to_read(self) -> np.ndarray:
        """`values`, to be read now. Raises WeightsError where their file was cut off since."""
        if not is_whole(map_of(self.values)):
            raise cut_off()
        return self.values

    def row_word(self, index: int) -> str:
        """ "forget 12" for a row of an LSTM, "" where rows have no names."""
        if not self.row_words:
            return ""
        each = self.n_filters // len(self.row_words)
        return f"{self.row_words[index // each]} {index % each}"


@dataclass(frozen=True, eq=False)
class LayerFilters:
    """What a layer has learned. bias: (n_filters,) or None. notes: sentences on what is shown."""

    layer: str
    type: str
    arrays: tuple[FilterArray, ...]
    bias: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> FilterArray:
        """The array shown first."""
        return self.arrays[0]

    def array(self, name: str) -> FilterArray:
        """The array of that name, the first for another."""
        return next((one for one in self.arrays if one.name == name), self.arrays[0])


def filters_of(source: WeightsSource, name: str) -> LayerFilters | None:
    """What layer `name` has learned, as filters; None for one without arrays in the file.

    Raises WeightsError for arrays that do not fit the net or can't be read, NetError for a layer
    that is not there.
    """
    type_name = source.type_of(name)
    notes = _sharing(source, name)
    if type_name in _AFFINE:
        found = affine_of(source, name)
        if found is not None:
            return _affine_filters(name, type_name, source, notes)
    arrays = source.arrays(name)
    if not arrays:
        return None
    if type_name in _RECURRENT:
        return LayerFilters(name, type_name, _recurrent(type_name, arrays), arrays[1], notes)
    main = arrays[0]
    if main.ndim < 2:
        vectors = tuple(_vector(word, array) for word, array in _named(type_name, arrays))
        return LayerFilters(name, type_name, vectors, None, notes)
    if type_name == "Embed":
        weights = FilterArray("rows", main.reshape(*main.shape, 1, 1))
        return LayerFilters(name, type_name, (weights,), None, notes)
    weights = _kernels(source, name, type_name, main)
    bias = arrays[1].ravel() if len(arrays) > 1 else None
    if bias is not None and len(bias) != weights.n_filters:
        bias = None
    if weights.groups > 1:
        inputs = plural(weights.values.shape[1], "input")
        notes = (*notes, f"{weights.groups:,} groups: each filter reads {inputs} of its own group.")
    return LayerFilters(name, type_name, (weights,), bias, notes)


def _kernels(source: WeightsSource, name: str, type_name: str, main: np.ndarray) -> FilterArray:
    layer = source.layer(name)
    if type_name == "InnerProduct":
        is_turned = layer is not None and layer.param("inner_product_param").boolean("transpose")
        matrix = main.T if is_turned else main.reshape(main.shape[0], -1)
        return FilterArray("weights", _with_places(source, name, matrix))
    if main.ndim == 2:
        return FilterArray("weights", main.reshape(*main.shape, 1, 1))
    groups = 1
    if layer is not None:
        groups = max(1, layer.param("convolution_param").integer("group", 1))
    shape = (*main.shape[:2], math.prod(main.shape[2:-1]), main.shape[-1])
    four = main.reshape(shape)
    if type_name != "Deconvolution":
        return FilterArray("weights", four, groups)
    return FilterArray("weights", _turned(four, groups), groups)


def _turned(values: np.ndarray, groups: int) -> np.ndarray:
    """A Deconvolution's (n_inputs, n_outputs / groups, h, w) by output."""
    if groups == 1 or values.shape[0] % groups:
        return values.transpose(1, 0, 2, 3)
    n_inputs, each, height, width = values.shape
    if values.size > _MOST_COPIED:
        raise WeightsError("A Deconvolution with groups of this size can't be shown.")
    parts = values.reshape(groups, n_inputs // groups, each, height, width)
    return parts.transpose(0, 2, 1, 3, 4).reshape(groups * each, -1, height, width)


def _with_places(source: WeightsSource, name: str, matrix: np.ndarray) -> np.ndarray:
    """(n_outputs, n_inputs) as kernels where the bottom has places: fc6 of VGG16 is 512 of 7x7."""
    row = source.row(name)
    bottom = row.bottoms[0] if row is not None and row.bottoms else None
    n_outputs, n_inputs = matrix.shape
    shape: Shape = (n_inputs, 1, 1)
    if bottom is not None and len(bottom) == 4 and math.prod(bottom[1:]) == n_inputs:
        shape = bottom[1:]
    return matrix.reshape(n_outputs, *shape)


def _recurrent(type_name: str, arrays: tuple[np.ndarray, ...]) -> tuple[FilterArray, ...]:
    """The weight matrices; an LSTM's rows are its four gates, one behind the other."""
    words = list(_RECURRENT[type_name])
    matrices = [array for array in arrays if array.ndim == 2]
    if len(matrices) > len(words):
        words.insert(1, "from the static input")
    gates = GATES if type_name == "LSTM" else ()
    return tuple(
        FilterArray(word, matrix.reshape(*matrix.shape, 1, 1), 1, gates)
        for word, matrix in zip(words, matrices, strict=False)
    )


def _affine_filters(
    name: str, type_name: str, source: WeightsSource, notes: tuple[str, ...]
) -> LayerFilters:
    found = affine_of(source, name)
    if found is None:
        raise WeightsError(f"Layer '{name}' has no factors in the file.")
    if len(found.layers) > 1:
        notes = (*notes, f"{join_names(found.layers)} as they act together: gain * x + shift.")
    elif type_name == "BatchNorm":
        notes = (*notes, "Mean and variance after the factor: gain * x + shift.")
    notes = (*notes, found.note) if found.note else notes
    vectors = (_vector("gain", found.gain), _vector("shift", found.shift))
    return LayerFilters(name, type_name, vectors, None, notes)


def _vector(word: str, array: np.ndarray) -> FilterArray:
    return FilterArray(word, array.reshape(-1, 1, 1, 1))


def _named(type_name: str, arrays: tuple[np.ndarray, ...]) -> list[tuple[str, np.ndarray]]:
    words = {"PReLU": ("slope",), "Bias": ("bias",), "Scale": ("gain", "shift")}.get(type_name, ())
    return [(words[i] if i < len(words) else f"array {i}", array) for i, array in enumerate(arrays)]


def _sharing(source: WeightsSource, name: str) -> tuple[str, ...]:
    owner, sharers = source.owner_of(name), source.sharers_of(name)
    if owner:
        return (f"Shared by name: these are the arrays of {owner}.",)
    return (f"Shared by name with {join_names(sharers)}.",) if sharers else ()
