"""A fine-tuning in the window from images to proof, on the real engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from core.errors import AppError
from core.net.reader import read_net
from core.weights.reader import open_weights
from gui.crash import CrashHook
from gui.settings import Settings
from gui.theme import ThemeKeeper
from gui.workbench import Workbench
from tests.soak.user import end_window

NET = """name: "small"
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 24 dim: 24 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 6 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
  pooling_param { pool: AVE kernel_size: 4 stride: 4 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool1" top: "fc"
  inner_product_param { num_output: 7 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""
COLOURS = {"red": (200, 60, 60), "green": (60, 200, 60), "blue": (60, 60, 200)}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Twenty noisy pictures of each of three colours."""
    rng = np.random.default_rng(5)
    for label, colour in COLOURS.items():
        (tmp_path / "colours" / label).mkdir(parents=True)
        for i in range(20):
            noise = rng.integers(-55, 56, (12, 12, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            large = Image.fromarray(pixels).resize((72, 72), Image.Resampling.BICUBIC)
            large.save(tmp_path / "colours" / label / f"{i}.png")
    return tmp_path / "colours"


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path):
    keeper = ThemeKeeper("light")
    keeper.choose("light")
    made = Workbench(
        keeper, Settings(tmp_path / "settings.json"), CrashHook(tmp_path / "crashes"),
        cache=tmp_path / "galleries", demo_folder=tmp_path / "none", autosaves=tmp_path / "kept",
    )  # fmt: skip
    made.window.resize(1280, 800)
    made.start()
    yield made
    assert end_window(made)


def test_from_images_to_proof(bench, qtbot: QtBot, images: Path, tmp_path: Path) -> None:
    net = tmp_path / "small.prototxt"
    net.write_text(NET)
    bench.opening.open_paths([net])

    def until(holds) -> None:
        failed = [notice for notice in bench.notices.current if notice.kind == "error"]
        if failed:
            raise AppError(failed[0].title)
        qtbot.waitUntil(lambda: holds() and bench.lanes.is_idle, timeout=120_000)

    page, training = bench.window.training_page, bench.training
    training.open_images(images)
    until(lambda: training.project.now.split is not None)
    page.data.split.use.click()
    until(lambda: training.project.now.divided is not None)
    page.show_step("net")
    until(lambda: training.net.files is not None)
    page.net.start.base_lr.setValue(0.0001)
    page.net.start.epochs.setValue(30)
    page.net.start.epochs.editingFinished.emit()
    until(lambda: training.net.files.plan.epochs == 30)
    page.write_files.click()
    until(lambda: training.project.now.prepared is not None)
    page.show_step("run")
    bench.window.actions_["training_start"].trigger()
    until(lambda: training.run.history.ended is not None)
    history = training.run.history
    assert history.ended.why == "finished"
    assert history.iterations[-1].smoothed < history.iterations[0].loss
    iteration, weights = training.run.snapshot
    made = read_net((images.with_name("colours_training") / "deploy.prototxt").read_text())
    assert {layer.name for layer in open_weights(weights).layers} >= {"conv1", "fc_colours"}
    assert made.has_layer("fc_colours")
    assert page.run.chosen == iteration
    page.show_step("proof")
    bench.window.actions_["training_prove"].trigger()
    until(lambda: training.proof.proved is not None)
    proof = training.proof.proved.report.proof
    assert len(proof.queries) == len(training.project.now.divided.parts["test"])
    assert any(row.is_unchanged for row in proof.rows if row.layer == "pool1")
    assert page.bar.buttons["proof"].is_done
    assert all(button.is_done for button in page.bar.buttons.values())
