"""`weights`: tables, files and refusals, by what NumPy says of the arrays."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.filters.source import WeightsSource
from core.jobs.weights_files import SaveWeightsRequest, save_weights
from core.weights.reader import open_weights
from core.weights.writer import write_caffemodel

CONV = np.random.default_rng(0).normal(size=(6, 3, 5, 5)).astype(np.float32)
CONV[4] = -CONV[1]
CONV[5] *= 1e-4
FC = np.random.default_rng(1).normal(size=(4, 9)).astype(np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "a.caffemodel"
    layers = [("conv", "Convolution", [CONV, np.arange(6)]), ("fc", "InnerProduct", [FC])]
    write_caffemodel(path, "net", layers)
    return path


def test_layers_are_listed_with_dead_filters_and_twins(
    command: Callable[..., Any], model: Path
) -> None:
    answer = command("weights", "--weights", model, "--twins", "--json")
    conv, fc = answer.json["layers"]
    assert (conv["layer"], fc["layer"]) == ("conv", "fc")
    norms = np.linalg.norm(CONV.reshape(6, -1).astype(float), axis=1)
    assert conv["arrays"][0]["norms"] == pytest.approx(norms)
    assert conv["arrays"][0]["dead"] == [5]
    assert conv["arrays"][0]["twins"]["pairs"] == [[1, 4, pytest.approx(-1)]]
    printed = command("weights", "--weights", model, "--twins").out.splitlines()
    assert printed[1].split()[:4] == ["conv", "Convolution", "weights", "6"]
    assert printed[1].split()[-2:] == ["1", "1"]


def test_one_layer_is_listed_by_norm(command: Callable[..., Any], model: Path) -> None:
    out = command("weights", "--weights", model, "--layer", "conv").out
    norms = np.linalg.norm(CONV.reshape(6, -1), axis=1)
    assert f"weights       {norms.argmax()}     1" in out
    assert "1 dead filter: norm under 1 % of the largest." in out


def test_files_hold_the_arrays_the_figures_and_the_tiles(
    command: Callable[..., Any], model: Path, tmp_path: Path
) -> None:
    out = {ending: tmp_path / f"f.{ending}" for ending in ("npz", "npy", "csv", "png")}
    assert command("weights", "--weights", model, "--out", out["npz"]).code == 0
    for ending in ("npy", "csv", "png"):
        words = ("--weights", model, "--layer", "conv", "--out", out[ending])
        assert command("weights", *words).code == 0
    with np.load(out["npz"], allow_pickle=False) as found:
        assert set(found) == {"conv/0", "conv/1", "fc/0"}
        np.testing.assert_array_equal(found["fc/0"], FC)
    np.testing.assert_array_equal(np.load(out["npy"], allow_pickle=False), CONV)
    with out["csv"].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["bias"] for row in rows] == ["0.0", "1.0", "2.0", "3.0", "4.0", "5.0"]
    assert [float(row["mean"]) for row in rows] == pytest.approx(CONV.mean(axis=(1, 2, 3)).tolist())
    picture = np.asarray(Image.open(out["png"]))
    first = CONV[0] / np.abs(CONV[0]).max()
    expected = np.rint(127.5 + 127.5 * first[::-1]).transpose(1, 2, 0)
    assert picture[:30:6, :30:6].tolist() == expected.tolist()


def test_hdf5_is_read_as_weights_again_and_the_manifest_says_what_is_in_it(
    command: Callable[..., Any], model: Path, tmp_path: Path
) -> None:
    assert command("weights", "--weights", model, "--out", tmp_path / "f.h5").code == 0
    again = open_weights(tmp_path / "f.h5")
    assert [one.name for one in again.layers] == ["conv", "fc"]
    np.testing.assert_array_equal(again.get("fc").blobs[0].array(), FC)
    said = json.loads((tmp_path / "f.manifest.json").read_text())
    assert said["weights"]["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert [one["key"] for one in said["arrays"]] == ["conv/0", "conv/1", "fc/0"]
    assert said["arrays"][0]["shape"] == [6, 3, 5, 5]


@pytest.mark.parametrize("out", ["f.npz", "f.h5"])
def test_a_cancelled_save_leaves_nothing(model: Path, tmp_path: Path, out: str) -> None:
    source = WeightsSource(open_weights(model))
    job = save_weights(SaveWeightsRequest(source, tmp_path / out))
    assert [next(job).done, next(job).done] == [0, 1]
    job.close()
    assert [one.name for one in tmp_path.iterdir()] == [model.name]


def test_a_layer_that_does_not_fit_its_net_is_left_out(
    command: Callable[..., Any], model: Path, tmp_path: Path
) -> None:
    net = tmp_path / "n.prototxt"
    net.write_text(
        'input: "data" input_shape { dim: 1 dim: 3 dim: 9 dim: 9 }\n'
        'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"\n'
        "  convolution_param { num_output: 6 kernel_size: 5 } }\n"
        'layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"\n'
        "  inner_product_param { num_output: 4 bias_term: false } }\n"
    )
    words = ("--weights", model, "--net", net, "--out", tmp_path / "f.npz")
    assert command("weights", *words).code == 0
    said = json.loads((tmp_path / "f.manifest.json").read_text())
    assert [one["key"] for one in said["arrays"]] == ["conv/0", "conv/1"]
    assert said["left_out"][0][0] == "fc"
    assert said["net"]["path"] == str(net)


def test_changes_are_told_by_layer_and_by_filter(
    command: Callable[..., Any], model: Path, tmp_path: Path
) -> None:
    other, moved = tmp_path / "b.caffemodel", CONV.copy()
    moved[2] *= 1.5
    write_caffemodel(other, "net", [("conv", "Convolution", [moved, np.arange(6)])])
    words = ("--weights", model, "--against", other)
    layers = command("weights", *words, "--json").json["layers"]
    expected = np.linalg.norm(moved - CONV) / np.linalg.norm(CONV)
    assert layers[0]["change"] == pytest.approx(expected, rel=1e-5)
    assert layers[1]["why_not"] == "only in A"
    out = tmp_path / "f.csv"
    command("weights", *words, "--layer", "conv", "--out", out)
    with out.open(newline="") as file:
        changes = [float(row["change"]) for row in csv.DictReader(file)]
    assert changes == pytest.approx([0, 0, 0.5, 0, 0, 0])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--layer", "relu"), "The weights file has no layer 'relu'."),
        (("--out", "f.png"), "a .png holds one layer"),
        (("--out", "f.txt"), "--out names a .npy"),
        (("--twins", "0"), "--twins is above 0"),
    ],
)
def test_what_can_not_be_done_is_said(
    command: Callable[..., Any], model: Path, words: tuple[str, ...], said: str
) -> None:
    answer = command("weights", "--weights", model, *words)
    assert answer.code != 0
    assert said in answer.err
