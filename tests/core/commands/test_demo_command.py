"""`demo`: the whole job on the bundled net, with results that a colleague can look at."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from core.commands import demo

RESULTS = (
    "results.json",
    "layers.csv",
    "demo_renamed.prototxt",
    "activations.npz",
    "ranking_gear.csv",
)


@pytest.mark.slow
def test_the_demo_does_every_job(command, tmp_path: Path) -> None:
    said = command("demo", "--out", tmp_path, "--no-pictures")
    assert said.code == 0, said.err
    assert {path.name for path in tmp_path.iterdir()} >= set(RESULTS)
    assert "bit-identical" in said.out
    assert str(tmp_path) in said.out.splitlines()[-1]
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["rename"]["verification"]["largest_difference"] == 0
    assert found["extract"]["forward_passes"] == 1
    assert found["extract"]["smallest_values"]["fc7"] < 0
    assert found["extract"]["smallest_values"]["relu7"] == 0
    assert found["extract"]["drop7_equals_relu7"]
    best = found["evaluate"]["relu7, flatten"]
    assert best["mAP"] > 2 * best["mAP_of_random_descriptors"]
    assert [row["label"] for row in found["query"]["gear"]].count("gear") >= 3
    with np.load(tmp_path / "activations.npz") as values:
        assert {"images", "conv1_1", "relu1_1", "prob"} <= set(values.files)
    with (tmp_path / "layers.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 4


def test_missing_files_are_a_sentence(
    command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "DEMO", tmp_path)
    said = command("demo", "--out", tmp_path / "out")
    assert said.code == 1
    assert said.err.startswith("The demo's files are not all here: demo_deploy.prototxt")
