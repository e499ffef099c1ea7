"""What `info` says of states, foreign fields and types, problems and solvers."""

from __future__ import annotations

from pathlib import Path

import pytest

NET = """input: "data" input_shape { dim: 1 dim: 2 }
layer { name: "drop" type: "Dropout" bottom: "data" top: "data" include { phase: TRAIN } }
layer { name: "turn" type: "Permute" bottom: "data" top: "turn" permute_param { order: 0 } }
layer { name: "mine" type: "Mine" bottom: "data" top: "mine"
  mine_param { depth: 3 } include { stage: "full" } }
layer { name: "sum" type: "Eltwise" bottom: "data" top: "sum"
  eltwise_param { operation: "SUM" } }
"""


@pytest.fixture
def solver(tmp_path: Path) -> Path:
    (tmp_path / "net.prototxt").write_text(NET)
    path = tmp_path / "solver.prototxt"
    path.write_text('net: "net.prototxt"\nbase_lr: 0.1\n')
    return path


def test_the_file_is_told_in_lines(command, solver: Path) -> None:
    said = command("info", "--net", solver).out.splitlines()
    assert f"solver.prototxt is a solver; its net is {solver.with_name('net.prototxt')}." in said
    assert "In TEST: 2 layers left out (drop, mine)." in said
    assert "In TRAIN: 1 layer left out (mine)." in said
    assert "In TRAIN, stage full: all layers." in said
    assert "Not in BVLC Caffe 1.0: layer.permute_param (a field of SSD; line 3, column 65)." in said
    assert "Not in BVLC Caffe 1.0: layer.mine_param (unknown; line 5, column 3)." in said
    assert "Not in BVLC Caffe 1.0: layer type Mine (unknown; layer mine, line 4)." in said
    refused = 'layer.eltwise_param.operation takes one of PROD, SUM, MAX, not "SUM".'
    assert f"Caffe would refuse this: {refused} (layer sum, line 7)" in said


def test_json_has_the_same(command, solver: Path) -> None:
    options = ("--phase", "TRAIN", "--stage", "full", "--level", "2", "--json")
    said = command("info", "--net", solver, *options).json
    assert (said["net"], said["solver"]) == (str(solver.with_name("net.prototxt")), str(solver))
    assert (said["phase"], said["level"], said["stages"]) == ("TRAIN", 2, ["full"])
    assert [layer["name"] for layer in said["layers"]] == ["input", "drop", "turn", "mine", "sum"]
    assert [field["path"] for field in said["unknown_fields"]] == [
        "layer.permute_param",
        "layer.mine_param",
    ]
    assert [(row["type"], row["fork"]) for row in said["unknown_types"]] == [
        ("Permute", True),
        ("Mine", False),
    ]
    test_state = next(s for s in said["states"] if s["phase"] == "TEST" and not s["stages"])
    assert test_state["dropped_layers"] == ["drop", "mine"]


def test_a_missing_net_says_where_it_was_looked_for(command, solver: Path) -> None:
    solver.with_name("net.prototxt").unlink()
    failed = command("info", "--net", solver)
    assert failed.code != 0
    said = failed.err
    assert "solver.prototxt names the net 'net.prototxt', which is not there." in said
    assert "Open the net itself." in said


def test_rename_writes_beside_the_net_a_solver_names(command, solver: Path) -> None:
    net = solver.with_name("net.prototxt")
    failed = command("rename", "--net", solver, "--phase", "TRAIN", "--all", "--out", net)
    assert failed.code != 0
    assert net.read_text() == NET
