"""Interventions in the window: seen on every page, undone, kept in the session, never in a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt5.QtGui import QDropEvent
from PyQt5.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from core.engines.changes import Change, Writing
from core.engines.values import Value
from core.interventions.intervention import Intervention, read_interventions
from core.measures.measure import KEEP
from gui.interventions import Interventions, Listed
from gui.theme import ThemeKeeper
from gui.workbench import Workbench

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 6 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
  inner_product_param { num_output: 5 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""
RELU, CONV = Value("relu", "conv"), Value("conv", "conv")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "small.prototxt"
    path.write_text(NET, encoding="utf-8")
    return path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    noise = np.random.default_rng(3).integers(0, 255, (8, 8, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    return path


def off(channel: int, value: Value = RELU) -> Intervention:
    return Intervention(value, "off", (channel,))


@pytest.fixture
def looking(bench: Workbench, model: Path, image: Path, qtbot: QtBot) -> Workbench:
    """The Layer page on relu, with a channel that is not dead."""
    bench.opening.open_paths([model])
    qtbot.waitUntil(lambda: bench.document.net is not None, timeout=10000)
    bench.opening.open_image(image)
    bench.document.select("relu")
    bench.window.show_page("layer")
    shown = bench.window.panels.activations
    qtbot.waitUntil(lambda: [c.value.layer for c in shown.cards] == ["relu"], timeout=10000)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=10000)
    alive = int(shown.cards[0].stack.maps.sum((1, 2)).argmax())
    shown.choose(alive)
    return bench


def test_a_list_is_changed_step_by_step(qapp: object) -> None:
    model = Interventions()
    model.toggle_off(RELU, 4)
    model.set_channel(RELU, 2, Intervention(RELU, "scale", (2,), 0.5))
    assert [one.label for one in model.active] == ["4 off", "2 × 0.5"]
    model.set_channel(RELU, 4, Intervention(RELU, "only", (4,)))
    assert [one.label for one in model.active] == ["2 × 0.5", "only 4"]
    model.set_active(0, is_active=False)
    assert [one.label for one in model.active] == ["only 4"]
    assert model.of_channel(RELU, 2) is None
    model.remove_active(0)
    assert model.rows == (Listed(Intervention(RELU, "scale", (2,), 0.5), False),)
    model.remove_all()
    assert model.rows == ()
    for _ in range(6):
        model.undo()
    assert model.rows == ()
    model.redo()
    assert model.active == (off(4),)
    model.toggle_off(RELU, 4)
    assert model.active == ()
    assert model.of_channel(CONV, 4) is None


def test_x_switches_a_channel_off_and_on_and_every_page_says_so(
    looking: Workbench, qtbot: QtBot
) -> None:
    bench, window = looking, looking.window
    canvas, panel = window.panels.activations.canvas, bench.layer.interventions.panel
    channel = window.panels.activations.chosen[0]
    assert not window.subjects.changed.isVisible()
    qtbot.keyClick(canvas, Qt.Key_X)
    qtbot.waitUntil(lambda: bench.layer.interventions.running.effect is not None, timeout=10000)
    assert window.subjects.changed.labels == (f"{channel} off",)
    assert window.status_line.texts["interventions"] == "1 intervention active"
    assert canvas.marks == {0: {channel: ""}}
    assert window.panels.activations.bar.switch.choice.current == "off"
    assert panel.isVisible()
    assert panel.sentence.text().startswith(f"Without channel {channel}, ")
    for page in ("net", "retrieval", "training", "compare"):
        window.show_page(page)
        assert window.subjects.changed.isVisible()
        assert window.status_line.interventions_link.isVisible()
    window.show_page("layer")
    qtbot.keyClick(canvas, Qt.Key_X)
    assert not window.subjects.changed.isVisible()
    assert window.status_line.texts["interventions"] == ""
    assert canvas.marks == {0: {}}
    assert not panel.isVisible()


def test_scores_are_those_of_the_engine(looking: Workbench, qtbot: QtBot) -> None:
    bench = looking
    running = bench.layer.interventions.running
    channel = bench.window.panels.activations.chosen[0]
    assert channel is not None
    bench.layer.interventions.model.add([off(channel), off(0)], "two")
    qtbot.waitUntil(lambda: running.effect is not None and bench.lanes.is_idle, timeout=10000)
    key = bench.inspecting.run_key()
    assert key is not None
    with bench.inspecting.looker.passed(key) as engine:
        before = engine.read(Value("prob", "prob"))[0]
        writings = [Writing(Change(RELU, "put", (c,))) for c in (channel, 0)]
        _, found = engine.intervene(writings, {Value("prob", "prob"): (KEEP,)})
    after = found[Value("prob", "prob"), KEEP][0]
    best = int(before.argmax())
    lines = bench.layer.interventions.panel.scores.lines
    assert lines[0][:3] == (f"class {best}", text(before[best]), text(after[best]))
    assert len(running.effect.alone) == 2


def text(share: float) -> str:
    return f"{100 * share:.{0 if share >= 0.1 else 1}f} %"


def test_what_is_read_and_extracted_is_the_untouched_net(looking: Workbench, qtbot: QtBot) -> None:
    bench = looking
    shown = bench.window.panels.activations
    before = shown.cards[0].array.copy()
    key = bench.inspecting.run_key()
    assert key is not None
    with bench.inspecting.looker.passed(key) as engine:
        untouched = engine.read(Value("prob", "prob"))
    bench.layer.interventions.model.add([off(c) for c in range(6)], "all")
    qtbot.waitUntil(lambda: bench.layer.interventions.running.effect is not None, timeout=10000)
    with bench.inspecting.looker.passed(key) as engine:
        assert engine.read(Value("prob", "prob")).tobytes() == untouched.tobytes()
        inputs = {"data": np.ones((1, 3, 8, 8), np.float32)}
        assert engine.forward(inputs, [RELU])[RELU].any()
    bench.document.select("fc")
    bench.document.select("relu")
    qtbot.waitUntil(lambda: [c.value.layer for c in shown.cards] == ["relu"], timeout=10000)
    assert shown.cards[0].array.tobytes() == before.tobytes()
    assert "untouched net" in bench.layer.interventions.panel.untouched.text()


def test_ctrl_z_takes_back_an_intervention_on_the_layer_page(looking: Workbench) -> None:
    bench, actions = looking, looking.window.actions_
    model = bench.layer.interventions.model
    assert actions.why_not("undo")
    model.add([off(1)], "1 off")
    actions["undo"].trigger()
    assert model.active == ()
    actions["redo"].trigger()
    assert model.active == (off(1),)
    bench.window.show_page("net")
    assert actions.why_not("undo")


def test_chips_take_away_and_count_what_has_no_room(looking: Workbench, qtbot: QtBot) -> None:
    bench, chips = looking, looking.window.subjects.changed
    model = bench.layer.interventions.model
    model.add([off(c) for c in range(5)], "five")
    labels = chips.labels
    assert labels[-1].startswith("+ ")
    assert len(labels) - 1 + int(labels[-1][2:]) == 5
    bench.window.show_page("net")
    qtbot.mouseClick(chips, Qt.LeftButton, pos=chips.cross_rect(0).center())
    assert [one.channels for one in model.active] == [(1,), (2,), (3,), (4,)]
    qtbot.mouseClick(chips, Qt.LeftButton, pos=chips.chip_rect(len(chips.labels) - 1).center())
    assert bench.window.page == "layer"
    assert "4 off" in chips.accessibleName()
    assert chips.chip_rect(0).left() > QPoint(0, 0).x()


def test_the_list_rests_saves_and_opens(
    looking: Workbench, qtbot: QtBot, user, tmp_path: Path
) -> None:
    bench = looking
    model, panel = bench.layer.interventions.model, bench.layer.interventions.panel
    model.add([off(1), Intervention(CONV, "constant", (0,), 2.0)], "two")
    panel.rows.boxes[0].click()
    assert [one.kind for one in model.active] == ["constant"]
    path = tmp_path / "list.json"
    user.files.append((path,))
    panel.save_button.click()
    assert [one.label for one in read_interventions(path)] == ["1 off", "0 = 2"]
    panel.all_button.click()
    assert model.rows == ()
    user.files.append((path,))
    bench.window.actions_["open_interventions"].trigger()
    assert [one.label for one in model.active] == ["1 off", "0 = 2"]
    panel.undo_button.click()
    assert model.rows == ()


def test_a_session_keeps_them_and_another_net_has_none(
    looking: Workbench, qtbot: QtBot, tmp_path: Path, model: Path
) -> None:
    bench = looking
    of = bench.layer.interventions.model
    of.add([off(1), off(2)], "two")
    of.set_active(1, is_active=False)
    path = tmp_path / "kept.blobscope"
    with qtbot.waitSignal(bench.sessions.saved, timeout=10000):
        bench.sessions.save(path)
    other = tmp_path / "other.prototxt"
    other.write_text(NET.replace("small", "other"), encoding="utf-8")
    bench.opening.open_paths([other])
    qtbot.waitUntil(lambda: bench.document.path == other, timeout=10000)
    assert of.rows == ()
    with qtbot.waitSignal(bench.sessions.restored, timeout=10000):
        bench.sessions.open(path)
    assert of.rows == (Listed(off(1)), Listed(off(2), False))


def test_another_images_and_another_layers_value_stand_in(
    looking: Workbench, qtbot: QtBot, user, tmp_path: Path
) -> None:
    bench, of = looking, looking.layer.interventions
    channel = bench.window.panels.activations.chosen[0]
    other = tmp_path / "other.png"
    Image.fromarray(np.random.default_rng(8).integers(0, 255, (8, 8, 3)).astype(np.uint8)).save(
        other
    )
    switch = bench.window.panels.activations.bar.switch
    switch.put_button.click()
    dialog = of.putting.dialog
    assert dialog.layers.shown == ("conv · conv@0",)  # fc, prob and data have other shapes
    qtbot.keyClick(dialog.layers.field, Qt.Key_Return)
    assert of.model.active == (Intervention(RELU, "layer", (channel,), source=CONV),)
    assert bench.window.subjects.changed.labels == (f"{channel} from conv",)
    assert switch.choice.current == "put"
    dialog.scope.choose("whole")
    user.files.append((other,))
    dialog.open_button.click()
    swapped = Intervention(RELU, "image", image=str(other))
    assert of.model.active[1] == swapped
    assert "all from other.png" in dialog.now.text()
    of.model.remove_active(0)
    running = of.running
    qtbot.waitUntil(
        lambda: running.effect is not None and running.effect.interventions == (swapped,),
        timeout=10000,
    )
    key = bench.inspecting.run_key()
    assert key is not None
    with bench.inspecting.looker.passed(replace(key, image=other)) as engine:
        wanted = engine.read(Value("prob", "prob"))[0]
    np.testing.assert_allclose(running.effect.scores.after, wanted.ravel(), rtol=1e-5)
    text_file = tmp_path / "no image.txt"
    text_file.write_text("none")
    _drop(dialog, text_file)
    assert not dialog.problem.isHidden()
    assert of.model.active == (swapped,)
    _drop(dialog, bench.document.image_path)
    assert of.model.active[0].image == str(bench.document.image_path)
    bench.window.actions_["undo"].trigger()
    assert of.model.active == (swapped,)
    path = tmp_path / "kept.blobscope"
    with qtbot.waitSignal(bench.sessions.saved, timeout=10000):
        bench.sessions.save(path)
    of.model.remove_all()
    bench.document.saved_text = bench.document.text
    with qtbot.waitSignal(bench.sessions.restored, timeout=10000):
        bench.sessions.open(path)
    assert of.model.active == (swapped,)
    assert of.putting.dialog is None


def _drop(dialog: QDialog, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(QPointF(5, 5), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier)
    dialog.dropEvent(event)


def test_a_channel_that_the_layer_does_not_have_is_not_changed(
    looking: Workbench, qtbot: QtBot
) -> None:
    """The chosen channel is kept from layer to layer: of fc's 5 none is number 5."""
    bench, shown = looking, looking.window.panels.activations
    shown.choose(5)
    bench.document.select("fc")
    qtbot.waitUntil(lambda: [c.value.layer for c in shown.cards] == ["fc"], timeout=10000)
    qtbot.keyClick(shown.canvas, Qt.Key_X)
    assert bench.layer.interventions.model.active == ()
    assert not shown.bar.switch.isVisible()
    bench.layer.interventions.model.add([off(9)], "9 off")  # of relu, as a list may say
    panel = bench.layer.interventions.panel
    qtbot.waitUntil(lambda: "no channel 9" in panel.sentence.text(), timeout=10000)


def test_which_channels_matter_most(looking: Workbench, qtbot: QtBot) -> None:
    bench = looking
    panel = bench.layer.interventions.panel
    bench.layer.interventions.model.add([off(0)], "0 off")
    qtbot.waitUntil(lambda: bench.layer.interventions.running.effect is not None, timeout=10000)
    assert "6, at most" in panel.rank_button.text()
    panel.rank_button.click()
    qtbot.waitUntil(lambda: panel.channels_note.text() != "", timeout=10000)
    assert "6 channels" in panel.channels_note.text()
    link = panel._channel_links[0]
    bench.document.select("fc")
    link.clicked.emit()
    assert bench.document.selection == "relu"
    assert bench.window.panels.activations.chosen[0] == int(link.text().split()[0])
    bench.document.set_image(bench.document.image_path.with_name("another.png"))
    assert panel.channels_note.isHidden(), "they were of another image"


def test_a_channel_named_elsewhere_is_switched_off(looking: Workbench) -> None:
    bench = looking
    bench.window.show_page("net")
    bench.layer.interventions.switch_off("relu", "conv", 3)
    assert bench.layer.interventions.model.active == (off(3),)
    assert bench.window.page == "layer"


def test_a_switch_tells_what_is_wished(keeper: ThemeKeeper, qtbot: QtBot) -> None:
    from gui.panels.activations.channel_switch import ChannelSwitch

    switch = ChannelSwitch(keeper)
    qtbot.addWidget(switch)
    wished: list[tuple[str, float]] = []
    switch.wished.connect(lambda what, factor: wished.append((what, factor)))
    switch.show_channel(7)
    switch.choice.choose("scale")
    switch.factor.setValue(2)
    switch.show_done("off")
    assert wished == [("scale", 0.5), ("scale", 2.0)]
    assert not switch.factor.isVisibleTo(switch)
