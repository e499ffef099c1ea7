"""Nets for training as people have them: data layers with labels, which features do not need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

REPORT = "reports/train_val_and_extra_inputs"


@pytest.fixture
def expected(material) -> np.ndarray:
    """`pool` as real Caffe 1.0 gives it."""
    with np.load(material("reports/transform_param_ignored") / "real_caffe.npz") as file:
        return file["pool:pool"]


def test_pictures_run_without_their_labels(command, material, expected, tmp_path: Path) -> None:
    """reports/train_val_and_extra_inputs: command A."""
    folder = material(REPORT)
    net, weights = folder / "imagedata.prototxt", folder / "tv.caffemodel"
    words = ("--net", net, "--weights", weights, "--layers", "pool")
    out = tmp_path / "o.npz"
    said = command("extract", *words, "--images", folder / "images", "--out", out)
    assert said.code == 0, said.err
    with np.load(out) as file:
        np.testing.assert_allclose(file["pool"], expected, atol=2e-6, rtol=0)


def test_arrays_run_without_labels(command, material, expected, tmp_path: Path) -> None:
    folder = material(REPORT)
    with np.load(material("reports/transform_param_ignored") / "real_caffe.npz") as file:
        np.save(tmp_path / "data.npy", file["data:data"])
    net, weights = folder / "imagedata.prototxt", folder / "tv.caffemodel"
    words = ("--net", net, "--weights", weights, "--layers", "pool")
    out = tmp_path / "o.npz"
    said = command("extract", *words, "--array", f"data={tmp_path / 'data.npy'}", "--out", out)
    assert said.code == 0, said.err
    with np.load(out) as file:
        np.testing.assert_allclose(file["pool"], expected, atol=2e-6, rtol=0)


def test_one_picture_is_looked_into(command, material, expected) -> None:
    """The job behind the window's histogram, which took no picture of such a net at all."""
    folder = material(REPORT)
    net, weights = folder / "imagedata.prototxt", folder / "tv.caffemodel"
    first = min((folder / "images").iterdir())
    words = ("--net", net, "--weights", weights, "--image", first, "--layers", "pool")
    said = command("stats", *words, "--json")
    assert said.code == 0, said.err
    (layer,) = said.json["layers"]
    assert layer["statistics"]["mean"] == pytest.approx(float(expected[0].mean()), abs=2e-6)
