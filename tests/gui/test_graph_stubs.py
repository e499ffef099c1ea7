"""Wires that would only cross the picture are stubs with names, and what is hidden is counted."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import QPointF, Qt

from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from gui.graph.panel import GraphPanel

DATA = (
    'layer { name: "data" type: "Input" top: "data" top: "label" input_param { shape { dim: 2 '
    "dim: 3 dim: 8 dim: 8 } shape { dim: 2 } } }\n"
)
FC = (
    'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" '
    "inner_product_param { num_output: 5 } }\n"
)
TRAIN = (
    'layer { name: "other" type: "Input" top: "data" include { phase: TRAIN } input_param '
    "{ shape { dim: 2 } } }\n"
)


def score(name: str, type_: str) -> str:
    return (
        f'layer {{ name: "{name}" type: "{type_}" bottom: "fc" bottom: "label" top: "{name}" }}\n'
    )


THREE = score("loss", "SoftmaxWithLoss") + score("top-1", "Accuracy") + score("top-5", "Accuracy")


@pytest.fixture
def panel(qtbot, keeper) -> GraphPanel:
    panel = GraphPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(1000, 600)
    panel.show()
    return panel


def show(panel: GraphPanel, text: str) -> None:
    net = read_net(text)
    panel.show_net(net, infer_shapes(net))
    panel.canvas.set_scale(1.0)


def wires(panel: GraphPanel) -> set[tuple[str, str]]:
    names = {box.key: box.name for box in panel.picture.boxes}
    return {(names[source], names[target]) for source, target in panel.scene.edge_items}


def stubs(panel: GraphPanel) -> dict[str, str]:
    names = {box.key: box.name for box in panel.picture.boxes}
    return {names[stub.box]: stub.words for stub in panel.picture.stubs}


def test_a_label_with_more_than_two_readers_is_a_stub_at_each(panel) -> None:
    show(panel, DATA + FC + THREE)
    assert wires(panel) == {("data", "fc"), ("fc", "loss"), ("fc", "top-1"), ("fc", "top-5")}
    assert stubs(panel) == {"loss": "label", "top-1": "label", "top-5": "label"}


def test_a_label_with_two_readers_keeps_its_wires(panel) -> None:
    show(panel, DATA + FC + score("loss", "SoftmaxWithLoss") + score("top-1", "Accuracy"))
    assert ("data", "loss") in wires(panel)
    assert stubs(panel) == {}


def test_layers_that_read_nothing_but_data_keep_their_wires(panel) -> None:
    text = DATA + "".join(FC.replace("fc", f"fc{i}") for i in range(4))
    show(panel, text)
    assert wires(panel) == {("data", f"fc{i}") for i in range(4)}


def test_a_click_on_a_stub_lights_all_ends_and_a_click_beside_puts_them_out(qtbot, panel) -> None:
    show(panel, DATA + FC + THREE)
    item = next(iter(panel.scene.stub_items.values()))
    at = panel.canvas.mapFromScene(item.frame().center())
    qtbot.mouseClick(panel.canvas.viewport(), Qt.LeftButton, Qt.NoModifier, at)
    lit = {box.box.name for box in panel.scene.layer_items.values() if box.is_lit}
    assert lit == {"data", "loss", "top-1", "top-5"}
    assert all(stub.is_lit for stub in panel.scene.stub_items.values())
    empty = panel.canvas.mapFromScene(panel.scene.boxes_rect().topLeft() - QPointF(90, 0))
    qtbot.mouseClick(panel.canvas.viewport(), Qt.LeftButton, Qt.NoModifier, empty)
    assert not any(box.is_lit for box in panel.scene.layer_items.values())


def test_long_wires_into_a_gathering_layer_are_stubs_but_for_the_nearest(panel) -> None:
    """As SSD's mbox_loc, which reads heads all along the net."""
    text, before = DATA, "data"
    for i in range(12):
        text += (
            f'layer {{ name: "c{i}" type: "Convolution" bottom: "{before}" top: "c{i}" '
            "convolution_param { num_output: 2 kernel_size: 1 } }\n"
        )
        before = f"c{i}"
    reads = "".join(f'bottom: "c{i}" ' for i in (1, 4, 7, 10, 11))
    text += f'layer {{ name: "gather" type: "Concat" {reads} top: "gather" }}\n'
    show(panel, text)
    panel.set_folded(False)
    into = {source for source, target in wires(panel) if target == "gather"}
    assert into == {"c10", "c11"}
    shown = stubs(panel)
    assert shown["gather"] == "3 more inputs"
    assert {shown[name] for name in ("c1", "c4", "c7")} == {"to gather"}


def test_a_block_of_branches_keeps_all_its_wires(panel, repository) -> None:
    net = load_net(repository / "prototxt" / "squeezenet_v1.0_deploy.prototxt")
    panel.show_net(net, infer_shapes(net))
    panel.set_folded(False)
    assert panel.picture.stubs == ()
    assert len(panel.scene.edge_items) == len(panel.picture.edges)


def test_hidden_layers_are_counted_with_their_phase(panel) -> None:
    show(panel, TRAIN + DATA.replace("Input", "Input", 1) + FC)
    panel.bar.resize(1000, 36)
    assert panel.bar.hidden.text() == "1 TRAIN layer hidden"
    panel.set_shows_dropped(True)
    assert not panel.bar.hidden.isVisible()


@pytest.mark.parametrize("is_folded", [True, False])
def test_arrows_begin_and_end_at_their_boxes(panel, repository, is_folded: bool) -> None:
    """drop9 of SqueezeNet had its arrow begin 8 pixels below it."""
    net = load_net(repository / "prototxt" / "squeezenet_v1.0_deploy.prototxt")
    panel.show_net(net, infer_shapes(net))
    panel.set_folded(is_folded)
    for (source, target), item in panel.scene.edge_items.items():
        start, end = item._route[0], item._route[-1]
        assert start[1] == pytest.approx(panel.scene.layer_items[source].frame().bottom())
        assert end[1] == pytest.approx(panel.scene.layer_items[target].frame().top())
