"""Blobs that share memory in real Caffe, where a layer in place changes both."""

from __future__ import annotations

import pytest

from core.engines.shared_memory import misled_readers
from core.engines.wiring import wire_net
from core.net.reader import read_net

# Seen in real Caffe 1.0.0 for the first net: with -3 to 2 in x, p is 0 0 0 0 1 2.
INPUT = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
"""
FLATTEN = 'layer { name: "f" type: "Flatten" bottom: "x" top: "f" }\n'
IN_PLACE = 'layer { name: "r" type: "ReLU" bottom: "f" top: "f" }\n'
READ = 'layer { name: "p" type: "Power" bottom: "x" top: "p" }\n'
SPLIT = 'layer { name: "s" type: "Split" bottom: "x" top: "f" top: "g" }\n'
READ_OTHER = 'layer { name: "p" type: "Power" bottom: "g" top: "p" }\n'


@pytest.mark.parametrize(
    "layers",
    [
        FLATTEN + IN_PLACE + READ,
        SPLIT + IN_PLACE + READ_OTHER,
        FLATTEN + IN_PLACE + IN_PLACE.replace('"r"', '"r2"') + READ,
        FLATTEN.replace("Flatten", "Concat") + IN_PLACE + READ,
        FLATTEN.replace("Flatten", "Slice") + IN_PLACE + READ,
        READ.replace('"p"', '"early"') + FLATTEN + IN_PLACE + READ,
    ],
)
def test_a_layer_that_changes_a_blob_behind_its_reader_is_named(layers: str) -> None:
    net = read_net(INPUT + layers)
    ((index, obstacle),) = misled_readers(wire_net(net)).items()
    assert net.layers[index].name == "p"
    assert "Layer 'r' (ReLU) overwrites memory that 'p' reads later" in obstacle.sentence


@pytest.mark.parametrize(
    "layers",
    [
        FLATTEN + READ + IN_PLACE,
        FLATTEN + IN_PLACE,
        FLATTEN + IN_PLACE + READ.replace('"x"', '"f"'),
        FLATTEN.replace("Flatten", "Power") + IN_PLACE + READ,
    ],
)
def test_other_layers_in_place_run(layers: str) -> None:
    assert not misled_readers(wire_net(read_net(INPUT + layers)))
