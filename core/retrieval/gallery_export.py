"""A gallery's descriptors with the names of their images, for use outside, in any of four forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

import numpy as np

from core.activations.npz_file import write_npz
from core.csv_table import write_csv
from core.errors import RequestError
from core.files import written_beside
from core.retrieval.gallery import Gallery, check_not_empty


def export_gallery(gallery: Gallery, path: Path) -> tuple[Path, ...]:
    """Write descriptors and names in one order, that of the gallery, and return the files.

    "F.npz" holds features (n_images, dimension) float32 as the layer gave them, not normalised,
    files and labels (n_images,) text, "" for none, and the recipe as JSON; "F.h5" the same as
    datasets, the recipe as an attribute; both have F_manifest.csv beside them, the image of each
    row. "F.npy" holds the features alone, with files and labels in F.csv; "F.csv" a row an image
    with all its values. Raises RequestError for another suffix, AppError when the disk refuses.
    """
    check_not_empty(gallery)
    writers: dict[str, Callable[[Gallery, Path], tuple[Path, ...]]] = {
        ".npz": _write_npz,
        ".npy": _write_npy,
        ".csv": _write_csv,
        ".h5": _write_hdf5,
        ".hdf5": _write_hdf5,
    }
    write = writers.get(path.suffix.lower())
    if write is None:
        raise RequestError(
            f"'{path.name}' names no format for an export.",
            hint="End it in .npz, .h5, .npy or .csv.",
        )
    return write(gallery, path)


def _write_npz(gallery: Gallery, path: Path) -> tuple[Path, ...]:
    arrays = {
        "features": gallery.descriptors,
        "files": np.array([image.path for image in gallery.images]),
        "labels": np.array([image.label or "" for image in gallery.images]),
        "recipe": np.array(json.dumps(gallery.recipe.to_json())),
    }
    write_npz(path, arrays.items())
    return path, _write_manifest(gallery, path)


def _write_hdf5(gallery: Gallery, path: Path) -> tuple[Path, ...]:
    import h5py

    text = h5py.string_dtype("utf-8")
    with written_beside(path) as partial, h5py.File(partial, "w") as file:
        file.create_dataset("features", data=np.asarray(gallery.descriptors))
        file.create_dataset("files", data=_as_utf8(gallery.images.paths), dtype=text)
        file.create_dataset("labels", data=_as_utf8(gallery.labels), dtype=text)
        file.attrs["recipe"] = json.dumps(gallery.recipe.to_json())
    return path, _write_manifest(gallery, path)


def _as_utf8(words: Iterable[str | None]) -> list[bytes]:
    """Names as they lie on the disk, whose bytes may be no UTF-8."""
    return [(word or "").encode("utf-8", "surrogateescape") for word in words]


def _write_manifest(gallery: Gallery, path: Path) -> Path:
    """The image of each row of the features: row, file, label, size and bytes."""
    manifest = path.with_name(f"{path.stem}_manifest.csv")
    rows = (
        (row, image.path, image.label or "", image.width, image.height, image.stamp.n_bytes)
        for row, image in enumerate(gallery.images)
    )
    columns = ("row", "file", "label", "width", "height", "bytes")
    caption = (f"Rows of {path.name}", gallery.recipe.describe())
    write_csv(manifest, chain((columns,), rows), caption)
    return manifest


def _write_npy(gallery: Gallery, path: Path) -> tuple[Path, ...]:
    names = path.with_suffix(".csv")
    with written_beside(path) as partial, partial.open("wb") as file:
        np.lib.format.write_array(file, np.asarray(gallery.descriptors), allow_pickle=False)
    rows = ((image.path, image.label or "") for image in gallery.images)
    write_csv(names, (("file", "label"), *rows))
    return path, names


def _write_csv(gallery: Gallery, path: Path) -> tuple[Path, ...]:
    columns = ("file", "label", *(f"v{i}" for i in range(gallery.dimension)))
    rows = (
        (image.path, image.label or "", *(f"{value:.9g}" for value in values))
        for image, values in zip(gallery.images, gallery.descriptors, strict=True)
    )
    write_csv(path, chain((columns,), rows))
    return (path,)
