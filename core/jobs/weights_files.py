"""The weights of layers as .npz or HDF5, an array at a time, and beside it what they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from core import __version__
from core.activations.npz_file import npz_written
from core.errors import AppError, RequestError, WeightsError
from core.files import file_sha256, write_file, written_beside
from core.filters.export import NamedArray, named_arrays
from core.filters.source import WeightsSource
from core.jobs.provenance import spelled, text_manifest
from core.progress import Job, Progress
from core.surveys.feature_files import manifest_path

SUFFIXES = (".npz", ".h5", ".hdf5")
_DERIVED = "derived"
"""The group of an HDF5 file for what is not in the caffemodel, as Caffe reads all of `data`."""


@dataclass(frozen=True)
class SaveWeightsRequest:
    """The weights of which layers, () for all, into which file; net: the prototxt's path."""

    source: WeightsSource
    out: Path
    layers: tuple[str, ...] = ()
    net: Path | None = None


@dataclass(frozen=True)
class SavedWeights:
    """What was written; left_out: (layer, why) of those that do not fit the net."""

    out: Path
    manifest: Path
    n_arrays: int
    n_bytes: int
    left_out: tuple[tuple[str, str], ...] = ()


def save_weights(request: SaveWeightsRequest) -> Job[SavedWeights]:
    """Write `LAYER/0`, `LAYER/1`, of normalisation gain and shift too, and F.manifest.json.

    HDF5 has them as Caffe's own snapshots, data/LAYER/0, which Caffe and we read as weights. All
    or nothing is written. Raises RequestError for another suffix, WeightsError where nothing can
    be read, AppError where the disk refuses.
    """
    source, out = request.source, request.out
    writers = {".npz": npz_written, ".h5": _hdf5_written, ".hdf5": _hdf5_written}
    opened = writers.get(out.suffix.lower())
    if opened is None:
        raise RequestError(
            f"'{out.name}' names no format for weights of layers.", hint=f"{_listed(SUFFIXES)}."
        )
    names = request.layers or source.layer_names
    described: list[dict[str, Any]] = []
    left_out: list[tuple[str, str]] = []
    n_bytes = 0
    with opened(out) as add:
        for done, name in enumerate(names):
            yield Progress(done, len(names), "layers")
            try:
                arrays = named_arrays(source, name)
            except WeightsError as problem:
                if len(names) == 1:
                    raise
                left_out.append((name, problem.sentence))
                continue
            for one in arrays:
                add(one.key, one.array)
                described.append(_described(one, source.type_of(name)))
                n_bytes += one.array.nbytes
        if not described:
            raise WeightsError("No layer has weights that can be saved.", hint=_first(left_out))
    manifest = manifest_path(out)
    content = {**_head(request), "arrays": described, "left_out": [list(one) for one in left_out]}
    written = json.dumps(content, indent=2, ensure_ascii=False)
    write_file(manifest, written.encode(errors="backslashreplace") + b"\n")
    return SavedWeights(out, manifest, len(described), n_bytes, tuple(left_out))


def _listed(words: tuple[str, ...]) -> str:
    return f"End it in {', '.join(words[:-1])} or {words[-1]}"


def _first(left_out: list[tuple[str, str]]) -> str:
    return left_out[0][1] if left_out else ""


def _head(request: SaveWeightsRequest) -> dict[str, Any]:
    source = request.source
    path, net = source.weights.path, source.net
    return {
        "made_by": f"Blobscope {__version__}",
        "weights": {"path": spelled(path.absolute()), "sha256": file_sha256(path)},
        "net": None if net is None else text_manifest(request.net, net.text, net.state),
    }


def _described(one: NamedArray, type_name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key": one.key, "layer": one.layer, "type": type_name, "part": one.part,
        "shape": list(one.array.shape), "dtype": one.array.dtype.name,
    }  # fmt: skip
    return {**found, "shared_with": one.owner} if one.owner else found


@contextmanager
def _hdf5_written(path: Path) -> Iterator[Callable[[str, np.ndarray], None]]:
    """Adds arrays of the file under `data`, others under `derived`."""
    with written_beside(path) as partial, h5py.File(partial, "w") as file:

        def add(key: str, array: np.ndarray) -> None:
            layer, _, part = key.rpartition("/")
            if any(word in ("", ".", "..") for word in layer.split("/")):
                raise AppError(f"HDF5 can't hold a layer named '{layer}'.", hint="Save .npz.")
            try:
                group = file.require_group("data" if part.isdigit() else _DERIVED)
                group.require_group(layer)[part] = np.ascontiguousarray(array)
            except (ValueError, TypeError) as problem:  # one name is within another
                raise AppError(
                    f"HDF5 can't hold '{key}' beside the other layers.",
                    hint="Save .npz.", details=str(problem),
                ) from problem  # fmt: skip

        yield add
