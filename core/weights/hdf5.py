"""Reading the HDF5 weights that Caffe's snapshots write: data/<layer>/<parameter index>."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import WeightsError
from core.weights.contents import LayerWeights, WeightBlob, Weights

MAX_DEPTH = 32
MAX_MEMBERS = 200_000
MIN_ARRAY_BOUND = 64 << 20
_DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError)
"""What h5py raises for damaged files, depending on which structure is damaged."""


def open_hdf5(path: Path) -> Weights:
    """List the layers of an HDF5 weights file; the file is opened again for each array.

    Raises WeightsError for a damaged file, one without a `data` group, or a missing h5py.
    """
    h5py = _import_h5py()
    file_bytes = path.stat().st_size
    try:
        with h5py.File(path, "r") as file:
            data = file.get("data")
            if not isinstance(data, h5py.Group):
                hint = "Caffe's HDF5 weights have a `data` group with one group a layer."
                raise WeightsError(f"{path.name} is HDF5 but holds no Caffe weights.", hint=hint)
            layers = tuple(_Listing(h5py, path, file_bytes).layers(data, "", 0))
    except _DAMAGED as error:
        raise _damaged(path, error) from error
    return Weights(path, "HDF5", layers, file_bytes)


@dataclass
class _Listing:
    """One walk over the groups; links that could lead in circles or out of the file are passed."""

    h5py: Any
    path: Path
    file_bytes: int
    members_left: int = field(default=MAX_MEMBERS)

    def layers(self, group: Any, prefix: str, depth: int) -> Iterator[LayerWeights]:
        """Each group with numbered arrays is a layer; a name with slashes is nested groups."""
        if depth > MAX_DEPTH:
            raise WeightsError(f"{self.path.name} nests groups deeper than {MAX_DEPTH}.")
        for name, member in self.members(group):
            if not isinstance(member, self.h5py.Group):
                continue
            layer_name = f"{prefix}{name}"
            arrays = {
                int(key): value
                for key, value in self.members(member)
                if isinstance(value, self.h5py.Dataset) and key.isascii() and key.isdigit()
            }
            inner = list(self.layers(member, f"{layer_name}/", depth + 1))
            if arrays or not inner:
                blobs = tuple(self.blob(arrays[index]) for index in sorted(arrays))
                yield LayerWeights(layer_name, "", blobs, tuple(sorted(arrays)))
            yield from inner

    def members(self, group: Any) -> Iterator[tuple[str, Any]]:
        for name in group:
            self.members_left -= 1
            if self.members_left < 0:
                raise WeightsError(f"{self.path.name} has more than {MAX_MEMBERS:,} members.")
            if isinstance(group.get(name, getlink=True), self.h5py.HardLink):
                yield name, group[name]

    def blob(self, dataset: Any) -> WeightBlob:
        key, shape = str(dataset.name), dataset.shape
        if shape is None or dataset.dtype.kind != "f":
            raise WeightsError(f"{self.path.name} holds {key} as {dataset.dtype}, not as floats.")
        if dataset.nbytes > max(MIN_ARRAY_BOUND, 10 * self.file_bytes):
            raise WeightsError(f"{self.path.name} claims more values in {key} than it can hold.")
        path = self.path

        def load() -> np.ndarray:
            return _load_dataset(path, key)

        return WeightBlob(tuple(shape), int(dataset.size), load=load)


def _import_h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        hint = "Install it, or convert the weights to a caffemodel."
        raise WeightsError("Reading HDF5 weights needs the package h5py.", hint=hint) from error
    return h5py


def _load_dataset(path: Path, key: str) -> np.ndarray:
    h5py = _import_h5py()
    try:
        with h5py.File(path, "r") as file:
            values = np.asarray(file[key][()])
    except _DAMAGED as error:
        raise _damaged(path, error) from error
    values = values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32, copy=False)
    values.flags.writeable = False
    return values


def _damaged(path: Path, error: Exception) -> WeightsError:
    return WeightsError(
        f"{path.name} can't be read as HDF5.",
        hint="Download or copy it again.",
        details=str(error),
    )
