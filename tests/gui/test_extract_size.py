"""The Extract dialog says how large the file gets for each image."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from gui.dialogs.extract import ExtractDialog, values_of
from gui.widgets.layer_rows import layer_rows

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 16 kernel_size: 1 } }
"""


def test_bytes_are_those_of_one_image_and_shrink_when_pooled(keeper, qtbot, tmp_path: Path) -> None:
    net = read_net(NET)
    dialog = ExtractDialog(
        keeper, layer_rows(net, infer_shapes(net)), "conv", tmp_path / "a.png",
        tmp_path / "out.npz", choose_out=lambda *_: None, choose_folder=lambda *_: None,
    )  # fmt: skip
    qtbot.addWidget(dialog)
    # 16 channels of 8 x 8 places, 4 bytes each; the batch of 4 is no part of an image
    assert dialog.count.text() == "1 of 2 chosen, 4 KiB an image"
    dialog.pooling.setCurrentIndex(dialog.pooling.findData("gap"))
    assert dialog.count.text() == "1 of 2 chosen, 64 B an image"


@pytest.mark.parametrize(
    ("shape", "pooling", "n"),
    [((16, 8, 8), None, 1024), ((16, 8, 8), "mac", 16), ((10,), "gap", 10)],
)
def test_values_of_a_shape(shape, pooling, n: int) -> None:
    assert values_of(shape, pooling) == n
