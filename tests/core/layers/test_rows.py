"""Which layers keep images apart: the declaration of each type against passes of one image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core.engines.values import Value
from core.layers.layer_type import LayerType
from core.layers.registry import all_types, layer_type
from core.layers.rows import RowMixing, mixing_layer
from core.layers.shapes import infer_shapes
from core.net.definition import Net, NetState
from core.net.reader import read_net
from tests.conformance.agreement import relative_difference, run_in_torch
from tests.conformance.fork_cases import all_cases
from tests.conformance.goldens import FAMILIES, read_goldens
from tests.conformance.seeded_values import make_values

CLOSE = 2e-5
NEVER_APART = """
Accuracy AnnotatedData BatchReindex CenterLoss ContrastiveLoss Data DenseImageData
DetectionEvaluate DetectionOutput DummyData EuclideanLoss Filter HDF5Data HDF5Output HingeLoss
ImageData InfogainLoss Input LSTM LSTMUnit MarginInnerProduct MemoryData MultiBoxLoss
MultinomialLogisticLoss PSROIPooling Parameter PriorBox Proposal Python RNN ROIAlign ROIPooling
RPNProposal SigmoidCrossEntropyLoss SmoothL1Loss SmoothL1LossOHEM SoftmaxWithLoss TripletLoss
VideoData WindowData YoloDetectionOutput Yolov3DetectionOutput
""".split()
Inputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Batch:
    """A net about one layer type and a batch for it."""

    name: str
    type: str
    text: str
    inputs: Inputs


def grid_batches() -> Iterator[Batch]:
    """Every case that real Caffe runs, with three images where the grid has one."""
    for family in FAMILIES:
        for case, answer in read_goldens(family):
            is_right = not answer.error and not case.is_undefined
            if not (is_right and case.inputs and all(x.shape for x in case.inputs)):
                continue
            n_rows = {x.shape[0] for x in case.inputs}
            inputs = {}
            for x in case.inputs:
                shape = (3, *x.shape[1:]) if n_rows == {1} else x.shape
                inputs[x.blob] = make_values(f"{case.name}/{x.blob}", shape, x.kind)
            yield Batch(case.name, case.type, case.prototxt, inputs)


def fork_batches() -> Iterator[Batch]:
    """The layers of other branches; inputs of one image come three times, once turned round."""
    for case in all_cases():
        inputs = dict(case.inputs)
        if {len(array) for array in inputs.values()} == {1}:
            inputs = {k: np.concatenate([a, a[:, ..., ::-1], a]) for k, a in inputs.items()}
        yield Batch(f"{case.type}/{case.name}", case.type, case.prototxt, inputs)


def judge(net: Net, inputs: Inputs) -> RowMixing | None:
    shapes = infer_shapes(net, {blob: array.shape for blob, array in inputs.items()})
    return mixing_layer(net, shapes, net.layers)


def more_batches() -> Iterator[Batch]:
    """Types whose grids hold no case that keeps the images apart."""
    for type_, body, shape in (
        ("Reverse", "reverse_param { axis: 2 }", (3, 2, 4)),
        ("L2Normalize", "", (3, 5)),
        ("NormalizeL2", "", (3, 5)),
        ("Bias", "bias_param { axis: 0 num_axes: 0 }", (3, 5)),
        ("Reshape", "reshape_param { shape { dim: -1 dim: 10 } }", (3, 2, 5)),
    ):
        dims = " ".join(f"dim: {size}" for size in shape)
        text = f"""layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ {dims} }} }} }}
        layer {{ name: "l" type: "{type_}" bottom: "x" top: "y" {body} }}"""
        yield Batch(f"{type_} more", type_, text, {"x": make_values(type_, shape, "normal")})


def is_same_one_by_one(batch: Batch, wanted: list[Value]) -> bool:
    """Whether a pass of the batch gives the rows that passes of one image give."""
    n_rows = max(len(array) for array in batch.inputs.values())
    together = run_in_torch(batch.text, None, batch.inputs, wanted)
    rows: list[list[np.ndarray]] = []
    for i in range(n_rows):
        image = {blob: array[i : i + 1] for blob, array in batch.inputs.items()}
        rows.append(run_in_torch(batch.text, None, image, wanted))
    return all(
        len(whole) == n_rows and relative_difference(np.concatenate(parts), whole) < CLOSE
        for whole, parts in zip(together, zip(*rows, strict=True), strict=True)
    )


def test_what_is_declared_row_by_row_is_so_and_every_type_is_tried() -> None:
    proved: Counter[str] = Counter()
    wrong = []
    for batch in (*grid_batches(), *fork_batches(), *more_batches()):
        is_tried_enough = layer_type(batch.type).family == "activation" and proved[batch.type] > 4
        net = read_net(batch.text)
        if is_tried_enough or judge(net, batch.inputs) is not None:
            continue
        wanted = [Value(v.layer, v.blob) for v in net.versions if v.layer not in batch.inputs]
        if not is_same_one_by_one(batch, wanted):
            wrong.append(batch.name)
        proved[batch.type] += 1
    assert not wrong
    # types that never keep images apart, those that bring values in, and those nobody runs
    assert {row.type for row in all_types()} - set(proved) == set(NEVER_APART)


def test_a_type_without_a_declaration_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="rows"):
        LayerType("New", "other")  # type: ignore[call-arg]


LAYERS = {
    "Reshape": 'reshape_param { shape { dim: 1 dim: -1 } }',
    "Flatten": "flatten_param { axis: 0 }",
    "Concat": "concat_param { concat_dim: 0 }",
    "Slice": "slice_param { axis: -2 }",
    "Softmax": "softmax_param { axis: 0 }",
    "Reduction": "",
    "Permute": "permute_param { order: 1 order: 0 }",
    "BatchNorm": "batch_norm_param { use_global_stats: false }",
    "BN": "",
    "Scale": "scale_param { axis: 0 }",
    "Tile": "tile_param { axis: 0 tiles: 2 }",
    "LSTM": "",
    "DetectionOutput": "",
    "Python": "",
    "NobodyKnows": "",
}  # fmt: skip


@pytest.mark.parametrize("type_", LAYERS)
def test_the_first_layer_that_mixes_images_is_named(type_: str) -> None:
    net = net_of(f"""layer {{ name: "r" type: "ReLU" bottom: "x" top: "r" }}
    layer {{ name: "bad" type: "{type_}" bottom: "r" top: "b" {LAYERS[type_]} }}
    layer {{ name: "after" type: "ReLU" bottom: "b" top: "after" }}""")
    found = judge(net, {"x": np.zeros((4, 6), np.float32)})
    assert found is not None
    assert found.layer.name == "bad"
    assert found.reason.startswith(f"{type_} 'bad' ")
    before = mixing_layer(net, infer_shapes(net), net.layers[:2])
    assert before is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("shape { dim: 1 dim: -1 }", "Reshape 'l' gives 1 row for any number of images."),
        ("shape { dim: 4 dim: 6 }", "Reshape 'l' gives 4 rows for any number of images."),
        ("shape { dim: -1 }", "Reshape 'l' deals the images out over other rows."),
        ("shape { dim: -1 dim: 3 }", "Reshape 'l' deals the images out over other rows."),
        ("axis: -3 num_axes: 0 shape { dim: 1 }",
         "Reshape 'l' puts an axis before that of the images."),
        ("shape { dim: 0 dim: -1 dim: 1 }", None),
        ("shape { dim: -1 dim: 6 }", None),
        ("axis: 1 shape { dim: 2 dim: 3 }", None),
        ("axis: -1 shape { dim: 1 dim: 1 }", None),
        ("axis: 1 num_axes: 0 shape { dim: 1 }", None),
    ],
)  # fmt: skip
def test_a_reshape_keeps_images_apart_where_it_copies_their_axis(
    body: str, reason: str | None
) -> None:
    net = net_of(f"""layer {{ name: "l" type: "Reshape" bottom: "x" top: "y"
    reshape_param {{ {body} }} }}""")
    found = judge(net, {"x": np.zeros((4, 6), np.float32)})
    assert (found.reason if found else None) == reason


@pytest.mark.parametrize("type_", ["Dropout", "BatchNorm"])
def test_training_mixes_what_a_test_keeps_apart(type_: str) -> None:
    for phase in ("TEST", "TRAIN"):
        net = net_of(f'layer {{ name: "l" type: "{type_}" bottom: "x" top: "y" }}', phase)
        found = judge(net, {"x": np.zeros((4, 6), np.float32)})
        assert (found is None) == (phase == "TEST")


def test_inputs_with_another_number_of_rows_are_told() -> None:
    net = net_of("""layer { name: "i" type: "Input" top: "i" }
    layer { name: "f" type: "ReLU" bottom: "x" top: "f" }
    layer { name: "e" type: "Axpy" bottom: "i" bottom: "f" bottom: "f" top: "e" }""")
    inputs = {"x": np.zeros((4, 6), np.float32), "i": np.zeros((1, 6), np.float32)}
    found = judge(net, inputs)
    assert found is not None
    assert found.reason == "Axpy 'e' reads 'i' of 1 x 6, which has no row for each image."


def test_a_learned_blob_and_one_made_up_are_no_images() -> None:
    for source in (
        'type: "DummyData" dummy_data_param { shape { dim: 4 dim: 6 } }',
        'type: "Parameter" parameter_param { shape { dim: 4 dim: 6 } }',
    ):
        net = net_of(f"""layer {{ name: "made" top: "made" {source} }}
        layer {{ name: "sum" type: "Eltwise" bottom: "x" bottom: "made" top: "sum" }}""")
        found = judge(net, {"x": np.zeros((4, 6), np.float32)})
        assert found is not None
        assert found.layer.name == "made"


@pytest.mark.parametrize(
    ("report", "name", "culprit"),
    [
        ("batch_of_images_static_reshape", "p2cres", "view1"),
        ("batch_split_of_arrays", "lstm16", "lstm1"),
        ("batch_split_of_arrays", "bnbatch", "bn"),
        ("batch_split_of_arrays", "lrcn_small", "reshape-data"),
    ],
)
def test_the_nets_of_the_reports_are_not_batched(
    material: Callable[[str], Path], report: str, name: str, culprit: str
) -> None:
    path = material(f"reports/{report}") / f"{name}.prototxt"
    net = read_net(path.read_text(encoding="utf-8"))
    found = mixing_layer(net, infer_shapes(net), net.layers)
    assert found is not None
    assert found.layer.name == culprit


def net_of(layers: str, phase: str = "TEST") -> Net:
    text = f"""layer {{ name: "x" type: "Input" top: "x"
    input_param {{ shape {{ dim: 4 dim: 6 }} }} }} {layers}"""
    return read_net(text, state=NetState(phase))
