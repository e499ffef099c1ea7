"""A .solverstate: how far a training has come and what its solver remembers, as Caffe writes it.

After BVLC/caffe src/caffe/solvers/sgd_solver.cpp (SnapshotSolverState, RestoreSolverState) and
caffe.proto (SolverState).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from core.errors import WeightsError
from core.files import written_beside
from core.reading import open_regular
from core.weights.blob import read_blob
from core.weights.hdf5 import DAMAGED, HDF5_SIGNATURE
from core.weights.wire import BYTES, VARINT, Wire, WireError
from core.weights.writer import blob_parts, bytes_field, number_field
from core.words import plural

_ITERATION, _LEARNED_NET, _HISTORY, _STEP = 1, 2, 3, 4
_MOST_BYTES = 1 << 34
_MOST_ARRAYS = 100_000


@dataclass(frozen=True)
class SolverState:
    """iteration: how many are done. step: of the learning rate. weights: the file saved with it.

    history: one array for each learned array, two for Adam and AdaDelta, the second ones behind.
    """

    iteration: int
    step: int
    weights: str
    history: tuple[np.ndarray, ...]


def read_solver_state(path: Path) -> SolverState:
    """Read a state of either format. Raises WeightsError for what is none, or damaged."""
    with open_regular(path, _MOST_BYTES, error=WeightsError) as file:
        if not file.n_bytes:
            raise WeightsError(f"{path.name} is empty.")
        mapped = file.map()
    if mapped[:8] == HDF5_SIGNATURE:
        return _read_hdf5(path)
    try:
        return _read_wire(Wire(mapped))
    except WireError as error:
        raise WeightsError(f"{path.name} {error}.", hint="Is it a .solverstate?") from error


def _read_wire(wire: Wire) -> SolverState:
    iteration, step, weights = 0, 0, ""
    history: list[np.ndarray] = []
    known = False
    for field in wire.fields(0, len(wire.buffer)):
        if field.number == _ITERATION and field.kind == VARINT:
            iteration, known = field.value, True
        elif field.number == _STEP and field.kind == VARINT:
            step = field.value
        elif field.number == _LEARNED_NET and field.kind == BYTES:
            weights = wire.text(field)
        elif field.number == _HISTORY and field.kind == BYTES:
            history.append(np.array(read_blob(wire, field.start, field.end).array(), np.float32))
    if not known or not history:
        raise WireError("holds no state of a solver")
    return SolverState(iteration, step, weights, tuple(history))


def _read_hdf5(path: Path) -> SolverState:
    try:
        with h5py.File(path, "r") as file:
            group = file["history"]
            if len(group) > _MOST_ARRAYS:
                raise WeightsError(f"{path.name} has {plural(len(group), 'array')} of history.")
            history = tuple(_own_array(group, str(index)) for index in range(len(group)))
            return SolverState(
                int(np.ravel(_own_array(file, "iter"))[0]),
                int(np.ravel(_own_array(file, "current_step"))[0]),
                _text(file["learned_net"][()]),
                tuple(np.asarray(array, np.float32) for array in history),
            )
    except DAMAGED as error:
        raise WeightsError(f"{path.name} is no state of a solver.", details=str(error)) from error


def _own_array(group: h5py.Group, name: str) -> np.ndarray:
    """An array of this file itself: links and parts in other files are not followed."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"{name} is a link")
    found = group[name]
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
        raise ValueError(f"{name} is no array of this file")
    array: np.ndarray = found[()]
    return array


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def write_solver_state(path: Path, state: SolverState) -> None:
    """Write a state as Caffe would, in HDF5 where the name ends in .h5; whole or not at all."""
    with written_beside(path) as partial:
        if path.suffix == ".h5":
            _write_hdf5(partial, state)
            return
        with partial.open("wb") as file:
            file.write(number_field(_ITERATION, state.iteration))
            file.write(bytes_field(_LEARNED_NET, state.weights.encode()))
            for array in state.history:
                file.writelines(blob_parts(_HISTORY, array))
            file.write(number_field(_STEP, state.step))


def _write_hdf5(path: Path, state: SolverState) -> None:
    with h5py.File(path, "w") as file:
        file["iter"] = np.array([state.iteration], np.int32)
        file["current_step"] = np.array([state.step], np.int32)
        file["learned_net"] = np.bytes_(state.weights)
        group = file.create_group("history")
        for index, array in enumerate(state.history):
            group[str(index)] = np.ascontiguousarray(array, np.float32)
