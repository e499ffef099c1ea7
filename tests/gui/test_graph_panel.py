"""The graph panel through mouse and keys: select, find, fold, rename wishes, themes, speed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PyQt5.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt
from PyQt5.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PyQt5.QtWidgets import QApplication

from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename
from gui.graph.panel import GraphPanel
from gui.theme import ThemeKeeper


@pytest.fixture
def vgg(repository: Path):
    return load_net(repository / "prototxt" / "vgg16_deploy.prototxt")


@pytest.fixture
def panel(qtbot, keeper: ThemeKeeper, vgg) -> GraphPanel:
    panel = GraphPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(645, 522)
    panel.show()
    panel.show_net(vgg, infer_shapes(vgg))
    return panel


def item_named(panel: GraphPanel, name: str):
    return next(item for item in panel.scene.layer_items.values() if name in item.box.layers)


def badge_named(panel: GraphPanel, label: str):
    return next(item for item in panel.scene.badge_items.values() if item.badge.label == label)


def click_scene(qtbot, panel: GraphPanel, place: QPointF, modifier=Qt.NoModifier) -> None:
    at = panel.canvas.mapFromScene(place)
    qtbot.mouseClick(panel.canvas.viewport(), Qt.LeftButton, modifier, at)


def on_screen(panel: GraphPanel, frame: QRectF) -> QRect:
    return panel.canvas.mapFromScene(frame).boundingRect()


def settle(qtbot, panel: GraphPanel) -> None:
    qtbot.waitUntil(lambda: not panel.canvas.is_gliding)


def test_without_a_net_one_sentence_stands_there(qtbot, keeper) -> None:
    panel = GraphPanel(keeper)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.empty.isVisible()
    assert not panel.bar.isVisible()


def test_selecting_a_hidden_layer_opens_its_chain_and_glides_to_it(qtbot, panel) -> None:
    assert "relu7" not in [box.name for box in panel.picture.boxes]
    panel.canvas.set_scale(1.0)
    panel.show_selection("relu7")
    settle(qtbot, panel)
    item = item_named(panel, "relu7")
    assert item.box.name == "relu7"
    assert item.is_chosen
    assert panel.canvas.is_in_view(item.frame())
    assert item_named(panel, "conv5_1").box.is_folded


def test_ctrl_and_shift_clicks_select_several_and_all_are_outlined(qtbot, panel) -> None:
    chosen: list[tuple[str, ...]] = []
    panel.layers_chosen.connect(chosen.append)
    panel.layers_chosen.connect(panel.show_together)
    with qtbot.waitSignal(panel.layer_selected) as selected:
        click_scene(qtbot, panel, item_named(panel, "fc8").frame().center())
    assert selected.args == ["fc8"]
    click_scene(qtbot, panel, item_named(panel, "prob").frame().center(), Qt.ControlModifier)
    assert chosen[-1] == ("fc8", "prob")
    click_scene(qtbot, panel, item_named(panel, "fc7").frame().center(), Qt.ControlModifier)
    assert chosen[-1] == ("fc8", "prob", "fc7", "relu7", "drop7")
    outlined = {
        i.box.name for i in panel.scene.layer_items.values() if i.is_chosen or i.is_together
    }
    assert outlined == {"fc8", "prob", "fc7"}
    click_scene(qtbot, panel, item_named(panel, "prob").frame().center(), Qt.ControlModifier)
    assert "prob" not in chosen[-1]
    click_scene(qtbot, panel, item_named(panel, "fc8").frame().center())
    assert chosen[-1] == ()
    click_scene(qtbot, panel, item_named(panel, "conv5_1").frame().center(), Qt.ShiftModifier)
    assert chosen[-1][0] == "conv5_1"
    assert chosen[-1][-1] == "fc8"
    assert len(chosen[-1]) == 7 + 3 + 3 + 1


def test_a_band_drawn_with_shift_selects_what_it_touches(qtbot, panel) -> None:
    chosen: list[tuple[str, ...]] = []
    panel.layers_chosen.connect(chosen.append)
    first, last = item_named(panel, "fc8").frame(), item_named(panel, "prob").frame()
    start = panel.canvas.mapFromScene(first.topLeft() - QPointF(12, 4))
    end = panel.canvas.mapFromScene(last.topLeft() + QPointF(20, 10))
    target = panel.canvas.viewport()
    qtbot.mousePress(target, Qt.LeftButton, Qt.ShiftModifier, start)
    held = QMouseEvent(QEvent.MouseMove, QPointF(end), Qt.NoButton, Qt.LeftButton, Qt.ShiftModifier)
    QApplication.sendEvent(target, held)
    qtbot.mouseRelease(target, Qt.LeftButton, Qt.ShiftModifier, end)
    assert chosen == [("fc8", "prob")]


def test_layers_to_show_are_all_brought_into_view(qtbot, panel) -> None:
    """As Show in graph of a notice: relu7 alone was centred, and fc8, to be mended, out of view."""
    panel.resize(645, 400)
    panel.canvas.set_scale(1.0)
    panel.show_selection("relu7")
    panel.show_layers(["relu7", "drop7", "fc8"])
    settle(qtbot, panel)
    for name in ("relu7", "drop7", "fc8"):
        assert item_named(panel, name).box.name == name
        assert panel.canvas.is_in_view(item_named(panel, name).frame())


def test_a_block_stays_folded_on_click_and_opens_on_double_click(qtbot, panel) -> None:
    place = item_named(panel, "conv3_1").frame().center()
    click_scene(qtbot, panel, place)
    assert item_named(panel, "conv3_1").box.is_folded
    at = panel.canvas.mapFromScene(place)
    qtbot.mouseDClick(panel.canvas.viewport(), Qt.LeftButton, Qt.NoModifier, at)
    assert item_named(panel, "pool3").box.name == "pool3"


def test_a_badge_click_asks_for_the_rename(qtbot, panel) -> None:
    panel.show_selection("relu7")
    settle(qtbot, panel)
    with qtbot.waitSignal(panel.rename_requested) as wish:
        click_scene(qtbot, panel, badge_named(panel, "fc7@1").badge_frame().center())
    assert wish.args == ["relu7"]


def test_hovering_a_badge_offers_own_blob_and_says_what_is_lost(qtbot, panel) -> None:
    panel.show_selection("relu7")
    settle(qtbot, panel)
    badge = badge_named(panel, "fc7@1")
    narrow = badge.shape().boundingRect().width()
    at = panel.canvas.mapFromScene(badge.badge_frame().center())
    qtbot.mouseMove(panel.canvas.viewport(), at)
    qtbot.waitUntil(lambda: badge.is_active)
    assert badge.shape().boundingRect().width() > narrow + 60
    assert panel.scene.tip == (
        "drop7 overwrites it. Click: relu7 gets blob fc7_relu7, drop7 gets fc7_drop7. "
        "4 names in 3 layers."
    )
    qtbot.mouseMove(panel.canvas.viewport(), QPoint(5, 5))
    qtbot.waitUntil(lambda: not badge.is_active)
    assert panel.scene.tip == ""


@pytest.mark.parametrize("size", [(460, 320), (520, 420), (645, 522), (1000, 700)])
@pytest.mark.parametrize("label", ["fc7@0", "fc7@1", "fc7@2"])
def test_tooltip_and_button_of_a_badge_stay_inside_the_canvas(qtbot, panel, size, label) -> None:
    panel.resize(*size)
    panel.canvas.set_scale(1.0)
    panel.show_selection("relu7")
    settle(qtbot, panel)
    badge = badge_named(panel, label)
    # as far to the right as a canvas can cut it
    beyond = on_screen(panel, badge.badge_frame()).right() - panel.canvas.viewport().width() + 8
    panel.canvas.pan(beyond)
    at = panel.canvas.mapFromScene(badge.badge_frame().center())
    qtbot.mouseMove(panel.canvas.viewport(), at)
    qtbot.waitUntil(lambda: badge.is_active)
    canvas = QRectF(panel.canvas.viewport().rect())
    button = QRectF(on_screen(panel, badge.active_frame()))
    assert canvas.contains(button)
    tip = panel.scene._tip
    place = QRectF(QPointF(panel.canvas.mapFromScene(tip.pos())), tip.size)
    assert canvas.contains(place)
    assert not place.intersects(QRectF(on_screen(panel, badge.badge_frame())))


def test_overwritten_is_grey_but_in_the_selected_chain(qtbot, panel, keeper) -> None:
    panel.set_folded(False)
    panel.show_selection("relu7")
    theme = keeper.theme
    chosen, other = badge_named(panel, "fc7@0"), badge_named(panel, "fc6@0")
    assert chosen._font().strikeOut()
    assert chosen._colours()[1] == theme.mark_text
    assert not other._font().strikeOut()
    assert other._colours()[1] == theme.secondary
    strong = {b.bracket.title for b in panel.scene.bracket_items.values() if b.is_strong}
    assert strong == {"shares blob fc7"}


def test_badges_are_reached_by_tab_and_pressed_by_enter(qtbot, panel) -> None:
    panel.canvas.set_scale(1.0)
    panel.canvas.setFocus()
    qtbot.waitUntil(panel.canvas.hasFocus)
    qtbot.keyClick(panel.canvas, Qt.Key_Tab)
    badge = badge_named(panel, "fc6@2")
    assert badge.hasFocus()
    assert badge.is_active
    with qtbot.waitSignal(panel.rename_requested) as wish:
        qtbot.keyClick(panel.canvas, Qt.Key_Return)
    assert wish.args == ["drop6"]


def test_arrow_keys_walk_along_the_net(qtbot, panel) -> None:
    panel.show_selection("fc8")
    settle(qtbot, panel)
    with qtbot.waitSignal(panel.layer_selected) as selected:
        qtbot.keyClick(panel.canvas, Qt.Key_Down)
    assert selected.args == ["prob"]


def test_find_dims_the_rest_and_steps_through_the_hits(qtbot, panel) -> None:
    panel.resize(1000, 522)
    panel.focus_find()
    qtbot.keyClicks(panel.bar.field, "type:ReLU fc")
    assert panel.bar.field.note.text() == "2 found"
    assert panel.find_list.isVisible()
    assert panel.find_list.shown == ("relu6 · fc6@1", "relu7 · fc7@1")
    assert not item_named(panel, "fc7").is_dimmed
    assert item_named(panel, "pool1").is_dimmed
    seen = []
    panel.layer_selected.connect(seen.append)
    for key in (Qt.Key_Return, Qt.Key_Down, Qt.Key_Up):
        qtbot.keyClick(panel.bar.field, key)
    assert seen == ["relu6", "relu7", "relu6"]
    assert panel.bar.field.note.text() == "1 of 2"
    qtbot.keyClick(panel.bar.field, Qt.Key_Escape)
    assert panel.bar.field.text() == "type:ReLU fc"
    assert not item_named(panel, "pool1").is_dimmed
    assert not panel.find_list.isVisible()


def test_dimming_does_not_come_back_after_escape(qtbot, panel, vgg) -> None:
    panel.focus_find()
    qtbot.keyClicks(panel.bar.field, "relu7")
    qtbot.keyClick(panel.bar.field, Qt.Key_Escape)
    after = read_net(plan_rename(vgg, ["relu7"]).new_text)
    panel.show_net(after, infer_shapes(after))
    panel.show_selection("relu7")
    assert not any(item.is_dimmed for item in panel.scene.layer_items.values())
    panel.focus_find()
    qtbot.keyClick(panel.bar.field, Qt.Key_Return)
    assert item_named(panel, "pool1").is_dimmed


def test_a_click_on_a_listed_hit_selects_it(qtbot, panel) -> None:
    panel.focus_find()
    qtbot.keyClicks(panel.bar.field, "type:Pooling")
    assert panel.find_list.shown == ("pool1", "pool2", "pool3", "pool4", "pool5")
    row = panel.find_list.list.visualItemRect(panel.find_list.list.item(2))
    with qtbot.waitSignal(panel.layer_selected) as selected:
        qtbot.mouseClick(
            panel.find_list.list.viewport(), Qt.LeftButton, Qt.NoModifier, row.center()
        )
    assert selected.args == ["pool3"]


@pytest.mark.parametrize("width", [420, 520, 640, 800, 1000])
def test_the_bar_is_never_cut_and_the_field_keeps_room_for_its_words(
    qtbot, panel, width: int
) -> None:
    panel.bar.show_hidden(1, "TRAIN")
    panel.resize(width, 500)
    qtbot.keyClicks(panel.bar.field, "type:ReLU")
    shown = [w for w in panel.bar.children() if w.isWidgetType() and w.isVisible()]
    for widget in shown:
        assert widget.geometry().right() <= panel.bar.width()
    for widget in (panel.bar.fold, panel.bar.direction, panel.bar.fit, panel.bar.hidden):
        assert not widget.isVisible() or widget.width() >= widget.sizeHint().width()
    metrics = panel.bar.field.fontMetrics()
    margins = panel.bar.field.textMargins()
    room = panel.bar.field.width() - margins.right() - 26 - 24
    assert room >= metrics.horizontalAdvance("type")


def test_a_query_that_cannot_be_read_says_why(qtbot, panel) -> None:
    qtbot.keyClicks(panel.bar.field, "params>many")
    assert "needs a number" in panel.find_list.problem.text()
    assert not item_named(panel, "pool1").is_dimmed


def test_folding_by_button_keeps_the_selection_open(qtbot, panel) -> None:
    assert panel.bar.fold.isChecked()
    panel.bar.fold.click()
    assert len(panel.picture.boxes) == 40
    panel.show_selection("relu4_2")
    panel.bar.fold.click()
    assert item_named(panel, "relu4_2").box.name == "relu4_2"
    assert item_named(panel, "conv5_1").box.is_folded


def test_a_rename_changes_items_in_place_and_moves_nothing(qtbot, panel, vgg) -> None:
    panel.show_selection("relu7")
    settle(qtbot, panel)
    items = dict(panel.scene.layer_items)
    places = {key: item.pos() for key, item in items.items()}
    view = panel.canvas.shown_rect()
    plan = plan_rename(vgg, ["relu7"])
    after = read_net(plan.new_text)
    panel.show_own_blobs({(rename.layer, rename.new_blob) for rename in plan.renames})
    panel.show_net(after, infer_shapes(after))
    assert panel.scene.layer_items == items
    assert {key: item.pos() for key, item in items.items()} == places
    assert panel.canvas.shown_rect() == view
    assert badge_named(panel, "fc7_relu7").badge.state == "own"


def turn_wheel(panel: GraphPanel, at: QPoint, modifier: Qt.KeyboardModifier) -> None:
    wheel = QWheelEvent(
        QPointF(at), QPointF(at), QPoint(), QPoint(0, 120),
        Qt.NoButton, modifier, Qt.NoScrollPhase, False,
    )  # fmt: skip
    panel.canvas.wheelEvent(wheel)


def test_the_wheel_scrolls_and_leaves_the_zoom_alone(panel) -> None:
    panel.canvas.set_scale(1.0)
    panel.canvas.centerOn(0, 300)
    before = panel.canvas.shown_rect().center()
    turn_wheel(panel, QPoint(300, 250), Qt.NoModifier)
    assert panel.canvas.scale_now == 1.0
    assert before.y() - panel.canvas.shown_rect().center().y() == pytest.approx(120, abs=1)


def test_zoom_stays_at_the_cursor(panel) -> None:
    panel.canvas.set_scale(1.0)
    at = QPoint(300, 250)
    before = panel.canvas.mapToScene(at)
    turn_wheel(panel, at, Qt.ControlModifier)
    assert panel.canvas.scale_now > 1.1
    moved = panel.canvas.mapToScene(at) - before
    assert abs(moved.x()) < 2
    assert abs(moved.y()) < 2
    assert panel.bar.percent.text() == f"{round(panel.canvas.scale_now * 100)} %"


def test_dragging_pans(qtbot, panel) -> None:
    panel.canvas.set_scale(1.0)
    before = panel.canvas.shown_rect().center()
    target = panel.canvas.viewport()
    qtbot.mousePress(target, Qt.LeftButton, Qt.NoModifier, QPoint(40, 200))
    held = QMouseEvent(
        QEvent.MouseMove, QPointF(40, 160), Qt.NoButton, Qt.LeftButton, Qt.NoModifier
    )
    QApplication.sendEvent(target, held)
    qtbot.mouseRelease(target, Qt.LeftButton, Qt.NoModifier, QPoint(40, 160))
    assert panel.canvas.shown_rect().center().y() - before.y() == pytest.approx(40, abs=1)


@pytest.mark.parametrize("width", [300, 380, 645, 1000])
def test_nothing_lies_over_the_graph_and_the_legend_is_one_line(panel, width: int) -> None:
    panel.resize(width, 500)
    assert panel.overview.isVisible()
    assert panel.overview.width() == 64
    assert panel.legend.height() == 26
    canvas = panel.canvas.geometry()
    assert not canvas.intersects(panel.overview.geometry())
    assert not canvas.intersects(panel.legend.geometry())
    assert not [child for child in panel.canvas.viewport().children() if child.isWidgetType()]


def test_the_legend_lists_what_is_drawn_and_loses_words_before_glyphs(panel) -> None:
    panel.canvas.set_scale(1.0)
    assert "pooling" not in panel.legend.families
    assert {"convolution", "inner product", "readable"} <= set(panel.legend.words)
    panel.set_folded(False)
    assert "pooling" in panel.legend.families
    assert "overwritten" in [entry.words for entry in panel.legend.entries]
    families = panel.legend.families
    panel.resize(300, 500)
    assert panel.legend.families == families
    assert len(panel.legend.words) < len(panel.legend.entries)
    panel.resize(1000, 500)
    panel.canvas.set_scale(0.5)
    assert "readable" not in panel.legend.words
    assert "shapes from 70 %" in panel.legend.words


def test_a_click_in_the_overview_goes_there_and_a_drag_follows(qtbot, panel) -> None:
    panel.set_folded(False)
    panel.canvas.set_scale(1.0)
    content = panel.overview.content_frame()
    qtbot.mousePress(
        panel.overview, Qt.LeftButton, Qt.NoModifier, QPointF(content.center()).toPoint()
    )
    middle = panel.scene.boxes_rect().center().y()
    assert panel.canvas.shown_rect().center().y() == pytest.approx(middle, abs=40)
    end = QPointF(content.center().x(), content.bottom())
    held = QMouseEvent(QEvent.MouseMove, end, Qt.NoButton, Qt.LeftButton, Qt.NoModifier)
    QApplication.sendEvent(panel.overview, held)
    assert panel.canvas.is_in_view(item_named(panel, "prob").frame())
    assert panel.overview.view_frame().center().y() > content.center().y()


@pytest.mark.parametrize("width", [600, 680, 900])
@pytest.mark.parametrize("name", ["conv1_1", "relu3_2", "relu7"])
def test_a_selected_chain_shows_its_label_and_badges(qtbot, panel, width: int, name: str) -> None:
    panel.resize(width, 420)
    panel.canvas.set_scale(1.0)
    panel.show_selection(name)
    settle(qtbot, panel)
    item = item_named(panel, name)
    bracket = next(b for b in panel.scene.bracket_items.values() if item.box.key in b.bracket.boxes)
    badges = [b for (key, _), b in panel.scene.badge_items.items() if key == item.box.key]
    frames = [item.frame(), bracket.label_frame(), *(badge.badge_frame() for badge in badges)]
    assert bracket.label_frame().width() > 60
    assert badges
    for frame in frames:
        place = on_screen(panel, frame)
        assert place.left() >= 0
        assert place.right() <= panel.canvas.width()


def test_the_context_menu_offers_the_rename_and_copies_the_name(qtbot, panel) -> None:
    menu = panel.menu_of(item_named(panel, "fc6"))
    actions = {action.text(): action for action in menu.actions()}
    with qtbot.waitSignal(panel.rename_requested) as wish:
        actions["Give drop6 a blob of its own"].trigger()
    assert wish.args == ["drop6"]
    actions["Copy layer names"].trigger()
    assert QApplication.clipboard().text() == "fc6\nrelu6\ndrop6"


def test_the_input_image_stands_on_the_data_box(qtbot, panel) -> None:
    panel.canvas.set_scale(1.0)
    panel.show_selection("input")
    settle(qtbot, panel)
    image = QImage(50, 30, QImage.Format_RGB32)
    image.fill(QColor("#12ab34"))
    panel.show_thumbnail(image)
    place = item_named(panel, "input").frame().topLeft() + QPointF(19, 19)
    shot = panel.canvas.viewport().grab().toImage()
    assert shot.pixelColor(panel.canvas.mapFromScene(place)).name() == "#12ab34"


@pytest.mark.parametrize("scale", [0.7, 1.0])
def test_the_theme_changes_what_is_drawn(qtbot, panel, keeper, scale: float) -> None:
    panel.canvas.set_scale(scale)
    keeper.choose("dark")
    item = item_named(panel, "conv3_1")
    panel.canvas.centerOn(item.frame().center())
    shot = panel.canvas.viewport().grab().toImage()
    corner = panel.canvas.mapFromScene(item.frame().topLeft() + QPointF(3, 19))
    assert shot.pixelColor(corner).name() == keeper.theme.family("convolution").name()
    assert shot.pixelColor(2, 2).name() == keeper.theme.canvas.name()


def test_direction_turns_and_back(qtbot, panel) -> None:
    panel.bar.direction.click()
    fc6, fc8 = item_named(panel, "fc6").pos(), item_named(panel, "fc8").pos()
    assert panel.direction == "LR"
    assert fc6.x() < fc8.x()
    assert panel.bar.direction.text() == "Left-right"
    panel.bar.direction.click()
    assert item_named(panel, "fc6").y() < item_named(panel, "fc8").y()


def test_hundreds_of_boxes_are_built_and_painted_in_time(qtbot, keeper, material) -> None:
    """ResNet-152, 671 boxes. The design asks 250 ms and 16 ms; slower machines get four times.

    In time of the processor, so that other programs on it don't count.
    """
    path = "prototxts/KaimingHe__deep-residual-networks__prototxt__ResNet-152-deploy.prototxt"
    net = load_net(material(path))
    shapes = infer_shapes(net)
    panel = GraphPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(1000, 800)
    panel.show()
    panel.show_net(net, shapes)
    assert len(panel.picture.boxes) < 80
    start = time.thread_time()
    panel.set_folded(False)
    built = time.thread_time() - start
    assert len(panel.picture.boxes) == 671
    panel.fit()
    panel.canvas.viewport().repaint()
    start = time.thread_time()
    panel.canvas.viewport().repaint()
    painted = time.thread_time() - start
    assert built < 1.0
    assert painted < 0.064


def test_a_smaller_canvas_still_shows_the_beginning_until_the_view_is_moved(qtbot, panel) -> None:
    panel.show_net(panel.drawing.net, infer_shapes(panel.drawing.net))
    first = panel.scene.layer_items[0]
    panel.resize(645, 260)  # as when a notice comes
    assert panel.canvas.is_in_view(first.frame())
    panel.resize(645, 522)
    panel.canvas.set_scale(1.0)
    panel.show_selection("fc8")
    settle(qtbot, panel)
    panel.resize(645, 400)
    assert panel.canvas.scale_now == 1.0
    assert not panel.canvas.is_in_view(first.frame())
    assert panel.canvas.is_in_view(item_named(panel, "fc8").frame())
