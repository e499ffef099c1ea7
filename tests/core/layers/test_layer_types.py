"""The table of layer types, and parameters as the inspector lists them."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from core.errors import AppError
from core.layers.fork_fields import foreign_fields
from core.layers.parameters import ParameterRow, written_and_default
from core.layers.registry import FAMILIES, all_types, layer_type
from core.layers.rows import mixing_layer
from core.layers.shapes import infer_shapes
from core.net.reader import read_net

# Seen in real Caffe 1.0.0: caffe.layer_type_list() of the Debian 11 build.
CAFFE_TYPES = """
AbsVal Accuracy ArgMax BNLL BatchNorm BatchReindex Bias Clip Concat ContrastiveLoss Convolution Crop
Data Deconvolution Dropout DummyData ELU Eltwise Embed EuclideanLoss Exp Filter Flatten HDF5Data
HDF5Output HingeLoss Im2col ImageData InfogainLoss InnerProduct Input LRN LSTM LSTMUnit Log MVN
MemoryData MultinomialLogisticLoss PReLU Parameter Pooling Power Python RNN ReLU Reduction Reshape
SPP Scale Sigmoid SigmoidCrossEntropyLoss Silence Slice Softmax SoftmaxWithLoss Split Swish TanH
Threshold Tile WindowData
""".split()

# Each type run by real Caffe in place and with its own top on one input: True where both gave the
# same values, False where Caffe refused or the values differed.
SEEN_IN_PLACE = dict.fromkeys(
    """ReLU PReLU ELU Sigmoid TanH Power Exp Log BNLL Threshold Clip Swish Dropout BatchNorm Scale
    Bias MVN Softmax""".split(),
    True,
) | dict.fromkeys(
    "AbsVal LRN Eltwise Flatten Reshape Split Convolution InnerProduct Pooling".split(), False
)


@pytest.mark.parametrize("name", CAFFE_TYPES)
def test_every_type_of_real_caffe_is_known(name: str) -> None:
    row = layer_type(name)
    assert row.is_known
    assert row.origin == "caffe"


def test_families_are_the_nine_of_the_legend() -> None:
    assert {row.family for row in all_types()} == set(FAMILIES)
    assert layer_type("ReLU").family == "activation"
    assert layer_type("Scale").family == "normalisation"
    assert layer_type("Dropout").family == "other"


def test_an_unknown_type_gets_a_family_by_its_name() -> None:
    row = layer_type("WeightedConvolution")
    assert (row.is_known, row.family, row.infer) == (False, "convolution", None)
    assert layer_type("FocalLoss").family == "loss / output"
    assert layer_type("Whatever").family == "other"


@pytest.mark.parametrize(("name", "is_safe"), SEEN_IN_PLACE.items())
def test_in_place_is_allowed_where_real_caffe_gives_the_same_values(
    name: str, is_safe: bool
) -> None:
    assert layer_type(name).may_run_in_place is is_safe


def test_parameters_are_listed_as_written_then_the_defaults() -> None:
    net = read_net("""
    layer { name: "c" type: "Convolution" bottom: "x" top: "c" param { lr_mult: 1 }
            convolution_param { num_output: 64 kernel_size: 3 pad_h: 1 pad_w: 1
                                weight_filler { type: "xavier" std: 0.1 } } }
    """)
    rows = written_and_default(net.layers[0])
    written = [(row.name, row.value) for row in rows if not row.is_default]
    assert written == [
        ("num_output", "64"),
        ("kernel_size", "3"),
        ("pad_h", "1"),
        ("pad_w", "1"),
        ("weight_filler", "type=xavier, std=0.1"),
    ]
    added = {row.name: row.value for row in rows if row.is_default}
    assert added["stride"] == "1"
    assert added["group"] == "1"
    assert "pad" not in added
    assert ParameterRow("bias_term", "true", True, "convolution_param") in rows


def test_repeated_values_share_a_row() -> None:
    net = read_net("""
    layer { name: "r" type: "Reshape" bottom: "x" top: "r"
            reshape_param { shape { dim: 0 dim: -1 } } }
    layer { name: "s" type: "Slice" bottom: "r" top: "a" top: "b" top: "c"
            slice_param { slice_point: 1 slice_point: 3 } }
    """)
    assert written_and_default(net.layers[0])[0].value == "0 x -1"
    assert written_and_default(net.layers[1])[0].value == "1, 3"


def test_hostile_numbers_and_types_never_raise() -> None:
    """Values swapped at random in our own nets: shapes may be unknown, but nothing breaks."""
    path = Path(__file__).parents[2] / "data" / "layer_shapes.json"
    texts = [case["prototxt"] for case in json.loads(path.read_text()).values()]
    rng = random.Random(5)
    numbers = "-1 0 1 2 3 7 1000 -5 4294967295 1e3 inf 2.5 1e30 nan".split()
    types = [row.type for row in all_types()]
    for _ in range(1500):
        text = rng.choice(texts)
        for _ in range(rng.choice((1, 2, 4))):
            text = swap(rng, text, r"(?<=[: ])-?\d+(\.\d+)?", numbers)
            text = swap(rng, text, r'(?<=type: ")\w+', types) if rng.random() < 0.4 else text
        try:
            net = read_net(text)
        except AppError:
            continue
        shapes = infer_shapes(net)
        assert len(shapes.layers) == len(net.layers)
        assert shapes.total_cost.memory_bytes >= 0
        assert shapes.total_parameters >= 0
        mixing = mixing_layer(net, shapes, net.layers)
        assert mixing is None or mixing.reason
        assert foreign_fields(net).keys() <= set(range(len(net.layers)))


def swap(rng: random.Random, text: str, pattern: str, values: list[str]) -> str:
    found = list(re.finditer(pattern, text))
    if not found:
        return text
    match = rng.choice(found)
    return f"{text[: match.start()]}{rng.choice(values)}{text[match.end() :]}"
