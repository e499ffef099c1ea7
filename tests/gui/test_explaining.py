"""The Gradients view: what comes at once, what waits for Run, and where its wishes lead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QPointF, Qt
from PyQt5.QtGui import QGuiApplication

from core.attribution.explanation import Explained, Explanation
from core.attribution.methods import Method
from core.attribution.targets import ChannelTarget, ClassTarget, MatchTarget
from core.engines.engine import GradientsFound
from core.engines.host import EngineHost
from core.engines.values import Value
from core.interventions.intervention import Intervention
from core.jobs.gradients import Gradients
from core.jobs.saliency import SaliencyRequest
from core.progress import Job, Progress
from gui.controllers.explaining.files import saliency_command
from gui.pages.layer_views import ALL_LAYERS_VIEW, GRADIENTS_VIEW, VALUES_VIEW
from tests.gui.test_searching import open_net, settle

NET = """
name: "small"
input: "data"
input_shape { dim: 1 dim: 3 dim: 28 dim: 28 }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 6 kernel_size: 3 pad: 1 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "fc2" type: "InnerProduct" bottom: "conv1" top: "fc2"
  inner_product_param { num_output: 5 } }
layer { name: "prob" type: "Softmax" bottom: "fc2" top: "prob" }
"""
PLACES = np.array([[4.0, 0.0], [0.0, -1.0]], np.float32)


def stood_in(request: SaliencyRequest, host: EngineHost) -> Job[Explained]:
    """The fake engine has no gradients: made-up places, and the request as it came."""
    yield Progress(0, 1, "passes")
    asked.append(request)
    at = request.at or Value("relu1", "conv1")
    maps = tuple(
        Explanation(
            method, request.target, "class 3", Value("fc2", "fc2"), 2.5, at, PLACES, (28, 28),
            (0.0, 0.0, 28.0, 28.0), (0.0, 0.0, 28.0, 28.0), seconds=0.5,
        )
        for method in request.methods
    )  # fmt: skip
    norms = ((Value("conv1", "conv1"), 0.2), (Value("relu1", "conv1"), 0.1),
             (Value("fc2", "fc2"), 1.0))  # fmt: skip
    return Explained(maps, at, np.array([3.0, -2.0, 0, 0, 1.0, 0]), norms, ("A note.",))


asked: list[SaliencyRequest] = []


@pytest.fixture
def shown(bench, qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    asked.clear()
    monkeypatch.setattr("gui.controllers.explaining.controller.saliency", stood_in)
    (tmp_path / "net.prototxt").write_text(NET)
    Image.fromarray(np.full((28, 28, 3), 90, np.uint8)).save(tmp_path / "grey.png")
    open_net(bench, qtbot, tmp_path / "net.prototxt")
    bench.opening.open_image(tmp_path / "grey.png")
    settle(bench, qtbot)
    bench.document.select("relu1")
    bench.window.show_page("layer")
    bench.window.layer_page.show_view(GRADIENTS_VIEW)
    wait(bench, qtbot)
    return bench


def wait(bench, qtbot) -> None:
    """Until what was to begin soon has begun and ended."""
    controller = bench.layer.explaining
    qtbot.waitUntil(lambda: not controller._soon.isActive() and bench.lanes.is_idle, timeout=15000)
    settle(bench, qtbot)


def test_what_is_cheap_comes_at_once(shown, qtbot) -> None:
    panel = shown.layer.gradients
    assert [method.name for method in asked[0].methods] == [
        "saliency", "gradxinput", "guided", "gradcam",
    ]  # fmt: skip
    assert asked[0].target == ClassTarget()
    assert asked[0].at == Value("relu1", "conv1")
    assert panel.main.found.method.name == "gradcam"
    assert panel.beside.found.method.name == "saliency"
    assert panel.sentence.text() == "Class 3: 100 % of Grad-CAM lies on 25 % of the picture."
    times = {row.name: row.time for row in panel.methods.rows}
    assert times["gradcam"] == "0.5 s"
    assert times["integrated"].startswith("Run, ")
    assert panel.note.text() == "A note."
    assert panel.target.of.count() == 2
    assert len(panel.others.maps) == 6, "five classes and the difference of the best two"
    assert all(one.found for one in panel.others.maps)
    assert len(asked) == 7, "no class is explained twice"


def test_a_place_is_read_by_the_mouse_and_by_the_keys(shown, qtbot) -> None:
    canvas = shown.layer.gradients.main
    middle = canvas.place_rect((0, 0)).center()
    canvas._look_at(canvas._place_at(QPointF(middle)))
    assert canvas.readout() == ("(0, 0)  4.000", "of class 3, 100.0 % of the sum")
    qtbot.keyClick(canvas, Qt.Key_Down)
    assert canvas.readout()[0].startswith("(1, 0)  0")


def test_what_is_dear_waits_for_run(shown, qtbot) -> None:
    panel = shown.layer.gradients
    n_before = len(asked)
    panel.methods.choose("occlusion")
    wait(shown, qtbot)
    assert len(asked) == n_before, "choosing a method runs nothing"
    assert panel.main.found is None
    assert panel.main.words == "196 passes of the net. Press Run."
    assert panel.run_button.isVisible()
    panel.run_button.click()
    wait(shown, qtbot)
    assert asked[-1].methods == (Method("occlusion"),)
    assert panel.main.found.method.name == "occlusion"
    assert not panel.run_button.isVisible()


def test_settings_of_a_method_are_asked_with_and_remembered(shown, qtbot) -> None:
    panel, settings = shown.layer.gradients, shown.settings
    assert panel.fields.isHidden(), "Grad-CAM has none"
    panel.methods.choose("occlusion")
    wait(shown, qtbot)
    assert panel.fields.patch.text() == "auto"
    panel.run_button.click()
    wait(shown, qtbot)
    assert panel.main.found is not None
    panel.fields.patch.setValue(14)
    panel.fields.stride.setValue(7)
    panel.fields.fill.setCurrentText("grey")
    panel.fields.fill.activated.emit(panel.fields.fill.currentIndex())
    assert panel.main.found is None, "what was found is of other settings"
    assert panel.main.words == "16 passes of the net. Press Run."
    panel.run_button.click()
    wait(shown, qtbot)
    wanted = Method("occlusion", patch=14, stride=7, fill="grey")
    assert asked[-1].methods == (wanted,)
    assert panel.main.found.method == wanted
    request = shown.layer.explaining.request
    assert "--patch 14 --stride 7 --fill grey" in saliency_command(request, wanted)
    kept = settings.explaining
    panel.fields.steps.setValue(5)
    panel.fields.take(kept)
    assert panel.fields.method("integrated") == Method("integrated")
    panel.fields.take("1 2 three mean mean")
    assert panel.fields.method("occlusion") == wanted


def test_the_first_pass_and_one_that_was_stopped_are_said(shown, qtbot) -> None:
    panel, controller = shown.layer.gradients, shown.layer.explaining
    controller._known.clear()
    controller._follow()
    assert panel.main.words == "Running forward."
    controller._soon.stop()
    controller._show()
    assert panel.main.words == "Forward and back, twice. Press Run."
    panel.run_button.click()
    assert panel.main.words == "Going forward and back."
    wait(shown, qtbot)
    assert panel.main.found is not None


def test_a_net_that_is_not_cheap_waits_with_all_of_them(
    shown, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.document.CHEAP_MACS", 1)
    panel, n_before = shown.layer.gradients, len(asked)
    shown.document.select("conv1")
    wait(shown, qtbot)
    assert len(asked) == n_before
    assert panel.run_button.isVisible()
    panel.run_button.click()
    wait(shown, qtbot)
    assert len(asked) == n_before + 1
    assert panel.others_link.isVisible()
    panel.others_link.clicked.emit()
    wait(shown, qtbot)
    assert len(asked) == n_before + 7


def test_a_target_is_a_class_a_channel_or_a_match(shown, qtbot, tmp_path: Path) -> None:
    panel = shown.layer.gradients
    qtbot.keyClick(panel.others, Qt.Key_Right)
    qtbot.keyClick(panel.others, Qt.Key_Return)
    wait(shown, qtbot)
    second = shown.layer.explaining.table.order[1]
    assert panel.target.wish.number == second
    assert shown.layer.explaining.request.target == ClassTarget(second)
    panel.target.of.setCurrentIndex(1)
    panel.target.of.activated.emit(1)
    assert shown.layer.explaining.request.target == ClassTarget(second, of="after")
    panel.target.kinds.choose("channel")
    panel.target.channel.setValue(4)
    wait(shown, qtbot)
    wanted = ChannelTarget(Value("relu1", "conv1"), 4)
    assert shown.layer.explaining.request.target == wanted
    assert panel.target.channel.maximum() == 5
    panel.target.kinds.choose("match")
    wait(shown, qtbot)
    assert panel.main.words == "Choose the other image."
    other = tmp_path / "other.png"
    shown.layer.explaining.set_match(other)
    wait(shown, qtbot)
    assert shown.layer.explaining.request.target == MatchTarget(other, Value("relu1", "conv1"))
    assert "other.png" in panel.target.match.text()


def test_layers_and_channels_lead_on(shown, qtbot) -> None:
    panel = shown.layer.gradients
    side = panel.side
    assert [row.words for row in side.rows][:2] == ["conv1 · conv1@0", "relu1 · conv1@1"]
    assert [row.share for row in side.rows] == [1.0, 0.5, 5.0]
    assert [row.is_target for row in side.rows] == [False, False, True]
    assert [row.cells[0] for row in side.channels.figures.rows] == ["0", "4", "1"]
    shown.document.select("conv1")
    wait(shown, qtbot)
    side.off.click()
    wanted = Intervention(Value("conv1", "conv1"), "off", (0,))
    assert shown.layer.interventions.model.active == (wanted,)
    side.norms.row_chosen.emit(1)
    assert shown.document.selection == "relu1"
    wait(shown, qtbot)
    side.open.click()
    settle(shown, qtbot)
    assert shown.window.layer_page.view == VALUES_VIEW
    assert shown.window.panels.activations.chosen[0] == 0


def test_it_is_copied_and_saved(shown, qtbot, user, tmp_path: Path) -> None:
    panel = shown.layer.gradients
    panel.copy_button.click()
    clipboard = QGuiApplication.clipboard()
    assert "saliency --net" in clipboard.text()
    assert "--target top --method gradcam --at relu1:conv1" in clipboard.text()
    assert not clipboard.image().isNull()
    for ending in ("png", "npy", "csv"):
        user.files.append((tmp_path / f"out.{ending}",))
        panel.save_button.click()
        settle(shown, qtbot)
        assert (tmp_path / f"out.{ending}").stat().st_size
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), PLACES)
    assert (tmp_path / "out.json").is_file()
    assert "relu1,conv1,0.1" in (tmp_path / "out.csv").read_text()


def test_without_an_image_it_says_so_and_offers_one(bench, qtbot, user, tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(NET)
    open_net(bench, qtbot, tmp_path / "net.prototxt")
    bench.window.show_page("layer")
    bench.window.layer_page.show_view(GRADIENTS_VIEW)
    settle(bench, qtbot)
    state = bench.layer.gradients.empty_state
    assert state.sentence.startswith("Open an image")
    assert state.offers_button
    bench.window.layer_page.show_view(ALL_LAYERS_VIEW)
    assert bench.layer.all_layers._view.panel.empty_state.offers_button
    Image.fromarray(np.full((28, 28, 3), 90, np.uint8)).save(tmp_path / "grey.png")
    user.files.append((tmp_path / "grey.png",))
    bench.layer.all_layers._view.panel.empty_state.clicked.emit()
    settle(bench, qtbot)
    assert bench.document.image_path == tmp_path / "grey.png"


def test_what_all_gradients_stand_for_is_said_when_they_are_saved(
    shown, qtbot, user, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real Caffe's own in-place gradients went into the file without a word in the window."""
    note = "op (Power) runs in place, where real Caffe's own backward is not the slope."

    def stood_in_gradients(request: object, host: object) -> Job[Gradients]:
        yield Progress(1, 1, "forward and back")
        return Gradients(GradientsFound({Value("relu1", "conv1"): np.ones((1, 2))}, {}), (note,))

    monkeypatch.setattr("gui.controllers.explaining.files.gradients", stood_in_gradients)
    user.files.append((tmp_path / "all.npz",))
    shown.layer.explanation_files.save("npz")
    settle(shown, qtbot)
    assert (tmp_path / "all.npz").exists()
    (notice,) = [one for one in shown.notices.current if one.key == "save"]
    assert note in notice.body
    assert "all.npz" in notice.title


def test_an_engine_without_gradients_says_so(shown, qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    shown.document.select("conv1")
    wait(shown, qtbot)
    assert "gives no gradients" in shown.layer.gradients.main.words


def test_requests_are_equal_where_they_ask_the_same(shown) -> None:
    request = shown.layer.explaining.request
    assert request == replace(request)
    assert hash(request) == hash(replace(request))


def test_it_lies_over_the_picture_of_the_values_where_that_is_chosen(shown, qtbot) -> None:
    shown.window.layer_page.show_view(VALUES_VIEW)
    view = shown.window.panels.activations.channel
    assert set(view.overlay.words) == {"field", "gradcam", "saliency", "none"}
    assert view.seen.heat is None
    view.overlay.choose("gradcam")
    assert view.seen.heat.method.name == "gradcam"
    n_before = len(asked)
    shown.document.select("conv1")
    qtbot.waitUntil(lambda: view.seen.heat is not None, timeout=15000)
    assert len(asked) == n_before + 1
    assert view.seen.heat.at == Value("conv1", "conv1")
    view.overlay.choose("none")
    assert view.seen.heat is None
    wait(shown, qtbot)
