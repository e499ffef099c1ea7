"""`info`: what a net is made of, as text and as JSON."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.weights.writer import write_caffemodel

WRONG_WEIGHTS = [
    ("conv1", "Convolution", [np.zeros((20, 1, 5, 5), np.float32), np.zeros(20, np.float32)]),
    ("ip1", "InnerProduct", [np.zeros((500, 801), np.float32), np.zeros(500, np.float32)]),
    ("extra", "InnerProduct", [np.zeros((2, 2), np.float32)]),
]


def test_vgg16_has_fifteen_relu_and_two_dropout_in_place(command, repository: Path) -> None:
    net = repository / "prototxt/vgg16_deploy.prototxt"
    found = command("info", "--net", net, "--json").json
    assert found["dialect"] == "V1"
    assert found["in_place"]["by_type"] == {"ReLU": 15, "Dropout": 2}
    assert len(found["in_place"]["hidden_versions"]) == 17
    assert found["parameters"] == 138_357_544
    layers = {layer["name"]: layer for layer in found["layers"]}
    assert layers["relu7"]["tops"][0]["label"] == "fc7@1"
    assert layers["relu7"]["tops"][0]["overwritten_by"] == "drop7"
    assert layers["drop7"]["tops"][0]["readable_after_forward"]
    assert layers["pool5"]["tops"][0]["shape"] == [1, 512, 7, 7]
    assert layers["fc6"]["parameter_shapes"] == [[4096, 25088], [4096]]


def test_the_table_says_it_in_words(command, repository: Path) -> None:
    said = command("info", "--net", repository / "prototxt/vgg16_deploy.prototxt")
    assert said.code == 0
    assert "15 ReLU and 2 Dropout layers run in place and hide 17 blob versions." in said.out
    row = next(line for line in said.out.splitlines() if line.startswith("drop7 "))
    assert row.split() == ["drop7", "Dropout", "fc7@1", "fc7@2", "yes", "1", "x", "4096"]


def test_weights_that_do_not_fit_are_listed(command, repository: Path, tmp_path: Path) -> None:
    weights = tmp_path / "wrong.caffemodel"
    write_caffemodel(weights, "wrong", WRONG_WEIGHTS)
    net = repository / "prototxt/lenet_deploy.prototxt"
    found = command("info", "--net", net, "--weights", weights, "--json").json["weights"]
    assert {"conv2", "ip2"} <= set(found["unbound"])
    assert found["unused"] == ["extra"]
    assert [(w["layer"], w["array"], w["in_net"], w["in_file"]) for w in found["wrong_shape"]] == [
        ("ip1", 0, [500, 800], [500, 801])
    ]


def test_the_wrong_rewiring_is_explained(command, tmp_path: Path) -> None:
    net = tmp_path / "rewired.prototxt"
    net.write_text(
        """
        layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8 } } }
        layer { name: "fc7" type: "InnerProduct" bottom: "data" top: "fc7"
                inner_product_param { num_output: 4 } }
        layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7_relu7" }
        layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8"
                inner_product_param { num_output: 2 } }
        """
    )
    assert command("info", "--net", net, "--json").json["findings"][0]["layers"] == ["relu7"]
    assert "Wrong rewiring" in command("info", "--net", net).out
