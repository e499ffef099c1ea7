"""A window on a net whose layer names repeat: the layer that is clicked is what is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import Qt

NET = """input: "data" input_shape { dim: 1 dim: 3 dim: 6 dim: 6 }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 3 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 5 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { type: "InnerProduct" bottom: "conv2" top: "ip" inner_product_param { num_output: 4 } }
layer { type: "Softmax" bottom: "ip" top: "prob" }
"""


@pytest.fixture
def opened(bench, qtbot, tmp_path: Path):
    path, photo = tmp_path / "net.prototxt", tmp_path / "photo.png"
    path.write_text(NET)
    values = np.random.default_rng(1).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(values).save(photo)
    bench.opening.open_paths([path, photo])
    qtbot.waitUntil(lambda: bench.inspecting.can_run())
    return bench


def box_of(bench, line: int):
    """The drawn box of the layer that is written on that line of the file."""
    net = bench.document.net
    (index,) = [layer.index for layer in net.layers if layer.span and layer.line == line]
    graph = bench.window.panels.graph
    return graph.scene.layer_items[graph.picture.box_of[index]]


def click(bench, qtbot, line: int) -> None:
    canvas = bench.window.panels.graph.canvas
    at = canvas.mapFromScene(box_of(bench, line).frame().center())
    qtbot.mouseClick(canvas.viewport(), Qt.LeftButton, Qt.NoModifier, at)


@pytest.mark.parametrize(
    ("line", "called", "n_channels"),
    [(4, "relu1", 3), (7, "relu1#2", 5), (8, "(no name)", 4), (9, "(no name)#2", 4)],
)
def test_a_click_shows_the_layer_that_was_clicked(
    opened, qtbot, line: int, called: str, n_channels: int
) -> None:
    panels = opened.window.panels
    opened.window.show_panel(panels.activations)
    click(opened, qtbot, line)
    assert opened.document.selection == called
    qtbot.waitUntil(lambda: opened.lanes.is_idle and bool(panels.activations.cards), timeout=15000)
    assert panels.activations.cards[-1].array.shape[1] == n_channels
    assert box_of(opened, line).is_chosen
    others = [other for other in (4, 7, 8, 9) if other != line]
    assert not any(box_of(opened, other).is_chosen for other in others)
    assert panels.inspector.header.name == called
    table = panels.layer_table
    rows = table.view.selectionModel().selectedRows()
    assert [table.model.row_at(row).record.name for row in rows] == [called]


def test_the_second_of_a_name_is_renamed_and_stays_selected(opened, qtbot) -> None:
    opened.document.select("relu1#2")
    opened.window.actions_["rename"].trigger()
    qtbot.waitUntil(lambda: opened.document.is_edited)
    first, _, rest = NET.partition('bottom: "conv2" top: "conv2" }')
    rest = rest.replace('bottom: "conv2"', 'bottom: "conv2_relu1"')
    assert opened.document.text == f'{first}bottom: "conv2" top: "conv2_relu1" }}{rest}'
    assert opened.document.selection == "relu1#2"


def test_the_window_says_that_a_name_stands_twice(opened) -> None:
    (notice,) = [notice for notice in opened.notices.current if notice.key == "names"]
    assert "2 layers are called relu1 in the file (lines 4 and 7)" in notice.body
    assert "2 layers have no name (lines 8 and 9)" in notice.body
    opened.document.select("relu1#2")
    assert "“relu1” in the file" in opened.window.panels.inspector.header.note
