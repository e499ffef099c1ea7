"""The wrong rewiring of tutorials: recognised, explained, fixed; right nets left in peace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from core.net.reader import load_net, read_net
from core.net.rewiring import find_bypassed_layers, plan_fix

WRONG = """
layer { name: "d" type: "Input" top: "fc6" }
layer { name: "fc7" type: "InnerProduct" bottom: "fc6" top: "fc7" }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7_relu7" }
layer { name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7_drop7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8" }
"""


def test_the_tutorials_rewiring_is_found_and_explained() -> None:
    (found,) = find_bypassed_layers(read_net(WRONG))
    assert found.bypassed == ("relu7", "drop7")
    assert found.title == "relu7 and drop7 are bypassed in this file"
    assert found.body.startswith("relu7 and drop7 both read fc7, and fc8 still reads fc7.")
    assert [(row.layer, row.reads_now, row.should_read) for row in found.rows] == [
        ("drop7", "fc7", "fc7_relu7"),
        ("fc8", "fc7", "fc7_drop7"),
    ]


def test_the_fix_makes_the_correct_chain() -> None:
    net = read_net(WRONG)
    fixed = read_net(plan_fix(net, find_bypassed_layers(net)).new_text)
    assert fixed.layer("relu7").bottoms == ("fc7",)
    assert fixed.layer("drop7").bottoms == ("fc7_relu7",)
    assert fixed.layer("fc8").bottoms == ("fc7_drop7",)
    assert find_bypassed_layers(fixed) == ()


def test_a_new_top_alone_is_a_bypass_too() -> None:
    """BVLC/caffe#3414: only the top was changed, so the readers still see values before ReLU."""
    net = read_net(
        'layer { name: "d" type: "Input" top: "c" }'
        'layer { name: "relu" type: "ReLU" bottom: "c" top: "c_relu" }'
        'layer { name: "pool" type: "Pooling" bottom: "c" top: "p" }'
    )
    (found,) = find_bypassed_layers(net)
    assert [(row.layer, row.should_read) for row in found.rows] == [("pool", "c_relu")]


def test_two_branches_and_score_heads_are_left_in_peace() -> None:
    net = read_net(
        'layer { name: "d" type: "Input" top: "c" top: "label" }'
        'layer { name: "relu" type: "ReLU" bottom: "c" top: "a" }'
        'layer { name: "elu" type: "ELU" bottom: "c" top: "b" }'
        'layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "s" }'
        'layer { name: "out" type: "ReLU" bottom: "s" top: "shown" }'
        'layer { name: "loss" type: "EuclideanLoss" bottom: "s" bottom: "label" top: "l" }'
    )
    assert find_bypassed_layers(net) == ()


def test_of_the_real_files_only_the_tutorials_own_is_flagged(
    material: Callable[[str], Path],
) -> None:
    flagged = []
    for entry in json.loads(material("corpus.json").read_text()):
        if entry["parses_as"] == "net" and entry.get("instantiates"):
            net = load_net(material(f"prototxts/{entry['file']}"))
            flagged += [entry["file"]] if find_bypassed_layers(net) else []
    tutorial = "willard-yuan__cnn-cbir-benchmark__fc_retrieval__model__fc_vgg16.prototxt"
    assert set(flagged) <= {tutorial}
    (found,) = find_bypassed_layers(load_net(material(f"prototxts/{tutorial}")))
    assert found.bypassed == ("fc6_relu6",)
    assert found.rows[0].should_read == "fc6_relu6"
