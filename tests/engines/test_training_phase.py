"""Phase TRAIN: what real Caffe computes otherwise there, our own engine does too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, Value
from core.net.definition import NetState

TRAIN = NetState("TRAIN")
X = np.random.default_rng(3).standard_normal((4, 6, 5, 5)).astype(np.float32) * 3 + 1
INPUT = """layer { name: "x" type: "Input" top: "x"
    input_param { shape { dim: 4 dim: 6 dim: 5 dim: 5 } } }\n"""


def run(process: EngineProcess, layers: str, state: NetState = TRAIN, seed: int = 0) -> np.ndarray:
    engine = process.open(INPUT + layers, state=state, seed=seed)
    (found,) = engine.forward({"x": X}, [Value("l", "y")]).values()
    engine.run({"x": X})
    assert engine.read(Value("l", "y")).tobytes() == found.tobytes()
    return found


def layer(type_: str, body: str = "") -> str:
    return f'layer {{ name: "l" type: "{type_}" bottom: "x" top: "y" {body} }}'


def by_batch(eps: float) -> np.ndarray:
    axes = (0, 2, 3)
    mean, variance = X.mean(axes, keepdims=True), X.var(axes, keepdims=True)
    result: np.ndarray = (X - mean) / np.sqrt(variance + eps)
    return result


def test_as_real_caffe_in_the_report(
    torch_process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("reports/train_phase_on_torch")
    text, data = (folder / "net.prototxt").read_text(), np.load(folder / "trp.in.data.npy")
    engine = torch_process.open(text, folder / "trp.caffemodel", state=TRAIN)
    bn, top, drop = Value("bn", "bn"), Value("t", "t"), Value("drop", "drop")
    found = engine.forward({"data": data}, [bn, top, drop])
    with np.load(folder / "real_caffe_train.npz") as real:
        np.testing.assert_allclose(found[bn], real["bn:bn"], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found[top], real["t:t"], rtol=1e-4, atol=1e-5)
        assert np.mean(found[drop] == 0) == pytest.approx(np.mean(real["drop:drop"] == 0), abs=0.1)
    kept = found[drop] != 0
    np.testing.assert_allclose(found[drop][kept], 2 * data[kept], rtol=1e-6)


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.8])
def test_dropout_keeps_its_share_and_divides_by_it(
    torch_process: EngineProcess, ratio: float
) -> None:
    text = layer("Dropout", f"dropout_param {{ dropout_ratio: {ratio} }}")
    found = run(torch_process, text)
    kept = found != 0
    assert kept.mean() == pytest.approx(1 - ratio, abs=0.08)
    np.testing.assert_allclose(found[kept], X[kept] / (1 - ratio), rtol=1e-5)
    assert run(torch_process, text).tobytes() == found.tobytes()
    assert run(torch_process, text, seed=1).tobytes() != found.tobytes()
    np.testing.assert_array_equal(run(torch_process, text, NetState("TEST")), X)


def test_two_dropouts_drop_others(torch_process: EngineProcess) -> None:
    more = layer("Dropout").replace('"l"', '"m"').replace('"y"', '"z"')
    engine = torch_process.open(INPUT + layer("Dropout") + more, state=TRAIN)
    one, other = engine.forward({"x": X}, [Value("l", "y"), Value("m", "z")]).values()
    assert ((one == 0) != (other == 0)).mean() > 0.3


def test_dropout_that_scales_at_test_does_not_in_training(torch_process: EngineProcess) -> None:
    text = layer("Dropout", "dropout_param { dropout_ratio: 0.4 scale_train: false }")
    found = run(torch_process, text)
    kept = found != 0
    np.testing.assert_array_equal(found[kept], X[kept])
    np.testing.assert_allclose(run(torch_process, text, NetState("TEST")), 0.6 * X, rtol=1e-6)


def test_bayesian_segnet_drops_at_test_too(torch_process: EngineProcess) -> None:
    text = layer("Dropout", "dropout_param { dropout_ratio: 0.5 sample_weights_test: true }")
    found = run(torch_process, text, NetState("TEST"))
    assert np.mean(found == 0) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize(
    ("body", "is_batch"),
    [("", True), ("batch_norm_param { use_global_stats: true }", False), ("phase: TEST", False)],
)
def test_batch_norm_takes_the_moments_of_the_batch(
    torch_process: EngineProcess, body: str, is_batch: bool
) -> None:
    """Its own `phase`, where a layer has one, counts in place of the net's."""
    found = run(torch_process, layer("BatchNorm", body))
    close = np.allclose(found, by_batch(1e-5), rtol=1e-4, atol=1e-5)
    assert close is is_batch


def test_batch_norm_agrees_with_real_caffe_in_training(
    torch_process: EngineProcess, caffe_process: EngineProcess
) -> None:
    for text in (
        layer("BatchNorm"),
        layer("BatchNorm", "batch_norm_param { eps: 0.01 }"),
        'layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { '
        'num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }'
        + layer("BatchNorm").replace('bottom: "x"', 'bottom: "c"'),
        layer("BatchNorm", "phase: TEST"),
    ):
        ours, theirs = run(torch_process, text), run(caffe_process, text)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_batch_norm_in_training_is_not_folded_into_its_convolution(
    torch_process: EngineProcess,
) -> None:
    text = """layer { name: "c" type: "Convolution" bottom: "x" top: "c"
        convolution_param { num_output: 3 kernel_size: 1 } }
        layer { name: "l" type: "BatchNorm" bottom: "c" top: "y" }"""
    found = run(torch_process, text)
    np.testing.assert_allclose(found.mean((0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std((0, 2, 3)), 1, atol=1e-3)


@pytest.mark.parametrize(
    ("body", "is_batch"),
    [
        ("slope_filler { value: 1 } eps: 0.001", True),
        ("slope_filler { value: 1 } eps: 0.001 frozen: true", False),
        ("decay: 0.9 var_eps: 0.001", True),
    ],
)
def test_bn_of_the_forks_trains_on_the_batch_unless_it_is_frozen(
    torch_process: EngineProcess, body: str, is_batch: bool
) -> None:
    text = layer("BN", f"bn_param {{ {body} }}")
    found = run(torch_process, text)
    channels = found.std((0, 2, 3)), by_batch(1e-3).std((0, 2, 3))
    # scale and shift are random here: only what is left of each channel's own spread can be told
    flat, norm = found.transpose(1, 0, 2, 3).reshape(6, -1), by_batch(1e-3)
    norm = norm.transpose(1, 0, 2, 3).reshape(6, -1)
    slope = channels[0] / channels[1]
    shift = flat.mean(1)
    rebuilt = norm * slope[:, None] + shift[:, None]
    close = np.allclose(flat, rebuilt, rtol=1e-3, atol=1e-3)
    assert close
    differs = not np.allclose(run(torch_process, text, NetState("TEST")), found, atol=1e-3)
    assert differs is is_batch
