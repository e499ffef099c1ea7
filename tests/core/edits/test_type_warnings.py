"""Renaming a layer that Caffe spoils in place says that values change."""

from __future__ import annotations

import pytest

from core.edits.type_warnings import with_type_warnings
from core.net.reader import read_net
from core.net.rename import plan_rename_all

HEAD = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 4 dim: 5 dim: 5 } } }
layer { name: "a" type: "Convolution" bottom: "data" top: "a"
  convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "b" type: "Convolution" bottom: "data" top: "b"
  convolution_param { num_output: 4 kernel_size: 1 } }
"""


@pytest.mark.parametrize(
    ("layer", "is_told"),
    [
        ('layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "a" }', True),
        ('layer { name: "lrn" type: "LRN" bottom: "a" top: "a" }', True),
        ('layer { name: "relu" type: "ReLU" bottom: "a" top: "a" }', False),
        ('layer { name: "fork" type: "Frobnicate" bottom: "a" top: "a" }', False),
    ],
)
def test_only_types_that_differ_in_place_are_told(layer: str, is_told: bool) -> None:
    net = read_net(HEAD + layer)
    plan = with_type_warnings(plan_rename_all(net), net)
    kinds = [warning.kind for warning in plan.warnings]
    assert ("values" in kinds) is is_told
