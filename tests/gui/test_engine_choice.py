"""Choosing the engine in the window: the list, the dialog, its test, and Python layers."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.engines.base import Device, EngineSpec
from core.engines.caffe.discovery import Candidate
from core.engines.caffe.probe import FoundCaffe
from core.engines.trial import Chosen
from core.engines.values import Precision
from core.progress import Progress
from gui.controllers.engine_choice import batch_of
from gui.dialogs.engine_choice import EngineChoice
from gui.dialogs.extract import ExtractChoice
from gui.dialogs.help import AboutDialog
from gui.widgets.labels import ThemedLabel

STUB = """
__version__ = "1.0.0"
def layer_type_list():
    return ["Convolution", "Python", "ReLU"]
def set_mode_cpu():
    pass
"""
NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "det" type: "Python" bottom: "data" top: "det"
  python_param { module: "detector" layer: "Boxes" } }
"""


@pytest.fixture
def stub_caffe(tmp_path: Path) -> str:
    """A command for a Python whose caffe can greet and nothing else."""
    package = tmp_path / "stub" / "caffe"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(STUB)
    return shlex.join(["env", f"PYTHONPATH={package.parent}", sys.executable])


@pytest.fixture
def fake_caffe() -> str:
    """A command for a Python with the stand-in for pycaffe that builds small nets."""
    folder = Path(__file__).resolve().parents[1] / "engines" / "fake_pycaffe"
    return shlex.join(["env", f"PYTHONPATH={folder}", sys.executable])


def ask(bench):
    bench.window.actions_["choose_engine"].trigger()
    return bench.engine_choice.dialog


def choose(bench, name: str) -> None:
    box = bench.window.engine_popup.engine_box
    index = box.findData(name)
    box.setCurrentIndex(index)
    box.activated.emit(index)


def test_a_test_says_what_was_found(bench, qtbot, stub_caffe: str) -> None:
    dialog = ask(bench)
    dialog.command.setText(stub_caffe)
    dialog.command.textEdited.emit(stub_caffe)
    assert dialog.engines["caffe"].isChecked()
    dialog.test_button.click()
    assert dialog.finding.text() == "Starting it…"
    qtbot.waitUntil(lambda: "3 layer types" in dialog.finding.text(), timeout=30000)
    assert "caffe 1.0.0 in Python 3" in dialog.finding.text()
    dialog.close()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (shlex.quote(sys.executable), "caffe"),
        ("no-such-program python", "no-such-program"),
        ("python3 'open", "quote"),
    ],
)
def test_a_test_says_why_there_is_none(bench, qtbot, command: str, words: str) -> None:
    dialog = ask(bench)
    dialog.command.setText(command)
    dialog.command.textEdited.emit(command)
    dialog.test_button.click()
    qtbot.waitUntil(lambda: words in dialog.finding.text(), timeout=30000)
    assert dialog.test_button.isEnabled()
    dialog.close()


def test_closing_the_dialog_ends_a_test_that_hangs(bench, qtbot) -> None:
    dialog = ask(bench)
    command = shlex.join([sys.executable, "-c", "import time; time.sleep(600)"])
    dialog.command.setText(command)
    dialog.command.textEdited.emit(command)
    dialog.test_button.click()
    dialog.close()
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=10000)


def test_the_list_changes_the_engine_and_is_remembered(
    make_bench, qtbot, stub_caffe: str, tmp_path: Path
) -> None:
    bench = make_bench(is_shown=True)
    bench.settings.caffe_command = stub_caffe
    box = bench.window.engine_popup.engine_box
    assert [box.itemText(i) for i in range(box.count())] == [
        "Fastest by trial",
        "PyTorch",
        "ONNX Runtime",
        "OpenVINO",
        "OpenCV",
        "Caffe",
        "Fake",
        "Settings…",
    ]
    revision = bench.document.revision
    choose(bench, "caffe")
    qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=30000)
    assert bench.window.status_line.texts["engine"] == "Caffe · CPU, ready"
    assert bench.engine.versions["caffe"] == "1.0.0"
    assert bench.document.revision > revision
    assert bench.settings.engine == "caffe"


def test_onnx_runtime_is_chosen_and_verify_still_asks_an_engine_that_pins_its_bits(
    make_bench, qtbot
) -> None:
    pytest.importorskip("onnxruntime", reason="the extra [fast] is not installed")
    bench = make_bench(is_shown=True)
    choose(bench, "onnxruntime")
    qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=60000)
    assert bench.window.status_line.texts["engine"] == "ONNX Runtime · CPU, ready"
    assert bench.settings.engine == "onnxruntime"
    assert bench.engine.spec.exact == EngineSpec("torch")
    assert not bench.window.engine_popup.precision_box.isEnabled()


def test_a_survey_that_another_engine_runs_is_told_with_the_way_back(make_bench, qtbot) -> None:
    bench = make_bench(is_shown=True)
    choose(bench, "auto")
    qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=60000)
    line = bench.window.status_line
    assert line.texts["engine"] == "Fastest by trial · CPU, ready"
    assert bench.settings.engine == "auto"
    why = "ONNX Runtime: 51 ms a pass of 8 images, against 64"
    bench.engine.host.on_choice(Chosen("onnxruntime", why))
    assert line.texts["engine"] == "Fastest by trial: ONNX Runtime · CPU, ready"
    assert f"{why}." in bench.window.engine_popup.state.text()
    (notice,) = bench.notices.current
    assert why in notice.body
    bench.notices.dismiss(notice.key)
    bench.engine.host.on_choice(Chosen("onnxruntime", why))
    assert not bench.notices.current  # it is said once
    bench.engine.host.on_choice(Chosen("onnxruntime", "another reason"))
    bench.notices.trigger("engine-chosen", "torch")
    qtbot.waitUntil(lambda: line.texts["engine"] == "PyTorch · CPU, ready", timeout=60000)
    assert bench.engine.spec == EngineSpec("torch")


def test_caffe_without_a_command_is_asked_for_it(bench, monkeypatch) -> None:
    monkeypatch.delenv("BLOBSCOPE_CAFFE_PYTHON", raising=False)
    choose(bench, "caffe")
    dialog = bench.engine_choice.dialog
    assert dialog is not None
    assert dialog.engines["caffe"].isChecked()
    assert dialog.problem.text() == "Type the command that starts your Caffe's Python."
    assert not dialog.accept_button.isEnabled()
    dialog.close()
    assert bench.window.engine_popup.engine_box.currentData() == "fake"
    assert bench.engine.spec == EngineSpec("fake")


def test_an_engine_that_does_not_start_offers_another(bench, qtbot) -> None:
    bench.engine_choice.use(EngineChoice("caffe", command="no-such-program python"))
    qtbot.waitUntil(lambda: bench.notices.has("engine"), timeout=30000)
    notice = bench.notices.current[0]
    assert notice.title == "The Caffe engine did not start"
    assert "no-such-program" in notice.body
    bench.notices.trigger("engine", "choose")
    assert bench.engine_choice.dialog is not None
    bench.engine_choice.dialog.close()
    bench.engine_choice.use(EngineChoice("torch"))
    qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=60000)
    assert not bench.notices.has("engine")


def open_and_forward(bench, qtbot, net: Path, photo: Path) -> None:
    bench.opening.open_paths([net, photo])
    qtbot.waitUntil(lambda: bench.document.path == net and bench.inspecting.can_run())
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=30000)
    bench.window.actions_["forward"].trigger()
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=30000)


def test_python_layers_run_only_as_the_user_saw_them(
    bench, qtbot, fake_caffe: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program, photo = tmp_path / "detector.py", tmp_path / "photo.png"
    program.write_text("class Boxes: pass")
    nets = [tmp_path / name for name in ("net.prototxt", "moved.prototxt", "later.prototxt")]
    for net in nets:
        net.write_text(NET)
    Image.new("RGB", (8, 8), (200, 40, 10)).save(photo)
    bench.engine_choice.use(EngineChoice("caffe", command=fake_caffe))
    qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=30000)
    open_and_forward(bench, qtbot, nets[0], photo)
    notice = bench.notices.current[0]
    assert notice.title == "This net has a Python layer"
    told = [line.text for line in notice.code]
    assert told[0] == "det: detector.Boxes"
    shown = "".join(word for line in told[1:] for word in line.split())
    assert shown.startswith(f"detector:{program},17B,changed")
    assert "can't be told beforehand" in notice.body
    bench.notices.trigger("python-layers", "trust")
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=30000)
    open_and_forward(bench, qtbot, nets[1], photo)
    assert not bench.notices.has("python-layers")
    program.write_text("class Boxes: changed = True")
    open_and_forward(bench, qtbot, nets[2], photo)
    again = next(n for n in bench.notices.current if n.key == "python-layers")
    assert any("27 B" in line.text for line in again.code)


def test_two_engines_are_compared_layer_by_layer(bench, qtbot, tmp_path: Path, monkeypatch) -> None:
    net, photo = tmp_path / "net.prototxt", tmp_path / "photo.png"
    net.write_text(
        'layer { name: "data" type: "Input" top: "data"'
        " input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n"
        'layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"'
        ' convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }\n'
        'layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }\n'
    )
    Image.new("RGB", (8, 8), (200, 40, 10)).save(photo)
    monkeypatch.setattr(
        "gui.controllers.comparing.engines.spec_of",
        lambda choice: EngineSpec("torch", options=(("threads", "1"),)),
    )
    bench.opening.open_paths([net, photo])
    qtbot.waitUntil(lambda: bench.inspecting.can_run())
    bench.window.actions_["fidelity"].trigger()
    page = bench.window.compare_page
    assert (bench.window.page, page.view) == ("compare", "engines")
    page.engines.choose_other("bfloat16")
    page.engines.run.click()
    rows = page.engines.table.figures
    qtbot.waitUntil(lambda: len(rows.rows) == 2, timeout=120000)
    assert [row.cells[0] for row in rows.rows] == ["conv1 · conv1@0", "relu1 · conv1@1"]
    assert rows.rows[0].cells[2] == "1.0000000"
    assert "lowest cosine 1.0000000" in page.bar.sentence.text()
    page.engines.table.selectRow(1)
    page.engines.table.row_chosen.emit(1)
    assert bench.document.selection == "relu1"


@pytest.mark.parametrize(
    ("name", "precision", "command", "other"),
    [
        ("caffe", "float32", "python3", "caffe"),
        ("torch", "bfloat16", "python3", "bfloat16"),
        ("torch", "float16", "python3", "float16"),
        ("torch", "float32", "", "bfloat16"),
        ("torch", "float32", "python3", "caffe"),
    ],
)
def test_the_engine_in_use_is_one_of_the_two_compared(
    bench, name: str, precision: str, command: str, other: str
) -> None:
    bench.settings.engine, bench.settings.precision = name, precision
    bench.settings.caffe_command = command
    bench.engine_choice.changed.emit()
    assert bench.window.compare_page.engines.other.currentData() == other


def test_the_popup_chooses_a_precision_where_the_engine_takes_one(bench, qtbot) -> None:
    popup = bench.window.engine_popup
    assert not popup.precision_box.isEnabled()  # the fake engine has but one
    assert popup.precision_box.toolTip() == "This engine runs in its own precision."
    bench.engine_choice.use(EngineChoice("torch"))
    assert popup.precision_box.isEnabled()
    assert popup.precision_box.currentData() == "float32"
    place = popup.precision_box.findData("bfloat16")
    popup.precision_box.setCurrentIndex(place)
    popup.precision_box.activated.emit(place)
    assert bench.engine.spec.precision == "bfloat16"
    assert bench.settings.precision == "bfloat16"


PROCESSOR = Device("cpu", "CPU", None, (
    Precision("float32"), Precision("bfloat16"), Precision("tf32", "needs a GPU with CUDA"),
    Precision("float16", "needs a GPU with CUDA"),
))  # fmt: skip


def offered(box) -> dict[str, bool]:
    """Which precisions can be chosen, by the words that are read."""
    return {box.itemText(at): box.model().item(at).isEnabled() for at in range(box.count())}


def test_precisions_are_offered_where_the_device_has_them_and_else_say_what_it_lacks(
    bench, qtbot
) -> None:
    popup = bench.window.engine_popup
    assert list(offered(popup.precision_box).values()) == [True, False, False, False]
    bench.engine.devices = (PROCESSOR,)
    bench.engine.devices_changed.emit()
    wanted = {
        "float32, Caffe's own": True,
        "TF32 needs a GPU with CUDA": False,
        "bfloat16, faster and coarser": True,
        "float16 needs a GPU with CUDA": False,
    }
    assert offered(popup.precision_box) == wanted
    dialog = ask(bench)
    assert offered(dialog.precision) == wanted
    every = tuple(replace(one, why_not="") for one in PROCESSOR.precisions)
    gpu = Device("cuda:0", "A GPU", None, every)
    bench.engine.devices = (PROCESSOR, gpu)
    bench.engine.choose_device("cuda:0")
    assert all(offered(popup.precision_box).values())
    assert all(offered(dialog.precision).values())
    dialog.close()


def test_the_engine_field_names_a_precision_below_float32(bench, qtbot) -> None:
    bench.engine_choice.use(EngineChoice("torch", "bfloat16"))
    assert bench.window.status_line.texts["engine"] == "PyTorch bfloat16 · starting"
    bench.engine_choice.use(EngineChoice("torch", "tf32"))
    assert bench.engine.title == "PyTorch TF32"


def test_the_dialog_leads_to_the_fidelity_of_the_precision_that_it_shows(
    bench, qtbot, monkeypatch
) -> None:
    asked: list[str] = []
    panel = bench.window.compare_page.engines
    panel.run_requested.connect(asked.append)
    panel.run.setEnabled(True)
    bench.engine_choice.use(EngineChoice("torch"))
    bench.engine.devices = (PROCESSOR,)
    dialog = ask(bench)
    assert not dialog.fidelity_link.isVisible()  # float32 is what others are held against
    dialog.precision.choose("bfloat16")
    assert dialog.fidelity_link.isVisible()
    panel.run.setEnabled(True)
    dialog.fidelity_link.clicked.emit()
    assert not dialog.isVisible()
    assert (bench.window.page, bench.window.compare_page.view) == ("compare", "engines")
    assert panel.other.currentData() == "bfloat16"
    assert asked == ["bfloat16"]
    assert bench.engine.spec.precision == "float32"  # a look changes nothing


def test_the_images_of_a_pass_are_chosen_in_the_popup_and_remembered(make_bench) -> None:
    bench = make_bench()
    box = bench.window.engine_popup.batch_box
    assert (box.currentText(), bench.engine.batch) == ("8 images, the usual", 8)
    for word, batch in (("auto", "auto"), ("64", 64)):
        place = box.findData(word)
        box.setCurrentIndex(place)
        box.activated.emit(place)
        assert (bench.engine.batch, bench.settings.batch) == (batch, word)
        choice = ExtractChoice((("data", "data"),), None, Path("images"), Path("out.npz"))
        assert bench.extracting._request(choice).batch_size == batch
    bench.settings.batch = "many"
    assert batch_of(bench.settings.batch) == 8


def test_the_popup_says_how_the_engine_stands_and_cuts_no_word(bench) -> None:
    popup = bench.window.engine_popup
    assert popup.state.text() == "Fake · CPU, ready"
    bench.window.resize(1280, 720)
    bench.window.status_line.engine_clicked.emit()
    for box in (popup.engine_box, popup.device_box, popup.precision_box):
        needed = box.fontMetrics().horizontalAdvance(box.currentText())
        assert box.width() >= needed + 30
    popup.hide()


def test_a_fast_path_that_is_off_is_told_with_its_reason(make_bench) -> None:
    bench = make_bench(is_shown=True, no_fast_path="torch 2.99 has no operator")
    line = bench.window.status_line
    assert line.texts["engine"] == "Fake · CPU, ready, 1 of 2 fast paths off"
    reason = "real layers: off, torch 2.99 has no operator"
    assert f"Fast path {reason}" in line.toolTip()
    bench.window.actions_["about"].trigger()
    about = next(d for d in bench.window.findChildren(AboutDialog) if d.isVisible())
    texts = [label.text() for label in about.findChildren(ThemedLabel)]
    assert "stand-ins: on" in texts
    assert reason in texts
    about.close()


def test_with_every_fast_path_the_status_line_is_short(bench) -> None:
    assert bench.window.status_line.texts["engine"] == "Fake · CPU, ready"


def test_a_caffe_that_was_found_is_offered_and_runs_when_chosen(
    bench, qtbot, stub_caffe: str
) -> None:
    command = tuple(shlex.split(stub_caffe))
    caffe = FoundCaffe(Candidate(command, "conda environment old"), "1.0.0", "3.6.9", 3, ())

    def find() -> Generator[Progress, None, tuple[FoundCaffe, ...]]:
        yield Progress(0, 1, "Pythons asked")
        return (caffe,)

    bench.engine_choice.find_caffes = find
    dialog = ask(bench)
    qtbot.waitUntil(dialog.found.isVisible)
    assert bench.engine.spec.name == "fake"  # found is not chosen
    index = dialog.found.findText(caffe.sentence)
    dialog.found.setCurrentIndex(index)
    dialog.found.activated.emit(index)
    assert dialog.choice() == EngineChoice("caffe", "float32", stub_caffe)
    assert dialog.finding.text() == caffe.sentence
    dialog.accept()
    qtbot.waitUntil(lambda: bench.engine.state == "ready", timeout=30000)
    assert bench.engine.spec == EngineSpec("caffe", command)


def test_without_a_find_nothing_is_offered(bench, qtbot) -> None:
    dialog = ask(bench)
    qtbot.waitUntil(lambda: bench.lanes.is_idle)
    assert not dialog.found.isVisible()
    dialog.close()
