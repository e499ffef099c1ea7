"""The Changes panel: what the edits come to, their proof or measurement, the text difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtWidgets import QPushButton

from core.comparison.changes import changes_between
from core.engines.measurement import LargestValue, Measurement, OutputChange
from core.layers.shapes import infer_shapes
from core.net.definition import Net
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename, plan_rename_all
from gui.panels.changes.panel import ChangesPanel


@dataclass(frozen=True)
class Proven:
    """On what a verification ran."""

    engine: str = "torch"
    is_seeded: bool = False


@dataclass(frozen=True)
class Result:
    """A verification as an engine reports it."""

    is_identical: bool = True
    outputs: tuple[str, ...] = ("prob",)
    n_values: int = 1000
    n_different: int = 0
    largest_difference: float = 0.0
    first_different_layer: str | None = None
    seconds: float = 0.9
    device: str = "cpu"
    n_images: int = 1
    filler: bool = False
    provenance: Proven = Proven()


FAILED = replace(
    Result(),
    is_identical=False,
    n_different=812,
    largest_difference=0.031,
    first_different_layer="fc8",
)


@pytest.fixture
def vgg(repository: Path):
    return load_net(repository / "prototxt" / "vgg16_deploy.prototxt")


@pytest.fixture
def panel(qtbot, keeper) -> ChangesPanel:
    panel = ChangesPanel(keeper)
    qtbot.addWidget(panel)
    panel.resize(332, 812)
    panel.show()
    return panel


@pytest.fixture
def renamed(panel: ChangesPanel, vgg) -> ChangesPanel:
    plan = plan_rename(vgg, ["relu7"])
    after = read_net(plan.new_text)
    show(panel, vgg, after)
    panel.show_verification(None)
    return panel


def show(panel: ChangesPanel, before: Net, after: Net, n_fixes: int = 0) -> None:
    memory = tuple(infer_shapes(net).total_cost.memory_bytes for net in (before, after))
    changes = changes_between(before, after, n_fixes)
    panel.show_changes(before, after, changes, memory, "vgg16_deploy.prototxt")


def test_without_changes_one_sentence_stands_there(renamed: ChangesPanel) -> None:
    assert not renamed.empty.isVisible()
    renamed.show_nothing()
    assert renamed.empty.isVisible()


def test_the_difference_is_shown_by_layer_with_signs(renamed: ChangesPanel, vgg) -> None:
    lines = renamed.difference.lines
    headings = [(line.text, line.note) for line in lines if line.kind == "heading"]
    assert headings == [("relu7", "ReLU"), ("drop7", "Dropout"), ("fc8", "InnerProduct")]
    changed = [(line.kind, line.text.strip()) for line in lines if line.kind in ("out", "in")]
    assert changed == [
        ("out", 'top: "fc7"'),
        ("in", 'top: "fc7_relu7"'),
        ("out", 'bottom: "fc7"'),
        ("out", 'top: "fc7"'),
        ("in", 'bottom: "fc7_relu7"'),
        ("in", 'top: "fc7_drop7"'),
        ("out", 'bottom: "fc7"'),
        ("in", 'bottom: "fc7_drop7"'),
    ]
    assert renamed.difference_note == "4 names in 3 layers"
    assert '+  top: "fc7_relu7"' in renamed.difference.plain_text()


def test_a_summary_stands_above_the_difference(renamed: ChangesPanel) -> None:
    """drop7 follows relu7, or it would overwrite it: two blobs of 4096 values, 32 KiB."""
    assert (
        renamed.title.text() == "2 layers get blobs of their own. Nothing else in the file changes."
    )
    assert renamed.file_label.text() == "against vgg16_deploy.prototxt"
    assert [(f.number, f.words) for f in renamed.figures.figures] == [
        ("4", "names in 3 layers"),
        ("2", "versions now readable"),
        ("+ 32 KiB", "a forward pass, was 58.1 MiB"),
    ]
    rows = [(fact.name, fact.value, fact.second) for fact in renamed.blobs.facts]
    assert rows == [("relu7", "fc7_relu7", "drop7"), ("drop7", "fc7_drop7", "fc8")]
    order = [renamed.title, renamed.figures, renamed.blobs, renamed.difference]
    tops = [widget.mapTo(renamed, QPoint()).y() for widget in order]
    assert tops == sorted(tops)


def test_blobs_that_are_shared_again_are_told(panel: ChangesPanel, vgg) -> None:
    after = read_net(plan_rename(vgg, ["relu7"]).new_text)
    show(panel, after, vgg)
    assert panel.title.text() == "2 blobs shared again. Nothing else in the file changes."
    assert panel.figures.figures[1].words == "versions overwritten again"
    assert [fact.value for fact in panel.blobs.facts] == ["fc7@1", "fc7@2"]


def test_a_renamed_output_of_the_net_is_told(panel: ChangesPanel) -> None:
    net = read_net(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n'
        'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"'
        " inner_product_param { num_output: 2 } }\n"
        'layer { name: "relu" type: "ReLU" bottom: "fc" top: "fc" }\n'
    )
    plan = plan_rename_all(net)
    show(panel, net, read_net(plan.new_text))
    (fact,) = panel.facts.facts
    assert (fact.name, fact.value, fact.second) == ("Net output", "fc →", "fc_relu")


def test_proof_doubt_and_failure_have_their_words(qtbot, renamed: ChangesPanel) -> None:
    assert renamed.notice.title == "Not verified yet"
    renamed.show_verification(Result())
    assert renamed.notice.kind == "ok"
    assert renamed.notice.title == "verified: bit-identical (prob)"
    assert renamed.notice.body == "Old and new text gave the same prob, bit for bit."
    assert renamed.notice.note == (
        "1,000 of 1,000 values equal · TEST · PyTorch, CPU · 1 image · 0.9 s"
    )
    on_caffe = replace(Result(), provenance=Proven("caffe", is_seeded=True))
    renamed.show_verification(on_caffe)
    assert "TEST · Caffe, CPU · random input" in renamed.notice.note
    renamed.show_verification(FAILED)
    assert renamed.notice.kind == "error"
    assert renamed.notice.title == "not equal: prob differs in 812 of 1,000 values"
    assert renamed.notice.body == "Largest difference 0.031, first layer that differs: fc8."


def test_a_failure_offers_undo_and_the_first_layer_that_differs(qtbot, renamed) -> None:
    renamed.show_verification(FAILED)
    buttons = {button.text(): button for button in renamed.findChildren(QPushButton)}
    with qtbot.waitSignal(renamed.layer_selected) as selected:
        buttons["Show fc8"].click()
    assert selected.args == ["fc8"]
    filled = [b.text() for b in renamed.findChildren(QPushButton) if b.property("primary")]
    assert filled == ["Undo rename"]


def test_while_verifying_the_card_says_so_and_then_goes_back(renamed: ChangesPanel) -> None:
    renamed.show_busy("Verifying…")
    assert renamed.notice.title == "Verifying…"
    renamed.show_busy("")
    assert renamed.notice.title == "Not verified yet"


def test_a_fix_is_measured_in_numbers_of_each_output(renamed: ChangesPanel) -> None:
    renamed.show_measurement(None)
    assert renamed.notice.title == "Not measured yet"
    change = OutputChange(
        "prob", 1000, 998, 0.25, 0.001, 0.5, LargestValue(283, 0.75), LargestValue(7, 0.5)
    )
    still = OutputChange("fc6", 4096, 0, 0.0, 0.0, 0.0)
    measurement = Measurement((still, change), "fc8", 1, False, 0.9, "cpu", Proven())
    renamed.show_measurement(measurement)
    assert renamed.notice.kind == "info"
    assert renamed.notice.title == "measured: prob moves by up to 0.2500"
    assert renamed.notice.body.splitlines() == [
        "fc6: the same, 4,096 values.",
        "prob: 998 of 1,000 values differ, by 0.0010 on average, 50 % of its length. Its largest"
        " value moves from 283 (0.7500) to 7 (0.5000).",
        "The first layer that computes something else is fc8.",
    ]
    assert renamed.notice.note == "TEST · PyTorch, CPU · 1 image · 0.9 s"


def test_a_large_difference_opens_short(qtbot, panel: ChangesPanel, vgg) -> None:
    plan = plan_rename_all(vgg)
    show(panel, vgg, read_net(plan.new_text))

    def n_headings() -> int:
        return sum(line.kind == "heading" for line in panel.difference.lines)

    assert n_headings() == 8
    qtbot.mouseClick(panel.more_link, Qt.LeftButton)
    assert n_headings() == len(plan.touched_layers)
    assert len(panel.blobs.facts) == 4
    qtbot.mouseClick(panel.blobs_link, Qt.LeftButton)
    assert len(panel.blobs.facts) == len(plan.renames)


def test_a_line_leads_to_its_layer(qtbot, renamed: ChangesPanel) -> None:
    with qtbot.waitSignal(renamed.layer_selected) as selected:
        qtbot.mouseClick(renamed.difference, Qt.LeftButton, Qt.NoModifier, QPoint(60, 40))
    assert selected.args == ["relu7"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_follows_the_theme(renamed: ChangesPanel, keeper, theme: str) -> None:
    keeper.choose(theme)
    shot = renamed.grab().toImage()
    colours = {
        shot.pixelColor(renamed.difference.mapTo(renamed, QPoint(2, y))).name()
        for y in range(renamed.difference.height())
    }
    assert keeper.theme.error_fill.name() in colours
    assert keeper.theme.ok_fill.name() in colours
