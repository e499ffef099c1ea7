"""The Net step of the Training page: three files made of a net and a split, shown and written."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest

from core.net.parser import parse
from core.training.augmentation import Augmentation, beside
from core.training.split import split_images, write_split

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
  pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "fc" type: "InnerProduct" bottom: "conv2" top: "fc"
  inner_product_param { num_output: 7 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """Of three classes with eight images each, as the Data step saves it."""
    labels = {f"{label}/{i}.png": label for label in ("ant", "bee", "cat") for i in range(8)}
    write_split(split_images(tmp_path / "pets", labels, ()), tmp_path / "pets_training")
    return tmp_path / "pets_training"


@pytest.fixture
def step(bench, user, qtbot, split: Path, tmp_path: Path):
    """The step with a saved split and an open net."""
    user.files.append((split,))
    bench.window.actions_["training_split"].trigger()
    path = tmp_path / "small.prototxt"
    path.write_text(NET)
    bench.opening.open_paths([path])
    qtbot.waitUntil(lambda: bench.document.net is not None and bench.lanes.is_idle)
    bench.window.show_page("training")
    bench.window.training_page.show_step("net")
    wait(bench, qtbot)
    return bench.window.training_page.net


def wait(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=20000)


def rows(step) -> dict[str, tuple[str, ...]]:
    return {row.cells[0]: row.cells[1:] for row in step.start.table.figures.rows}


def test_it_says_what_is_missing_and_asks_for_it(bench, user, qtbot, split: Path) -> None:
    page = bench.window.training_page
    bench.window.show_page("training")
    page.show_step("net")
    assert "Save a split" in page.net.empty.sentence
    assert not bench.window.actions_["training_write"].isEnabled()
    user.files.append((split,))
    page.net.empty.clicked.emit()
    wait(bench, qtbot)
    assert page.bar.buttons["data"].state == "3 classes, 18 / 3 / 3"
    page.show_step("net")
    assert "Open a net" in page.net.empty.sentence
    assert "Open a net" in bench.window.actions_.why_not("training_write")


def test_the_last_layer_is_renamed_and_all_that_differs_is_shown(step) -> None:
    assert step.sentence.text().startswith("fc becomes fc_pets with 3 outputs")
    changed = step.files["train_val"].lines.lines
    assert ("out", "  inner_product_param { num_output: 7 } }") in {
        (x.kind, x.text) for x in changed
    }
    came = [line.text for line in changed if line.kind == "in"]
    assert any("num_output: 3" in text and "gaussian" in text for text in came)
    assert any('type: "ImageData"' in text for text in came)
    assert {line.text for line in changed if line.kind == "heading"} >= {"data", "fc_pets"}
    step.fields.shown.choose("whole")
    whole = step.files["train_val"].lines.lines
    assert not any(line.kind in ("heading", "note") for line in whole)


def test_presets_freeze_and_fields_are_the_users_own(step, bench, qtbot) -> None:
    assert step.start.preset == "top-block"
    assert step.fields.freeze.words == "pool1"
    assert rows(step)["conv1"][1] == "frozen"
    step.start.presets["flickr-style"].click()
    wait(bench, qtbot)
    assert step.fields.freeze.words == "nothing"
    assert rows(step)["conv1"][1] == "× 1 / 2"
    assert rows(step)["fc_pets"][1] == "× 10 / 20"
    step.fields.freeze.value_chosen.emit("conv2", "conv2")
    step.fields.weights.setValue(5.0)
    wait(bench, qtbot)
    assert step.start.preset == ""
    assert (rows(step)["conv2"][1], rows(step)["fc_pets"][1]) == ("frozen", "× 5 / 20")
    assert step.start.base_lr.value() == 0.001


def test_the_files_are_written_beside_the_split(step, bench, qtbot, split: Path) -> None:
    page = bench.window.training_page
    step.fields.suffix.setText("mine")
    step.fields.suffix.editingFinished.emit()
    wait(bench, qtbot)
    QTest.mouseClick(page.write_files, Qt.LeftButton)
    wait(bench, qtbot)
    solver = parse((split / "solver.prototxt").read_text())
    assert solver.word("net") == "train_val.prototxt"
    assert 'name: "fc_mine"' in (split / "train_val.prototxt").read_text()
    assert 'name: "fc_mine"' in (split / "deploy.prototxt").read_text()
    assert beside(split) == Augmentation()
    bench.training.project.change(augmentation=Augmentation(mirror=True, balance=True))
    wait(bench, qtbot)
    QTest.mouseClick(page.write_files, Qt.LeftButton)
    wait(bench, qtbot)
    assert beside(split) == Augmentation(mirror=True, balance=True)
    button = page.bar.buttons["net"]
    assert (button.state, button.is_done) == ("fc renamed and resized", True)
    step.fields.weights.setValue(4.0)
    wait(bench, qtbot)
    assert (button.state, button.is_done) == ("changed since it was written", False)


def test_a_net_without_classes_is_refused_in_a_sentence(step, bench, user, qtbot, tmp_path) -> None:
    path = tmp_path / "bare.prototxt"
    path.write_text(NET.partition('layer { name: "conv1"')[0])
    user.files.append((path,))
    bench.window.actions_["training_net"].trigger()
    wait(bench, qtbot)
    assert "No layer of this net gives classes" in step.empty.sentence
    assert bench.window.training_page.write_files.isEnabled() is False


def test_a_heading_selects_its_layer_on_every_page(step, bench) -> None:
    step.layer_clicked.emit("conv2")
    assert bench.document.selection == "conv2"
    step.layer_clicked.emit("fc_pets")  # which the open net does not have
    assert bench.document.selection == "conv2"


def test_a_session_brings_the_training_back(
    step, bench, qtbot, make_bench, tmp_path, split
) -> None:
    bench.sessions.save(tmp_path / "kept.blobscope")
    wait(bench, qtbot)
    after = make_bench(is_shown=True)
    after.sessions.open(tmp_path / "kept.blobscope")
    wait(after, qtbot)
    assert after.training.project.now.folder == split
    assert after.window.training_page.bar.buttons["data"].state == "3 classes, 18 / 3 / 3"
