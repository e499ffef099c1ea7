"""The Weights view of the Layer page, without an engine and without an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QGuiApplication

from core.weights.reader import open_weights
from core.weights.writer import write_caffemodel
from gui.pages.layer_views import VALUES_VIEW, WEIGHTS_VIEW
from gui.panels.weights.viewpoint import Viewpoint

CONV = np.random.default_rng(0).normal(size=(8, 3, 5, 5)).astype(np.float32)
CONV[3] = -CONV[6]
CONV[5] *= 1e-4
DEEP = np.random.default_rng(1).normal(size=(6, 8, 3, 3)).astype(np.float32)
NET = """
input: "data" input_shape { dim: 1 dim: 3 dim: 16 dim: 16 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 8 kernel_size: 5 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "deep" type: "Convolution" bottom: "pool" top: "deep"
  convolution_param { num_output: 6 kernel_size: 3 bias_term: false } }
layer { name: "bn" type: "BatchNorm" bottom: "deep" top: "deep" }
layer { name: "sc" type: "Scale" bottom: "deep" top: "deep" scale_param { bias_term: true } }
"""
BN = [np.arange(6) + 1.0, np.arange(6) + 2.0, np.array([2.0])]
SCALE = [np.linspace(-1, 1, 6), np.arange(6.0)]


def model(tmp_path: Path, name: str = "a", conv: np.ndarray = CONV) -> tuple[Path, Path]:
    net, weights = tmp_path / "net.prototxt", tmp_path / f"{name}.caffemodel"
    net.write_text(NET)
    layers = [
        ("conv", "Convolution", [conv, np.arange(8.0)]), ("deep", "Convolution", [DEEP]),
        ("bn", "BatchNorm", BN), ("sc", "Scale", SCALE),
    ]  # fmt: skip
    write_caffemodel(weights, "net", layers)
    return net, weights


@pytest.fixture
def looked_at(make_bench, qtbot, tmp_path: Path):  # type: ignore[no-untyped-def]
    """A window on the Weights view of conv; no engine was started."""
    bench = make_bench()
    bench.window.show()
    bench.opening.open_paths(list(model(tmp_path)))
    qtbot.waitUntil(lambda: bench.document.weights is not None, timeout=10000)
    bench.window.show_page("layer")
    bench.window.layer_page.show_view(WEIGHTS_VIEW)
    look(bench, qtbot, "conv")
    return bench


def look(bench, qtbot, layer: str) -> None:  # type: ignore[no-untyped-def]
    bench.document.select(layer)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=10000)


def check_tiles_stand_by_norm_with_their_figures_beside(looked_at, qtbot) -> None:
    panel = looked_at.layer.weights_panel
    norms = np.linalg.norm(CONV.reshape(8, -1).astype(float), axis=1)
    assert panel.shown.places.tolist() == np.argsort(-norms).tolist()
    assert panel.chosen == norms.argmax()
    assert panel.count.text() == "8 filters"
    assert panel.dead.text() == "1 dead filter: norm under 1 % of the largest"
    assert "Order of the file is BGR; shown as the camera's RGB." in panel.foot.toolTip()
    (pair,) = panel.side.twins.pairs
    assert (pair.number, pair.words) == ("−1.00", "3 and 6")
    facts = {fact.name: fact.value for fact in panel.side.facts.facts}
    assert facts["L2 norm"].endswith("rank 1 of 8")
    box = panel.tiles.tile_rect(6)
    qtbot.mouseClick(panel.tiles.viewport(), Qt.LeftButton, pos=box.center())
    assert panel.chosen == 6
    facts = {fact.name: fact.value for fact in panel.side.facts.facts}
    assert facts["Nearest twin"] == "3, cosine −1.00"
    assert facts["Bias"] == "6.000"


def check_a_tile_has_the_colours_of_its_weights(looked_at) -> None:
    tiles = looked_at.layer.weights_panel.tiles
    picture, box = tiles.viewport().grab().toImage(), tiles.tile_rect(0)
    scale = tiles.scale
    for y, x in ((0, 0), (2, 3), (4, 4)):
        at = box.topLeft() + QPoint(x * scale + scale // 2, y * scale + scale // 2)
        found = picture.pixelColor(at)
        bgr = np.rint(127.5 + 127.5 * CONV[0, :, y, x] / np.abs(CONV[0]).max())
        assert [found.blue(), found.green(), found.red()] == bgr.tolist()


def check_sort_range_and_planes_are_chosen(looked_at, qtbot) -> None:
    panel = looked_at.layer.weights_panel
    panel.sort.setCurrentIndex(panel.sort.findData("index"))
    panel.sort.activated.emit(panel.sort.currentIndex())
    qtbot.waitUntil(lambda: panel.shown.sort == "index")
    assert panel.shown.places.tolist() == list(range(8))
    panel.mode.choose("planes")
    qtbot.waitUntil(lambda: panel.shown.mode == "planes")
    assert panel.tiles.tile_rect(0).width() == panel.tiles.scale * (3 * 5 + 2)
    assert "change" not in panel.shown.sorts


def check_a_relu_of_a_chain_shows_the_convolutions(looked_at, qtbot) -> None:
    look(looked_at, qtbot, "relu")
    panel = looked_at.layer.weights_panel
    assert panel.shown.read.layer == "conv"
    assert "relu works in place on conv: these are conv's weights." in panel.foot.toolTip()


def check_a_layer_without_weights_offers_the_nearest(looked_at, qtbot) -> None:
    look(looked_at, qtbot, "pool")
    panel = looked_at.layer.weights_panel
    assert panel.empty.sentence == "pool (Pooling) has no weights in this file. conv has some."
    panel.empty.clicked.emit()
    assert looked_at.document.selection == "conv"


def check_deep_kernels_are_a_map_whose_region_is_drawn(looked_at, qtbot) -> None:
    look(looked_at, qtbot, "deep")
    panel = looked_at.layer.weights_panel
    assert panel.shown.form == "map"
    qtbot.waitUntil(lambda: panel.map._levels is not None, timeout=5000)
    assert panel.map._levels.shape == (18, 24)
    place = int(panel.shown.places[2])
    panel.choose(place)
    assert panel.side.title.text == f"FILTER {place}"
    assert panel.map.accessibleDescription() == f"filter {place}"


def check_batch_norm_and_scale_are_bars_of_gain_and_shift(looked_at, qtbot) -> None:
    look(looked_at, qtbot, "sc")
    panel = looked_at.layer.weights_panel
    assert panel.shown.form == "channels"
    gain = SCALE[0] / np.sqrt(BN[1] / 2 + 1e-5)
    shift = SCALE[1] - BN[0] / 2 * gain
    head, *lines = panel.channels.readout(4)
    assert head == "channel 4"
    assert lines == [f"gain {gain[4]:.4f}", f"shift {shift[4]:.3f}"]
    assert "bn and sc as they act together" in panel.foot.toolTip()


def test_another_caffemodel_shows_what_moved(looked_at, qtbot, tmp_path: Path, user) -> None:
    moved = CONV.copy()
    moved[4] *= 1.25
    user.files.append((model(tmp_path, "b", moved)[1],))
    panel = looked_at.layer.weights_panel
    panel.side.other_link.clicked.emit()
    qtbot.waitUntil(lambda: bool(panel.side.moved.pairs), timeout=10000)
    assert panel.side.other_head.note == "b.caffemodel"
    change = np.linalg.norm(moved - CONV) / np.linalg.norm(CONV)
    bars = {one.layer: one.words for one in panel.side.bars.layers}
    assert bars["conv"] == (f"{100 * change:.0f} %" if change >= 0.1 else f"{100 * change:.1f} %")
    assert bars["deep"] == "equal"
    (pair,) = panel.side.moved.pairs
    assert (pair.words, pair.number) == ("filter 4", "25 %")
    assert "change" in panel.shown.sorts
    looked_at.document.select("deep")
    qtbot.waitUntil(lambda: looked_at.lanes.is_idle, timeout=10000)
    assert panel.side.moved.pairs == ()


def test_arrays_figures_and_pictures_are_saved_and_copied(
    looked_at, qtbot, tmp_path: Path, user
) -> None:
    panel = looked_at.layer.weights_panel
    this, all_layers = panel.save_button.menu().actions()
    for ending in ("npz", "npy", "csv", "png"):
        user.files.append((tmp_path / f"out.{ending}",))
        this.trigger()
    user.files.append((tmp_path / "all.h5",))
    all_layers.trigger()
    qtbot.waitUntil(lambda: looked_at.lanes.is_idle, timeout=10000)
    again = open_weights(tmp_path / "all.h5")  # as Caffe writes its own
    assert sorted(one.name for one in again.layers) == ["bn", "conv", "deep", "sc"]
    np.testing.assert_array_equal(again.get("conv").blobs[0].array(), CONV)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["conv/0"], CONV)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy", allow_pickle=False), CONV)
    assert (tmp_path / "out.csv").read_text().startswith("layer,array,filter,rank,norm")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    panel.copy_requested.emit("command")
    text = QGuiApplication.clipboard().text()
    assert text.startswith("main.py weights --weights ")
    assert "--layer conv" in text


def check_a_filter_is_the_channel_that_it_makes(looked_at, qtbot) -> None:
    panel, activations = looked_at.layer.weights_panel, looked_at.window.panels.activations
    page = looked_at.window.layer_page
    activations.choose(4)
    assert panel.chosen == 4
    panel.tiles.filter_chosen.emit(2)
    assert (panel.chosen, activations.chosen[0]) == (2, 2)
    looked_at.document.select("deep")
    qtbot.waitUntil(lambda: looked_at.lanes.is_idle, timeout=10000)
    assert panel.chosen == 2  # of the next layer, too
    looked_at.document.select("conv")
    qtbot.waitUntil(lambda: looked_at.lanes.is_idle, timeout=10000)
    panel.side.top_images.clicked.emit()
    qtbot.waitUntil(lambda: looked_at.lanes.is_idle, timeout=10000)
    assert (page.view, looked_at.document.selection) == (VALUES_VIEW, "conv")
    assert activations.chosen[0] == 2
    page.show_view(WEIGHTS_VIEW)


def test_all_twins_are_a_list_to_choose_from(looked_at, monkeypatch) -> None:
    monkeypatch.setattr("gui.panels.weights.side.N_TWINS", 0)
    panel = looked_at.layer.weights_panel
    side = panel.side
    side.show_layer(panel.shown)
    assert side.twins_all_link.text() == "All over 0.9"
    assert side.twins_table.isHidden()
    side.twins_all_link.clicked.emit()
    assert [row.cells for row in side.twins_table.figures.rows] == [("3", "6", "−1.000")]
    panel.choose(0)
    side.twins_table.row_chosen.emit(0)
    assert panel.chosen == 3


def test_without_a_caffemodel_it_asks_for_one(make_bench, qtbot, tmp_path: Path) -> None:
    bench = make_bench()
    bench.window.show()
    net, weights = model(tmp_path)
    weights.unlink()
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.net is not None, timeout=10000)
    bench.window.show_page("layer")
    bench.window.layer_page.show_view(WEIGHTS_VIEW)
    panel = bench.layer.weights_panel
    assert panel.empty.sentence == "Open a caffemodel to see the weights of this layer."
    assert panel.empty.offers_button


def test_zooming_keeps_the_weight_under_the_mouse_and_becomes_square() -> None:
    view = Viewpoint(4096, 25088, 780, 600).fitted()
    assert (view.across, view.down) == pytest.approx((780 / 25088, 600 / 4096))
    at = view.weight_at(300, 200)
    for _ in range(40):
        view = view.zoomed(1.25, 300, 200)
        assert view.weight_at(300, 200) == pytest.approx(at, abs=0.5)
    assert view.across == view.down == 32
    region = view.visible()
    assert region.left <= at[0] <= region.right
    for _ in range(60):
        view = view.zoomed(1 / 1.25, 300, 200)
    assert (view.across, view.down) == pytest.approx((780 / 25088, 600 / 4096))


def test_tiles_by_norm_in_their_colours_sorted_and_linked(looked_at, qtbot) -> None:
    check_tiles_stand_by_norm_with_their_figures_beside(looked_at, qtbot)
    check_a_tile_has_the_colours_of_its_weights(looked_at)
    check_a_filter_is_the_channel_that_it_makes(looked_at, qtbot)
    check_sort_range_and_planes_are_chosen(looked_at, qtbot)


def test_each_kind_of_layer_shows_what_it_has(looked_at, qtbot) -> None:
    check_a_relu_of_a_chain_shows_the_convolutions(looked_at, qtbot)
    check_a_layer_without_weights_offers_the_nearest(looked_at, qtbot)
    check_deep_kernels_are_a_map_whose_region_is_drawn(looked_at, qtbot)
    check_batch_norm_and_scale_are_bars_of_gain_and_shift(looked_at, qtbot)
