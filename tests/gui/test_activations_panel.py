"""The activations panel: tiles of every channel, the readout, the pin, classes and saving."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtGui import QImage, QMouseEvent
from PyQt5.QtWidgets import QApplication

from core.activations.tiles import GAP_LEVEL, NOT_FINITE_LEVEL, draw_channels
from core.errors import AppError
from gui.panels.activations.canvas import Cell
from gui.panels.activations.classes import ClassScore, ClassScores
from gui.panels.activations.colours import colour_table
from gui.panels.activations.panel import CHAIN, LAYER, ActivationsPanel
from gui.panels.activations.tiles import (
    ActivationRequest,
    ShowChoice,
    ShownValue,
    TileCard,
    build_cards,
)

BEFORE = np.linspace(-2, 6, 16, dtype=np.float32).reshape(1, 16)
AFTER = np.maximum(BEFORE, 0)
MAPS = np.arange(2 * 3 * 4, dtype=np.float32).reshape(1, 2, 3, 4)
FC7 = ShownValue("fc7", "fc7", "fc7@0", "fc7, InnerProduct")
RELU7 = ShownValue("relu7", "fc7", "fc7@1", "relu7, ReLU")
DROP7 = ShownValue("drop7", "fc7", "fc7@2", "drop7, Dropout")
CONV = ShownValue("conv1", "conv1", "conv1", "conv1, Convolution")
ONE = ShowChoice("relu7, fc7@1", LAYER, (RELU7,))
WHOLE = ShowChoice("whole chain of fc7", CHAIN, (FC7, RELU7, DROP7))


def cards(request: ActivationRequest, arrays: list[np.ndarray]) -> tuple[TileCard, ...]:
    """The cards of these arrays, drawn as the job draws them."""
    drawn = draw_channels(arrays, order=request.order, scope=request.scope, aspect=request.aspect)
    return build_cards(request, drawn)


@pytest.fixture
def panel(keeper, qtbot) -> ActivationsPanel:
    panel = ActivationsPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(648, 262)
    panel.show()
    return panel


@pytest.fixture
def chain(panel: ActivationsPanel) -> ActivationsPanel:
    panel.show_choices([ONE, WHOLE], "relu7")
    panel.show_cards(cards(panel.request(), [BEFORE, AFTER, AFTER]))
    return panel


@pytest.fixture
def maps(panel: ActivationsPanel) -> ActivationsPanel:
    panel.show_choices([ShowChoice("conv1", LAYER, (CONV,))], "conv1")
    panel.show_cards(cards(panel.request(), [MAPS]))
    return panel


def spot(panel: ActivationsPanel, x: int, y: int, card: int = 0) -> QPoint:
    """The viewport pixel in the middle of a mosaic's pixel."""
    placed = panel.canvas._placed()[card]
    point = placed.picture.topLeft() + QPointF(x + 0.5, y + 0.5) * placed.scale
    return point.toPoint()


def test_an_empty_panel_offers_to_open_an_image(panel, qtbot) -> None:
    assert panel.empty_state.isVisible()
    with qtbot.waitSignal(panel.open_image_requested):
        panel.empty_state.clicked.emit()


def test_the_whole_chain_is_shown_first(chain) -> None:
    assert chain.show_choice.currentText() == "whole chain of fc7"
    assert chain.request().values == (FC7, RELU7, DROP7)


def test_what_the_user_shows_stays_for_the_next_layer(panel, qtbot) -> None:
    panel.show_choices([ONE, WHOLE], "relu7")
    with qtbot.waitSignal(panel.activations_requested) as asked:
        panel.show_choice.setCurrentIndex(0)
        panel.show_choice.activated.emit(0)
    assert asked.args[0].values == (RELU7,)
    panel.show_choices([ONE, WHOLE], "drop7")
    assert panel.request().values == (RELU7,)


def test_sort_and_range_ask_anew(panel, qtbot) -> None:
    panel.show_choices([ONE], "relu7")
    asked = []
    panel.activations_requested.connect(asked.append)
    panel.order_choice.setCurrentText("sparsity")
    panel.order_choice.activated.emit(3)
    panel.scope_choice.setCurrentText("per channel")
    panel.scope_choice.activated.emit(1)
    assert [(one.order, one.scope) for one in asked] == [
        ("sparsity", "layer"),
        ("sparsity", "channel"),
    ]


def test_cards_say_their_range_and_what_is_equal(chain) -> None:
    captions = [card.caption for card in chain.cards]
    assert captions == ["−2.000 ... 6.000", "0.000 ... 6.000", "equal to fc7@1 at TEST"]


def test_cards_of_a_chain_share_one_scale() -> None:
    request = ActivationRequest((FC7, RELU7))
    first, second = cards(request, [BEFORE, AFTER / 2])
    assert first.mosaic.high[0] == second.mosaic.high[0] == 6.0
    alone = cards(ActivationRequest((FC7, RELU7), scope="channel"), [BEFORE, AFTER / 2])
    assert alone[1].mosaic.high[0] == 3.0


def test_hovering_reads_every_version_out(chain, qtbot) -> None:
    viewport = chain.canvas.viewport()
    qtbot.mouseMove(viewport, QPoint(1, 1))
    qtbot.mouseMove(viewport, spot(chain, 3, 3))
    assert chain.canvas.readout() == (
        "value 15",
        "fc7@0: 6.000",
        "fc7@1: 6.000",
        "fc7@2: 6.000",
    )
    qtbot.mouseMove(viewport, spot(chain, 0, 0, card=1))
    assert chain.canvas.readout()[1:3] == ("fc7@0: −2.000", "fc7@1: 0.000")


def test_a_cell_of_a_map_is_named_by_channel_and_place(maps, qtbot) -> None:
    layout = maps.cards[0].mosaic.layout
    left, top = layout.origin(1)
    qtbot.mouseMove(maps.canvas.viewport(), QPoint(1, 1))
    qtbot.mouseMove(maps.canvas.viewport(), spot(maps, left + 3, top + 2))
    assert maps.canvas.readout() == ("channel 1, row 2, column 3", "23.000")


def test_a_click_pins_and_arrows_move_the_pin(chain, qtbot) -> None:
    canvas = chain.canvas
    qtbot.mouseClick(canvas.viewport(), Qt.LeftButton, pos=spot(chain, 1, 2))
    assert canvas.pinned == Cell(0, 0, 2, 1)
    qtbot.keyClick(canvas, Qt.Key_Right)
    qtbot.keyClick(canvas, Qt.Key_Up)
    assert canvas.pinned == Cell(0, 0, 1, 2)
    for _ in range(9):
        qtbot.keyClick(canvas, Qt.Key_Up)
    assert canvas.pinned == Cell(0, 0, 0, 2)
    qtbot.keyClick(canvas, Qt.Key_Escape)
    assert canvas.pinned is None


def test_zoom_keeps_within_bounds_and_scrolls(maps, qtbot) -> None:
    canvas = maps.canvas
    assert canvas.horizontalScrollBar().maximum() == 0
    for _ in range(30):
        qtbot.keyClick(canvas, Qt.Key_Plus)
    assert canvas.zoom == 40.0
    assert canvas.horizontalScrollBar().maximum() > 0
    qtbot.keyClick(canvas, Qt.Key_0)
    assert canvas.zoom == 1.0
    assert canvas.horizontalScrollBar().maximum() == 0


def test_dragging_scrolls_and_does_not_pin(maps, qtbot) -> None:
    canvas, viewport = maps.canvas, maps.canvas.viewport()
    canvas.set_zoom(8.0)
    start = canvas.horizontalScrollBar().value()
    qtbot.mousePress(viewport, Qt.LeftButton, pos=QPoint(300, 100))
    for x in (310, 350, 400):
        moved = QMouseEvent(
            QEvent.MouseMove, QPointF(x, 100), Qt.NoButton, Qt.LeftButton, Qt.NoModifier
        )
        QApplication.sendEvent(viewport, moved)
    qtbot.mouseRelease(viewport, Qt.LeftButton, pos=QPoint(400, 100))
    assert canvas.pinned is None
    assert canvas.horizontalScrollBar().value() == start - 100


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 7), (3,), (1, 5, 1, 1), (2, 3, 4, 5), (1, 4, 6), (1, 2, 3, 4, 5), (1, 0)]
)
def test_any_shape_can_be_drawn(panel, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    panel.show_choices([ONE], "relu7")
    panel.show_cards(cards(panel.request(), [values]))
    assert not panel.canvas.grab().isNull()


def test_values_that_are_not_finite_stand_out(panel, keeper) -> None:
    values = np.array([[1.0, np.nan, np.inf, -1.0]], np.float32)
    panel.show_choices([ONE], "relu7")
    panel.show_cards(cards(panel.request(), [values]))
    assert panel.cards[0].caption == "−1.000 ... 1.000, 2 NaN or Inf"
    table = colour_table(keeper.theme, is_diverging=True)
    assert table[NOT_FINITE_LEVEL] == keeper.theme.mark.rgb()
    assert table[GAP_LEVEL] == keeper.theme.panel.rgb()
    assert table[126] == keeper.theme.tile_zero.rgb()
    assert table[0] == keeper.theme.tile_negative.rgb()
    assert table[252] == keeper.theme.tile_positive.rgb()


def test_colours_follow_the_theme(chain, keeper) -> None:
    light = chain.canvas.grab().toImage()
    keeper.choose("dark")
    dark = chain.canvas.grab().toImage()
    keeper.choose("light")
    assert light != dark
    assert dark.pixelColor(1, 1) == keeper.theme.dark().panel


def test_the_best_classes_stand_beside_the_tiles(chain) -> None:
    scores = ClassScores("prob", (ClassScore(3, "cat", 0.9), ClassScore(1, "", 0.1)), True)
    chain.show_classes(scores)
    assert chain.classes.isVisible()
    assert scores.note == "probabilities"
    assert chain.classes.toolTip() == "cat: 90.0 %\nclass 1: 10.0 %"
    without_softmax = ClassScores("fc8", (ClassScore(3, "cat", 0.266),), False)
    chain.show_classes(without_softmax)
    assert without_softmax.note == "softmax of its scores"
    assert chain.classes.toolTip() == "cat: 26.6 %"
    chain.show_classes(None)
    assert not chain.classes.isVisible()


def test_tiles_and_values_are_saved(chain, tmp_path: Path) -> None:
    chain.save_to(tmp_path / "tiles.png")
    assert QImage(str(tmp_path / "tiles.png")).width() == 3 * 4 + 2 * 8
    chain.save_to(tmp_path / "one.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "one.npy", allow_pickle=False), AFTER)
    chain.save_to(tmp_path / "all.npz")
    with np.load(tmp_path / "all.npz", allow_pickle=False) as saved:
        assert sorted(saved) == ["drop7", "fc7", "relu7"]
        np.testing.assert_array_equal(saved["fc7"], BEFORE)
    with pytest.raises(AppError, match=r"\.gif"):
        chain.save_to(tmp_path / "tiles.gif")
    assert len(list(tmp_path.iterdir())) == 3


def test_a_new_shape_of_the_panel_lays_the_tiles_out_anew(maps, qtbot) -> None:
    with qtbot.waitSignal(maps.activations_requested, timeout=3000) as asked:
        maps.resize(400, 700)
    assert asked.args[0].aspect < 1
