"""`info`, `extract` and `rename` on the reported nets whose layer names repeat."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def folder(material: Callable[[str], Path]) -> Path:
    return material("reports/repeated_layer_names")


def test_info_says_so(command, folder: Path) -> None:
    words = ("--net", folder / "reuse.prototxt", "--weights", folder / "reuse.caffemodel")
    said = command("info", *words).out
    assert "2 layers are called conv1 in the file (lines 4 and 6); the other is here called" in said
    assert "The weights file has 2 layers called conv1" in said
    assert "6 of 6 arrays bound" in said
    described = command("info", *words, "--json").json
    assert [row["name"] for row in described["layers"]].count("relu1") == 1
    assert [row["written_name"] for row in described["layers"]].count("relu1") == 2


def test_each_layer_without_a_name_is_extracted_apart(
    command, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o.npz"
    answer = command(
        "extract", "--net", folder / "dupn.prototxt", "--array", f"data={folder / 'dupn.npy'}",
        "--layers", "all", "--out", out,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    with zipfile.ZipFile(out) as archive:
        assert len(set(archive.namelist())) == len(archive.namelist())
    with np.load(out) as found:
        assert found["(no name)"].shape == found["(no name)#2"].shape == (2, 3, 6, 6)
        np.testing.assert_array_equal(found["(no name)#2"], found["(no name)"] + 1)
        assert "images:images" in found.files


def test_one_of_them_is_asked_for(command, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.npz"
    answer = command(
        "extract", "--net", folder / "dup2.prototxt", "--weights", folder / "dup2.caffemodel",
        "--array", f"data={folder / 'dup2.in.data.npy'}", "--layers", "relu1#2", "--out", out,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    with np.load(out) as found, np.load(folder / "real_caffe_dup2.npz") as expected:
        np.testing.assert_allclose(
            found["relu1#2"], expected["4 relu1:conv2"], rtol=1e-5, atol=1e-6
        )


def test_all_are_renamed_and_proved(command, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "own.prototxt"
    answer = command(
        "rename", "--all", "--verify", "--net", folder / "dup2.prototxt",
        "--weights", folder / "dup2.caffemodel", "--out", out,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "bit-identical" in answer.out
    text = out.read_text()
    assert text.count('name: "relu1"') == 2
    assert 'top: "conv2_relu1"' in text
    assert "#" not in text
