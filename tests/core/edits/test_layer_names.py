"""Renaming layers too: parameterless ones only, in every phase, without touching what binds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.edits.layer_names import plan_layer_names, with_layer_names
from core.errors import RenameError
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.reader import read_net
from core.net.rename import plan_rename_all
from core.weights.binding import bind_weights
from core.weights.reader import open_weights
from core.weights.writer import write_caffemodel

TEXT = """
layer { name: "d" type: "Input" top: "fc6" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "fc6" top: "fc7"
  inner_product_param { num_output: 4 } }
layer { name: 'relu7' type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "scale7" type: "Scale" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8"
  inner_product_param { num_output: 2 } }
"""


@pytest.fixture
def weights_path(tmp_path: Path) -> Path:
    path = tmp_path / "net.caffemodel"
    arrays = {
        "fc7": [np.ones((4, 3), "f4"), np.ones(4, "f4")],
        "scale7": [np.ones(4, "f4")],
        "fc8": [np.ones((2, 4), "f4"), np.ones(2, "f4")],
    }
    write_caffemodel(path, "net", [(name, "", blobs) for name, blobs in arrays.items()])
    return path


def test_the_tutorials_names_without_its_mistake(weights_path: Path) -> None:
    net = read_net(TEXT)
    plan = with_layer_names(plan_rename_all(net), net)
    after = read_net(plan.new_text)
    assert [layer.name for layer in after.layers] == ["d", "fc7", "fc7_relu7", "scale7", "fc8"]
    assert after.layer("fc7_relu7").tops == ("fc7_relu7",)
    assert [(r.old_name, r.new_name) for r in plan.layer_renames] == [("relu7", "fc7_relu7")]
    (warning,) = [w for w in plan.warnings if w.kind == "layer name"]
    assert warning.layers == ("scale7",)
    assert "'fc7_relu7'" in plan.new_text, "the kind of quote stays"
    assert plan.inverse().new_text == TEXT


def test_weights_bind_as_before(weights_path: Path) -> None:
    net = read_net(TEXT)
    after = read_net(with_layer_names(plan_rename_all(net), net).new_text)
    weights = open_weights(weights_path)
    before = bind_weights(net, infer_shapes(net), weights)
    assert before.bound == ("fc7", "scale7", "fc8")
    assert bind_weights(after, infer_shapes(after), weights) == before


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"fc7": "x"}, "has weights, which bind to a layer by its name"),
        ({"scale7": "x"}, "has weights"),
        ({"relu7": "fc8"}, "Another layer is called 'fc8'"),
        ({"relu7": "fc6"}, "writes a blob called 'fc6'"),
        ({"relu7": ""}, "no name for a layer"),
    ],
)
def test_layers_with_weights_and_taken_names_are_refused(
    names: dict[str, str], reason: str
) -> None:
    with pytest.raises(RenameError, match=reason):
        plan_layer_names(read_net(TEXT), names)


def test_the_weights_file_is_asked_too(weights_path: Path) -> None:
    weights = open_weights(weights_path)
    text = TEXT.replace('name: "fc8"', 'name: "fc9"')
    with pytest.raises(RenameError, match="has weights of a layer 'fc8', which would bind"):
        plan_layer_names(read_net(text), {"relu7": "fc8"}, weights)
    unknown = TEXT.replace('type: "ReLU"', 'type: "MyLayer"')
    with pytest.raises(RenameError, match="which may have weights"):
        plan_layer_names(read_net(unknown), {"relu7": "x"})
    assert plan_layer_names(read_net(unknown), {"relu7": "x"}, weights).layer_renames


def test_both_phases_copies_get_the_name() -> None:
    text = TEXT.replace(
        'layer { name: \'relu7\' type: "ReLU" bottom: "fc7" top: "fc7" }',
        'layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" include { phase: TRAIN } }\n'
        'layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" include { phase: TEST } }',
    )
    net = read_net(text)
    plan = with_layer_names(plan_rename_all(net), net)
    for phase in ("TRAIN", "TEST"):
        layer = read_net(plan.new_text, state=NetState(phase)).layer("fc7_relu7")
        assert (layer.bottoms, layer.tops) == (("fc7",), ("fc7_relu7",))
    assert plan.inverse().new_text == text
