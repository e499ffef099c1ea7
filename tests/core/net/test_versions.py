"""Blob versions, in-place layers, phases and problems, held against Caffe's rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import NetError
from core.net.definition import NetState
from core.net.reader import load_net, read_net

CHAIN = """
input: "data" input_dim: 1 input_dim: 8 input_dim: 1 input_dim: 1
layers { name: "fc7" type: INNER_PRODUCT bottom: "data" top: "fc7"
  inner_product_param { num_output: 4 } }
layers { name: "relu7" type: RELU bottom: "fc7" top: "fc7" }
layers { name: "drop7" type: DROPOUT bottom: "fc7" top: "fc7" }
layers { name: "fc8" type: INNER_PRODUCT bottom: "fc7" top: "fc8"
  inner_product_param { num_output: 2 } }
"""


def test_every_writer_of_a_blob_makes_a_version() -> None:
    net = read_net(CHAIN)
    assert [v.label for v in net.versions] == ["data", "fc7@0", "fc7@1", "fc7@2", "fc8"]
    assert [v.overwritten_by for v in net.versions] == [None, "relu7", "drop7", None, None]
    assert [layer.name for layer in net.in_place_layers] == ["relu7", "drop7"]
    assert [v.label for v in net.hidden] == ["fc7@0", "fc7@1"]
    (read,) = net.read("fc8")
    assert read is not None
    assert read.label == "fc7@2"
    assert net.written("fc7")[0].readers == ("relu7",)
    assert [layer.type for layer in net.layers[:3]] == ["Input", "InnerProduct", "ReLU"]


def test_in_place_is_per_index() -> None:
    net = read_net(
        'layer { name: "a" type: "Input" top: "x" top: "y" }'
        'layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "y" top: "x" }'
        'layer { name: "bad" type: "Eltwise" bottom: "x" bottom: "y" top: "y" }'
    )
    assert [layer.name for layer in net.in_place_layers] == ["sum"]
    assert "produced by multiple sources" in net.problems[0].sentence
    assert net.problems[0].layer == "bad"


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        (
            'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }',
            "Unknown bottom blob 'x' (layer 'r', bottom index 0).",
        ),
        (
            'layer { name: "i" type: "Input" top: "d" } layer { name: "s" type: "Sigmoid" '
            'bottom: "d" top: "s" } layer { name: "r" type: "ReLU" bottom: "d" top: "d" }',
            "produced by multiple sources",
        ),
    ],
)
def test_what_caffe_refuses_is_listed(layers: str, sentence: str) -> None:
    assert sentence in read_net(layers).problems[0].sentence


def test_phase_stage_and_level_rules() -> None:
    text = """
    layer { name: "train" type: "DummyData" top: "d" include { phase: TRAIN } }
    layer { name: "test" type: "DummyData" top: "d" include { phase: TEST stage: "deploy" } }
    layer { name: "late" type: "DummyData" top: "e" include { min_level: 2 } }
    layer { name: "not" type: "DummyData" top: "f" exclude { phase: TEST not_stage: "deploy" } }
    """

    def active(**state: object) -> list[str]:
        return [layer.name for layer in read_net(text, state=NetState(**state)).layers]  # type: ignore[arg-type]

    assert active(phase="TRAIN") == ["train", "not"]
    assert active(phase="TEST") == []
    assert active(phase="TEST", stages=("deploy",)) == ["test", "not"]
    assert active(phase="TRAIN", level=2) == ["train", "late", "not"]


def test_a_missing_layer_is_named_with_a_near_one() -> None:
    with pytest.raises(NetError, match="fc7"):
        read_net(CHAIN).layer("fc77")


def test_micro_nets_have_caffes_layers_blobs_and_overwritten_values(
    material: Callable[[str], Path],
) -> None:
    """Against real Caffe: blob names, outputs and which values a full forward overwrites."""
    index = json.loads(material("micro/index.json").read_text())
    checked = 0
    for name, case in index.items():
        if not case.get("ok") or name.startswith(("err_", "extras")):
            continue
        path = material("micro") / f"{name}.prototxt"
        if not path.exists():
            continue
        net = load_net(path)
        blobs = {b for b in case["blobs"] if "_split_" not in b}
        assert {v.blob for v in net.versions} == blobs, name
        assert {v.blob for v in net.outputs} == set(case["outputs"]), name
        checked += 1
    assert checked >= 150


def test_two_sources_of_one_blob_are_named_as_caffe_names_them() -> None:
    net = read_net(
        'layer { name: "a" type: "Input" top: "x" }'
        'layer { name: "one" type: "ReLU" bottom: "x" top: "y" }'
        'layer { name: "two" type: "ReLU" bottom: "x" top: "y" }'
    )
    assert [(problem.layer, problem.sentence) for problem in net.problems] == [
        ("two", "Top blob 'y' produced by multiple sources.")
    ]
