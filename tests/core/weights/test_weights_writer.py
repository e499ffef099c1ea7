"""Writing caffemodels: read back by us and by real Caffe."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from core.errors import AppError, WeightsError
from core.weights.reader import open_weights
from core.weights.writer import write_caffemodel

LAYERS = [
    ("data", "Input", []),
    ("conv1/3x3", "Convolution", [np.arange(54.0).reshape(2, 3, 3, 3), np.array([0.5, -1])]),
    ("slope", "PReLU", [np.array(0.25)]),
    ("none", "InnerProduct", [np.zeros((0, 3))]),
]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "w.caffemodel"
    write_caffemodel(path, "net ü", LAYERS)
    weights = open_weights(path)
    assert (weights.net_name, weights.format) == ("net ü", "caffemodel V2")
    assert [(layer.name, layer.type) for layer in weights.layers] == [row[:2] for row in LAYERS]
    for read, (_, _, arrays) in zip(weights.layers, LAYERS, strict=True):
        assert [blob.shape for blob in read.blobs] == [array.shape for array in arrays]
        for blob, array in zip(read.blobs, arrays, strict=True):
            if array.size:
                np.testing.assert_array_equal(blob.array(), array.astype(np.float32))
    assert list(tmp_path.iterdir()) == [path]


def test_arrays_of_any_layout_are_written_in_c_order(tmp_path: Path) -> None:
    path = tmp_path / "w.caffemodel"
    array = np.arange(12, dtype=">f8").reshape(3, 4).T
    write_caffemodel(path, "n", [("a", "InnerProduct", [array])])
    np.testing.assert_array_equal(open_weights(path).layers[0].blobs[0].array(), array)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "w.caffemodel"
    write_caffemodel(path, "old", [("a", "ReLU", [])])
    bad = np.array(["text"], dtype=object)
    with pytest.raises(ValueError, match="could not convert"):
        write_caffemodel(path, "new", [("a", "ReLU", [bad])])
    assert open_weights(path).net_name == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_gib_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    huge = np.broadcast_to(np.float32(0), (2**15, 2**14))
    with pytest.raises(WeightsError, match="too large"):
        write_caffemodel(tmp_path / "w.caffemodel", "n", [("a", "InnerProduct", [huge])])
    with pytest.raises(AppError, match="No such file"):
        write_caffemodel(tmp_path / "none" / "w.caffemodel", "n", [("a", "ReLU", [])])
    assert list(tmp_path.iterdir()) == []


# real Caffe may live in a chroot or a container, so the files travel by stdin
PRINT_PARAMETERS = """
import base64, json, os, sys, tempfile, caffe
folder = tempfile.mkdtemp()
paths = []
for name, content in sorted(json.load(sys.stdin).items()):
    paths.append(os.path.join(folder, name))
    with open(paths[-1], "wb") as file:
        file.write(base64.b64decode(content))
net = caffe.Net(paths[0], paths[1], caffe.TEST)
print(json.dumps({name: [b.data.tolist() for b in blobs] for name, blobs in net.params.items()}))
"""
PROTOTXT = """
layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 5 dim: 5 } } }
layer { name: "conv1/3x3" type: "Convolution" bottom: "x" top: "c"
        convolution_param { num_output: 2 kernel_size: 3 } }
layer { name: "slope" type: "PReLU" bottom: "c" top: "c" prelu_param { channel_shared: true } }
"""


def test_real_caffe_loads_it(caffe_python: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "w.caffemodel"
    write_caffemodel(path, "n", LAYERS[:3])
    files = {"1.prototxt": PROTOTXT.encode(), "2.caffemodel": path.read_bytes()}
    run = subprocess.run(
        [*caffe_python, "-c", PRINT_PARAMETERS],
        input=json.dumps({name: base64.b64encode(raw).decode() for name, raw in files.items()}),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    loaded = json.loads(run.stdout)
    assert loaded["slope"] == [0.25]
    np.testing.assert_array_equal(loaded["conv1/3x3"][0], LAYERS[1][2][0])
