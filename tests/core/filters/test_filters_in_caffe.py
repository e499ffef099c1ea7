"""Filters of real files: their figures are NumPy's on real Caffe's net.params."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.filters.source import WeightsSource
from core.jobs.weights import ReadLayer, WeightsRequest, open_source, weights
from core.net.definition import NetState
from core.progress import run_job
from core.weights.writer import write_caffemodel

PARAMS = r"""
import sys
import numpy as np
sys.stdout.flush()
import caffe
net = caffe.Net(sys.argv[1], caffe.TEST, weights=sys.argv[2])
found = {}
for name, blobs in net.params.items():
    for i, blob in enumerate(blobs):
        found["%s/%d" % (name, i)] = blob.data.astype(np.float32)
if "data" in net.blobs and net.blobs["data"].data.size < 1000:
    x = np.random.RandomState(0).normal(size=net.blobs["data"].data.shape)
    net.blobs["data"].data[...] = x
    net.forward()
    found["x"] = np.float32(x)
    found["y"] = net.blobs[net.outputs[0]].data
np.savez(sys.argv[3], **found)
"""


def params_of(caffe_python: tuple[str, ...], net: Path, file: Path) -> dict[str, np.ndarray]:
    """Every array of a net as real Caffe holds it, by layer and index."""
    script = (
        "import base64, io, json, os, sys, tempfile\n"
        "given = json.load(sys.stdin)\n"
        "folder = tempfile.mkdtemp()\n"
        "paths = [os.path.join(folder, n) for n in ('net.prototxt', given['name'], 'out.npz')]\n"
        "for path, text in zip(paths, given['files']):\n"
        "    open(path, 'wb').write(base64.b64decode(text))\n"
        "out = os.dup(1)\n"
        "os.dup2(os.open(os.devnull, os.O_WRONLY), 2)\n"
        "sys.argv = [''] + paths\n" + PARAMS + "\n"
        "os.write(out, base64.b64encode(open(paths[2], 'rb').read()))\n"
    )
    files = [base64.b64encode(path.read_bytes()).decode() for path in (net, file)]
    given = json.dumps({"files": files, "name": file.name})
    done = subprocess.run(
        [*caffe_python, "-c", script], input=given.encode(), capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    with np.load(io.BytesIO(base64.b64decode(done.stdout)), allow_pickle=False) as found:
        return dict(found)


def read_all(net: Path, file: Path) -> tuple[WeightsSource, dict[str, ReadLayer]]:
    source = open_source(file, net, NetState())
    return source, {one.layer: one for one in run_job(weights(WeightsRequest(source)))}


def test_figures_of_squeezenet_are_those_of_net_params(
    material: Callable[[str], Path], caffe_python: tuple[str, ...]
) -> None:
    net = material("models/squeezenet_v1.0.prototxt")
    file = material("models/squeezenet_v1.0.caffemodel")
    params = params_of(caffe_python, net, file)
    _, read = read_all(net, file)
    assert {f"{name}/{i}" for name in read for i in (0, 1)} == set(params)
    for name, one in read.items():
        values, bias = params[f"{name}/0"], params[f"{name}/1"]
        found, rows = one.arrays[0], values.reshape(len(values), -1).astype(np.float64)
        np.testing.assert_array_equal(found.array.values, values)
        np.testing.assert_array_equal(one.filters.bias, bias)  # type: ignore[union-attr]
        np.testing.assert_allclose(found.figures.norms, np.linalg.norm(rows, axis=1), rtol=1e-12)
        np.testing.assert_allclose(found.figures.means, rows.mean(axis=1), atol=1e-12)
        np.testing.assert_allclose(found.figures.stds, rows.std(axis=1), rtol=1e-9)
        assert found.figures.zero_share == np.mean(values == 0)
        counts, _ = np.histogram(values[values != 0], found.histogram.edges)
        assert found.histogram.counts.tolist() == counts.tolist()


TEXT = """
input: "data" input_shape { dim: 2 dim: 5 dim: 3 dim: 3 }
layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn" batch_norm_param { eps: 0.01 } }
layer { name: "sc" type: "Scale" bottom: "bn" top: "bn" scale_param { bias_term: true } }
"""


def test_gain_and_shift_are_what_real_caffe_does(
    tmp_path: Path, caffe_python: tuple[str, ...]
) -> None:
    rng = np.random.default_rng(6)
    net, file = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    net.write_text(TEXT)
    norm = [rng.normal(size=5), rng.uniform(0.1, 9, 5), np.array([3.5])]
    scale = [rng.normal(size=5), rng.normal(size=5)]
    write_caffemodel(file, "n", [("bn", "BatchNorm", norm), ("sc", "Scale", scale)])
    ran = params_of(caffe_python, net, file)
    _, read = read_all(net, file)
    gain, shift = (x.array.values.reshape(1, 5, 1, 1) for x in read["bn"].arrays)
    np.testing.assert_allclose(ran["x"] * gain + shift, ran["y"], rtol=1e-5, atol=1e-5)
