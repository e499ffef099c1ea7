"""`saliency`: a picture, or an array with its manifest; by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

NET = """
layer { name: "in" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "even" type: "Pooling" bottom: "data" top: "data2"
  pooling_param { pool: AVE kernel_size: 4 stride: 4 } }
layer { name: "relu" type: "ReLU" bottom: "data2" top: "data2" }
layer { name: "mean" type: "Pooling" bottom: "data2" top: "m"
  pooling_param { pool: AVE global_pooling: true } }
layer { name: "prob" type: "Softmax" bottom: "m" top: "prob" }
"""


@pytest.fixture
def words(tmp_path: Path) -> list[object]:
    """A picture whose upper left quarter is red, on black; the classes are B, G and R."""
    (tmp_path / "n.prototxt").write_text(NET)
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4, :4, 0] = 160
    Image.fromarray(pixels).save(tmp_path / "red.png")
    (tmp_path / "n.preprocess.json").write_text(json.dumps(
        {"size_policy": "warp", "width": 8, "height": 8, "colour_order": "BGR"}
    ))  # fmt: skip
    return ["saliency", "--net", tmp_path / "n.prototxt", "--image", tmp_path / "red.png"]


def test_the_red_quarter_carries_red(command, words, tmp_path: Path) -> None:
    """Red's mean is 40: 160 on one of 4 places; each channel's gradient by a place is 1 / 4."""
    out = tmp_path / "cam.npy"
    said = command(*words, "--method", "gradcam", "--at", "relu", "--out", out, "--json").json
    np.testing.assert_allclose(np.load(out), [[40, 0], [0, 0]])
    assert said["target"] == "class 2"
    assert said["score"] == pytest.approx(40)
    assert said["sentence"] == "100 % of Grad-CAM lies on 25 % of the picture."
    assert said["channels"] == [{"channel": 2, "share": pytest.approx(40)}]
    manifest = json.loads((tmp_path / "cam.json").read_text())
    assert manifest["method"] == "gradcam"
    assert manifest["at"] == ["relu", "data2"]
    assert manifest["shape"] == [2, 2]
    assert manifest["covered"] == [0, 0, 8, 8]
    assert len(manifest["image"]["sha256"]) == 64


def test_occlusion_and_the_difference_of_classes(command, words, tmp_path: Path) -> None:
    out = tmp_path / "o.npy"
    said = command(*words, "--method", "occlusion", "--target", "class:2-0", "--patch", 4,
                   "--stride", 4, "--fill", "black", "--out", out, "--json").json  # fmt: skip
    np.testing.assert_allclose(np.load(out), [[40, 0], [0, 0]])
    assert said["target"] == "class 2 less class 0"
    assert said["norms"] == []
    assert "A patch of 4 pixels, 4 apart, of black." in said["notes"]


def test_the_picture_is_warm_where_it_counts(command, words, tmp_path: Path) -> None:
    out, table = tmp_path / "cam.png", tmp_path / "norms.csv"
    said = command(*words, "--at", "relu", "--opacity", 1, "--out", out, "--csv", table)
    assert "-> " in said.out
    drawn = np.asarray(Image.open(out)).astype(int)
    assert (drawn[0, 0] - drawn[-1, -1]).min() > 20
    assert table.read_text().splitlines()[0].endswith("layer,top,l2_norm")
    assert len(table.read_text().splitlines()) == 5


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--out", "x.gif"), "names a .png or a .npy"),
        (("--out", "x.png", "--opacity", "2"), "from 0 to 1"),
        (("--out", "x.png", "--steps", "0"), "1 to 1,024 steps"),
        (("--out", "x.png", "--at", "prob"), "does not depend on"),
        (("--out", "x.png", "--method", "integrated", "--by", "relu"), "of the picture alone"),
    ],
)
def test_wrong_words_are_said(command, words, tmp_path: Path, more, said: str) -> None:
    more = [str(tmp_path / word) if word.startswith("x.") else word for word in more]
    found = command(*words, *more)
    assert found.code != 0
    assert said in found.err


def test_gradients_of_a_target(command, words, tmp_path: Path) -> None:
    out = tmp_path / "g.npz"
    command("gradients", *words[1:], "--target", "class:1", "--out", out)
    found = np.load(out)
    np.testing.assert_array_equal(found["grad/mean/m"].ravel(), [0, 1, 0])
    np.testing.assert_array_equal(found["grad/relu/data2"][0, 1], np.full((2, 2), 0.25))
