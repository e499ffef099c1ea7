"""Which arrays fit which layers, as real Caffe decides it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from core.weights.binding import Binding, WrongShape, bind_weights
from core.weights.reader import Weights, open_weights

NET = """
input: "x" input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }
layer { name: "c" type: "Convolution" bottom: "x" top: "c"
        convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "fc" type: "InnerProduct" bottom: "c" top: "fc"
        inner_product_param { num_output: 2 bias_term: false } }
"""
SHARED = """
input: "x" input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }
layer { name: "a" type: "Convolution" bottom: "x" top: "a" param { name: "w" } param { name: "b" }
        convolution_param { num_output: 3 kernel_size: 1 } }
layer { name: "b" type: "Convolution" bottom: "a" top: "b" param { name: "w" } param { name: "b" }
        convolution_param { num_output: 3 kernel_size: 1 } }
"""


class Files:
    """Writes hand-encoded weights and binds them."""

    def __init__(self, encoder: Any, path: Path) -> None:
        self.encoder, self.path = encoder, path

    def blob(self, *shape: int, value: float = 1.0) -> bytes:
        return self.encoder.shape(*shape) + self.encoder.floats(5, *[value] * int(np.prod(shape)))

    def legacy(self, *shape: int) -> bytes:
        return self.encoder.legacy(*shape) + self.encoder.floats(5, *[1.0] * int(np.prod(shape)))

    def open(self, *layers: bytes) -> Weights:
        self.path.write_bytes(b"".join(layers))
        return open_weights(self.path)

    def bind(self, text: str, *layers: bytes) -> Binding:
        net = read_net(text)
        return bind_weights(net, infer_shapes(net), self.open(*layers))


@pytest.fixture
def files(encoder: Any, tmp_path: Path) -> Files:
    return Files(encoder, tmp_path / "w.caffemodel")


def test_a_complete_file(files: Files) -> None:
    binding = files.bind(
        NET,
        files.encoder.layer("c", files.blob(2, 3, 1, 1), files.blob(2)),
        files.encoder.layer("r", type_name="ReLU"),
        files.encoder.layer("fc", files.blob(2, 32)),
    )
    assert binding == Binding(("c", "fc"), (), (), (), 3, 3, 6 + 2 + 64)
    assert binding.is_complete


def test_legacy_shapes_align_from_the_right(files: Files) -> None:
    layer = files.encoder.layer
    fits = files.bind(
        NET,
        layer("c", files.legacy(2, 3, 1, 1), files.legacy(1, 1, 1, 2)),
        layer("fc", files.legacy(1, 1, 2, 32)),
    )
    assert fits.is_complete
    files.path.unlink()
    left = files.bind(
        NET,
        layer("c", files.legacy(2, 3, 1, 1), files.legacy(2, 1, 1, 1)),
        layer("fc", files.legacy(2, 32, 1, 1)),
    )
    assert left.wrong == (
        WrongShape("c", 1, (2,), (2, 1, 1, 1)),
        WrongShape("fc", 0, (2, 32), (2, 32, 1, 1)),
    )
    assert left.bound == ()
    assert left.unbound == ()


def test_new_style_shapes_must_be_equal(files: Files) -> None:
    binding = files.bind(NET, files.encoder.layer("fc", files.blob(1, 1, 2, 32)))
    assert binding.wrong == (WrongShape("fc", 0, (2, 32), (1, 1, 2, 32)),)
    assert binding.unbound == ("c",)


def test_missing_and_superfluous_arrays_are_wrong(files: Files) -> None:
    layer = files.encoder.layer
    binding = files.bind(
        NET,
        layer("c", files.blob(2, 3, 1, 1)),
        layer("fc", files.blob(2, 32), files.blob(2)),
        layer("r", files.blob(1)),
    )
    assert binding.wrong == (
        WrongShape("c", 1, (2,), None),
        WrongShape("r", 0, None, (1,)),
        WrongShape("fc", 1, None, (2,)),
    )
    assert not binding.is_complete


def test_gradients_do_not_count_as_an_array(files: Files) -> None:
    diff = files.encoder.shape(2, 32) + files.encoder.floats(6, *[0.0] * 64)
    assert files.bind(NET, files.encoder.layer("fc", diff)).wrong == (
        WrongShape("fc", 0, (2, 32), None),
    )


def test_layers_the_net_lacks_are_unused_once_and_only_with_arrays(files: Files) -> None:
    layer = files.encoder.layer
    other = layer("other", files.blob(1))
    binding = files.bind(NET, layer("relu9", type_name="ReLU"), other, other)
    assert binding.unused == ("other",)
    assert binding.unbound == ("c", "fc")


def test_a_layer_of_unknown_shape_is_bound_unchecked(files: Files) -> None:
    net = 'layer { name: "d" type: "HDF5Data" top: "d" }' + NET.split("layer", 2)[2].join(
        ("layer", "")
    ).replace('bottom: "x"', 'bottom: "d"').replace('bottom: "c"', 'bottom: "d"')
    binding = files.bind(net, files.encoder.layer("fc", files.blob(2, 9)))
    assert binding.unchecked == ("fc",)
    assert binding.n_values == 18


def test_layers_that_share_arrays_are_bound_each(files: Files) -> None:
    layer, arrays = files.encoder.layer, (files.blob(3, 3, 1, 1), files.blob(3))
    both = files.bind(SHARED, layer("a", *arrays), layer("b", *arrays))
    assert both.bound == ("a", "b")
    files.path.unlink()
    owner_only = files.bind(SHARED, layer("a", *arrays))
    assert owner_only.is_complete  # b computes with a's arrays


def test_hdf5_may_store_a_shared_array_at_its_owner_only(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["data/a/0"] = np.full((3, 3, 1, 1), 5, np.float32)
        file["data/a/1"] = np.full(3, 6, np.float32)
        file.create_group("data/b")
    net = read_net(SHARED)
    binding = bind_weights(net, infer_shapes(net), open_weights(path))
    assert binding.bound == ("a", "b")
    assert binding.n_arrays_bound == binding.n_arrays_expected == 4


def test_of_two_layers_with_one_name_the_first_is_filled(files: Files) -> None:
    net = NET + NET.split("layer", 1)[1].split("layer", 1)[0].join(("layer", "")).replace(
        'top: "c"', 'top: "c2"'
    )
    binding = files.bind(net, files.encoder.layer("c", files.blob(2, 3, 1, 1), files.blob(2)))
    assert binding.bound == ("c",)
    assert binding.unbound == ("fc", "c#2")


def test_trained_models_bind_completely(material: Callable[[str], Path]) -> None:
    n_models = 0
    for path in sorted(material("models").glob("*.caffemodel*")):
        net = load_net(path.parent / f"{path.name.split('.caffemodel')[0]}.prototxt")
        shapes = infer_shapes(net)
        binding = bind_weights(net, shapes, open_weights(path))
        assert binding.is_complete, path.name
        assert binding.n_values == shapes.total_parameters, path.name
        assert binding.unused == (("conv5-3",) if path.stem == "mtcnn_det2" else ()), path.name
        n_models += 1
    assert n_models >= 14


def test_a_layer_whose_other_array_is_shared_lacks_its_own(files: Files) -> None:
    """Layer b takes its weight from a, by name; nobody gives its bias."""
    before, after = SHARED.split('name: "b" type')
    text = before + 'name: "b" type' + after.replace('param { name: "b" }', 'param { name: "own" }')
    binding = files.bind(text, files.encoder.layer("a", files.blob(3, 3, 1, 1), files.blob(3)))
    assert (binding.bound, binding.unbound) == (("a",), ("b",))
    assert len(binding.left_to_fillers) == 1
    assert (binding.n_arrays_bound, binding.n_arrays_expected) == (2, 4)
    assert not binding.is_complete
