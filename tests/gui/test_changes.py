"""The Changes panel: proof, text difference, what it means, save."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtWidgets import QPushButton

from core.layers.shapes import infer_shapes
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
    path = Path("models") / "vgg16_deploy_renamed.prototxt"
    after = read_net(plan.new_text)
    memory = tuple(infer_shapes(net).total_cost.memory_bytes for net in (vgg, after))
    panel.show_changes(vgg, after, plan.renames, path, memory)
    return panel


def test_without_changes_one_sentence_stands_there(renamed: ChangesPanel) -> None:
    assert not renamed.empty.isVisible()
    renamed.show_changes(None, None, (), None)
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


def test_what_changes_is_said(renamed: ChangesPanel) -> None:
    facts = {fact.name: f"{fact.value} {fact.second}".strip() for fact in renamed.facts.facts}
    assert facts == {
        "relu7": "fc7 → fc7_relu7",
        "drop7": "fc7 → fc7_drop7",
        "Layer names": "kept, so weights still bind",
        "Memory": "+32 KiB a forward pass",
    }


def test_a_renamed_output_of_the_net_is_told(panel: ChangesPanel) -> None:
    net = read_net(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n'
        'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"'
        " inner_product_param { num_output: 2 } }\n"
        'layer { name: "relu" type: "ReLU" bottom: "fc" top: "fc" }\n'
    )
    plan = plan_rename_all(net)
    panel.show_changes(net, read_net(plan.new_text), plan.renames, None)
    fact = panel.facts.facts[-1]
    assert (fact.name, fact.value, fact.second) == ("Net output", "fc →", "fc_relu")


def test_proof_doubt_and_failure_have_their_words(qtbot, renamed: ChangesPanel) -> None:
    assert renamed.notice.title == "not verified yet"
    assert renamed.verify_button.text() == "Verify"
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
    assert renamed.verify_button.text() == "Verify again"
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
    assert not renamed.verify_button.isEnabled()
    renamed.show_busy("")
    assert renamed.notice.title == "not verified yet"
    assert renamed.verify_button.isEnabled()


def test_save_undo_and_verify_are_wishes(qtbot, renamed: ChangesPanel) -> None:
    assert renamed.file_name.text() == "vgg16_deploy_renamed.prototxt"
    renamed.file_name.setText("mine.prototxt")
    with qtbot.waitSignal(renamed.save_requested) as saved:
        renamed.save_button.click()
    assert saved.args == ["mine.prototxt"]
    with qtbot.waitSignal(renamed.undo_requested):
        renamed.undo_button.click()
    with qtbot.waitSignal(renamed.verify_requested):
        renamed.verify_button.click()
    renamed.file_name.clear()
    assert not renamed.save_button.isEnabled()


def test_a_typed_file_name_outlives_the_next_rename(renamed: ChangesPanel, vgg) -> None:
    renamed.file_name.setText("mine.prototxt")
    plan = plan_rename_all(vgg)
    renamed.show_changes(vgg, read_net(plan.new_text), plan.renames, Path("other.prototxt"))
    assert renamed.file_name.text() == "mine.prototxt"


def test_a_large_difference_opens_short(qtbot, panel: ChangesPanel, vgg) -> None:
    plan = plan_rename_all(vgg)
    panel.show_changes(vgg, read_net(plan.new_text), plan.renames, Path("x.prototxt"))

    def n_headings() -> int:
        return sum(line.kind == "heading" for line in panel.difference.lines)

    assert n_headings() == 8
    qtbot.mouseClick(panel.more_link, Qt.LeftButton)
    assert n_headings() == len(plan.touched_layers)


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
