"""No two values have one key in a file of arrays."""

from __future__ import annotations

from core.engines.value_keys import value_keys
from core.engines.values import Value
from core.net.reader import read_net

NET = """input: "x" input_shape { dim: 2 dim: 3 }
layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }
layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }
layer { name: "s" type: "Slice" bottom: "x" top: "a" top: "b" slice_param { slice_point: 1 } }
layer { name: "s:a" type: "ReLU" bottom: "a" top: "c" }
layer { name: "images" type: "ReLU" bottom: "b" top: "d" }
layer { type: "ReLU" bottom: "d" top: "e" }
"""


def test_keys_are_apart() -> None:
    net = read_net(NET)
    keys = value_keys(net, [Value(version.layer, version.blob) for version in net.versions])
    assert list(keys.values()) == [
        "input", "relu", "relu#2", "s:a", "s:b", "s:a#", "images:d", "(no name)",
    ]  # fmt: skip
