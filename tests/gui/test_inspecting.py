"""Looking into layers on the fake engine: one pass an image, values where the user looks."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication

from core.commands.stats import add_arguments as add_statistics_arguments
from core.commands.tiles import add_arguments
from core.weights.writer import write_caffemodel
from gui.controllers.inspecting import LEFT_OUT_KEY
from gui.widgets.class_list import ClassScore, score_text

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc8" type: "InnerProduct" bottom: "conv1" top: "fc8"
  inner_product_param { num_output: 6 } }
layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    values = np.random.default_rng(1).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(values).save(path)
    return path


def open_both(bench, qtbot, net: Path, photo: Path) -> None:
    bench.opening.open_paths([net, photo])
    qtbot.waitUntil(lambda: bench.inspecting.can_run())


@pytest.fixture
def weights(net: Path) -> Path:
    rng = np.random.default_rng(2)
    shapes = {"conv1": ("Convolution", (4, 3, 3, 3), (4,)), "fc8": ("InnerProduct", (6, 144), (6,))}
    layers = [
        (name, kind, [rng.standard_normal(shape).astype(np.float32) / 100 for shape in those])
        for name, (kind, *those) in shapes.items()
    ]
    path = net.with_suffix(".caffemodel")
    write_caffemodel(path, "net", layers)
    return path


def open_trained(bench, qtbot, net: Path, weights: Path, photo: Path) -> None:
    bench.opening.open_paths([net, weights, photo])
    qtbot.waitUntil(lambda: bench.inspecting.can_run() and bench.document.weights is not None)


def look_at(bench, qtbot, panel, layer: str) -> None:
    bench.window.show_panel(panel)
    bench.document.select(layer)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)


def test_what_is_missing_is_said_in_the_panel(bench, qtbot, net: Path, photo: Path) -> None:
    panels = bench.window.panels
    bench.opening.open_paths([net])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    look_at(bench, qtbot, panels.activations, "conv1")
    assert panels.activations.empty_state.sentence == "Open an image to see every channel."
    assert panels.activations.empty_state.offers_button
    bench.document.select("")
    bench.opening.open_image(photo)
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert not panels.activations.empty_state.offers_button
    assert panels.activations.empty_state.sentence == "Select a layer to see its channels."


def test_a_selected_layer_shows_its_whole_chain(bench, qtbot, net: Path, photo: Path) -> None:
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.activations
    look_at(bench, qtbot, panel, "relu1")
    assert [card.value.words for card in panel.cards] == ["relu1 · conv1@1"]
    panel.bar.chain_box.click()
    qtbot.waitUntil(lambda: len(panel.cards) == 2, timeout=15000)
    before, after = panel.cards
    assert [card.value.words for card in panel.cards] == ["conv1 · conv1@0", "relu1 · conv1@1"]
    assert before.array.shape == (1, 4, 6, 6)
    assert (before.array < 0).any()
    np.testing.assert_array_equal(after.array, np.maximum(before.array, 0))
    assert bench.inspecting.last_forward.n_images == 1


def test_one_pass_serves_every_layer_and_panel(bench, qtbot, net: Path, photo: Path) -> None:
    passes = []
    bench.inspecting.forward_done.connect(passes.append)
    open_both(bench, qtbot, net, photo)
    panels = bench.window.panels
    for panel in (panels.activations, panels.histogram):
        for layer in ("conv1", "relu1", "fc8", "prob"):
            look_at(bench, qtbot, panel, layer)
    assert len(passes) == 1
    bench.window.actions_["forward"].trigger()
    qtbot.waitUntil(lambda: len(passes) == 2, timeout=15000)


def test_another_image_runs_another_pass(bench, qtbot, net: Path, photo: Path, tmp_path) -> None:
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.activations
    look_at(bench, qtbot, panel, "conv1")
    first = panel.cards[0].array
    other = tmp_path / "other.png"
    Image.new("RGB", (9, 9), (1, 200, 30)).save(other)
    bench.opening.open_image(other)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    assert not np.array_equal(panel.cards[0].array, first)


def test_the_histogram_compares_before_and_after(bench, qtbot, net: Path, photo: Path) -> None:
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.histogram
    look_at(bench, qtbot, panel, "relu1")
    before, after = panel.view().series
    assert (before.label, after.label) == ("conv1 · conv1@0", "relu1 · conv1@1")
    assert before.statistics.n_negative == after.statistics.n_zeros > 0
    assert before.statistics.n_values == 4 * 6 * 6
    panel.bar.choose_bins(20)
    qtbot.waitUntil(lambda: panel.view().n_bins == 20, timeout=15000)


def test_trimming_counts_what_it_leaves_out(bench, qtbot, net: Path, photo: Path) -> None:
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.histogram
    look_at(bench, qtbot, panel, "conv1")
    full = panel.view()
    panel.bar.trimmed_action.trigger()
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    trimmed = panel.view().series[0].histogram
    assert trimmed.n_below + trimmed.n_above > 0
    assert trimmed.n_values == full.series[0].statistics.n_values


def test_a_renamed_chain_is_still_shown_whole(bench, qtbot, net: Path, photo: Path) -> None:
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.activations
    bench.renaming.rename_layer("relu1")
    qtbot.waitUntil(lambda: bench.document.is_edited)
    look_at(bench, qtbot, panel, "relu1")
    assert panel.bar.chain_box.text() == "chain conv1"
    panel.bar.chain_box.click()
    qtbot.waitUntil(lambda: len(panel.cards) == 2, timeout=15000)
    assert [card.value.words for card in panel.cards] == ["conv1", "relu1 · conv1_relu1"]


def test_a_panel_out_of_view_asks_for_nothing(bench, qtbot, net: Path, photo: Path) -> None:
    open_both(bench, qtbot, net, photo)
    panels = bench.window.panels
    look_at(bench, qtbot, panels.graph, "conv1")
    assert panels.activations.cards == ()
    look_at(bench, qtbot, panels.activations, "conv1")
    assert len(panels.activations.cards) > 0


@pytest.mark.parametrize(("layer", "note"), [("prob", "probabilities"), ("conv1", None)])
def test_outputs_name_their_best_classes(
    bench, qtbot, net: Path, weights: Path, photo: Path, tmp_path: Path, layer: str,
    note: str | None,
) -> None:  # fmt: skip
    (tmp_path / "class_names.txt").write_text("ant\nbee\ncat\ndog\neel\nfox\n")
    open_trained(bench, qtbot, net, weights, photo)
    panel = bench.window.panels.activations
    look_at(bench, qtbot, panel, layer)
    scores = panel.classes.scores
    if note is None:
        assert scores is None
        return
    assert scores.note == note
    assert len(scores.classes) == 5
    values = panel.cards[0].array.reshape(-1)
    assert scores.classes[0].score == pytest.approx(float(values.max()))
    assert scores.classes[0].name == "ant bee cat dog eel fox".split()[int(values.argmax())]


def test_scores_without_softmax_say_so(
    bench, qtbot, net: Path, weights: Path, photo: Path, tmp_path: Path
) -> None:
    net.write_text(NET[: NET.index('layer { name: "prob"')])
    open_trained(bench, qtbot, net, weights, photo)
    panel = bench.window.panels.activations
    look_at(bench, qtbot, panel, "fc8")
    assert panel.classes.scores is None  # six unnamed numbers are no classes
    (tmp_path / "labels.txt").write_text("\n".join("abcdef"))
    bench.inspecting.forward()
    qtbot.waitUntil(lambda: panel.classes.scores is not None, timeout=15000)
    assert panel.classes.scores.note == "softmax of its scores"
    raised = np.exp(panel.cards[0].array.reshape(-1).astype(np.float64))
    assert panel.classes.scores.classes[0].score == pytest.approx(raised.max() / raised.sum())


def test_a_pass_that_fails_is_told_once(make_bench, qtbot, net: Path, photo: Path) -> None:
    bench = make_bench(is_shown=True, fail_at="relu1")
    open_both(bench, qtbot, net, photo)
    look_at(bench, qtbot, bench.window.panels.histogram, "fc8")
    qtbot.waitUntil(lambda: bench.notices.has("forward"), timeout=15000)
    assert sum(notice.key == "forward" for notice in bench.notices.current) == 1
    assert bench.window.panels.histogram.view() is None
    assert bench.engine.state == "ready"


def test_a_crash_in_a_pass_ends_one_child_only(make_bench, qtbot, net: Path, photo: Path) -> None:
    bench = make_bench(is_shown=True, crash_at="relu1")
    crashes = []
    bench.engine.crashed.connect(crashes.append)
    open_both(bench, qtbot, net, photo)
    for layer in ("conv1", "fc8", "prob"):
        look_at(bench, qtbot, bench.window.panels.histogram, layer)
    assert bench.engine.state == "stopped"
    assert [error.running for error in crashes] == ["relu1"]
    assert bench.notices.has("engine")


def test_a_panel_says_that_it_waits_for_the_engine(
    make_bench, qtbot, net: Path, photo: Path
) -> None:
    bench = make_bench()
    bench.window.show()
    open_both(bench, qtbot, net, photo)
    bench.window.show_page("layer")
    bench.document.select("fc8")
    assert bench.engine.state == "starting"
    panels = bench.window.panels
    assert panels.activations.empty_state.sentence == "Starting Fake."
    assert panels.histogram.empty_state.sentence == "Starting Fake."
    bench.start()
    qtbot.waitUntil(lambda: len(panels.activations.cards) == 1, timeout=15000)


def test_a_cancelled_pass_waits_for_forward(make_bench, qtbot, net: Path, photo: Path) -> None:
    bench = make_bench(is_shown=True, hang_at="relu1")
    open_both(bench, qtbot, net, photo)
    bench.window.show_page("layer")
    bench.document.select("fc8")
    status = bench.window.status_line
    qtbot.waitUntil(lambda: status.texts["job"].startswith("Forward pass"), timeout=15000)
    tiles = bench.window.panels.activations.empty_state
    spread = bench.window.panels.histogram.empty_state
    assert (tiles.sentence, spread.sentence) == ("Running forward.", "Running forward.")
    assert not tiles.offers_button
    dead = bench.engine.process_id
    status.cancel_clicked.emit()
    qtbot.waitUntil(lambda: bench.engine.process_id not in (dead, None), timeout=15000)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    assert "F5" in tiles.sentence
    assert "F5" in spread.sentence
    bench.document.select("prob")
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    assert not bench.notices.has("engine")


def test_forward_right_after_a_selection_still_tells_a_crash(
    make_bench, qtbot, net: Path, photo: Path
) -> None:
    bench = make_bench(is_shown=True, crash_at="relu1")
    open_both(bench, qtbot, net, photo)
    bench.document.select("fc8")
    bench.inspecting.forward()
    qtbot.waitUntil(lambda: bench.notices.has("engine"), timeout=15000)


def test_a_chain_is_offered_where_the_layer_works_in_one(bench, qtbot, net, photo) -> None:
    open_both(bench, qtbot, net, photo)
    box = bench.window.panels.activations.bar.chain_box
    bench.document.select("relu1")
    assert (box.isHidden(), box.text()) == (False, "chain conv1")
    bench.document.select("fc8")
    assert box.isHidden()


def test_nothing_chosen_is_lost_by_a_rename_or_another_forward(bench, qtbot, net, photo) -> None:
    """Channel, cell, pins, order and size of the tiles stay; so does B of the histogram."""
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.activations
    look_at(bench, qtbot, panel, "relu1")
    panel.choose(2, (1, 3))
    panel.toggle_pin()
    panel.canvas.set_side(33)
    panel.tile_bar.order_choice.setCurrentIndex(2)
    panel.tile_bar.order_choice.activated.emit(2)
    bench.renaming.rename_layer("relu1")
    qtbot.waitUntil(lambda: bench.document.is_edited and bench.lanes.is_idle, timeout=15000)
    bench.window.actions_["forward"].trigger()
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    assert [card.value.words for card in panel.cards] == ["relu1 · conv1_relu1"]
    assert panel.chosen == (2, (1, 3))
    assert panel.canvas.side == 33
    assert panel.tile_bar.order == "max"
    (tile,) = panel.pin_row.tiles
    assert tile.accessibleName().startswith("Pinned relu1 #2, max ")


def test_pinned_channels_stay_over_layers(bench, qtbot, net: Path, photo: Path) -> None:
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.activations
    look_at(bench, qtbot, panel, "conv1")
    panel.choose(3)
    panel.toggle_pin()
    look_at(bench, qtbot, panel, "fc8")
    (tile,) = panel.pin_row.tiles
    assert panel.pin_row.isVisible()
    assert tile.accessibleName().startswith("Pinned conv1 #3, max ")
    tile.click()
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    assert (bench.document.selection, panel.chosen[0]) == ("conv1", 3)
    qtbot.keyClick(panel.pin_row.tiles[0], Qt.Key_Space)
    qtbot.waitUntil(lambda: not panel.pin_row.isVisible())


def test_a_net_without_weights_claims_no_class(bench, qtbot, net, photo) -> None:
    """ "Top: class 124, 100 %" of filler values looked like a result."""
    found = []
    bench.inspecting.classes_found.connect(found.append)
    open_both(bench, qtbot, net, photo)
    bench.window.actions_["forward"].trigger()
    qtbot.waitUntil(lambda: bool(found), timeout=15000)
    assert bench.window.status_line._last.text().startswith("last forward ")
    inspector = bench.window.panels.inspector
    assert inspector.classes.isVisible()
    assert inspector.classes.scores.note == "no weights: filler values, no meaning"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0.0 %"), (4e-4, "< 0.1 %"), (6e-4, "0.1 %"), (0.613, "61.3 %"), (1.0, "100.0 %")],
)
def test_a_small_share_is_told_from_none(share: float, text: str) -> None:
    assert score_text(ClassScore(0, "", share)) == text


def test_a_forward_tells_the_top_class_on_every_page(bench, qtbot, net, weights, photo) -> None:
    """The status line says it though no layer is selected and no values are in view."""
    found = []
    bench.inspecting.classes_found.connect(found.append)
    open_trained(bench, qtbot, net, weights, photo)
    bench.window.actions_["forward"].trigger()
    qtbot.waitUntil(lambda: bool(found), timeout=15000)
    best = found[0].classes[0]
    assert found[0].layer == "prob"
    said = bench.inspecting.last_forward.sentence
    assert re.fullmatch(rf"Top: class {best.index}, \d+ %, [\d,]+ ms", said)
    assert bench.window.status_line._last.text() == said
    inspector = bench.window.panels.inspector  # WINDOW_FAULTS 38: nothing was to be seen
    assert inspector.classes.isVisible()
    assert inspector.classes.rows[0].name == f"class {best.index}"
    bench.document.select("conv1")
    assert not inspector.classes.isVisible()
    bench.document.select("prob")
    assert inspector.classes.isVisible()


def test_the_channel_stands_beside_what_the_net_sees(bench, qtbot, net, photo) -> None:
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.activations
    look_at(bench, qtbot, panel, "conv1")
    picture = panel.channel.seen._picture
    assert (picture.width(), picture.height()) == (8, 8)
    panel.choose(0, (5, 1))
    part = panel.channel.seen.part
    assert (part.x(), part.y()) == (pytest.approx(1 / 6), pytest.approx(5 / 6))


def test_tiles_are_copied_as_a_command(bench, qtbot, net: Path, photo: Path) -> None:
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.activations
    look_at(bench, qtbot, panel, "relu1")
    panel.bar.copy_requested.emit("command")
    words = shlex.split(QApplication.clipboard().text())
    assert words == [
        "main.py", "tiles", "--net", str(net), "--image", str(photo), "--layers", "relu1",
        "--out", "tiles.png", "--order", "index", "--range", "layer", "--colours", "standard",
    ]  # fmt: skip
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert parser.parse_args(words[2:]).layers == "relu1"
    histogram = bench.window.panels.histogram
    look_at(bench, qtbot, histogram, "relu1")
    histogram.bar.choose_bins(20)
    histogram.bar.copy_requested.emit("command")
    words = shlex.split(QApplication.clipboard().text())
    assert words[-5:] == ["--layers", "conv1,relu1:conv1", "--bins", "20", "--same-edges"]
    parser = argparse.ArgumentParser()
    add_statistics_arguments(parser)
    assert parser.parse_args(words[2:]).bins == 20


DETECTOR = """layer { name: "data" type: "Input" top: "data" top: "im_info"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } shape { dim: 1 dim: 3 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "info" type: "Power" bottom: "im_info" top: "info" }
"""
TRAINED = """layer { name: "mnist" type: "Data" top: "data" top: "label"
  transform_param { crop_size: 8 } data_param { source: "nowhere" batch_size: 2 } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "fc8" type: "InnerProduct" bottom: "conv1" top: "fc8"
  inner_product_param { num_output: 6 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss" }
"""


@pytest.mark.parametrize(
    "text", [DETECTOR, TRAINED, *(NET.replace("dim: 3", f"dim: {n}") for n in (1, 2, 4))]
)
def test_nets_with_other_inputs_or_channels_take_pictures(
    bench, qtbot, photo: Path, tmp_path: Path, text: str
) -> None:
    net = tmp_path / "other.prototxt"
    net.write_text(text)
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.activations
    look_at(bench, qtbot, panel, "conv1")
    assert panel.cards[0].array.shape == (1, 4, 6, 6)


def test_a_loss_without_axes_is_looked_at_like_any_value(
    bench, qtbot, photo: Path, tmp_path: Path
) -> None:
    net = tmp_path / "trained.prototxt"
    net.write_text(TRAINED)
    open_both(bench, qtbot, net, photo)
    panels = bench.window.panels
    look_at(bench, qtbot, panels.activations, "loss")
    assert [card.array.shape for card in panels.activations.cards] == [()]
    look_at(bench, qtbot, panels.histogram, "loss")
    assert panels.histogram.view().series[0].statistics.n_values == 1
    assert bench.notices.current == ()


def test_tiles_and_histogram_are_saved_where_the_user_says(
    bench, qtbot, user, net: Path, photo: Path, tmp_path: Path
) -> None:
    open_both(bench, qtbot, net, photo)
    panels = bench.window.panels
    for panel, name in ((panels.activations, "tiles.png"), (panels.histogram, "bins.csv")):
        look_at(bench, qtbot, panel, "conv1")
        user.files.append((tmp_path / name,))
        panel.save_button.click()
        assert (tmp_path / name).stat().st_size > 100
    assert user.asked == ["Save the tiles", "Save the histogram"]
    user.files.append((tmp_path / "bins.docx",))
    panels.histogram.save_button.click()
    assert "No histogram can be saved as '.docx'" in bench.notices.current[0].title


def test_a_loss_is_one_number_in_both_panels(bench, qtbot, photo: Path, tmp_path: Path) -> None:
    net = tmp_path / "trained.prototxt"
    net.write_text(TRAINED)
    open_both(bench, qtbot, net, photo)
    panels = bench.window.panels
    look_at(bench, qtbot, panels.activations, "loss")
    (card,) = panels.activations.cards
    assert card.array.shape == ()
    assert card.value_at(0, 0, 0) == pytest.approx(float(card.array))
    look_at(bench, qtbot, panels.histogram, "loss")
    (series,) = panels.histogram.view().series
    assert series.statistics.n_values == 1
    assert not bench.notices.current


def test_layers_that_can_not_run_are_named_once_and_the_others_shown(
    bench, qtbot, photo: Path, tmp_path: Path
) -> None:
    net = tmp_path / "cut.prototxt"
    lost = 'layer { name: "lost" type: "ReLU" bottom: "nowhere" top: "lost" }\n'
    net.write_text(NET + lost)
    open_both(bench, qtbot, net, photo)
    panel = bench.window.panels.activations
    look_at(bench, qtbot, panel, "conv1")
    assert panel.cards[0].array.shape == (1, 4, 6, 6)
    assert bench.notices.has(LEFT_OUT_KEY)
    bench.notices.dismiss(LEFT_OUT_KEY)
    bench.window.actions_["forward"].trigger()
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)
    assert not bench.notices.has(LEFT_OUT_KEY)
    look_at(bench, qtbot, panel, "lost")
    assert "Unknown bottom blob 'nowhere'" in panel.empty_state.sentence
