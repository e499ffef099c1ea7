"""Snapshots of ours in real Caffe: it loads them, goes on, and comes to the same numbers."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest

from core.jobs.finetune import FinetuneRequest, finetune
from core.progress import run_job
from core.training.feeds import batches_of

NET = """name: "small"
layer { name: "in" type: "Input" top: "data" top: "label"
  input_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } shape { dim: 4 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" param { lr_mult: 2 }
  convolution_param { num_output: 5 kernel_size: 3 bias_term: false
    weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv"
  scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
SOLVER = """net: "net.prototxt" base_lr: 0.02 lr_policy: "multistep" gamma: 0.3 stepvalue: 4
stepvalue: 9 momentum: 0.9 weight_decay: 0.001 snapshot: 6 snapshot_prefix: "snap" max_iter: 14
"""
PROGRAM = r"""
import io, os, sys, tarfile, tempfile
folder = tempfile.mkdtemp()
source = getattr(sys.stdin, "buffer", sys.stdin)
tarfile.open(fileobj=io.BytesIO(source.read())).extractall(folder)
os.chdir(folder)
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
import caffe, numpy as np
solver = caffe.get_solver("solver.prototxt")
state = [name for name in os.listdir(".") if ".solverstate" in name][0]
solver.restore(str(state))
batches = np.load("b.npz")
found = {}
for iteration in range(6, 14):
    for blob in batches.files:
        solver.net.blobs[blob].data[...] = batches[blob][iteration % len(batches[blob])]
    solver.step(1)
    found["loss%d" % iteration] = np.array(solver.net.blobs["loss"].data)
for name in solver.net.params:
    for i, blob in enumerate(solver.net.params[name]):
        found["%s|%d" % (name, i)] = np.array(blob.data)
np.savez(out, **found)
out.flush()
os._exit(0)
"""


@pytest.mark.parametrize("form", ["type: 'SGD'", "type: 'Adam'", "snapshot_format: HDF5"])
def test_real_caffe_goes_on_from_our_snapshot(
    caffe_python: tuple[str, ...], tmp_path: Path, form: str
) -> None:
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER + form)
    rng = np.random.default_rng(8)
    np.savez(
        tmp_path / "b.npz",
        data=rng.standard_normal((5, 4, 3, 8, 8)).astype(np.float32),
        label=rng.integers(0, 4, (5, 4)).astype(np.float32),
    )
    ours = run_job(
        finetune(
            FinetuneRequest(
                tmp_path / "solver.prototxt", tmp_path / "b.npz", at=(14,), run=tmp_path
            )
        )
    )
    theirs = np.load(io.BytesIO(_in_caffe(caffe_python, tmp_path)))
    for iteration in range(6, 14):
        loss = ours.trained.losses[iteration]
        assert float(theirs[f"loss{iteration}"]) == pytest.approx(loss, rel=1e-4)
    weights, _ = ours.kept[14]
    for (layer, index), array in zip(ours.names, weights, strict=True):
        wanted = theirs[f"{layer}|{index}"]
        scale = float(np.abs(wanted).max())
        np.testing.assert_allclose(array.reshape(wanted.shape), wanted, atol=1e-4 * scale)


def _in_caffe(command: tuple[str, ...], folder: Path) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path in folder.iterdir():
            if "_iter_" not in path.name or "_iter_6." in path.name:
                archive.add(path, path.name)
    done = subprocess.run(
        [*command, "-c", PROGRAM], input=stream.getvalue(), capture_output=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:].decode("utf-8", "replace")
    return done.stdout


def test_batches_are_the_same_whatever_iteration_begins() -> None:
    class Numbers:
        def batch(self, number: int) -> dict[str, np.ndarray]:
            return {"x": np.array(number)}

    found = [int(one["x"]) for i in range(3) for one in batches_of(Numbers(), i, 2)]
    assert found == [0, 1, 2, 3, 4, 5]
