"""HDF5 weights of layers with "/" in their names, which real Caffe writes and can't read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, EngineSpec, Value
from core.engines.registry import start_engine
from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from core.weights.binding import bind_weights
from core.weights.reader import open_weights

INCEPTION = """input: "x" input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }
layer { name: "inc" type: "Concat" bottom: "x" bottom: "x" top: "inc" }
layer { name: "inc/1x1" type: "Convolution" bottom: "inc" top: "a"
  convolution_param { num_output: 2 kernel_size: 1 bias_term: false } }
layer { name: "inc/1x1/scale" type: "Scale" bottom: "a" top: "b" param { name: "s" } }
layer { name: "other/scale" type: "Scale" bottom: "b" top: "c" param { name: "s" } }
"""


@pytest.fixture(scope="module", params=["torch", "caffe"])
def process(request: pytest.FixtureRequest):
    command = request.getfixturevalue("caffe_python") if request.param == "caffe" else ()
    with start_engine(EngineSpec(request.param, command)) as started:
        yield started


def test_the_reported_file_gives_what_its_caffemodel_gave(
    process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("reports/hdf5_names_with_slashes")
    net = load_net(folder / "net.prototxt")
    values = [Value(version.layer, version.blob) for version in net.versions]
    with process.open(net.text, folder / "net.caffemodel.h5") as engine:
        found = engine.forward({"data": np.load(folder / "data.npy")}, values)
        assert engine.filler_layers == ()
    with np.load(folder / "real_caffe_from_the_caffemodel.npz") as expected:
        for value in values:
            theirs = expected[f"{value.layer}:{value.top}"]
            np.testing.assert_allclose(found[value], theirs, rtol=1e-5, atol=1e-5)


def test_names_within_names_and_shared_arrays(process: EngineProcess, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "w.h5"
    kernel = np.arange(8, dtype=np.float32).reshape(2, 4, 1, 1)
    with h5py.File(path, "w") as file:
        file["data/inc/1x1/0"] = kernel
        file["data/inc/1x1/scale/0"] = np.array([2, 3], np.float32)
        file.create_group("data/other/scale")
    x = np.arange(18, dtype=np.float32).reshape(1, 2, 3, 3)
    convolved = np.einsum("oi,nihw->nohw", kernel[:, :, 0, 0], np.concatenate([x, x], 1))
    scaled = convolved * np.array([4, 9]).reshape(1, 2, 1, 1)
    with process.open(INCEPTION, path) as engine:
        found = engine.forward({"x": x}, [Value("other/scale", "c")])
    np.testing.assert_allclose(found["other/scale", "c"], scaled, rtol=1e-5)


def note_of(text: str, path: Path) -> str:
    net = read_net(text)
    return bind_weights(net, infer_shapes(net), open_weights(path)).caffe_note


def test_why_caffe_reads_less_is_said(material: Callable[[str], Path], tmp_path: Path) -> None:
    folder = material("reports/hdf5_names_with_slashes")
    text = (folder / "net.prototxt").read_text()
    assert note_of(text, folder / "net.caffemodel.h5") == (
        "Caffe itself can't read this file: layer names with '/' nest in HDF5, so the group of "
        "layer 'conv1' has 5 members in place of 2 arrays. Rename the layers or save a caffemodel."
    )
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["data/in/a/0"] = np.ones((2, 2, 1, 1), np.float32)
    conv = 'layer { name: "%s" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 2 kernel_size: 1 bias_term: false } }'  # noqa: E501
    given = INCEPTION.split("layer")[0]
    assert note_of(given + conv % "in/a", path) == (
        "Caffe itself would leave in/a at filler values: layer names with '/' nest in HDF5, where "
        "it looks one level deep. Rename the layers or save a caffemodel."
    )
    assert note_of(given + conv % "b", path) == ""
    with h5py.File(path, "w") as file:
        file["data/b/0"] = np.ones((2, 2, 1, 1), np.float32)
        file["data/b/epoch"] = 3
    assert note_of(given + conv % "b", path) == (
        "Caffe itself can't read this file: the group of layer 'b' has 2 members in place of 1 "
        "array."
    )
