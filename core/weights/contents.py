"""What a weights file holds: layers, their arrays and shapes; values are read on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from core.errors import WeightsError

_MOST_BYTES_IN_CAFFE = 2**31 - 1


@dataclass(frozen=True, slots=True)
class WeightBlob:
    """One array of a weights file.

    shape: as the file says; legacy files always give four axes (num, channels, height, width).
    n_values: 0 for a blob that holds only gradients. problem: why its values can't be used, as the
    end of a sentence about the file; its other arrays still can.
    """

    shape: tuple[int, ...]
    n_values: int
    is_legacy: bool = False
    load: Callable[[], np.ndarray] | None = field(default=None, repr=False, compare=False)
    problem: str = ""

    def array(self) -> np.ndarray:
        """The values, shaped, read-only, float32 (float64 where the file has double_data).

        A view of the mapped file where it holds them in one piece; such a view need not be aligned.
        Raises WeightsError for a blob without values or with a problem.
        """
        if self.problem:
            raise WeightsError(f"The file {self.problem}.", hint="Download or copy it again.")
        if self.load is None:
            raise WeightsError(
                "The file holds gradients for this array but no values.",
                hint="Use a caffemodel written by a snapshot, not by a gradient dump.",
            )
        return self.load()


@dataclass(frozen=True)
class LayerWeights:
    """One layer of a weights file; forks' numeric types show as "V1 type 41".

    indices: which parameter each blob is; gaps occur only in HDF5 files with shared parameters.
    n_members: all that an HDF5 group holds, which Caffe takes for its arrays; -1 in a caffemodel.
    problem: why nothing can be taken from it, as the end of a sentence about the file.
    """

    name: str
    type: str
    blobs: tuple[WeightBlob, ...]
    indices: tuple[int, ...] = ()
    n_members: int = -1
    problem: str = ""

    def blob(self, index: int) -> WeightBlob | None:
        """Parameter number `index` of the layer, None where the file leaves it out."""
        return self._by_index.get(index)

    @property
    def is_part_of_names(self) -> bool:
        """Whether it is an HDF5 group without arrays that other layers' names have made."""
        return self.n_members > 0 and not self.blobs and not self.problem

    @property
    def is_hdf5(self) -> bool:
        """Whether it was a group of an HDF5 file, which may leave out arrays that are shared."""
        return self.n_members >= 0

    @cached_property
    def n_parameters(self) -> int:
        """One more than the highest parameter index in the file."""
        return max(self._by_index, default=-1) + 1

    @cached_property
    def _by_index(self) -> dict[int, WeightBlob]:
        return dict(zip(self.indices or range(len(self.blobs)), self.blobs, strict=True))


@dataclass(frozen=True)
class Weights:
    """A weights file: its layers in file order, Split layers left out."""

    path: Path
    format: str
    layers: tuple[LayerWeights, ...]
    file_bytes: int
    net_name: str = ""

    def get(self, name: str) -> LayerWeights | None:
        """The layer of that name; of several the last, whose copy is the one Caffe leaves."""
        return self._by_name.get(name)

    @property
    def is_too_large_for_caffe(self) -> bool:
        """Whether protobuf, whose sizes are 31 bits, keeps Caffe from reading what we can."""
        return self.format != "HDF5" and self.file_bytes > _MOST_BYTES_IN_CAFFE

    @cached_property
    def n_values(self) -> int:
        """Values in all arrays of the file."""
        return sum(blob.n_values for layer in self.layers for blob in layer.blobs)

    @cached_property
    def _by_name(self) -> dict[str, LayerWeights]:
        return {layer.name: layer for layer in self.layers}
