"""One-click rename, undo, verify, save: the document and what the user sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.engines.verification_report import report_path
from core.net.definition import Net
from core.net.rename_plan import RenamePlan
from core.net.text_edits import TextEdit
from gui.notices import Notice

NET = """# a comment that must survive
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"  # odd   spacing
  inner_product_param { num_output: 20 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: 'fc7' }
layer { name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8"
  inner_product_param { num_output: 8 } }
"""


@pytest.fixture
def opened(bench, qtbot, tmp_path: Path):
    path = tmp_path / "small.prototxt"
    path.write_text(NET)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None)
    return bench


def wait_verified(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.document.verification is not None, timeout=15000)


def test_one_wish_gives_a_layer_its_own_blob(opened, qtbot) -> None:
    opened.window.panels.graph.rename_requested.emit("relu7")
    qtbot.waitUntil(lambda: opened.document.is_edited)
    net = opened.document.net
    assert net.layer("relu7").tops == ("fc7_relu7",)
    assert net.layer("drop7").bottoms == ("fc7_relu7",)
    assert "# a comment that must survive" in opened.document.text
    assert "top: 'fc7_relu7'" in opened.document.text
    assert opened.document.own_blobs() >= {("relu7", "fc7_relu7")}
    assert "edited, not saved" in opened.window.document_title.text()
    bar = opened.window.net_page.tabs.bar
    assert bar._counts[opened.window.net_page.tabs.indexOf(opened.window.panels.changes)] > 0


def test_rename_undo_redo_and_a_small_net_verifies_itself(opened, qtbot) -> None:
    actions = opened.window.actions_
    assert not actions["undo"].isEnabled()
    actions["rename_all"].trigger()
    qtbot.waitUntil(lambda: opened.document.is_edited)
    renamed = opened.document.text
    assert opened.window.status_line.texts["hidden"] == ""
    wait_verified(opened, qtbot)
    assert opened.document.verification.is_identical
    actions["undo"].trigger()
    assert opened.document.text == NET
    assert opened.document.verification is None
    assert not opened.document.is_edited
    actions["redo"].trigger()
    assert opened.document.text == renamed
    wait_verified(opened, qtbot)


def test_f2_renames_the_selected_layer(opened, qtbot) -> None:
    actions = opened.window.actions_
    opened.document.select("fc8")
    assert not actions["rename"].isEnabled()
    opened.document.select("drop7")
    assert actions["rename"].isEnabled()
    actions["rename"].trigger()
    qtbot.waitUntil(lambda: opened.document.is_edited)
    assert opened.document.net.layer("fc8").bottoms == ("fc7_drop7",)


def test_a_chain_is_renamed_as_one_step(opened, qtbot) -> None:
    opened.document.select("relu7")
    opened.window.actions_["rename_chain"].trigger()
    qtbot.waitUntil(lambda: opened.document.is_edited)
    assert opened.document.net.hidden == ()
    opened.window.actions_["undo"].trigger()
    assert opened.document.text == NET


def test_a_name_that_is_taken_is_refused_in_a_sentence(opened, qtbot) -> None:
    opened.window.panels.inspector.rename_requested.emit("relu7", "fc8")
    qtbot.waitUntil(lambda: opened.notices.has("rename"))
    assert "'fc8' is taken: layer fc8 writes that blob" in opened.notices.current[0].title
    assert opened.document.text == NET


def test_save_writes_a_new_file_with_the_proof_beside_it(opened, qtbot, tmp_path) -> None:
    opened.window.actions_["rename_all"].trigger()
    wait_verified(opened, qtbot)
    edited = opened.document.text
    assert opened.saving.suggested_path() == tmp_path / "small_renamed.prototxt"
    with qtbot.waitSignal(opened.saving.saved):
        opened.window.net_page.changes_bar.button("save").click()
    saved = tmp_path / "small_renamed.prototxt"
    assert saved.read_text() == edited
    assert (tmp_path / "small.prototxt").read_text() == NET
    proof = json.loads(report_path(saved).read_text())
    assert proof["identical"] is True
    assert proof["renames"][0]["old_blob"] == "fc7"
    assert not opened.document.is_edited
    assert opened.window.document_title.text() == "small_renamed.prototxt"
    assert not opened.window.actions_["save_as"].isEnabled()
    assert not list(tmp_path.glob("*.partial"))


def test_a_folder_that_is_not_there_is_said(opened, qtbot, tmp_path: Path) -> None:
    opened.window.actions_["rename_all"].trigger()
    qtbot.waitUntil(lambda: opened.document.is_edited)
    opened.saving.save(tmp_path / "no" / "net.prototxt")
    qtbot.waitUntil(lambda: opened.notices.has("save"))
    assert "can't be written" in opened.notices.current[0].title
    assert opened.document.is_edited


def test_closing_with_edits_asks(opened, qtbot, user) -> None:
    opened.window.actions_["rename_all"].trigger()
    qtbot.waitUntil(lambda: opened.document.is_edited)
    user.answers.append("cancel")
    assert not opened.window.close()
    assert user.asked == ["small.prototxt has edits that are not saved"]
    assert opened.window.isVisible()
    user.answers.append("discard")
    opened.window.close()
    assert not opened.window.isVisible()
    assert opened.is_closed


def test_opening_another_net_with_edits_asks(opened, qtbot, user, tmp_path) -> None:
    other = tmp_path / "other.prototxt"
    other.write_text(NET)
    opened.window.actions_["rename_all"].trigger()
    qtbot.waitUntil(lambda: opened.document.is_edited)
    user.answers.append("save")
    opened.opening.open_paths([other])
    qtbot.waitUntil(lambda: opened.document.path == other)
    assert (tmp_path / "small_renamed.prototxt").exists()


def plan_broken_rename(net: Net) -> RenamePlan:
    """The rewiring that tutorials get wrong: relu7 and drop7 get blobs, fc8 goes on reading fc7."""
    text = net.text.replace("top: 'fc7'", "top: 'own'")
    text = text.replace('bottom: "fc7" top: "fc7" }', 'bottom: "own" top: "dropped" }')
    edits = (TextEdit(0, len(net.text), net.text, text),)
    return RenamePlan((), edits, net.text, text)


def break_rename(opened, qtbot) -> None:
    opened.renaming.plan("Rename wrongly", plan_broken_rename)
    wait_verified(opened, qtbot)


def test_a_rename_that_changes_values_is_shown_as_not_equal(opened, qtbot) -> None:
    """In the Changes panel, beside the net's name, and with the layer where the two nets part."""
    break_rename(opened, qtbot)
    found = opened.document.verification
    assert not found.is_identical
    assert (found.outputs, found.n_values, found.first_different_layer) == (("fc8",), 8, "fc8")
    assert 0 < found.n_different <= 8
    assert found.largest_difference > 0
    panels = opened.window.panels
    assert panels.changes.notice.kind == "error"
    words = f"not equal: fc8 differs in {found.n_different} of 8 values"
    assert panels.changes.notice.title == words
    assert "first layer that differs: fc8" in panels.changes.notice.body
    chip = opened.window.net_page.changes_bar.chip
    assert (chip.kind, chip.text) == ("error", "not equal")
    assert opened.window.subjects.net.chip == chip
    opened.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: opened.document.verification is None)
    assert opened.window.net_page.changes_bar.chip is None


def test_a_failed_proof_is_saved_and_told_as_failed(opened, qtbot, tmp_path: Path) -> None:
    break_rename(opened, qtbot)
    saved = tmp_path / "wrong.prototxt"
    with qtbot.waitSignal(opened.saving.saved):
        opened.saving.save(saved)
    proof = json.loads(report_path(saved).read_text())
    assert (proof["identical"], proof["first_different_layer"]) == (False, "fc8")
    qtbot.waitUntil(lambda: opened.lanes.is_idle)
    opened.opening.open_paths([saved])
    notice = kept_proof(opened, qtbot, "fc8")
    assert (notice.kind, notice.title) == ("error", "About this file's verification")


def kept_proof(opened, qtbot, words: str) -> Notice:
    """The notice about the proof beside the file, once it says `words`."""

    def found() -> list[Notice]:
        return [n for n in opened.notices.current if n.key == "kept-proof" and words in n.body]

    qtbot.waitUntil(lambda: bool(found()), timeout=15000)
    return found()[0]


def test_a_saved_proof_is_told_when_its_file_is_opened_again(opened, qtbot, tmp_path) -> None:
    opened.window.actions_["rename_all"].trigger()
    wait_verified(opened, qtbot)
    saved = tmp_path / "small_renamed.prototxt"
    with qtbot.waitSignal(opened.saving.saved):
        opened.saving.save(saved)
    qtbot.waitUntil(lambda: opened.lanes.is_idle)
    opened.opening.open_paths([saved])
    notice = kept_proof(opened, qtbot, "bit-identical to the original")
    assert (notice.kind, notice.title) == ("ok", "Verified when it was saved")
    saved.write_text(saved.read_text() + "# by hand\n")
    opened.opening.open_paths([saved])
    assert kept_proof(opened, qtbot, "another text").kind == "info"
