"""What is drawn besides the net itself: dropped layers, shapes on arrows, large nets elsewhere."""

from __future__ import annotations

import pytest
from PyQt5.QtWidgets import QApplication

from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.net.state_choices import state_choices
from gui.graph.box_menu import copy_offers
from gui.graph.drawing import Drawing
from gui.graph.panel import GraphPanel
from gui.graph.picture import draw_picture
from gui.graph.style import GraphStyle
from tests.bench.graph import residual_net

TWO_PHASES = """
layer { name: "train" type: "Input" top: "data" include { phase: TRAIN }
        input_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } } }
layer { name: "test" type: "Input" top: "data" include { phase: TEST }
        input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 5 kernel_size: 3 } }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" include { stage: "noisy" } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "late" type: "Split" bottom: "conv" top: "late" exclude { min_level: 2 } }
"""


@pytest.fixture
def panel(qtbot, keeper) -> GraphPanel:
    panel = GraphPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(645, 522)
    panel.show()
    return panel


def show(panel: GraphPanel, text: str) -> None:
    net = read_net(text)
    panel.show_net(net, infer_shapes(net))


def box_named(panel: GraphPanel, name: str):
    return next(box for box in panel.picture.boxes if box.name == name)


def test_layers_of_another_phase_are_hidden_until_they_are_asked_for(panel) -> None:
    show(panel, TWO_PHASES)
    assert [box.name for box in panel.picture.boxes] == ["test", "conv", "relu", "late"]
    actions = {action.text(): action for action in panel.menu_of(None).actions()}
    actions["Layers that this phase drops (2), pale and without wires"].trigger()
    train, drop = box_named(panel, "train"), box_named(panel, "drop")
    assert train.is_inactive
    assert train.shape == "only phase TRAIN"
    assert drop.shape == "only stage noisy"
    assert not box_named(panel, "late").is_inactive
    drawn = {key for ends in panel.scene.edge_items for key in ends}
    assert drawn.isdisjoint({train.key, drop.key})


def test_a_dropped_box_can_not_be_selected(qtbot, panel) -> None:
    show(panel, TWO_PHASES)
    panel.set_shows_dropped(True)
    heard: list[str] = []
    panel.layer_selected.connect(heard.append)
    panel._on_clicked(panel.scene.layer_items[box_named(panel, "train").key], 0)
    assert heard == []


def test_the_menu_offers_stages_and_levels_of_the_file(panel) -> None:
    show(panel, TWO_PHASES)
    choices = state_choices(read_net(TWO_PHASES))
    assert choices.stages == ("noisy",)
    assert choices.levels == (0, 2)
    states = []
    panel.state_requested.connect(states.append)
    actions = {action.text(): action for action in panel.menu_of(None).actions()}
    assert actions["TEST"].isChecked()
    actions["noisy"].trigger()
    actions["TRAIN"].trigger()
    actions["2"].trigger()
    assert [(s.phase, s.level, s.stages) for s in states] == [
        ("TEST", 0, ("noisy",)), ("TRAIN", 0, ()), ("TEST", 2, ()),
    ]  # fmt: skip


def test_shapes_stand_on_the_arrows_when_asked_for(panel) -> None:
    show(panel, TWO_PHASES)
    ends = box_named(panel, "test").key, box_named(panel, "conv").key
    assert panel.scene.edge_items[ends].label == ""
    panel.set_shows_edge_shapes(True)
    assert panel.scene.edge_items[ends].label == "1×3×8×8"


def test_an_unknown_shape_says_so_and_a_scalar_too(panel) -> None:
    show(
        panel,
        'layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }'
        'layer { name: "odd" type: "NobodyKnows" bottom: "data" top: "odd" }'
        'layer { name: "loss" type: "EuclideanLoss" bottom: "data" bottom: "data" top: "loss" }',
    )
    assert box_named(panel, "in").shape == "3"
    assert box_named(panel, "odd").shape == "shape unknown"
    assert box_named(panel, "loss").shape == "scalar"


def test_a_large_net_is_drawn_elsewhere_while_the_old_picture_stays(panel) -> None:
    show(panel, TWO_PHASES)
    panel.expect_net(None)
    show(panel, residual_net(20))
    before = [box.name for box in panel.picture.boxes]
    waiting = []
    panel.redrawer.run_elsewhere = lambda work, then: waiting.append((work, then))
    panel.set_folded(False)
    panel.show_selection("unit3_a_ReLU")
    assert [box.name for box in panel.picture.boxes] == before
    drawings: list[Drawing] = [work() for work, _ in waiting]
    for (_, then), drawing in zip(waiting, drawings, strict=True):
        then(drawing)
    assert len(panel.picture.boxes) == 20 * 14 + 1
    chosen = [item for item in panel.scene.layer_items.values() if item.is_chosen]
    assert [item.box.name for item in chosen] == ["unit3_a_ReLU"]


def test_only_the_newest_drawing_shows(panel) -> None:
    waiting = []
    panel.redrawer.run_elsewhere = lambda work, then: waiting.append((work, then))
    show(panel, residual_net(20))
    panel.set_folded(False)
    panel.expect_net(None)
    show(panel, TWO_PHASES)
    for work, then in waiting:
        then(work())
    assert box_named(panel, "conv").name == "conv"


def test_copies_are_what_a_script_needs(qtbot, panel) -> None:
    show(panel, TWO_PHASES)
    net = read_net(TWO_PHASES)
    texts = {offer.words: offer.text for offer in copy_offers(net, ["conv"])}
    assert texts == {
        "Copy layer name": "conv",
        "Copy blob@version": "conv@0",
        "Copy as pycaffe": "net.forward(end='conv')['conv'].copy()",
    }
    item = panel.scene.layer_items[box_named(panel, "relu").key]
    actions = {action.text(): action for action in panel.menu_of(item).actions()}
    actions["Copy as pycaffe"].trigger()
    assert QApplication.clipboard().text() == "net.blobs['conv'].data"


def test_a_bracket_says_what_a_forward_pass_leaves(keeper) -> None:
    net = read_net(TWO_PHASES)
    (bracket,) = draw_picture(net, infer_shapes(net)).brackets
    assert bracket.sentence == (
        "After a forward pass blob conv holds relu’s output. conv’s own is overwritten."
    )


def test_badges_are_measured_without_the_screen(keeper) -> None:
    style = GraphStyle(keeper.theme)
    measured = style.badge_metrics.horizontalAdvance("conv3_2@0")
    assert style.badge_text_width("conv3_2@0") == pytest.approx(measured, abs=3)
