"""Nets whose layer names repeat or are left out give what real Caffe gives, on both engines."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, EngineSpec, Value
from core.engines.registry import start_engine
from core.engines.verification import verify_rename
from core.net.reader import read_net
from core.net.rename import plan_rename_all
from core.progress import run_job
from core.weights.writer import LayerArrays, write_caffemodel

TOLERANCE = 1e-5
RUN = r"""
import base64, io, json, os, sys, tempfile
import numpy as np
import caffe
text, weights, inputs = json.load(sys.stdin)
folder = tempfile.mkdtemp()
net_path, weights_path = os.path.join(folder, "n.prototxt"), os.path.join(folder, "w.caffemodel")
with open(net_path, "w") as file:
    file.write(text)
with open(weights_path, "wb") as file:
    file.write(base64.b64decode(weights))
net = caffe.Net(net_path, caffe.TEST)
net.copy_from(weights_path)
for name, values in inputs.items():
    net.blobs[name].data[...] = np.array(values, np.float32)
found = {}
for i, name in enumerate(net._layer_names):
    net._forward(i, i)
    if net.layers[i].type != "Split":
        for top in net._top_ids(i):
            found["%d %s" % (len(found), name)] = net._blobs[top].data.copy()
held = io.BytesIO()
np.savez(held, **found)
print(base64.b64encode(held.getvalue()).decode())
"""
CONV = """layer { name: "%s" type: "Convolution" bottom: "%s" top: "%s" %s
  convolution_param { num_output: 3 kernel_size: 3 pad: 1
    weight_filler { type: "constant" value: 0.125 }
    bias_filler { type: "constant" value: -0.5 } } }
"""
RELU = 'layer { name: "%s" type: "ReLU" bottom: "%s" top: "%s" }\n'
INPUT = 'input: "x" input_shape { dim: 2 dim: 3 dim: 5 dim: 5 }\n'
SHARED = 'param { name: "w" }'
rng = np.random.default_rng(5)
W, V = (rng.standard_normal((3, 3, 3, 3)).astype(np.float32) for _ in range(2))
B, C = (rng.standard_normal(3).astype(np.float32) for _ in range(2))

NETS: dict[str, tuple[str, list[LayerArrays]]] = {
    "each has weights of its own": (
        INPUT + CONV % ("c", "x", "a", "") + RELU % ("r", "a", "a")
        + CONV % ("c", "a", "b", "") + RELU % ("r", "b", "b"),
        [("c", "Convolution", (W, B)), ("c", "Convolution", (V, C))],
    ),
    "the weights of one are in the file": (
        INPUT + CONV % ("c", "x", "a", "") + CONV % ("c", "a", "b", ""),
        [("c", "Convolution", (W, B))],
    ),
    "one array is shared": (
        INPUT + CONV % ("c", "x", "a", SHARED) + CONV % ("c", "a", "b", SHARED),
        [("c", "Convolution", (W, B))],
    ),
    "another name shares one array": (
        INPUT + CONV % ("c", "x", "a", SHARED) + CONV % ("d", "a", "b", SHARED),
        [("c", "Convolution", (W, B))],
    ),
    "no names": (
        INPUT + CONV % ("", "x", "a", "") + RELU % ("", "a", "a")
        + 'layer { type: "Power" bottom: "a" top: "a" power_param { shift: 1 } }',
        [("", "Convolution", (W, B))],
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=["torch", "caffe"])
def process(request: pytest.FixtureRequest) -> Iterator[EngineProcess]:
    command = request.getfixturevalue("caffe_python") if request.param == "caffe" else ()
    with start_engine(EngineSpec(request.param, command)) as started:
        yield started


def run_real_caffe(
    command: tuple[str, ...], text: str, weights: Path, inputs: dict[str, np.ndarray]
) -> list[np.ndarray]:
    """What each layer's tops held right after it ran, in order."""
    raw = base64.b64encode(weights.read_bytes()).decode()
    asked = json.dumps([text, raw, {name: array.tolist() for name, array in inputs.items()}])
    done = subprocess.run(
        [*command, "-c", RUN], input=asked, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(io.BytesIO(base64.b64decode(done.stdout.splitlines()[-1]))) as arrays:
        return [arrays[key] for key in arrays.files]


def run(
    process: EngineProcess, text: str, weights: Path, inputs: dict[str, np.ndarray]
) -> tuple[list[np.ndarray], tuple[str, ...]]:
    values = [Value(version.layer, version.blob) for version in read_net(text).versions]
    assert len(set(values)) == len(values)
    with process.open(text, weights) as engine:
        found = engine.forward(inputs, values)
        return [found[value] for value in values], engine.filler_layers


@pytest.mark.parametrize("name", NETS)
def test_values_are_real_caffes(
    process: EngineProcess, caffe_python: tuple[str, ...], tmp_path: Path, name: str
) -> None:
    text, layers = NETS[name]
    weights = tmp_path / "w.caffemodel"
    write_caffemodel(weights, "", layers)
    inputs = {"x": np.random.default_rng(1).standard_normal((2, 3, 5, 5)).astype(np.float32)}
    expected = run_real_caffe(caffe_python, text, weights, inputs)
    found, _ = run(process, text, weights, inputs)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)


def test_hdf5_weights_go_to_the_last_of_a_name(
    process: EngineProcess, caffe_python: tuple[str, ...], tmp_path: Path
) -> None:
    h5py = pytest.importorskip("h5py")
    text, _ = NETS["the weights of one are in the file"]
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["data/c/0"], file["data/c/1"] = W, B
    inputs = {"x": np.random.default_rng(1).standard_normal((2, 3, 5, 5)).astype(np.float32)}
    expected = run_real_caffe(caffe_python, text, path, inputs)
    found, fillers = run(process, text, path, inputs)
    assert fillers == ("c",)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("stem", ["dup2", "reuse"])
def test_reported_nets_give_what_real_caffe_gave(
    process: EngineProcess, material: Callable[[str], Path], stem: str
) -> None:
    folder = material("reports/repeated_layer_names")
    text = (folder / f"{stem}.prototxt").read_text()
    given = {path.name.split(".")[2]: np.load(path) for path in folder.glob(f"{stem}.in.*.npy")}
    found, fillers = run(process, text, folder / f"{stem}.caffemodel", given)
    assert fillers == ()
    with np.load(folder / f"real_caffe_{stem}.npz") as expected:
        assert len(expected.files) == len(found)
        for ours, key in zip(found, expected.files, strict=True):
            np.testing.assert_allclose(ours, expected[key], rtol=TOLERANCE, atol=TOLERANCE)


def test_layers_without_weights_are_named_apart(process: EngineProcess, tmp_path: Path) -> None:
    text, layers = NETS["the weights of one are in the file"]
    weights = tmp_path / "w.caffemodel"
    write_caffemodel(weights, "", layers)
    _, fillers = run(process, text, weights, {"x": np.zeros((2, 3, 5, 5), np.float32)})
    assert fillers == ("c#2",)


def test_a_rename_is_proved_layer_by_layer(process: EngineProcess) -> None:
    before, _ = NETS["each has weights of its own"]
    plan = plan_rename_all(read_net(before))
    assert run_job(verify_rename(process, before, plan.new_text)).is_identical
    wrong = plan.new_text.replace('"ReLU" bottom: "b"', '"TanH" bottom: "b"')
    found = run_job(verify_rename(process, before, wrong))
    assert found.first_different_layer == "r#2"
