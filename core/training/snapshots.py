"""Snapshots of a training: weights and state that real Caffe loads and goes on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import WeightsError
from core.layers.multipliers import LearnedArray
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.net.solver_settings import SnapshotFormat
from core.weights.solver_state import SolverState, write_solver_state
from core.weights.writer import LayerArrays, write_caffemodel, write_hdf5_weights

_SUFFIXES = {
    "BINARYPROTO": (".caffemodel", ".solverstate"),
    "HDF5": (".caffemodel.h5", ".solverstate.h5"),
}


@dataclass(frozen=True)
class SnapshotFiles:
    """Where the two files of a snapshot lie."""

    weights: Path
    state: Path


def snapshot_paths(folder: Path, stem: str, iteration: int, form: SnapshotFormat) -> SnapshotFiles:
    """As Caffe names them: STEM_iter_N."""
    weights, state = _SUFFIXES[form]
    name = f"{stem}_iter_{iteration}"
    return SnapshotFiles(folder / f"{name}{weights}", folder / f"{name}{state}")


def write_snapshot(
    paths: SnapshotFiles,
    net: Net,
    shapes: NetShapes,
    learned: Sequence[tuple[LearnedArray, np.ndarray]],
    state: tuple[int, int, Sequence[np.ndarray]],
) -> None:
    """Write the weights, then the state that names them. state: iteration, step, history."""
    is_hdf5 = paths.weights.suffix == ".h5"
    layers = layer_arrays(shapes, learned, owners_only=is_hdf5)
    if is_hdf5:
        write_hdf5_weights(paths.weights, layers)
    else:
        write_caffemodel(paths.weights, net.name, layers)
    iteration, step, history = state
    written = SolverState(iteration, step, paths.weights.name, tuple(history))
    write_solver_state(paths.state, written)


def layer_arrays(
    shapes: NetShapes, learned: Sequence[tuple[LearnedArray, np.ndarray]], *, owners_only: bool
) -> list[LayerArrays]:
    """(name, type, arrays) of every layer; shared arrays stand in each layer of a caffemodel."""
    by_key = {(array.layer, array.index): values for array, values in learned}
    found: list[LayerArrays] = []
    for row in shapes.layers:
        name = row.layer.name
        mine = [
            by_key[owner].reshape(shape)
            for index, (owner, shape) in enumerate(zip(row.owners, row.parameters, strict=True))
            if not owners_only or owner == (name, index)
        ]
        found.append((name, row.layer.type, mine))
    return found


def weights_beside(state: Path, named: str) -> Path:
    """The weights that were saved with a state: beside it, whatever folder it names.

    Raises WeightsError where they are not there.
    """
    found = state.parent / named.replace("\\", "/").rpartition("/")[2]
    if not found.is_file():
        raise WeightsError(
            f"{state.name} goes on from {found.name}, which is not beside it.",
            hint="Put both files of the snapshot into one folder.",
        )
    return found
