"""A number for each layer as the colour of its box: right sums and readable words."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt5.QtGui import QColor

from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename
from gui.graph.overlay import Overlay, scale_over
from gui.graph.panel import GraphPanel
from gui.theme import Theme, overlay_colour


@pytest.fixture
def panel(qtbot, keeper, repository: Path) -> GraphPanel:
    panel = GraphPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(1000, 700)
    panel.show()
    net = load_net(repository / "prototxt" / "vgg16_deploy.prototxt")
    panel.show_net(net, infer_shapes(net))
    panel.canvas.set_scale(1.0)
    return panel


def marks(panel: GraphPanel) -> dict[str, tuple[str, str] | None]:
    """Number and note by name of the box."""
    return {
        item.box.name: (item.mark.words, item.mark.note) if item.mark else None
        for item in panel.scene.layer_items.values()
    }


def actions(panel: GraphPanel) -> dict[str, object]:
    return {action.text(): action for action in panel.menu_of(None).actions()}


def test_parameters_of_vgg16_are_those_that_are_known(panel) -> None:
    """fc6 holds 25088 x 4096 weights and 4096 biases of 138,357,544: 74.3 %."""
    actions(panel)["Parameters"].trigger()
    shown = marks(panel)
    assert shown["fc6"] == ("103 M", "74.3 %")
    assert shown["conv1_1 ... pool1"] == ("38.7 k", "< 0.1 %")
    assert shown["prob"] is None
    assert shown["input"] is None
    assert actions(panel)["Parameters"].isChecked()


def test_the_most_has_the_full_colour_and_what_has_none_is_dashed(panel) -> None:
    panel.colour_by("parameters")
    items = {item.box.name: item for item in panel.scene.layer_items.values()}
    assert items["fc6"].mark.fraction == 1.0
    assert items["conv1_1 ... pool1"].mark.fraction == 0.0
    panel.canvas.viewport().grab()
    assert items["fc6"].words[1] == "103 M"
    assert items["prob"].words[:2] == ("prob", "Softmax")
    words = [entry.words for entry in panel.legend.entries if entry.kind == "mark"]
    assert words == ["parameters   38.7 k", "103 M", "none of its own"]


def test_unfolding_gives_each_layer_its_own_and_a_block_from_far_the_sum(panel) -> None:
    panel.colour_by("parameters")
    panel.set_folded(False)
    assert marks(panel)["conv1_2"] == ("36.9 k", "< 0.1 %")
    assert marks(panel)["relu1_2"] is None
    panel.canvas.set_scale(0.2)
    blocks = {item.block.name: item.mark for item in panel.scene.far_view.items}
    assert blocks["conv1_1 ... pool1"].words == "38.7 k"
    assert blocks["conv5_1 ... pool5"].fraction < 1.0
    assert all(0.0 <= mark.fraction <= 1.0 for mark in blocks.values() if mark)


def test_an_edit_keeps_the_overlay_up_to_date(panel) -> None:
    panel.colour_by("memory")
    before = marks(panel)["fc7"]
    plan = plan_rename(panel.drawing.net, ["relu7", "drop7"])
    net = read_net(plan.new_text)
    panel.show_net(net, infer_shapes(net))
    assert before[0] == "16 KiB"
    assert marks(panel)["fc7"][0] == "48 KiB"  # two blobs more of 4096 floats
    panel.colour_by(None)
    assert set(marks(panel).values()) == {None}
    assert "readable" in [entry.words for entry in panel.legend.entries]


def test_numbers_from_elsewhere_take_the_best_of_a_fold_and_keep_their_intervals(panel) -> None:
    """The way in for what was measured: a sweep's mAP, milliseconds, a table."""
    values = {"conv3_1": 50.0, "conv3_2": 55.1, "fc8": 58.0}
    panel.show_overlay(
        Overlay(
            "mAP, %",
            values,
            lambda value: f"{value:.1f}",
            notes={"fc8": "± 4.6"},
            missing="not scored",
        )
    )
    shown = marks(panel)
    assert shown["conv3_1 ... pool3"] == ("55.1", "")
    assert shown["fc8"] == ("58.0", "± 4.6")
    assert shown["fc7"] is None
    assert panel.legend.entries[-1].words == "not scored"


@pytest.mark.parametrize("scale", [0.45, 0.6])
def test_a_number_never_cuts_the_name(panel, scale: float) -> None:
    panel.canvas.set_scale(scale)
    panel.canvas.viewport().grab()
    before = {i.box.name: i.words[0] for i in panel.scene.layer_items.values() if i.words}
    panel.colour_by("multiply-adds")
    panel.canvas.viewport().grab()
    items = [item for item in panel.scene.layer_items.values() if item.words]
    assert {item.box.name: item.words[0] for item in items} == before


@pytest.mark.parametrize("theme", [Theme.light(), Theme.dark()])
def test_words_on_every_colour_have_a_contrast_of_4_5(theme: Theme) -> None:
    for step in range(11):
        fill = overlay_colour(theme, step / 10)
        assert _contrast(theme.text, fill) >= 4.5


def _contrast(one: QColor, other: QColor) -> float:
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: QColor) -> float:
    """Relative luminance by WCAG 2.1."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_share_of_a_sum_is_that_of_parts_of_a_unit() -> None:
    overlay = Overlay("time, ms", {"a": 0.59, "b": 160.41}, lambda v: f"{v:.2f}", fold="sum")
    scale = scale_over(overlay, [("a",), ("b",)])
    assert scale is not None
    mark = scale.mark_of(("a",))
    assert mark is not None
    assert (mark.words, mark.note) == ("0.59", "0.4 %")
