"""`finetune`: batches in, Caffe's numbers out, and a run that stops and goes on is one run."""

from __future__ import annotations

import io
from pathlib import Path

import h5py
import numpy as np
import pytest

from core.errors import WeightsError
from core.npy_file import read_npz
from core.weights.reader import open_weights
from core.weights.solver_state import SolverState, read_solver_state, write_solver_state

NET = """
layer { name: "in" type: "Input" top: "x" top: "t"
  input_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 2 } } }
layer { name: "a/b" type: "InnerProduct" bottom: "x" top: "y" param { name: "w" }
  inner_product_param { num_output: 3 bias_term: false weight_filler { type: "xavier" } } }
layer { name: "c" type: "InnerProduct" bottom: "y" top: "z" param { name: "w" }
  inner_product_param { num_output: 3 bias_term: false } }
layer { name: "d" type: "InnerProduct" bottom: "z" top: "o"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "o" bottom: "t" top: "l" }
"""
SOLVER = """net: "net.prototxt" type: "Adam" base_lr: 0.01 lr_policy: "multistep" gamma: 0.5
stepvalue: 3 stepvalue: 5 momentum: 0.9 max_iter: 8 snapshot: 4 snapshot_prefix: "deep/snap"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    rng = np.random.default_rng(2)
    np.savez(tmp_path / "b.npz", x=rng.standard_normal((3, 2, 3)), t=rng.standard_normal((3, 2, 2)))
    return tmp_path


def words(folder: Path, *more: object) -> tuple[object, ...]:
    return ("--solver", folder / "solver.prototxt", "--batches", folder / "b.npz",
            "--seed", 3, "--results", folder / "r.npz", *more)  # fmt: skip


@pytest.mark.parametrize("form", ["", "snapshot_format: HDF5"])
def test_a_run_that_is_broken_off_ends_as_one_that_is_not(command, folder: Path, form: str) -> None:
    (folder / "solver.prototxt").write_text(SOLVER + form)
    said = command("finetune", *words(folder, "--at", "8", "--run", folder, "--json"))
    assert len(said.json["loss"]) == 8
    whole = dict(np.load(folder / "r.npz"))
    state = Path(said.json["snapshots"][0])
    assert state.name.startswith("snap_iter_4.solverstate")
    again = command("finetune", *words(folder, "--at", "8", "--resume", state, "--json"))
    assert again.json["first"] == 4
    assert again.json["lr"] == said.json["lr"][4:]
    rest = np.load(folder / "r.npz")
    for key in whole:
        if key[:2] in ("w8", "h8"):
            assert rest[key].tobytes() == whole[key].tobytes(), key


def test_shared_arrays_stand_in_every_layer_of_the_snapshot(command, folder: Path) -> None:
    command("finetune", *words(folder, "--at", "4", "--run", folder))
    weights = {
        layer.name: layer for layer in open_weights(folder / "snap_iter_4.caffemodel").layers
    }
    learned = np.load(folder / "r.npz")
    for name in ("a/b", "c"):
        np.testing.assert_array_equal(weights[name].blobs[0].array(), learned["w4/a/b/0"])
    assert [blob.shape for blob in weights["d"].blobs] == [(2, 3), (2,)]


def test_the_table_and_the_files_are_told(command, folder: Path) -> None:
    said = command("finetune", *words(folder, "--run", folder))
    assert "learning rate" in said.out
    assert said.out.count("snapshot ->") == 2
    known = np.load(folder / "r.npz")
    assert known["loss"].shape == known["out/l"].shape == (8,)
    assert known["lr"][[0, 3, 7]].tolist() == [0.01, 0.005, 0.0025]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda f: (f / "b.npz").write_bytes(b"no zip"), "no .npz file"),
        (lambda f: np.savez(f / "b.npz", x=np.zeros((3, 2, 3))), "'t' was not given"),
        (lambda f: np.savez(f / "b.npz", other=np.zeros((3, 2))), "no input blob 'other'"),
        (lambda f: np.savez(f / "b.npz", x=np.zeros((3, 2, 3)), t=np.zeros((2, 2, 2))), "as many"),
        (lambda f: (f / "solver.prototxt").write_text("net: 'no.prototxt' lr_policy: 'fixed'"),
         "which is not there"),
        (lambda f: (f / "solver.prototxt").write_text(NET), "no lr_policy"),
        (lambda f: (f / "solver.prototxt").write_text(SOLVER + "weights: 'w.caffemodel'"),
         "which are not beside it"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_said(command, folder: Path, change, sentence: str) -> None:
    change(folder)
    said = command("finetune", *words(folder))
    assert said.code != 0
    assert sentence in said.err


def test_a_state_without_its_weights_is_said(command, folder: Path) -> None:
    command("finetune", *words(folder, "--run", folder))
    (folder / "snap_iter_4.caffemodel").unlink()
    said = command("finetune", *words(folder, "--resume", folder / "snap_iter_4.solverstate"))
    assert "is not beside it" in said.err


STATE = SolverState(7, 2, "w.caffemodel", (np.ones((2, 3), np.float32), np.zeros(4, np.float32)))


@pytest.mark.parametrize("name", ["s.solverstate", "s.solverstate.h5"])
def test_a_state_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    write_solver_state(tmp_path / name, STATE)
    found = read_solver_state(tmp_path / name)
    assert (found.iteration, found.step, found.weights) == (7, 2, "w.caffemodel")
    for kept, given in zip(found.history, STATE.history, strict=True):
        np.testing.assert_array_equal(kept, given)


def test_files_that_are_no_states_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.solverstate"
    for raw in (b"", b"\xff" * 40, b"\x08\x07", b"\x89HDF\r\n\x1a\n"):
        path.write_bytes(raw)
        with pytest.raises(WeightsError):
            read_solver_state(path)
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["iter"], file["current_step"], file["learned_net"] = [1], [0], "w"
        file["history/0"] = h5py.ExternalLink("other.h5", "/secret")
    path.write_bytes(stream.getvalue())
    with pytest.raises(WeightsError):
        read_solver_state(path)


def test_an_archive_holds_no_more_than_it_says(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, zeros=np.zeros(1 << 20))
    assert read_npz(path, 1 << 24)["zeros"].shape == (1 << 20,)
    with pytest.raises(Exception, match=r"no \.npz file"):
        read_npz(path, 1 << 20)
    np.savez(path, secret=np.array([{}], object))
    with pytest.raises(Exception, match=r"no \.npz file"):
        read_npz(path, 1 << 20)


def test_layers_that_do_not_learn_run_once_and_change_nothing(command, folder: Path) -> None:
    frozen = NET.replace('param { name: "w" }', 'param { name: "w" lr_mult: 0 }')
    (folder / "net.prototxt").write_text(frozen)
    (folder / "solver.prototxt").write_text(
        'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.01\n'
        'max_iter: 8 snapshot: 4 snapshot_prefix: "snap"'
    )
    at = ("--at", "1,8", "--json")
    whole = command("finetune", *words(folder, *at, "--whole", "--run", folder)).json
    assert whole["frozen_layers"] == 0
    wanted = dict(np.load(folder / "r.npz"))
    for _ in range(2):  # the second time what was kept is found
        kept = command("finetune", *words(folder, *at, "--keep", folder / "kept")).json
        assert kept["frozen_layers"] == 2
        found = np.load(folder / "r.npz")
        assert set(found.files) == set(wanted)
        for key in found.files:
            np.testing.assert_allclose(found[key], wanted[key], rtol=1e-5, atol=1e-7, err_msg=key)
    assert len(list((folder / "kept").iterdir())) == 1
    state = folder / "snap_iter_4.solverstate"
    rest = command("finetune", *words(folder, "--at", "8", "--resume", state, "--json"))
    assert rest.json["frozen_layers"] == 2
    np.testing.assert_allclose(np.load(folder / "r.npz")["w8/d/0"], wanted["w8/d/0"], rtol=1e-5)


@pytest.mark.parametrize("case", ["hdf5_train_test", "imagedata_mean_scale",
                                  "imagedata_full_crop_mean_file", "memorydata"])  # fmt: skip
def test_data_layers_read_what_real_caffe_reads(command, material, tmp_path, case: str) -> None:
    folder = material(f"training/{case}")
    batches = folder / "batches.npz"
    more = ("--batches", batches) if batches.exists() else ()
    command("finetune", "--solver", folder / "solver.prototxt", "--weights",
            folder / "start.caffemodel", *more, "--at", "1,2,5,20",
            "--results", tmp_path / "r.npz")  # fmt: skip
    found, known = np.load(tmp_path / "r.npz"), np.load(folder / "result.npz")
    keys = [key for key in known.files if key[0] == "w" and not key.startswith("w0")]
    assert len(keys) > 8
    for key in keys:
        wanted = known[key]
        scale = float(np.abs(wanted).max())
        np.testing.assert_allclose(found[key].reshape(wanted.shape), wanted, atol=1e-5 * scale)
