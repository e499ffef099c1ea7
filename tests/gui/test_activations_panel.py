"""The activations panel: tiles of every channel, what is enlarged, pinned, read out and saved."""

from __future__ import annotations

import base64
import csv
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PyQt5.QtCore import QPoint, QPointF, Qt
from PyQt5.QtGui import QImage, QWheelEvent
from PyQt5.QtWidgets import QApplication

from core.activations.tiles import GAP_LEVEL, NOT_FINITE_LEVEL
from core.errors import AppError
from gui.panels.activations.export import FILTERS
from gui.panels.activations.panel import ActivationsPanel, LayerValues
from gui.panels.activations.shown import ShownValue
from gui.panels.activations.tile_bar import TileBar
from gui.theme import ThemeKeeper
from gui.widgets.class_list import ClassScore, ClassScores
from gui.widgets.tile_colours import colour_table

CONV = ShownValue("conv1", "conv1", "conv1 · conv1@0")
RELU = ShownValue("relu1", "conv1", "relu1 · conv1@1")
CHAIN = LayerValues("relu1", (RELU,), "conv1", (CONV, RELU))
FC7 = ShownValue("fc7", "fc7", "fc7")
RNG = np.random.default_rng(5)
BEFORE = RNG.standard_normal((1, 60, 6, 7), dtype=np.float32)
AFTER = np.maximum(BEFORE, 0)
VECTOR = np.linspace(-2, 6, 300, dtype=np.float32)[None]


@pytest.fixture
def panel(keeper, qtbot) -> ActivationsPanel:
    panel = ActivationsPanel(keeper)
    for widget in (panel, panel.channel, panel.bar):
        qtbot.addWidget(widget)
    panel.resize(690, 600)
    panel.show()
    panel.channel.show()
    return panel


def show(panel: ActivationsPanel, values: LayerValues, *arrays: np.ndarray) -> None:
    panel.show_layer(values)
    request = panel.request()
    panel.show_read(request, dict(zip(request.keys, arrays, strict=True)))


@pytest.fixture
def relu(panel: ActivationsPanel) -> ActivationsPanel:
    show(panel, CHAIN, AFTER)
    return panel


@pytest.fixture
def chain(panel: ActivationsPanel) -> ActivationsPanel:
    panel.show_layer(CHAIN)
    panel.bar.chain_box.click()
    show(panel, CHAIN, BEFORE, AFTER)
    return panel


@pytest.fixture
def vector(panel: ActivationsPanel) -> ActivationsPanel:
    show(panel, LayerValues("fc7", (FC7,)), VECTOR)
    return panel


def alone(values: ShownValue) -> LayerValues:
    return LayerValues(values.layer, (values,))


def middle(panel: ActivationsPanel, channel: int, card: int = 0) -> QPoint:
    return panel.canvas.tile_rect(channel, card).center()


def choose_range(panel: ActivationsPanel, scope: str) -> None:
    choice = panel.tile_bar.scope_choice
    choice.setCurrentIndex(choice.findData(scope))
    choice.activated.emit(choice.currentIndex())


def wheel(panel: ActivationsPanel, turn: int, keys: Qt.KeyboardModifiers = Qt.NoModifier) -> None:
    view = panel.canvas.viewport()
    place = QPointF(view.rect().center())
    event = QWheelEvent(
        place, view.mapToGlobal(place.toPoint()), QPoint(), QPoint(0, turn), Qt.NoButton, keys,
        Qt.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def test_an_empty_panel_offers_to_open_an_image(panel, qtbot) -> None:
    assert panel.empty_state.isVisible()
    with qtbot.waitSignal(panel.open_image_requested):
        panel.empty_state.clicked.emit()


def test_every_channel_is_in_view_at_one_size(relu) -> None:
    view = relu.canvas.viewport().rect()
    boxes = [relu.canvas.tile_rect(channel) for channel in range(60)]
    assert all(view.contains(box) for box in boxes)
    assert {(box.width(), box.height()) for box in boxes} == {(64, 55)}  # 6 x 7 in 64 pixels
    assert relu.canvas.verticalScrollBar().maximum() == 0


@pytest.mark.parametrize("order", ["mean", "max", "sparsity"])
def test_a_channel_stands_at_the_same_place_in_every_value_of_a_chain(chain, order) -> None:
    """WINDOW_FAULTS 15: sorting took channel 57 to the first place of one panel, 11 of another."""
    index = chain.tile_bar.order_choice.findText(order)
    chain.tile_bar.order_choice.setCurrentIndex(index)
    chain.tile_bar.order_choice.activated.emit(index)
    corner = [chain.canvas.tile_rect(0, card).topLeft() for card in (0, 1)]
    for channel in range(60):
        first, second = (chain.canvas.tile_rect(channel, card).topLeft() for card in (0, 1))
        assert first - corner[0] == second - corner[1]
    over = (1, 2)
    scores = {"mean": AFTER[0].mean(over), "max": AFTER[0].max(over),
              "sparsity": (AFTER[0] == 0).mean(over)}  # fmt: skip
    assert chain.canvas.shown[0] == int(scores[order].argmax())  # of the layer that is looked at


def test_tiles_are_as_large_again_after_the_room_was_small(relu, qtbot) -> None:
    """WINDOW_FAULTS 48: maximise and restore left tiles smaller until the next Forward."""
    before = relu.canvas.side
    relu.resize(260, 200)
    qtbot.waitUntil(lambda: relu.canvas.side < before)
    relu.resize(690, 600)
    qtbot.waitUntil(lambda: relu.canvas.side == before)


def test_the_wheel_zooms_and_0_fits_again(relu, qtbot) -> None:
    before = relu.canvas.side
    wheel(relu, 120)
    assert relu.canvas.side == before + 16
    wheel(relu, 120, Qt.ControlModifier)
    assert relu.canvas.verticalScrollBar().maximum() > 0
    wheel(relu, -120, Qt.ShiftModifier)
    assert relu.canvas.verticalScrollBar().value() > 0
    qtbot.keyClick(relu.canvas, Qt.Key_0)
    assert relu.canvas.side == before


def test_a_click_enlarges_the_channel_and_marks_the_cell(relu, qtbot) -> None:
    """WINDOW_FAULTS 57: a tile said nothing but the value under the mouse."""
    qtbot.mouseClick(relu.canvas.viewport(), Qt.LeftButton, pos=middle(relu, 17))
    channel, place = relu.chosen
    assert (channel, place) == (17, (2, 3))
    view = relu.channel
    assert view.heading._title.text() == "CHANNEL 17"
    assert view.map.readout()[0] == "(2, 3)"
    np.testing.assert_array_equal(view.map._map, AFTER[0, 17])
    facts = {fact.name: fact.value for fact in view.facts.facts}
    assert facts["max"] == f"{AFTER[0, 17].max():.3f}"
    assert facts["zeros"] == f"{100 * (AFTER[0, 17] == 0).mean():.1f} %"
    maxima = AFTER[0].max(axis=(1, 2))
    assert facts["rank"] == f"{(maxima > maxima[17]).sum() + 1} of 60"
    assert view.seen.part.x() == pytest.approx(3 / 7)
    assert view.seen.part.y() == pytest.approx(2 / 6)


def test_the_value_whose_tile_was_clicked_is_enlarged(chain, qtbot) -> None:
    qtbot.mouseClick(chain.canvas.viewport(), Qt.LeftButton, pos=middle(chain, 17, card=0))
    np.testing.assert_array_equal(chain.channel.map._map, BEFORE[0, 17])
    assert chain.channel.map_caption.text() == "conv1@0"
    qtbot.keyClick(chain.canvas, Qt.Key_Right)
    np.testing.assert_array_equal(chain.channel.map._map, BEFORE[0, 18])
    qtbot.mouseClick(chain.canvas.viewport(), Qt.LeftButton, pos=middle(chain, 17, card=1))
    np.testing.assert_array_equal(chain.channel.map._map, AFTER[0, 17])


@pytest.mark.parametrize("side", [176, 248])
def test_no_name_takes_the_room_of_numbers(panel, side: int) -> None:
    """A long blob beside the map made its column wide, and "11 of 112" was cut."""
    long = "inception_4b/3x3_reduce"
    values = [ShownValue(f"a{i}", long, f"{long}_a{i} · {long}@{i}") for i in (0, 1)]
    panel.show_layer(LayerValues("a1", (values[1],), long, tuple(values)))
    panel.bar.chain_box.click()
    request = panel.request()
    panel.show_read(request, dict(zip(request.keys, (BEFORE, AFTER), strict=True)))
    panel.choose(3, (1, 1))
    view = panel.channel
    view.set_side(side)
    view.resize(2 * side + 180, side + 60)
    panel.choose(3, (1, 1))
    view.layout().activate()
    assert view.map_caption.text().endswith("@1")
    assert view.map_caption.width() >= view.map_caption.sizeHint().width()
    assert view.scale.geometry().right() <= view.map.geometry().right() + 1
    assert view.facts.width() >= 120


def test_keys_walk_channels_and_cells(relu, qtbot) -> None:
    canvas, enlarged = relu.canvas, relu.channel.map
    canvas.setFocus()
    columns = canvas._grids[0].n_columns
    for key, wanted in (
        (Qt.Key_Right, 0), (Qt.Key_Right, 1), (Qt.Key_Down, 1 + columns), (Qt.Key_Left, columns),
        (Qt.Key_Up, 0), (Qt.Key_Up, 0), (Qt.Key_End, 59), (Qt.Key_Right, 59), (Qt.Key_Home, 0),
    ):  # fmt: skip
        qtbot.keyClick(canvas, key)
        assert relu.chosen[0] == wanted
    with qtbot.waitSignal(canvas.channel_opened):
        qtbot.keyClick(canvas, Qt.Key_Return)
    qtbot.keyClick(enlarged, Qt.Key_Right)
    qtbot.keyClick(enlarged, Qt.Key_Right)
    qtbot.keyClick(enlarged, Qt.Key_Down)
    assert relu.chosen == (0, (1, 1))
    with qtbot.waitSignal(relu.channel.left):
        qtbot.keyClick(enlarged, Qt.Key_Escape)
    qtbot.keyClick(canvas, Qt.Key_Escape)
    assert relu.chosen[0] is None


def test_hovering_reads_every_value_of_a_chain_out(chain, qtbot) -> None:
    view = chain.canvas.viewport()
    qtbot.mouseMove(view, QPoint(1, 1))
    qtbot.mouseMove(view, middle(chain, 7, card=1))
    head, before, after = chain.canvas.readout()
    assert head == "channel 7, (2, 3)"
    assert before.startswith("conv1 · conv1@0: ")
    assert after.startswith("relu1 · conv1@1: ")


def test_the_scale_has_numbers_and_says_whose_it_is(relu) -> None:
    scale = relu.tile_bar.scale
    assert scale.ends == ("0", f"{AFTER.max():.3g}")
    assert scale.toolTip().endswith("of every channel")
    choose_range(relu, "channel")
    relu.choose(17)
    assert scale.ends == ("0", f"{AFTER[0, 17].max():.3g}")
    assert scale.toolTip().endswith("of channel 17; each channel has its own")
    assert "channel 17 alone" in relu.channel.scale.toolTip()


def test_a_chain_has_one_scale_for_all(chain) -> None:
    assert {float(high) for highs in chain.drawing.highs for high in highs} == {
        float(np.abs(BEFORE).max())
    }
    assert chain.tile_bar.scale.ends[0].startswith("\N{MINUS SIGN}")


def test_a_chain_has_one_range_by_percentiles_and_says_what_is_clipped(chain) -> None:
    choose_range(chain, "percentile")
    ends = np.abs([np.percentile(one, (1, 99)) for one in (BEFORE, AFTER)])
    np.testing.assert_allclose(chain.drawing.highs, ends.max())
    scale = chain.tile_bar.scale
    assert scale.ends == (
        f"\N{LESS-THAN OR EQUAL TO} \N{MINUS SIGN}{ends.max():.3g}",
        f"\N{GREATER-THAN OR EQUAL TO} {ends.max():.3g}",
    )
    assert "p1 to p99, values beyond have the colour of the end" in scale.toolTip()
    assert not chain.tile_bar.colours_choice.isEnabled()


def test_a_range_by_percentiles_begins_at_p1(panel, keeper) -> None:
    show(panel, alone(FC7), np.arange(101, dtype=np.float32)[None])
    choose_range(panel, "percentile")
    drawing = panel.drawing
    assert (drawing.low, set(drawing.highs[0].tolist())) == (1.0, {99.0})
    assert panel.tile_bar.scale.ends[0].endswith(" 1")
    show(panel, alone(FC7), np.zeros((1, 101), np.float32))
    assert not panel.drawing.is_clipped
    assert "so the whole range" in panel.tile_bar.scale.toolTip()


def test_chosen_colours_are_in_the_picture_that_is_saved(relu, keeper, tmp_path: Path) -> None:
    choice = relu.tile_bar.colours_choice
    choice.setCurrentIndex(choice.findData("grey"))
    choice.activated.emit(choice.currentIndex())
    try:
        keeper.choose("dark")
        assert keeper.theme.tile_map == "grey"
        keeper.choose("light")
        assert "grey" in relu.tile_bar.options
        relu.save_to(tmp_path / "grey.png")
        colour = QImage(str(tmp_path / "grey.png"))
        tile = relu.canvas.tile_rect(int(AFTER.max((2, 3)).argmax()))
        left, top = 2 * (tile.x() - 10), 2 * (tile.y() - 2 + 24)  # padding, caption; twice as fine
        pixels = {
            colour.pixelColor(left + x, top + y).getRgb()[:3]
            for x in range(2 * tile.width())
            for y in range(2 * tile.height())
        }
        assert all(red == green == blue for red, green, blue in pixels)
        assert {(0, 0, 0), (255, 255, 255)} <= pixels
    finally:
        keeper.choose_tile_map("standard")
    assert choice.currentData() == "standard"


def test_what_is_known_of_the_value_stands_beside_it(relu) -> None:
    bar = relu.bar
    assert bar.channels.text() == "60 channels"
    assert bar.shape.text() == "6×7, float32"
    zeros = 100 * (AFTER == 0).mean()
    assert bar.numbers.text() == (
        f"0.000 to {AFTER.max():.3f}, mean {AFTER.mean(dtype=np.float64):.4f}, {zeros:.1f} % zeros"
    )


def test_channels_that_are_zero_everywhere_can_be_seen_alone(panel, qtbot) -> None:
    dead = AFTER.copy()
    dead[0, [3, 9]] = 0
    show(panel, alone(RELU), dead)
    assert panel.zeros.text() == "2 channels are 0 everywhere"
    panel.zeros_link.clicked.emit()
    assert panel.canvas.shown == (3, 9)
    panel.zeros_link.clicked.emit()
    assert len(panel.canvas.shown) == 60


@pytest.mark.parametrize("width", [380, 483, 556, 690])
def test_the_line_below_the_tiles_is_whole_or_not_there(panel, qtbot, width: int) -> None:
    dead = AFTER.copy()
    dead[0, [3, 9]] = 0
    panel.resize(width, 400)
    show(panel, alone(RELU), dead)
    for label in (panel.hint, panel.zeros, panel.zeros_link):
        assert label.isHidden() or label.width() >= label.sizeHint().width()
    assert panel.zeros.isVisible()


def test_a_vector_is_a_grid_with_its_index(vector, qtbot) -> None:
    canvas = vector.canvas
    assert canvas.viewport().rect().contains(canvas.tile_rect(299))
    qtbot.mouseMove(canvas.viewport(), QPoint(0, 0))
    qtbot.mouseMove(canvas.viewport(), middle(vector, 299))
    assert canvas.readout() == ("value 299", "6.000")
    assert vector.bar.channels.text() == "300 values"
    assert [row.name for row in vector.classes.rows[:2]] == ["value 299", "value 298"]


def test_the_best_classes_take_the_place_of_the_map(vector) -> None:
    scores = ClassScores("fc7", (ClassScore(3, "cat", 0.9), ClassScore(1, "", 0.1)), True)
    vector.show_classes(scores)
    assert vector.classes.isVisible()
    assert vector.classes.scores is scores
    assert vector.classes.toolTip() == "cat: 90.0 %\nclass 1: 10.0 %"


def test_a_score_is_named_by_its_class(vector, qtbot) -> None:
    names = tuple(f"kind {number}" for number in range(300))
    vector.show_classes(ClassScores("fc7", (ClassScore(299, "kind 299", 1.0),), True, names))
    qtbot.mouseMove(vector.canvas.viewport(), QPoint(0, 0))
    qtbot.mouseMove(vector.canvas.viewport(), middle(vector, 299))
    assert vector.canvas.readout() == ("value 299: kind 299", "6.000")
    vector.choose(7)
    assert vector.channel.facts.facts[0].value == "kind 7"


def test_more_axes_have_an_index_each(panel, qtbot) -> None:
    solid = np.arange(2 * 3 * 2 * 2, dtype=np.float32).reshape(1, 2, 3, 2, 2)
    show(panel, alone(CONV), solid)
    (box,) = panel.tile_bar.index_boxes
    assert (box.accessibleName(), box.maximum()) == ("Index of axis 2", 2)
    box.setValue(2)
    np.testing.assert_array_equal(panel.cards[0].stack.maps, solid[0, :, 2])
    sequence = np.arange(5 * 1 * 4, dtype=np.float32).reshape(5, 1, 4)
    show(panel, alone(FC7), sequence)
    (box,) = panel.tile_bar.index_boxes
    box.setValue(4)
    assert panel.cards[0].stack.maps.reshape(-1).tolist() == [16, 17, 18, 19]
    assert panel.bar.shape.text() == "float32 of 5×1×4"


SHAPES = [(1, 1), (1, 7), (3,), (), (1, 5, 1, 1), (2, 3, 4, 5), (1, 4, 6), (1, 2, 3, 4, 5), (1, 0)]


@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_can_be_drawn(panel, shape: tuple[int, ...]) -> None:
    values = np.asarray(RNG.standard_normal(shape), np.float32)
    show(panel, alone(CONV), values)
    panel.choose(0, (0, 0))
    assert not panel.canvas.grab().isNull()
    assert not panel.channel.grab().isNull()


def test_values_that_are_not_finite_stand_out(panel, keeper) -> None:
    values = np.array([[1.0, np.nan, np.inf, -1.0]], np.float32)
    show(panel, alone(FC7), values)
    assert panel.bar.numbers.text().endswith(", 1 NaN, 1 Inf")
    table = colour_table(keeper.theme, is_diverging=True)
    assert table[NOT_FINITE_LEVEL] == keeper.theme.mark.rgb()
    assert table[GAP_LEVEL] == keeper.theme.grid.rgb()
    assert table[126] == keeper.theme.tile_zero.rgb()
    image = panel.canvas.grab().toImage()
    assert image.pixelColor(middle(panel, 1)) == keeper.theme.mark
    assert image.pixelColor(middle(panel, 3)) == keeper.theme.tile_negative


def test_colours_follow_the_theme(relu, keeper) -> None:
    light = relu.canvas.grab().toImage()
    keeper.choose("dark")
    dark = relu.canvas.grab().toImage()
    keeper.choose("light")
    assert light != dark
    assert dark.pixelColor(1, 1) == keeper.theme.dark().panel


def test_pins_of_two_layers_stand_side_by_side_with_their_own_numbers(panel) -> None:
    values = {"conv1": CONV, "relu1": RELU}
    panel.value_of_pin = lambda pin: values[pin.layer]
    signed, positive = np.zeros((2, 1, 3, 2, 2), np.float32)
    signed[0, 1], positive[0, 2] = [[-4, 1], [0, 1]], [[0, 6], [2, 0]]
    show(panel, LayerValues("conv1", (CONV,)), signed)
    panel.choose(1)
    panel.toggle_pin()
    panel.show_layer(alone(RELU))
    panel.choose(None)
    show(panel, alone(RELU), positive, signed)
    panel.choose(2)
    panel.toggle_pin()
    show(panel, alone(RELU), positive, signed)
    assert [tile.accessibleName() for tile in panel.pin_row.tiles] == [
        "Pinned relu1 #2, max 6.000, mean 2.000",
        "Pinned conv1 #1, max 1.000, mean \N{MINUS SIGN}0.5000",
    ]
    show(panel, alone(RELU), positive * 2, signed * 2)  # another image
    assert [tile.maximum for tile in panel.pin_row.tiles] == ["max 12.000", "max 2.000"]


def test_an_svg_holds_the_picture_and_its_caption_as_text(relu, tmp_path: Path) -> None:
    relu.show_source(("a<b>&.prototxt", "bell\x07.jpg"))
    relu.save_to(tmp_path / "tiles.svg")
    assert "*.svg" in FILTERS
    root = ElementTree.parse(tmp_path / "tiles.svg").getroot()
    of_svg = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{of_svg}text") == "relu1 · conv1@1, a<b>&.prototxt, bell.jpg"
    (picture,) = root.iter(f"{of_svg}image")
    link = picture.get("{http://www.w3.org/1999/xlink}href", "")
    kind, _, data = link.partition(",")
    assert kind == "data:image/png;base64"
    inside = QImage.fromData(base64.b64decode(data))
    assert inside.width() == 2 * int(picture.get("width", ""))
    assert inside == relu.canvas.whole_picture().convertToFormat(inside.format())


def test_tiles_and_values_are_saved_with_what_they_are_of(chain, tmp_path: Path) -> None:
    chain.show_source(("net.prototxt", "net.caffemodel", "cat.jpg", "warp 227"))
    chain.save_to(tmp_path / "tiles.png")
    assert QImage(str(tmp_path / "tiles.png")).width() > 600
    assert chain.caption() == (
        "conv1 · conv1@0, relu1 · conv1@1, net.prototxt, net.caffemodel, cat.jpg, warp 227"
    )
    chain.save_to(tmp_path / "channels.csv")
    rows = list(csv.reader((tmp_path / "channels.csv").read_text("utf-8").splitlines()))
    assert rows[0] == [chain.caption()]
    assert rows[2][:2] == ["conv1 · conv1@0", "0"]
    assert float(rows[2][2]) == BEFORE[0, 0].max()
    chain.save_to(tmp_path / "one.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "one.npy", allow_pickle=False), AFTER)
    chain.save_to(tmp_path / "all.npz")
    with np.load(tmp_path / "all.npz", allow_pickle=False) as saved:
        assert sorted(saved) == ["conv1", "relu1"]
        np.testing.assert_array_equal(saved["conv1"], BEFORE)
    with pytest.raises(AppError, match=r"\.gif"):
        chain.save_to(tmp_path / "tiles.gif")
    assert len(list(tmp_path.iterdir())) == 4


def test_tab_goes_from_the_bar_over_the_pins_to_the_tiles(relu, qtbot) -> None:
    relu.value_of_pin = lambda pin: RELU
    relu.choose(4)
    relu.toggle_pin()
    show(relu, CHAIN, AFTER)
    stops, widget = [], relu.tile_bar.colours_choice
    while widget is not relu.canvas:
        widget = widget.nextInFocusChain()
        if widget.isVisible() and widget.focusPolicy() & Qt.TabFocus:
            stops.append(widget)
    assert stops == [*relu.pin_row.tiles, relu.canvas]


def test_tiles_are_copied_as_picture_and_table(relu) -> None:
    relu.bar.copy_requested.emit("csv")
    lines = QApplication.clipboard().text().splitlines()
    assert len(lines) == 62
    relu.bar.copy_requested.emit("picture")
    assert QApplication.clipboard().image().width() > 600


@pytest.mark.parametrize("width", [490, 520, 590])
def test_the_choices_over_the_tiles_can_be_read(qapp, qtbot, width: int) -> None:
    """ "whole la…" beside choices that had room to spare, at 1296 x 777."""
    keeper = ThemeKeeper("light")
    keeper.theme.apply(qapp)
    bar = TileBar(keeper)
    qtbot.addWidget(bar)
    bar.scale.show_scale(803.0, "of every channel", is_diverging=False, low=0.0, is_clipped=False)
    bar.resize(width, bar.sizeHint().height())
    bar.show()
    qapp.processEvents()  # laid out, and painted
    for choice in (bar.order_choice, bar.scope_choice, bar.colours_choice):
        assert choice._hidden_text == ""
