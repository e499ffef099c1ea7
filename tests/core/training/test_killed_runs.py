"""A run that is killed at any moment and gone on with ends with the weights of one that was not."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.training.run.history import LOG_NAME, read_history

NET = """
layer { name: "data" type: "ImageData" top: "data" top: "label" include { phase: TRAIN }
  transform_param { crop_size: 24 mirror: true mean_value: 100 scale: 0.02 }
  image_data_param { source: "train.txt" batch_size: 8 shuffle: true
    new_height: 28 new_width: 28 } }
layer { name: "data" type: "ImageData" top: "data" top: "label" include { phase: TEST }
  transform_param { crop_size: 24 mean_value: 100 scale: 0.02 }
  image_data_param { source: "val.txt" batch_size: 4 new_height: 28 new_width: 28 } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 16 kernel_size: 5 weight_filler { type: "msra" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "drop" type: "Dropout" bottom: "pool" top: "pool" }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
SOLVER = """net: "net.prototxt" base_lr: 0.01 lr_policy: "multistep" gamma: 0.5 stepvalue: 30
stepvalue: 70 momentum: 0.9 weight_decay: 0.001 iter_size: 2 average_loss: 5
snapshot: 7 snapshot_prefix: "s" test_iter: 2 test_interval: 20 max_iter: 90
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    rng = np.random.default_rng(6)
    for part, n_images in (("train", 21), ("val", 8)):
        lines = []
        for number in range(n_images):
            pixels = rng.integers(0, 255, (30, 34, 3)).astype(np.uint8)
            pixels[..., number % 3] //= 2
            Image.fromarray(pixels).save(tmp_path / f"{part}{number}.png")
            lines.append(f"{part}{number}.png {number % 3}\n")
        (tmp_path / f"{part}.txt").write_text("".join(lines))
    return tmp_path


def run(repository: Path, *words: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(repository / "main.py"), "finetune", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finished(process: subprocess.Popen[bytes]) -> None:
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said[-2000:].decode()


def is_true_soon(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        if condition():
            return True
        time.sleep(0.01)
    return False


def kill_once(process: subprocess.Popen[bytes], log: Path, chance: random.Random) -> bool:
    """Once it has written some more, at first very little; whether it had not ended before."""
    size = log.stat().st_size if log.exists() else 0
    more = chance.randrange(200, 5000) if size else 400
    is_there = is_true_soon(lambda: log.exists() and log.stat().st_size > size + more, process)
    time.sleep(chance.random() * 0.03)
    process.kill()
    process.communicate()
    return is_there and process.returncode == -9


def test_killed_runs_end_as_one_that_was_not(repository: Path, folder: Path) -> None:
    asked = ("--solver", folder / "solver.prototxt", "--seed", 5)
    finished(run(repository, *asked, "--run", folder / "whole"))
    killed, chance = folder / "killed", random.Random(11)
    process = run(repository, *asked, "--run", killed)
    n_kills = 0
    for _ in range(3):
        n_kills += kill_once(process, killed / LOG_NAME, chance)
        process = run(repository, "--run", killed, "--resume")
    finished(process)
    assert n_kills >= 2
    for name in ("s_iter_90.caffemodel", "s_iter_90.solverstate"):
        assert (killed / name).read_bytes() == (folder / "whole" / name).read_bytes()
    ours, whole = read_history(killed), read_history(folder / "whole")
    assert [(one.loss, one.smoothed) for one in ours.iterations] == [
        (one.loss, one.smoothed) for one in whole.iterations
    ]
    assert ours.tests == whole.tests
