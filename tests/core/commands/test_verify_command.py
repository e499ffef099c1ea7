"""`verify`: an edit that keeps every value passes, one that does not names the layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "sum" type: "Power" bottom: "conv" top: "sum" power_param { scale: 2 } }
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


def test_a_rename_is_bit_identical(command, net: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "renamed.prototxt"
    command("rename", "--net", net, "--out", renamed, "--all")
    said = command("verify", "--net", net, "--edited", renamed, "--json")
    assert said.code == 0
    assert said.json["is_identical"]
    assert said.json["values_different"] == 0


@pytest.mark.parametrize("with_image", [False, True])
def test_another_value_fails_with_the_layer(
    command, net: Path, tmp_path: Path, with_image: bool
) -> None:
    edited = tmp_path / "edited.prototxt"
    edited.write_text(NET.replace("scale: 2", "scale: 2.5"))
    words: list[object] = ["verify", "--net", net, "--edited", edited]
    if with_image:
        pixels = np.arange(108, dtype=np.uint8).reshape(6, 6, 3)
        Image.fromarray(pixels).save(tmp_path / "photo.png")
        words += ["--image", tmp_path / "photo.png"]
    said = command(*words)
    assert said.code == 1
    assert "NOT identical" in said.out
    assert "The first layer where they part is sum." in said.out
