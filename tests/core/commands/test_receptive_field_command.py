"""`receptive-field`: the numbers by hand, and gradients that must lie inside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

NET = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 24 dim: 32 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 5 stride: 2 pad: 2
                      weight_filler { type: "gaussian" std: 1 } } }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "hole" type: "Convolution" bottom: "pool" top: "hole"
  convolution_param { num_output: 2 kernel_size: 3 dilation: 2 pad: 2
                      weight_filler { type: "gaussian" std: 1 } } }
layer { name: "relu" type: "ReLU" bottom: "hole" top: "hole" }
layer { name: "any" type: "Python" bottom: "pool" top: "any" }
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


def test_sizes_strides_and_offsets_by_hand(command, net: Path) -> None:
    said = {
        row["layer"]: row
        for row in command("receptive-field", "--net", net, "--json").json["layers"]
    }
    (conv,), (pool,), (hole,) = (said[name]["fields"] for name in ("conv", "pool", "hole"))
    # 5; then two more windows 2 apart; then, 4 apart, two more on either side of 2 x 2 places
    assert [conv["size"], pool["size"], hole["size"]] == [[5, 5], [9, 9], [25, 25]]
    assert [conv["stride"], pool["stride"], hole["stride"]] == [[2, 2], [4, 4], [4, 4]]
    assert [conv["offset"], pool["offset"], hole["offset"]] == [[0, 0], [2, 2], [2, 2]]
    assert said["relu"]["fields"] == said["hole"]["fields"]
    assert "isn't known" in said["any"]["reason"]


def test_one_place_in_words_and_in_numbers(command, net: Path) -> None:
    words = ("--net", net, "--layer", "hole", "--at", "0,3")
    (row,) = command("receptive-field", *words, "--json").json["layers"]
    (box,) = row["boxes"]
    y, x = box["axes"]
    # place 0 of the pool reads rows -2 to 6; with holes, those of places -2, 0 and 2 count
    assert (y["from"], y["to"], y["first"], y["last"]) == (-10, 14, 0, 14)
    assert (x["from"], x["to"], x["first"], x["last"]) == (2, 26, 2, 26)
    assert "-10, 2" in command("receptive-field", *words).out
    assert command("receptive-field", "--net", net, "--layer", "hole", "--at", "0,9").code == 1
    assert command("receptive-field", "--net", net, "--at", "0,9").code == 2


def test_gradients_lie_inside(command, net: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
    Image.fromarray(pixels).save(photo)
    words = ("--net", net, "--layer", "hole", "--check", "--image", photo)
    (row,) = command("receptive-field", *words, "--json").json["layers"]
    assert row["check"]["is_inside"]
    assert row["check"]["places"] == 12
    assert all(0 < side <= 25 for side in row["check"]["effective"])
