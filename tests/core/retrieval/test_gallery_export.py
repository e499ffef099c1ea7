"""Descriptors and names of a gallery in one order, as files for others."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.errors import AppError, GalleryError, RequestError
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_export import export_gallery
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.indexing import index_folder
from tests.core.retrieval.describers import describer
from tests.core.retrieval.test_retrieval_indexing import mean_colours


@pytest.fixture
def gallery(
    tmp_path: Path, pictures: Path, recipe: DescriptorRecipe, stub_engine: Callable[..., Any]
) -> Gallery:
    run_job(index_folder(describer(stub_engine(), recipe), pictures, tmp_path / "g"))
    return open_gallery(tmp_path / "g")


def check(files: list[str], labels: list[str], features: np.ndarray, pictures: Path) -> None:
    """Each row is the mean colour of the picture that its name says."""
    wanted = mean_colours(pictures)
    assert files == sorted(wanted)
    assert labels == [f.rpartition("/")[0] for f in files]
    np.testing.assert_allclose(features, [wanted[name] for name in files], rtol=1e-5)


def test_npz(tmp_path: Path, gallery: Gallery, pictures: Path) -> None:
    written = export_gallery(gallery, tmp_path / "e.npz")
    assert written == (tmp_path / "e.npz", tmp_path / "e_manifest.csv")
    with np.load(tmp_path / "e.npz", allow_pickle=False) as found:
        check(found["files"].tolist(), found["labels"].tolist(), found["features"], pictures)
        assert found["features"].dtype == np.float32
        assert json.loads(str(found["recipe"]))["layer"] == "conv"


def test_npy_with_the_names_beside(tmp_path: Path, gallery: Gallery, pictures: Path) -> None:
    written = export_gallery(gallery, tmp_path / "e.npy")
    assert written == (tmp_path / "e.npy", tmp_path / "e.csv")
    with written[1].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    files, labels = [row["file"] for row in rows], [row["label"] for row in rows]
    check(files, labels, np.load(written[0], allow_pickle=False), pictures)


def test_csv_keeps_every_bit(tmp_path: Path, gallery: Gallery, pictures: Path) -> None:
    export_gallery(gallery, tmp_path / "e.CSV")
    with (tmp_path / "e.CSV").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    values = np.array([[row[f"v{i}"] for i in range(3)] for row in rows]).astype(np.float32)
    check([row["file"] for row in rows], [row["label"] for row in rows], values, pictures)
    np.testing.assert_array_equal(values, gallery.descriptors)


def test_what_can_not_be_exported(
    tmp_path: Path, gallery: Gallery, recipe: DescriptorRecipe
) -> None:
    with pytest.raises(RequestError, match="names no format"):
        export_gallery(gallery, tmp_path / "e.txt")
    with pytest.raises(AppError, match="can't be written"):
        export_gallery(gallery, tmp_path / "no" / "e.npz")
    GalleryStore(tmp_path / "empty").create(recipe, tmp_path)
    with pytest.raises(GalleryError, match="no images"):
        export_gallery(open_gallery(tmp_path / "empty"), tmp_path / "e.npz")


def test_hdf5_with_a_manifest_of_its_rows(tmp_path: Path, gallery: Gallery, pictures: Path) -> None:
    features, manifest = export_gallery(gallery, tmp_path / "e.h5")
    with h5py.File(features) as file:
        files = [name.decode() for name in file["files"][:]]
        labels = [name.decode() for name in file["labels"][:]]
        check(files, labels, file["features"][:], pictures)
        assert json.loads(file.attrs["recipe"])["layer"] == "conv"
    lines = manifest.read_text(encoding="utf-8-sig").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [(int(row["row"]), row["file"]) for row in rows] == list(enumerate(files))
    assert all(int(row["bytes"]) == (pictures / row["file"]).stat().st_size for row in rows)
    assert lines[0] == "# Rows of e.h5"
