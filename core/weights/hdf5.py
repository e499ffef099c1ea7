"""Reading the HDF5 weights that Caffe's snapshots write: data/<layer>/<parameter index>."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import WeightsError
from core.reading import open_regular
from core.weights.contents import LayerWeights, WeightBlob, Weights

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_MEMBERS = 20_000
MAX_DEPTH = 32
MIN_VALUE_BYTES = 64 << 20
MAX_UNPACKING = 10
DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError)
"""What h5py raises for damaged files, depending on which structure is damaged."""


def open_hdf5(path: Path) -> Weights:
    """List the layers of an HDF5 weights file; the file is opened again for each array.

    Raises WeightsError for a damaged file, one without a `data` group, or a missing h5py.
    """
    h5py = _import_h5py()
    with open_regular(path, error=WeightsError) as regular:
        file_bytes = regular.n_bytes
    try:
        with h5py.File(path, "r") as file:
            data = file.get("data")
            if not isinstance(data, h5py.Group):
                raise _not_weights(path, file)
            layers = tuple(_Listing(h5py, path, file_bytes).layers(data))
    except DAMAGED as error:
        raise _damaged(path, error) from error
    return Weights(path, "HDF5", layers, file_bytes)


def _not_weights(path: Path, file: Any) -> WeightsError:
    if "learned_net" in file and "history" in file:
        hint = "Open the .caffemodel.h5 that was saved with it."
        return WeightsError(f"{path.name} is a solverstate, not the weights.", hint=hint)
    hint = "Caffe's HDF5 weights have a `data` group with one group a layer."
    return WeightsError(f"{path.name} is HDF5 but holds no Caffe weights.", hint=hint)


@dataclass
class _Listing:
    """One walk over the groups; links are named, never followed: they may lead to other files."""

    h5py: Any
    path: Path
    file_bytes: int
    members_left: int = field(default=MAX_MEMBERS)
    value_bytes: int = 0

    def layers(self, data: Any) -> Iterator[LayerWeights]:
        """Each group is a layer and its numbered arrays the parameters."""
        for name, member in self.members(data):
            if member is not None and not isinstance(member, self.h5py.Group):
                yield LayerWeights(name, "", (), (), 1, f"has an array in place of layer '{name}'")
            else:
                yield from self.layer(name, member)

    def layer(self, name: str, group: Any, depth: int = 1) -> Iterator[LayerWeights]:
        """A layer and those whose names go on after a "/", for HDF5 nests what Caffe names so."""
        if group is None:
            yield LayerWeights(name, "", (), (), 1, _link_problem(f"data/{name}"))
            return
        if depth > MAX_DEPTH:
            raise WeightsError(f"{self.path.name} nests groups deeper than {MAX_DEPTH}.")
        arrays, inner, n_members = {}, [], 0
        for key, member in self.members(group):
            n_members += 1
            if isinstance(member, self.h5py.Group):
                inner.append((key, member))
            elif _is_index(key):
                arrays[int(key)] = self.blob(f"data/{name}/{key}", member)
            elif member is None:
                inner.append((key, None))
        blobs = tuple(arrays[index] for index in sorted(arrays))
        yield LayerWeights(name, "", blobs, tuple(sorted(arrays)), n_members)
        for key, member in inner:
            yield from self.layer(f"{name}/{key}", member, depth + 1)

    def members(self, group: Any) -> Iterator[tuple[str, Any]]:
        """Name and object of each member, None in place of a link's target."""
        for name in group:
            self.members_left -= 1
            if self.members_left < 0:
                raise WeightsError(f"{self.path.name} has more than {MAX_MEMBERS:,} members.")
            is_own = isinstance(group.get(name, getlink=True), self.h5py.HardLink)
            yield name, group[name] if is_own else None

    def blob(self, key: str, dataset: Any) -> WeightBlob:
        problem = self.problem(key, dataset)
        if problem:
            return WeightBlob((), 0, problem=problem)
        self.value_bytes += dataset.nbytes
        if self.value_bytes > max(MIN_VALUE_BYTES, MAX_UNPACKING * self.file_bytes):
            raise WeightsError(f"{self.path.name} claims more values than it can hold, at {key}.")
        load = partial(_load_dataset, self.path, key)
        return WeightBlob(tuple(dataset.shape), int(dataset.size), load=load)

    def problem(self, key: str, dataset: Any) -> str:
        if dataset is None:
            return _link_problem(key)
        if dataset.shape is None or dataset.dtype.kind not in "fiu":
            return f"holds {key} as {dataset.dtype}, not as numbers"
        if dataset.is_virtual or dataset.external:
            return f"keeps the values of {key} in another file, which is not opened"
        return ""


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and key == str(int(key[:9]))


def _link_problem(key: str) -> str:
    return f"has a link in place of {key}, which is not followed"


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
    except DAMAGED as error:
        raise _damaged(path, error) from error
    values = values.astype(np.float64 if values.dtype == np.float64 else np.float32, copy=False)
    values.flags.writeable = False
    return values


def _damaged(path: Path, error: Exception) -> WeightsError:
    return WeightsError(
        f"{path.name} can't be read as HDF5.",
        hint="Download or copy it again.",
        details=str(error),
    )
