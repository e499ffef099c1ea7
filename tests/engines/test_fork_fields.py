"""Fields that BVLC's Caffe lacks: computed where they are known, and never left out in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, Value
from core.engines.torch.operations import OPERATIONS
from core.errors import AppError, EngineError
from core.layers.fork_fields import foreign_fields
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.reader import load_net, read_net
from core.weights.binding import bind_weights
from core.weights.reader import open_weights
from core.weights.zero_factors import zero_factor_note

INPUT = """layer { name: "x" type: "Input" top: "x"
    input_param { shape { dim: 2 dim: 4 dim: 7 dim: 7 } } }\n"""
LEFT_OUT = (
    ("Convolution", "convolution_param { num_output: 2 kernel_size: 1 fusion_type: SUM_FUSION }",
     "a field of Intel's Caffe, convolution_param.fusion_type"),
    ("Deconvolution", "convolution_param { num_output: 2 kernel_size: 1 relu: true }",
     "a field of Intel's Caffe, convolution_param.relu"),
    ("Pooling", "pooling_param { kernel_size: 2 avg_include_pad: false }",
     "a field that BVLC's lacks, pooling_param.avg_include_pad"),
    ("ReLU", "clipping_param { most: 6 }", "a field that BVLC's lacks, clipping_param"),
    ("Eltwise", "eltwise_param { operation: SUM clip: true }",
     "a field that BVLC's lacks, eltwise_param.clip"),
    ("ROIPooling", "roi_pooling_param { pooled_h: 2 pooled_w: 2 pad_ratio: 0.25 }",
     "a field of Faster R-CNN's Caffe, roi_pooling_param.pad_ratio"),
    ("BatchNorm", "batch_norm_param { use_local_stats: true }",
     "a field that BVLC's lacks, batch_norm_param.use_local_stats"),
    ("BN", "bn_param { slope_filler { value: 1 } rebn: true }",
     "a field of SegNet's Caffe, bn_param.rebn"),
)  # fmt: skip
WITHOUT_EFFECT = (
    ("Convolution", "convolution_param { num_output: 2 kernel_size: 1 engine: CAFFE\n"
     "conv_algos_override: 1 }"),
    ("ReLU", "forward_type: FLOAT backward_type: FLOAT"),
    ("Pooling", "permute_param { order: 1 } pooling_param { kernel_size: 2 }"),
    ("BatchNorm", "batch_norm_param { statistics_batch_size: 8 }"),
)  # fmt: skip


def layer_text(type_: str, body: str) -> str:
    bottoms = 'bottom: "x" bottom: "x"' if type_ in ("Eltwise", "ROIPooling") else 'bottom: "x"'
    return f'{INPUT}layer {{ name: "l" type: "{type_}" {bottoms} top: "y" {body} }}'


@pytest.mark.parametrize(("type_", "body", "said"), LEFT_OUT)
def test_a_field_that_nobody_here_knows_stops_its_layer_by_name(
    torch_process: EngineProcess, type_: str, body: str, said: str
) -> None:
    engine = torch_process.open(layer_text(type_, body))
    x = {"x": np.zeros((2, 4, 7, 7), np.float32)}
    for ask in (lambda: engine.forward(x, [Value("l", "y")]), lambda: engine.run(x)):
        with pytest.raises(EngineError) as caught:
            ask()
        assert said in caught.value.sentence
        assert f"'l' ({type_})" in caught.value.sentence
    assert engine.forward(x, [Value("x", "x")])


@pytest.mark.parametrize(("type_", "body"), WITHOUT_EFFECT)
def test_a_field_without_effect_on_values_stops_nothing(type_: str, body: str) -> None:
    net = read_net(layer_text(type_, body))
    assert net.unknown
    assert not foreign_fields(net)


def test_every_message_that_is_computed_belongs_to_a_type_that_runs() -> None:
    """A field is left out by mistake where its layer reads it under a name not in the table."""
    from core.layers.fork_fields import _COMPUTED
    from core.layers.registry import all_types

    messages = {default.message for row in all_types() for default in row.defaults}
    known = {m for m in messages if m.endswith("_param")} | {
        "hardsigmoid_param", "l2n_param", "margin_inner_product_param", "normalize_param",
        "permute_param", "psroi_pooling_param", "roialign_param", "transpose_param",
    }  # fmt: skip
    assert set(_COMPUTED) <= known


def test_of_the_corpus_only_segnets_weighted_loss_is_stopped(
    material: Callable[[str], Path],
) -> None:
    """It counts each class by its weight, so that what ran before was another loss."""
    stopped = set()
    for path in sorted(material("prototxts").rglob("*.prototxt")):
        for phase in ("TEST", "TRAIN"):
            try:
                net = load_net(path, state=NetState(phase))
            except AppError:
                continue
            for index, field in foreign_fields(net).items():
                if net.layers[index].type in OPERATIONS:
                    stopped.add((net.layers[index].type, field.path))
    assert stopped == {("SoftmaxWithLoss", "loss_param.weight_by_label_freqs")}


def test_the_fields_of_the_report_give_what_bvlcs_layers_give(
    torch_process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("reports/fork_fields_ignored")
    data = {"data": np.load(folder / "data.npy")}
    engine = torch_process.open((folder / "net.prototxt").read_text())
    twin = torch_process.open((folder / "bvlc_equivalent.prototxt").read_text())
    hole, rectified = Value("hole", "hole"), Value("convrelu", "convrelu")
    found = engine.forward(data, [hole, rectified, Value("fc6_l2", "fc6")])
    wanted = twin.forward(data, [hole, rectified])
    assert found[hole].shape == (1, 4, 17, 17)
    np.testing.assert_allclose(found[hole], wanted[hole], rtol=1e-5, atol=1e-6)
    assert wanted[rectified].min() < -1
    np.testing.assert_allclose(
        found[rectified], np.maximum(wanted[rectified], 0), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", ["nvbn5", "opencv10718"])
def test_nvidias_batch_norm_scales_and_shifts(
    torch_process: EngineProcess, material: Callable[[str], Path], name: str
) -> None:
    folder = material("reports/nvidia_batchnorm")
    weights = folder / f"{name}.caffemodel"
    text = (folder / f"{name}.prototxt").read_text()
    engine = torch_process.open(text, weights if weights.exists() else None)
    bn = Value(engine.layers[1].name, engine.layers[1].tops[0])
    if name == "nvbn5":
        found = engine.forward({"data": np.load(folder / "data.npy")}, [bn])[bn]
        np.testing.assert_allclose(found, np.load(folder / "by_hand_bn.npy"), rtol=1e-5, atol=1e-6)
    else:
        shape = engine.inputs["data"]
        assert engine.forward({"data": np.ones(shape, np.float32)}, [bn])[bn].shape == shape


def test_a_bn_after_an_inner_product_normalises_vectors(
    torch_process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("reports/bn_after_inner_product")
    engine = torch_process.open((folder / "net.prototxt").read_text())
    fc, bn = Value("fc7", "fc7"), Value("fc7_bn", "fc7_bn")
    found = engine.forward({"data": np.load(folder / "data.npy")}, [fc, bn])
    assert found[bn].shape == (2, 4)


def test_statistics_that_count_as_zero_are_said(
    torch_process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("reports/nvidia_batchnorm")
    text, weights = (folder / "factor_zero.prototxt").read_text(), folder / "factor_zero.caffemodel"
    said = "1 BatchNorm layer (bn): factor 0 in the weights, so mean and variance count as zero"
    net = read_net(text)
    assert said in zero_factor_note(
        bind_weights(net, infer_shapes(net), open_weights(weights)).zero_factors
    )
    assert any(said in warning for warning in torch_process.open(text, weights).warnings)
    by_batch = 'top: "bn" batch_norm_param { use_global_stats: false } }'
    own = read_net(text.replace('top: "bn" }', by_batch, 1))
    assert not bind_weights(own, infer_shapes(own), open_weights(weights)).zero_factors
    good = folder / "nvbn5.caffemodel"
    five = read_net((folder / "nvbn5.prototxt").read_text())
    binding = bind_weights(five, infer_shapes(five), open_weights(good))
    assert binding.is_complete
    assert not binding.zero_factors
