"""Layers at which a net fails, with the sentence that a box can carry."""

from __future__ import annotations

from core.layers.failures import failing_layers
from core.layers.shapes import infer_shapes
from core.net.reader import read_net

HEAD = 'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n'


def failing(layers: str) -> dict[str, str]:
    net = read_net(HEAD + layers)
    return failing_layers(net, infer_shapes(net))


def test_a_size_that_caffe_refuses_stands_at_its_layer_alone() -> None:
    found = failing(
        'layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"'
        " pooling_param { kernel_size: 20 } }\n"
        'layer { name: "relu" type: "ReLU" bottom: "pool" top: "pool" }\n'
    )
    assert list(found) == ["pool"]
    assert found["pool"].startswith("The pooling kernel 20 is larger")


def test_a_bottom_that_nobody_writes_is_told_before_its_shape() -> None:
    found = failing('layer { name: "relu" type: "ReLU" bottom: "lost" top: "r" }\n')
    assert found == {"relu": "Unknown bottom blob 'lost' (layer 'relu', bottom index 0)."}


def test_a_sound_net_fails_nowhere() -> None:
    assert failing('layer { name: "relu" type: "ReLU" bottom: "data" top: "r" }\n') == {}
