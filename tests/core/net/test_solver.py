"""Solver files open the net they name, in the phase they use it in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import NetError
from core.net.definition import NetState
from core.net.reader import load_net
from core.net.solver import open_prototxt

NET = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "drop" type: "Dropout" bottom: "data" top: "data" include { phase: TRAIN } }
layer { name: "extra" type: "ReLU" bottom: "data" top: "data" include { stage: "extra" } }
layer { name: "deep" type: "ReLU" bottom: "data" top: "data" include { min_level: 2 } }
"""
TEST, TRAIN = NetState("TEST"), NetState("TRAIN")


def solver_of(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "solver.prototxt"
    path.write_text(text)
    return path


def names(path: Path, state: NetState = TEST) -> list[str]:
    return [layer.name for layer in load_net(path, state=state).layers]


@pytest.mark.parametrize(
    ("written", "lies_at"),
    [
        ("train_val.prototxt", "models/mine/train_val.prototxt"),
        ("models/mine/train_val.prototxt", "models/mine/train_val.prototxt"),
        ("models/other/net.prototxt", "models/other/net.prototxt"),
        ("elsewhere/train_val.prototxt", "models/mine/train_val.prototxt"),
        ("C:\\\\nets\\\\train_val.prototxt", "models/mine/train_val.prototxt"),
        ("/gone/nets/train_val.prototxt", "models/mine/train_val.prototxt"),
    ],
)
def test_the_net_is_found_from_wherever_caffe_was_started(
    written: str, lies_at: str, tmp_path: Path
) -> None:
    net = tmp_path / lies_at
    net.parent.mkdir(parents=True)
    net.write_text(NET)
    solver = solver_of(tmp_path / "models" / "mine", f'base_lr: 0.1\nnet: "{written}" # here')
    file = open_prototxt(solver, TEST)
    assert (file.path, file.text, file.solver) == (net, NET, solver)
    assert names(solver) == ["data"]
    assert names(solver, TRAIN) == ["data", "drop"]


def test_each_phase_has_the_net_named_for_it(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.prototxt").write_text(f'name: "{name}"\n{NET}')
    solver = solver_of(
        tmp_path,
        'train_net: "a.prototxt" test_net: "b.prototxt" test_net: "c.prototxt"\n'
        'test_state { stage: "extra" level: 2 }',
    )
    assert load_net(solver).name == "b"
    assert names(solver) == ["data", "extra", "deep"]
    assert load_net(solver, state=TRAIN).name == "a"
    assert names(solver, TRAIN) == ["data", "drop"]


def test_a_net_for_training_only_opens_in_that_phase(tmp_path: Path) -> None:
    (tmp_path / "a.prototxt").write_text(NET)
    solver = solver_of(tmp_path, 'train_net: "a.prototxt" train_state { level: 3 }')
    assert names(solver) == ["data", "drop", "deep"]


def test_a_net_inside_the_solver_opens_under_a_name_of_its_own(tmp_path: Path) -> None:
    solver = solver_of(tmp_path, f"net_param {{\n{NET}}}\nbase_lr: 1")
    file = open_prototxt(solver, TEST)
    assert file.text.strip() == NET.strip()
    assert file.path == tmp_path / "solver_net.prototxt"
    assert names(solver) == ["data"]


def test_a_net_that_is_not_there_is_named(tmp_path: Path) -> None:
    for written in ("gone.prototxt", "x" * 5000, "", "\\0"):
        solver = solver_of(tmp_path, f'net: "{written}"')
        with pytest.raises(NetError, match="which is not there"):
            load_net(solver)


def test_a_solver_that_names_a_solver_is_refused(tmp_path: Path) -> None:
    """One real collection has a solver saved as the net that it names."""
    solver = solver_of(tmp_path, 'net: "solver.prototxt"')
    with pytest.raises(NetError, match="which is not there"):
        load_net(solver)
    (tmp_path / "other.prototxt").write_text('net: "solver.prototxt"')
    with pytest.raises(NetError, match="which is a solver too"):
        load_net(tmp_path / "other.prototxt")


def test_a_net_is_no_solver(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text(NET + '# net: "other"\nlayer { type: "Python"\nnet: 3 }')
    assert open_prototxt(path, TEST).solver is None


def test_real_solvers_find_their_nets(material: Callable[[str], Path], tmp_path: Path) -> None:
    """Files of one repository, laid out as they were there."""
    corpus = json.loads(material("corpus.json").read_text())
    for entry in corpus:
        target = tmp_path / entry["repo"] / entry["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(material(f"prototxts/{entry['file']}").read_bytes())
    solvers = [tmp_path / e["repo"] / e["path"] for e in corpus if e.get("parses_as") == "solver"]
    found = [path for path in solvers if opens(path)]
    assert len(found) >= 4  # the collection has not the net of every solver
    for path in found:
        assert open_prototxt(path, TEST).solver == path
        assert load_net(path).layers


def opens(path: Path) -> bool:
    try:
        open_prototxt(path, TEST)
    except NetError:
        return False
    return True
