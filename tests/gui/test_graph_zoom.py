"""Names at every zoom, a fit that fits, and a zoom that only the user changes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from PyQt5.QtCore import QRectF
from PyQt5.QtGui import QFontInfo

from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename
from gui.graph import metrics as m
from gui.graph.blocks import find_blocks
from gui.graph.panel import GraphPanel
from gui.graph.rooms import Rectangle
from tests.bench.graph import residual_net

SCALES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.39, 0.4, 0.45, 0.55, 0.69, 0.7, 0.85, 1.0, 2.5)


@pytest.fixture
def show(qtbot, keeper) -> Callable[[str], GraphPanel]:
    """A panel of 900 x 560 that shows the net of a text."""

    def make(text: str) -> GraphPanel:
        panel = GraphPanel(keeper)
        qtbot.addWidget(panel)
        panel.resize(900, 560)
        panel.show()
        net = read_net(text)
        panel.show_net(net, infer_shapes(net))
        return panel

    return make


@pytest.fixture
def vgg(repository: Path) -> str:
    return (repository / "prototxt" / "vgg16_deploy.prototxt").read_text()


@pytest.fixture
def squeezenet(repository: Path) -> str:
    return (repository / "prototxt" / "squeezenet_v1.0_deploy.prototxt").read_text()


def pixels(panel: GraphPanel, frame: QRectF) -> QRectF:
    return QRectF(panel.canvas.viewportTransform().mapRect(frame))


@pytest.mark.parametrize("is_folded", [True, False])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_no_box_is_without_a_name_at_any_zoom(show, squeezenet, is_folded, direction) -> None:
    panel = show(squeezenet)
    panel.set_folded(is_folded)
    panel.set_direction(direction)
    for scale in SCALES:
        panel.canvas.set_scale(scale)
        panel.canvas.viewport().grab()
        shown = panel.canvas.shown_rect()
        if scale >= m.NAMES_FROM:
            items = [i for i in panel.scene.layer_items.values() if i.frame().intersects(shown)]
            assert items
            assert all(len(item.words[0]) >= 3 for item in items), scale
            assert not panel.scene.far_view.items
        else:
            items = [i for i in panel.scene.far_view.items if i.frame().intersects(shown)]
            assert items
            assert all(len(item.shown_name) >= 3 for item in items), scale
            named = [key for item in panel.scene.far_view.items for key in item.block.keys]
            assert sorted(named) == sorted(panel.scene.layer_items)


@pytest.mark.parametrize("scale", [0.45, 0.55, 0.65])
def test_from_40_percent_boxes_are_rows_whose_names_keep_their_size(show, vgg, scale) -> None:
    panel = show(vgg)
    panel.canvas.set_scale(scale)
    panel.canvas.viewport().grab()
    item = panel.scene.layer_items[1]
    width, height = item.named_size(scale)
    assert item.words == ("conv1_1 ... pool1", "5")
    assert width == 180
    assert 20 <= height <= 24
    assert panel.scene.graph_style.named_font.pixelSize() == 12


def test_from_70_percent_boxes_say_name_type_and_shape(show, vgg) -> None:
    panel = show(vgg)
    panel.canvas.set_scale(0.7)
    panel.canvas.viewport().grab()
    fc8 = next(i for i in panel.scene.layer_items.values() if i.box.name == "fc8")
    assert fc8.words == ("fc8", "InnerProduct", "1000")


def test_names_of_one_rank_stay_apart_when_they_are_shortened(show, squeezenet) -> None:
    panel = show(squeezenet)
    panel.set_folded(False)
    panel.canvas.set_scale(0.4)
    panel.canvas.viewport().grab()
    names = {}
    for item in panel.scene.layer_items.values():
        if "fire5/" in item.box.name and item.words:
            names.setdefault(item.words[0], []).append(item.box.name)
    assert all(len(those) == 1 for those in names.values()), names


@pytest.mark.parametrize("n_blocks", [3, 40])
@pytest.mark.parametrize("scale", [0.01, 0.05, 0.13, 0.3])
@pytest.mark.parametrize("is_sideways", [False, True])
def test_blocks_hold_every_box_once_and_lie_over_no_other(
    show, n_blocks: int, scale: float, is_sideways: bool
) -> None:
    panel = show(residual_net(n_blocks))
    panel.set_folded(False)
    panel.set_direction("LR" if is_sideways else "TB")
    drawing = panel.drawing
    blocks = find_blocks(
        drawing.picture,
        drawing.placement.corners,
        drawing.groups,
        scale,
        is_sideways=is_sideways,
    )
    assert sorted(key for block in blocks for key in block.keys) == sorted(
        box.key for box in drawing.picture.boxes
    )
    assert sum(block.n_layers for block in blocks) == 14 * n_blocks + 1
    for one, other in combinations([block.place for block in blocks], 2):
        assert not one.overlaps(other)
    for block in blocks:
        assert block.place.bottom - block.place.top >= m.BLOCK_HEIGHT - 0.01
        assert block.place.right - block.place.left >= m.BLOCK_LEAST_WIDTH - 0.01


def test_from_far_the_blocks_of_the_net_have_the_names(show) -> None:
    panel = show(residual_net(12))
    panel.set_folded(False)
    panel.canvas.set_scale(0.1)
    names = [item.block.name for item in panel.scene.far_view.items]
    assert "unit4_*" in names


@pytest.mark.parametrize("n_blocks", [2, 60, 214])
def test_fit_shows_all_of_any_net(show, n_blocks: int) -> None:
    panel = show(residual_net(n_blocks))
    panel.set_folded(False)
    panel.fit()
    assert panel.canvas.shown_rect().contains(panel.scene.boxes_rect())
    panel.canvas.viewport().grab()
    assert panel.scene.far_view.items or all(i.words for i in panel.scene.layer_items.values())


def test_fit_waits_for_the_graph_that_is_being_drawn(show) -> None:
    panel = show(residual_net(40))
    waiting = []
    panel.redrawer.run_elsewhere = lambda work, then: waiting.append((work, then))
    panel.set_folded(False)
    panel.fit()
    for work, then in waiting:
        then(work())
    assert len(panel.picture.boxes) == 561
    assert panel.canvas.shown_rect().contains(panel.scene.boxes_rect())


@pytest.mark.parametrize("scale", [0.3, 0.55, 1.37])
def test_only_the_user_changes_the_zoom(qtbot, show, vgg, scale: float) -> None:
    panel = show(vgg)
    panel.canvas.set_scale(scale)
    told: list[float] = []
    panel.canvas.zoom_changed.connect(told.append)
    panel.show_selection("relu7")
    panel.show_selection("relu3_2")
    plan = plan_rename(panel.drawing.net, ["relu3_2"])
    after = read_net(plan.new_text)
    panel.show_net(after, infer_shapes(after), {("relu3_2", "conv3_2_relu3_2")})
    panel.set_folded(False)
    panel.set_folded(True)
    panel.toggle_direction()
    panel.resize(500, 300)
    panel.resize(900, 560)
    panel.hide()
    panel.show()
    panel.bar.field.setText("relu")
    panel.finding._step(1)
    qtbot.waitUntil(lambda: not panel.canvas.is_gliding)
    assert told == []
    assert panel.canvas.scale_now == pytest.approx(scale)


@pytest.mark.parametrize("is_folded", [True, False])
def test_folding_leaves_the_selected_box_where_it_is(qtbot, show, vgg, is_folded: bool) -> None:
    panel = show(vgg)
    panel.set_folded(not is_folded)
    panel.canvas.set_scale(1.0)
    panel.show_selection("conv4_2")
    qtbot.waitUntil(lambda: not panel.canvas.is_gliding)
    before = panel.viewpoint.place_of(panel._selected_item())
    panel.set_folded(is_folded)
    apart = panel.viewpoint.place_of(panel._selected_item()) - before
    assert apart.manhattanLength() <= 2


def test_a_larger_window_shows_more_and_not_the_same_larger(show, vgg) -> None:
    panel = show(vgg)
    before = panel.canvas.scale_now
    first = panel.scene.layer_items[0]
    panel.resize(900, 300)
    assert panel.canvas.scale_now == before
    assert panel.canvas.is_in_view(first.frame())


def test_a_block_seen_from_far_is_selected_by_a_click_and_opened_by_two(qtbot, show, vgg) -> None:
    from PyQt5.QtCore import Qt

    panel = show(vgg)
    panel.set_folded(False)
    panel.canvas.set_scale(0.2)
    block = next(i for i in panel.scene.far_view.items if "conv3_1" in i.block.name)
    place = panel.canvas.mapFromScene(block.frame().center())
    with qtbot.waitSignal(panel.layer_selected) as selected:
        qtbot.mouseClick(panel.canvas.viewport(), Qt.LeftButton, Qt.NoModifier, place)
    assert selected.args == ["conv3_1"]
    shown = next(i for i in panel.scene.far_view.items if "conv3_1" in i.block.name)
    assert shown.is_chosen
    place = panel.canvas.mapFromScene(shown.frame().center())
    qtbot.mouseDClick(panel.canvas.viewport(), Qt.LeftButton, Qt.NoModifier, place)
    assert panel.canvas.scale_now >= m.FULL_FROM
    assert panel.canvas.is_in_view(panel.scene.layer_items[block.block.keys[0]].frame())


def test_real_nets_fit_with_names(material, keeper, qtbot) -> None:
    """The nets on which fitting stopped at 2 %, or at boxes without a word."""
    folder = material("prototxts")
    for stem in (
        "KaimingHe__deep-residual-networks__prototxt__ResNet-152-deploy",
        "BVLC__caffe__models__bvlc_googlenet__train_val",
        "chuanqi305__MobileNet-SSD__deploy",
    ):
        net = load_net(folder / f"{stem}.prototxt")
        panel = GraphPanel(keeper)
        qtbot.addWidget(panel)
        panel.resize(820, 540)
        panel.show()
        panel.show_net(net, infer_shapes(net))
        for is_folded in (True, False):
            panel.set_folded(is_folded)
            panel.fit()
            assert panel.canvas.shown_rect().contains(panel.scene.boxes_rect()), stem
            panel.canvas.viewport().grab()
            far = panel.scene.far_view.items
            for one, other in combinations([item.block.place for item in far], 2):
                assert not one.overlaps(other), stem
            for item in far:
                assert len(item.shown_name) >= 3, (stem, item.block.name)
            if not far:
                assert all(len(i.words[0]) >= 3 for i in panel.scene.layer_items.values()), stem


def test_rectangles_that_only_touch_do_not_overlap() -> None:
    assert not Rectangle(0, 0, 10, 10).overlaps(Rectangle(10, 0, 20, 10))


@pytest.mark.parametrize("scale", [0.7, 0.8, 0.9, 1.0])
def test_no_word_on_a_badge_is_under_10_pixels(show, vgg, scale: float) -> None:
    panel = show(vgg)
    panel.set_folded(False)
    panel.canvas.set_scale(scale)
    size = QFontInfo(panel.scene.graph_style.badge_font).pixelSize()
    badges = panel.scene.badge_items.values()
    assert all(size * badge.scale() * scale >= 9.6 for badge in badges)
    # and none lies over the box of another layer
    boxes = [item.frame() for item in panel.scene.layer_items.values()]
    assert not any(badge.badge_frame().intersects(box) for badge in badges for box in boxes)


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_the_overview_leads_from_any_box_to_its_place(show, squeezenet, direction: str) -> None:
    panel = show(squeezenet)
    panel.set_direction(direction)
    panel.canvas.set_scale(1.0)
    items = sorted(panel.scene.layer_items.items())
    for _, item in (items[0], items[len(items) // 2], items[-1]):
        place = panel.overview._transform().map(item.frame().center())
        assert panel.overview.content_frame().adjusted(-1, -1, 1, 1).contains(place)
        panel.overview.place_chosen.emit(panel.overview._to_scene(place))
        assert panel.canvas.is_in_view(item.frame())
    first = panel.overview._transform().map(items[0][1].frame().center())
    last = panel.overview._transform().map(items[-1][1].frame().center())
    assert first.y() < last.y()  # the flow runs down in either direction


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize(
    "stem",
    ["BVLC__caffe__models__bvlc_googlenet__train_val", "chuanqi305__MobileNet-SSD__deploy"],
)
def test_no_two_blocks_read_the_same_from_far(show, material, stem: str, direction: str) -> None:
    """inception_3a/* and inception_3b/* were both "in…*", and five heads of SSD "…loc_*"."""
    panel = show(material(f"prototxts/{stem}.prototxt").read_text())
    panel.set_direction(direction)
    for scale in (0.34, 0.27, 0.21, 0.17):
        panel.canvas.set_scale(scale)
        names = [item.shown_name for item in panel.scene.far_view.items]
        assert len(names) > 10
        assert len(set(names)) == len(names), names
