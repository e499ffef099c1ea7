"""The receptive field of what is looked at: on the picture, in numbers, and in the inspector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QPoint, QRectF

from core.engines.values import Value
from core.jobs.receptive_field import FieldGradients

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 16 dim: 32 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 5 pad: 2 stride: 2 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 2 kernel_size: 3 pad: 1 } }
layer { name: "both" type: "Concat" bottom: "conv1" bottom: "conv2" top: "both" }
layer { name: "fc" type: "InnerProduct" bottom: "both" top: "fc"
  inner_product_param { num_output: 6 } }
"""


@pytest.fixture
def shown(bench, qtbot, tmp_path: Path):
    """The Layer page on relu1, over a photo."""
    net, photo = tmp_path / "net.prototxt", tmp_path / "photo.png"
    net.write_text(NET)
    pixels = np.random.default_rng(1).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(photo)
    bench.opening.open_paths([net, photo])
    qtbot.waitUntil(lambda: bench.inspecting.can_run())
    look_at(bench, qtbot, "relu1")
    return bench


def look_at(bench, qtbot, layer: str) -> None:
    panel = bench.window.panels.activations
    bench.window.show_page("layer")
    bench.document.select(layer)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    qtbot.waitUntil(lambda: panel.cards and panel.cards[0].value.layer == layer)


def facts_of(bench) -> dict[str, str]:
    field = bench.window.panels.activations.channel.field
    return {fact.name: fact.value for fact in field.facts.facts}


def test_the_numbers_of_a_chosen_cell_by_hand(shown) -> None:
    panel = shown.window.panels.activations
    assert facts_of(shown) == {"size": "5×5", "stride": "2"}
    assert not panel.channel.seen.field
    panel.choose(1, (0, 15))
    assert facts_of(shown) == {"size": "5×5", "stride": "2", "x": "28 to 32", "y": "−2 to 2"}
    view = panel.channel
    assert view.field.note.text() == "2 rows and 1 column lie in the padding."
    assert view.seen.field.outer == QRectF(28 / 32, -2 / 16, 5 / 32, 5 / 16)
    assert view.seen.field.inner == QRectF(28 / 32, 0, 4 / 32, 3 / 16)
    assert view.caption.text() == "Receptive field of (0, 15)"


def test_the_cell_under_the_mouse_goes_before_the_chosen_one(shown, qtbot) -> None:
    panel = shown.window.panels.activations
    panel.choose(1, (4, 4))
    box = panel.canvas.tile_rect(2)
    qtbot.mouseMove(panel.canvas.viewport(), box.topLeft() + QPoint(1, 1))
    assert facts_of(shown)["y"] == "−2 to 2"
    qtbot.mouseMove(panel.canvas.viewport(), QPoint(0, panel.canvas.viewport().height() - 1))
    assert facts_of(shown)["y"] == "6 to 10"
    cell = panel.channel.map.cell_rect((0, 0)).center().toPoint()
    qtbot.mouseMove(panel.channel.map, cell)
    assert facts_of(shown)["x"] == "−2 to 2"


def test_without_overlay_the_picture_is_as_it_is(shown) -> None:
    panel = shown.window.panels.activations
    panel.choose(1, (4, 4))
    panel.channel.overlay.choose("none")
    assert panel.channel.seen.field is None
    assert panel.channel.caption.text() == "Place of (4, 4)"
    assert facts_of(shown)["size"] == "5×5"
    panel.channel.overlay.choose("field")
    assert panel.channel.seen.field is not None


def test_a_channel_of_a_shorter_path_has_its_own_size(shown, qtbot) -> None:
    look_at(shown, qtbot, "both")
    panel = shown.window.panels.activations
    panel.choose(0, (4, 4))
    assert facts_of(shown)["size"] == "5×5"
    assert panel.channel.field.note.text() == "Other channels read 9×9."
    panel.choose(5, (4, 4))
    assert facts_of(shown)["size"] == "9×9"
    assert panel.channel.field.note.text() == ""


def test_a_vector_reads_the_whole_picture(shown, qtbot) -> None:
    look_at(shown, qtbot, "fc")
    shown.window.panels.activations.choose(3)
    # the 8 x 16 values of conv2 read 9 pixels each, 2 apart
    assert facts_of(shown) == {"size": "23×39", "x": "−4 to 34", "y": "−4 to 18"}


def test_what_gradients_say_stays_with_the_layer(shown, qtbot) -> None:
    view = shown.window.panels.activations.channel
    asked: list[object] = []
    view.field.check_requested.connect(asked.append)
    view.field.check_link.clicked.emit()
    assert asked == [("relu1", "conv1")]
    qtbot.waitUntil(lambda: shown.lanes.is_idle, timeout=15000)
    view.show_field_check(FieldGradients(Value("relu1", "conv1"), 0.0, (3.2, 3.2), (5, 5), 12, 12))
    assert facts_of(shown)["95 %"] == "3×3"
    assert view.field.note.text() == "No gradient outside it at 12 places."
    assert not view.field.check_link.isVisible()
    look_at(shown, qtbot, "both")
    assert "95 %" not in facts_of(shown)


def test_the_inspector_tells_size_and_stride(shown, qtbot) -> None:
    shown.window.show_page("net")
    shown.document.select("conv2")
    inspector = shown.window.panels.inspector

    def told() -> dict[str, str]:
        return {fact.name: fact.value for fact in inspector.shapes.facts}

    qtbot.waitUntil(lambda: "Field" in told())
    assert told()["Field"] == "9×9, stride 2"
    shown.document.select("fc")
    qtbot.waitUntil(lambda: told().get("Field") == "23×39")
