"""Stages, blocks and chains: how nets open, and how a net comes back as it was left."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.layers.shapes import infer_shapes
from core.net.layout.folding import fold_blocks, fold_stages
from core.net.reader import load_net, read_net
from gui.graph.folding import FoldMemory, FoldState, plan_folds
from gui.graph.memory import GraphMemory, memory_from_json, memory_to_json
from gui.graph.panel import GraphPanel
from tests.bench.graph import residual_net

RESNET = "prototxts/KaimingHe__deep-residual-networks__prototxt__ResNet-152-deploy.prototxt"


@pytest.fixture
def vgg(repository: Path):
    return load_net(repository / "prototxt" / "vgg16_deploy.prototxt")


@pytest.fixture
def panel(qtbot, keeper, vgg) -> GraphPanel:
    panel = GraphPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(645, 522)
    panel.show()
    panel.show_net(vgg, infer_shapes(vgg))
    return panel


def names(panel: GraphPanel) -> list[str]:
    return [box.name for box in panel.picture.boxes]


def item_named(panel: GraphPanel, name: str):
    return next(item for item in panel.scene.layer_items.values() if item.box.name == name)


def test_resnet_152_opens_as_its_stages(qtbot, keeper, material) -> None:
    """He et al. (2016), table 1: 3, 8, 36 and 3 blocks."""
    net = load_net(material(RESNET))
    panel = GraphPanel(keeper)
    qtbot.addWidget(panel)
    panel.show_net(net, infer_shapes(net))
    notes = {box.name: box.note for box in panel.picture.boxes}
    assert notes["res2a ... res2c"] == "3 blocks"
    assert notes["res3a ... res3b7"] == "8 blocks"
    assert notes["res4a ... res4b35"] == "36 blocks"
    assert notes["res5a ... res5c"] == "3 blocks"
    assert len(notes) == 9


def test_a_stage_opens_to_its_blocks_and_a_block_to_its_chains() -> None:
    net = read_net(residual_net(40))
    folds = FoldState()
    folds.start(net)
    (stage,) = [group for group in folds.folded() if group.kind == "stage"]
    folds.open_group(stage)
    blocks = [group for group in folds.folded() if group.kind == "block"]
    assert len(blocks) == 39  # the first one holds the input, which never folds
    folds.open_group(blocks[1])
    inside = set(blocks[1].layers)
    opened = [group for group in folds.folded() if inside.issuperset(group.layers)]
    assert [group.kind for group in opened] == ["chain"] * 4
    folds.close([stage])
    assert stage in folds.folded()
    assert folds.memory.opened == frozenset(), "what is inside folds, too"


def test_stages_hold_neighbours_of_one_stem_only(material) -> None:
    for path in sorted(material("prototxts").glob("*Inception-v4*deploy.prototxt")):
        net = load_net(path)
        stages = fold_stages(net, fold_blocks(net))
        assert [stage.name for stage in stages if "_a" in stage.name] == [
            "inception_a1 ... inception_a4"
        ]
        members = [name for stage in stages for name in stage.layer_names]
        assert len(members) == len(set(members))
        assert not any(name.startswith("reduction") for name in members)


def test_folds_of_another_file_with_the_same_layers_are_not_taken_over(panel, vgg) -> None:
    panel.show_selection("conv3_2")
    assert "conv3_2" in names(panel)
    panel.expect_net(None)
    panel.show_net(vgg, infer_shapes(vgg))
    assert "conv3_1 ... pool3" in names(panel)
    assert "conv3_2" not in names(panel)


def test_a_net_comes_back_as_it_was_left(panel, vgg) -> None:
    panel.show_selection("conv3_2")
    panel.canvas.set_scale(0.9)
    left, kept = names(panel), memory_to_json(panel.memory)
    panel.expect_net(None)
    panel.show_net(vgg, infer_shapes(vgg))
    panel.expect_net(memory_from_json(kept))
    panel.show_net(vgg, infer_shapes(vgg))
    assert names(panel) == left
    assert panel.canvas.scale_now == pytest.approx(0.9)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"folded": 1}', '{"folded": 1, "opened": [3]}'])
def test_a_damaged_memory_is_none(text: str) -> None:
    assert memory_from_json(text) is None


@pytest.mark.parametrize("scale", ["1e999", "1" + "0" * 400, "-1", "NaN", "1e300", '"2"'])
def test_a_place_no_view_can_have_is_left_out(scale: str) -> None:
    text = f'{{"folded": true, "opened": [], "scale": {scale}, "centre": [0, 0]}}'
    memory = memory_from_json(text)
    assert memory is None or memory.scale is None


def test_a_memory_of_groups_that_are_gone_opens_the_rest(vgg) -> None:
    folds = FoldState()
    opened = frozenset({("block", "conv3_1 ... pool3"), ("block", "gone ... too")})
    folds.start(vgg, FoldMemory(True, opened))
    assert folds.memory.opened == {("block", "conv3_1 ... pool3")}
    memory = GraphMemory(folds.memory, scale=1.0, centre=(3.0, 4.0))
    assert memory_from_json(memory_to_json(memory)) == memory


def test_backspace_folds_what_enter_unfolds(qtbot, panel) -> None:
    from PyQt5.QtCore import Qt

    before = names(panel)
    panel._select(item_named(panel, "conv4_1 ... pool4"))
    qtbot.keyClick(panel.canvas, Qt.Key_Return)
    assert "pool4" in names(panel)
    qtbot.keyClick(panel.canvas, Qt.Key_Backspace)
    assert names(panel) == before


def test_every_group_is_inside_or_beside_every_other(vgg) -> None:
    plan = plan_folds(vgg)
    for group in plan.groups:
        for other in plan.groups:
            a, b = set(group.layers), set(other.layers)
            assert a.isdisjoint(b) or a <= b or b <= a
