"""`measure`: by how much a repair moves each output, printed, as JSON and kept beside the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "sum" type: "Power" bottom: "ip" top: "sum" power_param { scale: 2 } }
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    net, edited = tmp_path / "net.prototxt", tmp_path / "edited.prototxt"
    net.write_text(NET)
    edited.write_text(NET.replace("scale: 2", "scale: 3"))
    return net, edited


def test_each_output_says_how_far_it_moved(command, files) -> None:
    """Twice a value against three times of it: half of its length on top."""
    net, edited = files
    said = command("measure", "--net", net, "--edited", edited)
    assert said.code == 0
    assert "50 %" in said.out
    assert "4 of 4" in said.out
    assert "The first layer where they part is sum." in said.out
    assert not (edited.parent / "edited.measurement.json").exists()


def test_the_report_lies_beside_the_edited_file(command, files) -> None:
    net, edited = files
    said = command("measure", "--net", net, "--edited", edited, "--report", "--json")
    kept = json.loads((edited.parent / "edited.measurement.json").read_text())
    assert kept["outputs"][0]["relative_difference"] == pytest.approx(0.5)
    assert kept["edited_sha256"] != kept["original_sha256"]
    assert {key: said.json[key] for key in kept} == kept
    assert said.json["is_identical"] is False


def test_a_rename_moves_nothing(command, files) -> None:
    net, edited = files
    edited.write_text(NET.replace('"sum"', '"total"'))
    assert command("measure", "--net", net, "--edited", edited, "--json").json["is_identical"]
