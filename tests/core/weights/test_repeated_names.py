"""What is said of layers that share a name: which gets the weights, as real Caffe does it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.layers.shapes import infer_shapes
from core.net.reader import read_net
from core.weights.binding import bind_weights
from core.weights.reader import open_weights
from core.weights.repeated_names import repeated_name_notes
from core.weights.writer import write_caffemodel

INPUT = 'input: "x" input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n'
CONV = 'layer {{ name: "{}" type: "Convolution" bottom: "x" top: "{}" {} convolution_param {{ num_output: 2 kernel_size: 1 }} }}\n'  # noqa: E501
ARRAYS = (np.ones((2, 3, 1, 1), np.float32), np.ones(2, np.float32))
SHARED = 'param { name: "w" } param { name: "b" }'


def notes(text: str, folder: Path, n_in_file: int) -> tuple[str, ...]:
    path = folder / "w.caffemodel"
    write_caffemodel(path, "", [("c", "Convolution", ARRAYS)] * n_in_file)
    net = read_net(text)
    shapes, weights = infer_shapes(net), open_weights(path)
    return repeated_name_notes(shapes, weights, bind_weights(net, shapes, weights))


def test_an_ordinary_net_has_none(tmp_path: Path) -> None:
    text = INPUT + CONV.format("c", "a", "") + CONV.format("d", "b", "")
    assert notes(text, tmp_path, 1) == ()


@pytest.mark.parametrize(
    ("more", "n_in_file", "said"),
    [
        ("", 1, "Caffe copies the weights called c to the first of them, c. "
                "c#2 keeps filler values."),
        ("", 2, "The weights file has 2 layers called c; Caffe copies each to the first of them, "
                "c, which keeps the last one's arrays. c#2 keeps filler values."),
        (SHARED, 1, "Caffe copies the weights called c to the first of them, c. "
                    "c#2 shares arrays by parameter name."),
    ],
)  # fmt: skip
def test_each_copy_is_told_where_its_weights_come_from(
    tmp_path: Path, more: str, n_in_file: int, said: str
) -> None:
    text = INPUT + CONV.format("c", "a", more) + CONV.format("c", "b", more)
    (note,) = notes(text, tmp_path, n_in_file)
    called = "2 layers are called c in the file (lines 2 and 3); the other is here called c#2."
    assert note == f"{called} {said}"


def test_a_name_that_only_the_file_repeats_is_told_too(tmp_path: Path) -> None:
    text = INPUT + CONV.format("c", "a", "")
    assert notes(text, tmp_path, 2) == (
        "The weights file has 2 layers called c; Caffe copies each to c, which keeps the last "
        "one's arrays.",
    )


def test_of_hdf5_weights_the_last_gets_them(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["data/c/0"], file["data/c/1"] = ARRAYS
    net = read_net(INPUT + CONV.format("c", "a", "") + CONV.format("c", "b", ""))
    shapes, weights = infer_shapes(net), open_weights(path)
    (note,) = repeated_name_notes(shapes, weights, bind_weights(net, shapes, weights))
    assert note.endswith("to the last of them, c#2. c keeps filler values.")


def test_layers_without_a_name_are_listed() -> None:
    text = INPUT + 'layer { type: "ReLU" bottom: "x" top: "a" }\n'
    assert repeated_name_notes(infer_shapes(read_net(text))) == (
        "1 layer has no name (line 2), here called (no name).",
    )
