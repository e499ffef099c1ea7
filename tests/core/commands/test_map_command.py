"""`main.py map`: what it prints, writes and refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from core.commands.command_line import DONE, FAILED, WRONG_USAGE, run_command
from core.images.preprocess import Preprocess
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.gallery_store import GalleryStore

N_IMAGES = 24


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """24 images by conv and, as representation 1, by fc, where all are equal."""
    preprocess = Preprocess("warp", 8, 8)
    conv = DescriptorRecipe("conv", "conv", "gap", 3.0, preprocess, "net", "weights")
    fc = DescriptorRecipe("fc", "fc", "flatten", 3.0, preprocess, "net", "weights")
    store = GalleryStore(tmp_path / "gallery")
    store.create(conv, tmp_path, others=[fc])
    images = [
        StoredImage(f"{i:02}.jpg", "ab"[i % 2], 8, 8, FileStamp(1, i)) for i in range(N_IMAGES)
    ]
    values = np.random.default_rng(1).standard_normal((N_IMAGES, 5)).astype(np.float32)
    store.add(images, values, [np.ones((N_IMAGES, 3), np.float32)])
    return tmp_path / "gallery"


def test_it_prints_what_the_map_keeps_and_writes_it(
    gallery: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map.csv"
    assert run_command("map", [str(gallery), "--csv", str(out), "-k", "5", "--json"]) == DONE
    said = json.loads(capsys.readouterr().out)
    with out.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if not row[0].startswith("#")]
    assert said["kept"]["k"] == 5
    assert said["kept"]["judged"] == N_IMAGES
    assert rows[0] == ["x", "y", "file", "label"]
    assert [row[2] for row in rows[1:]] == [point["file"] for point in said["points"]]
    assert float(rows[3][0].lstrip("'")) == pytest.approx(said["points"][2]["x"], rel=1e-5)
    assert not said["stored"]
    assert run_command("map", [str(gallery), "-k", "5", "--stored"]) == DONE
    assert "as it was kept with the gallery" in capsys.readouterr().out


def test_stored_says_that_none_is_kept(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("map", [str(gallery), "--stored"]) == FAILED
    assert "No map by PCA is kept with this gallery." in capsys.readouterr().err


def test_all_lists_each_representation_that_can_be_mapped(
    gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("map", [str(gallery), "--all"]) == DONE
    said = capsys.readouterr().out
    lines = said[said.index("number ") :].splitlines()
    assert lines[0].split() == ["number", "layer", "top", "pooling", "dimension", "kept"]
    assert lines[1].split()[:5] == ["0", "conv", "conv", "GAP", "5"]
    assert not any("fc" in line for line in lines)  # all of its descriptors are equal


def test_a_representation_of_equal_descriptors_is_refused(
    gallery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("map", [str(gallery), "--representation", "1"]) == FAILED
    assert "there is nothing to map" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--method", "umap"], ["--stored", "--again"], ["--all", "--csv", "x.csv"]]
)
def test_words_without_sense_are_refused(gallery: Path, words: list[str]) -> None:
    assert run_command("map", [str(gallery), *words]) == WRONG_USAGE
