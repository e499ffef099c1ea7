"""Verify, Measure, Save and the counts of changes, after any sequence of edits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.edits.findings.search import plan_fix_all
from core.engines.measurement import measurement_path
from core.engines.verification_report import report_path

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"
  inner_product_param { num_output: 20 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8"
  inner_product_param { num_output: 8 } }
layer { name: "relu8" type: "ReLU" bottom: "fc8" top: "fc8" }
layer { name: "fc9" type: "InnerProduct" bottom: "fc8" top: "fc9"
  inner_product_param { num_output: 4 } }
"""
WRONG = NET.replace('name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7"',
                    'name: "relu7" type: "ReLU" bottom: "fc7" top: "relu7"')  # fmt: skip
"""The tutorials' slip: relu7 has a blob of its own, and fc8 still reads fc7."""


@pytest.fixture
def opened(make_bench, qtbot, tmp_path: Path):
    def open_net(text: str):
        path = tmp_path / "small.prototxt"
        path.write_text(text)
        bench = make_bench(is_shown=True)
        bench.opening.open_paths([path])
        qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
        return bench

    return open_net


def fix(bench, qtbot) -> None:
    text = bench.document.text
    bench.renaming.plan("Fix relu7", plan_fix_all, changes_values=True)
    qtbot.waitUntil(lambda: bench.document.text != text and bench.lanes.is_idle, timeout=15000)


def do(bench, qtbot, action: str) -> None:
    bench.window.actions_[action].trigger()
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=15000)


def bar_of(bench):
    return bench.window.net_page.changes_bar


def filled(bench) -> list[str]:
    bar = bar_of(bench)
    names = ("undo_all", "difference", "measure", "verify", "save")
    return [n for n in names if bar.button(n).isVisible() and bar.button(n).property("primary")]


def test_a_fix_has_measure_in_place_of_verify(opened, qtbot) -> None:
    """Fault 2: Verify was dead after a fix and promised what a fix must not give."""
    bench = opened(WRONG)
    actions = bench.window.actions_
    fix(bench, qtbot)
    assert not actions["verify"].isEnabled()
    assert "Measure says by how much" in actions.why_not("verify")
    assert actions["measure"].isEnabled()
    found = bench.document.measurement
    assert found is not None, "a small net is measured by itself"
    assert not found.is_identical
    assert found.largest.label == "fc9"
    assert bar_of(bench).words == "1 fix"
    assert bar_of(bench).chip.text.startswith("measured: fc9 moves by up to ")
    assert bench.window.subjects.net.chip.text == "measured"
    assert not bar_of(bench).button("verify").isVisible()
    assert filled(bench) == ["save"]
    assert bench.window.panels.changes.notice.title.startswith("measured: fc9 moves")
    bench.document.set_measurement(None)
    assert filled(bench) == ["measure"]
    do(bench, qtbot, "measure")
    assert bench.document.measurement is not None


def test_what_is_renamed_after_a_fix_can_be_proved(opened, qtbot) -> None:
    bench = opened(WRONG)
    fix(bench, qtbot)
    do(bench, qtbot, "rename_all")
    assert bar_of(bench).words == "1 fix, 1 new blob"
    actions = bench.window.actions_
    assert actions["verify"].isEnabled()
    assert actions["measure"].isEnabled()
    do(bench, qtbot, "verify")
    assert bench.document.verification.is_identical
    do(bench, qtbot, "undo")
    assert not actions["verify"].isEnabled()
    do(bench, qtbot, "undo")
    assert not actions["verify"].isEnabled()
    assert not actions["measure"].isEnabled()
    assert bar_of(bench).words == "none"


def test_a_measured_fix_is_saved_with_its_numbers(opened, qtbot, tmp_path: Path) -> None:
    bench = opened(WRONG)
    fix(bench, qtbot)
    assert bar_of(bench).button("save").text() == "Save as small_fixed.prototxt"
    bar_of(bench).button("save").click()
    qtbot.waitUntil(lambda: not bench.document.is_edited)
    saved = tmp_path / "small_fixed.prototxt"
    kept = json.loads(measurement_path(saved).read_text())
    assert kept["outputs"][0]["label"] == "fc9"
    assert kept["outputs"][0]["n_different"] > 0
    assert not report_path(saved).exists()


def said(bench) -> tuple[str, str, int, int, bool]:
    """What bar, panel, tab, rail and title say of the changes."""
    window = bench.window
    tabs, panel = window.net_page.tabs, window.panels.changes
    return (
        bar_of(bench).words,
        "" if panel.empty.isVisibleTo(panel) else panel.difference_note,
        tabs.bar._counts.get(tabs.indexOf(panel), 0),
        window.rail.buttons["net"].count,
        "edited" in window.document_title.text(),
    )


def test_changes_are_counted_from_the_file_that_the_title_names(
    opened, qtbot, user, tmp_path: Path
) -> None:
    """Faults 13 and 14: after a save the panel was empty while the title said "edited"."""
    bench = opened(NET)
    do(bench, qtbot, "rename_all")
    assert said(bench) == ("2 new blobs", "4 names in 4 layers", 4, 2, True)
    bench.saving.save(bench.saving.suggested_path())
    qtbot.waitUntil(lambda: not bench.document.is_edited)
    assert said(bench) == ("none", "", 0, 0, False)
    assert filled(bench) == []
    assert not bar_of(bench).button("save").isVisible()
    do(bench, qtbot, "undo")
    words = ("2 blobs shared again", "4 names in 4 layers")
    assert said(bench) == (*words, 4, 0, True)
    assert bench.window.panels.changes.file_label.text() == "against small_renamed.prototxt"
    assert bench.document.verification.is_identical
    user.answers.append("cancel")
    asked: list[str] = []
    ask = user.ask
    user.ask = lambda title, body, *rest: (
        asked.append(f"{title}. {body}"),
        ask(title, body, *rest),
    )
    assert not bench.window.close()
    assert asked == [
        "small_renamed.prototxt has edits that are not saved. "
        "2 blobs shared again: 4 names in 4 layers."
    ]
    do(bench, qtbot, "redo")
    assert said(bench) == ("none", "", 0, 0, False)


def test_a_fix_is_counted_when_the_window_is_closed(opened, qtbot, user) -> None:
    """Fault 13: "0 blob names changed" beside "has edits that are not saved"."""
    bench = opened(WRONG)
    fix(bench, qtbot)
    bodies: list[str] = []
    user.ask = lambda title, body, choices, on_answer: bodies.append(body)
    assert not bench.window.close()
    assert bodies == ["1 fix: 1 name in 1 layer."]


def test_a_copy_of_a_copy_keeps_one_ending(opened, qtbot, tmp_path: Path) -> None:
    """Fault 45: "…_renamed_2_renamed.prototxt"."""
    bench = opened(NET)
    do(bench, qtbot, "rename_all")
    (tmp_path / "small_renamed.prototxt").write_text("taken")
    bench.saving.save(bench.saving.suggested_path())
    qtbot.waitUntil(lambda: not bench.document.is_edited)
    assert bench.document.path.name == "small_renamed_2.prototxt"
    do(bench, qtbot, "undo")
    assert bench.saving.suggested_path().name == "small_renamed_3.prototxt"


def test_undo_all_goes_back_to_the_file_and_redo_returns(opened, qtbot) -> None:
    bench = opened(NET)
    bench.document.select("relu7")
    do(bench, qtbot, "rename")
    do(bench, qtbot, "rename_all")
    do(bench, qtbot, "undo_all")
    assert bench.document.text == NET
    assert "since" not in bar_of(bench).words
    do(bench, qtbot, "redo")
    assert bar_of(bench).words == "1 new blob"


def test_another_phase_counts_the_same_changes(opened, qtbot) -> None:
    """A layer of one phase shifted every later pair, and the counts with them."""
    train = (
        'layer { name: "noise" type: "Power" bottom: "data" top: "noise"'
        " include { phase: TRAIN } }\n"
    )
    bench = opened(NET.replace('layer { name: "fc7"', f'{train}layer {{ name: "fc7"'))
    do(bench, qtbot, "rename_all")
    before = said(bench)
    box = bench.window.phase_box
    box.setCurrentText("TRAIN")
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: bench.document.net.has_layer("noise") and bench.lanes.is_idle)
    assert said(bench) == before == ("2 new blobs", "4 names in 4 layers", 4, 2, True)


def test_verify_and_measure_work_on_an_engine_that_was_started_again(opened, qtbot) -> None:
    bench = opened(WRONG)
    fix(bench, qtbot)
    do(bench, qtbot, "rename_all")
    bench.window.actions_["restart_engine"].trigger()
    qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=15000)
    for action in ("verify", "measure"):
        bench.document.set_measurement(None)
        bench.document.set_verification(None)
        assert bench.window.actions_[action].isEnabled(), bench.window.actions_.why_not(action)
        do(bench, qtbot, action)
        found = bench.document.verification if action == "verify" else bench.document.measurement
        qtbot.waitUntil(lambda f=found: f is not None)
        assert found.is_identical is (action == "verify")


def test_a_stopped_engine_leaves_verify_grey_with_its_reason(opened, qtbot) -> None:
    bench = opened(NET)
    do(bench, qtbot, "rename_all")
    bench.engine.state = "unavailable"
    bench.status.refresh()
    button = bar_of(bench).button("verify")
    assert button.isVisible()
    assert not button.isEnabled()
    assert "engine" in button.toolTip()
    bench.engine.state = "ready"


@pytest.mark.parametrize("width", [1100, 1280, 1440])
def test_words_of_the_line_of_changes_are_whole_at_every_width(opened, qtbot, width) -> None:
    bench = opened(WRONG)
    bench.window.resize(width, 700)
    fix(bench, qtbot)
    do(bench, qtbot, "rename_all")
    bar = bar_of(bench)
    names = ("undo_all", "difference", "measure", "verify", "save")

    def are_whole() -> bool:
        buttons = [bar.button(name) for name in names]
        return bar.width() < width and all(
            button.isVisible()
            and button.width() >= button.minimumSizeHint().width()
            and button.mapTo(bar, button.rect().topRight()).x() < bar.width()
            for button in buttons
        )

    qtbot.waitUntil(are_whole)
