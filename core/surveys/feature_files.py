"""The files that features end in: .npz, HDF5 or a folder of .npy, in bounded memory."""

from __future__ import annotations

import json
import shutil
import urllib.parse
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np

from core.errors import AppError, RequestError
from core.files import (
    check_folder_replaceable,
    check_writable,
    folder_written_beside,
    path_named_after,
    write_file,
    written_beside,
)
from core.npy_file import write_npy_header
from core.surveys.features import StoredFeature

SUFFIXES = {".npz": "npz", ".h5": "hdf5", ".hdf5": "hdf5", "": "folder of .npy files"}
_MANIFEST = "manifest.json"
Names = dict[str, Sequence[str]]


def check_suffix(out: Path) -> None:
    """RequestError for a name that says none of the formats."""
    if out.suffix.lower() not in SUFFIXES:
        raise RequestError(
            f"'{out.name}' names no format for features.",
            hint="End it in .npz, .h5 or .hdf5, or give a name without suffix for a folder of "
            ".npy files.",
        )


def manifest_path(out: Path) -> Path:
    """Where the manifest lies: in the folder, or beside the file."""
    if not out.suffix:
        return out / _MANIFEST
    return path_named_after(out, out.stem, f".{_MANIFEST}")


def write_features(
    out: Path, features: Sequence[StoredFeature], names: Names, manifest: dict[str, Any]
) -> None:
    """Write the features, the names of their images and the manifest; whole or not at all.

    names: lists of names by key. Raises AppError where the disk refuses.
    """
    written = json.dumps(manifest, indent=2, ensure_ascii=False).encode(errors="backslashreplace")
    described = written + b"\n"
    if not out.suffix:
        _write_folder(out, features, names, described)
        return
    write = {".npz": _write_npz, ".h5": _write_hdf5, ".hdf5": _write_hdf5}
    write[out.suffix.lower()](out, features, names)
    write_file(manifest_path(out), described)


def _write_npz(out: Path, features: Sequence[StoredFeature], names: Names) -> None:
    with (
        written_beside(out) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        for key, words in names.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.array(words, dtype=np.str_))
        for feature in features:
            with archive.open(f"{feature.key}.npy", "w", force_zip64=True) as member:
                _write_array(member, feature)


def _write_folder(
    out: Path, features: Sequence[StoredFeature], names: Names, described: bytes
) -> None:
    """A file for each key, its name spelled for any file system, and the manifest with them."""
    check_features_writable(out)
    with folder_written_beside(out) as partial:
        for key, words in names.items():
            np.save(partial / f"{key}.npy", np.array(words, dtype=np.str_))
        for feature in features:
            with (partial / file_name(feature.key)).open("wb") as file:
                _write_array(file, feature)
        (partial / _MANIFEST).write_bytes(described)


def file_name(key: str) -> str:
    """The .npy file of a key, its odd characters as %XX."""
    return f"{urllib.parse.quote(key, safe=' :@+-_.()')}.npy"


def check_features_writable(out: Path) -> None:
    """AppError where `write_features` would refuse `out`, before the work that it is for.

    A folder is replaced only where it holds features of an earlier run, or nothing.
    """
    if out.suffix:
        check_writable(out)
        return
    check_folder_replaceable(out)
    if out.is_dir() and any(out.iterdir()) and not (out / _MANIFEST).is_file():
        raise AppError(
            f"The folder {out} holds something else than features.", hint="Choose a new folder."
        )
    check_writable(out.with_name(_MANIFEST) if out.is_dir() else out)


def check_new_folder(out: Path) -> None:
    """AppError for a folder that holds something, or a file of that name."""
    check_folder_replaceable(out)
    if out.is_dir() and any(out.iterdir()):
        raise AppError(f"The folder {out} is not empty.", hint="Choose a new folder.")


def forget_others(folder: Path, kind: str) -> None:
    """Remove the folders beside this one whose names begin with `kind` and a dash, as its own."""
    with suppress(OSError):
        for other in folder.parent.glob(f"{kind}-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)


def _write_hdf5(out: Path, features: Sequence[StoredFeature], names: Names) -> None:
    """A dataset for each key; a slash in a layer's name is spelled as the fraction slash."""
    with written_beside(out) as partial, h5py.File(partial, "w") as file:
        text = h5py.string_dtype()
        for key, words in names.items():
            file.create_dataset(key, data=np.array(words, dtype=object), dtype=text)
        for feature in features:
            made = file.create_dataset(
                feature.key.replace("/", "\N{FRACTION SLASH}"), feature.shape, np.float32
            )
            _fill_dataset(made, feature)


def _fill_dataset(made: Any, feature: StoredFeature) -> None:
    """Row by row from chunks that end anywhere."""
    if not feature.shape:
        made[()] = next(feature.chunks())[0]
        return
    if 0 in feature.shape:
        return
    row_size = int(np.prod(feature.shape[1:], dtype=np.int64))
    rest, start = np.zeros(0, np.float32), 0
    for chunk in feature.chunks():
        rest = np.concatenate([rest, chunk])
        n_rows = rest.size // row_size
        if n_rows:
            rows, rest = rest[: n_rows * row_size], rest[n_rows * row_size :]
            made[start : start + n_rows] = rows.reshape(n_rows, *feature.shape[1:])
            start += n_rows


def _write_array(file: IO[bytes], feature: StoredFeature) -> None:
    """What numpy.save writes, without ever holding the array."""
    write_npy_header(file, np.dtype("<f4"), feature.shape)
    for chunk in feature.chunks():
        file.write(chunk.data)
