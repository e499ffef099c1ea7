"""Gradients against real Caffe's backward, and against differences where Caffe's own are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.engines.base import EngineProcess, Value
from core.engines.session import GradientsAsked
from core.engines.torch.session import TorchSession
from core.errors import EngineError
from core.net.definition import NetState
from tests.conformance.gradients import (
    TABLE,
    TOLERANCE,
    index,
    last_values,
    measure,
    opened,
    table_rows,
)


def test_every_case_of_real_caffe(material: Callable[[str], Path]) -> None:
    """And the table of gradients, which is of these cases, has been written anew."""
    measured = measure(material("gradients"))
    assert not {case: apart for case, apart in measured.cases.items() if not apart <= TOLERANCE}
    assert len(measured.cases) > 150
    written = TABLE.read_text(encoding="utf-8").splitlines()
    for line in table_rows(measured):
        cells = line.split("|")
        row = next((one.split("|") for one in written if one.startswith(f"|{cells[1]}|")), [])
        assert row[1:3] + row[4:] == cells[1:3] + cells[4:], "run make conformance"
        assert float(row[3]) <= TOLERANCE


def test_where_caffe_goes_wrong_in_place_ours_is_the_slope(material: Callable[[str], Path]) -> None:
    """Each by central differences of the forward pass, of 12 values of each input."""
    folder = material("gradients")
    names = [name for name, case in index(folder).items() if case.get("true_gradient") is False]
    assert len(names) > 8
    for name in names:
        known = np.load(folder / f"{name}.npz")
        text = (folder / f"{name}.prototxt").read_text()
        weights = folder / f"{name}.caffemodel"
        session = opened(text, weights if weights.exists() else None, "TEST")
        last = last_values(text, "TEST")
        inputs = {k[6:]: np.array(known[k], np.float32) for k in known.files if k[:6] == "input/"}
        of = {
            last[k[8:]]: np.array(known[k], np.float32) for k in known.files if k[:8] == "topdiff/"
        }
        wants = [last[blob] for blob in inputs]
        found = session.gradients(inputs, GradientsAsked(of, wants), lambda layer: None).wants
        for blob, gradient in zip(inputs, found, strict=True):
            if blob != "cont":  # which marks where sequences begin
                _check_slopes(session, inputs, of, blob, gradient, name)


def _check_slopes(
    session: TorchSession,
    inputs: dict[str, np.ndarray],
    of: dict[Value, np.ndarray],
    blob: str,
    gradient: np.ndarray,
    name: str,
) -> None:
    rng = np.random.default_rng(3)
    scale = max(float(np.abs(gradient).max()), 1e-3)
    for at in rng.permutation(inputs[blob].size)[:12]:
        sums = []
        for step in (4e-3, -4e-3):
            moved = inputs[blob].copy()
            moved.reshape(-1)[at] += step
            session.run({**inputs, blob: moved}, lambda layer: None)
            sums.append(sum(float((session.read(v).astype(np.float64) * d).sum())
                            for v, d in of.items()))  # fmt: skip
        slope = (sums[0] - sums[1]) / 8e-3
        assert abs(slope - gradient.reshape(-1)[at]) < 0.02 * scale, (name, blob, at)


def test_whole_nets_and_their_saliency(material: Callable[[str], Path]) -> None:
    folder = material("gradients/nets")
    for name in ("vgg_like", "inception_like", "resnet_like", "squeezenet_v1.0", "g_lenet_mnist"):
        case, known = index(folder)[name], np.load(folder / f"{name}.npz")
        text, weights, inputs = _net(material, folder, name, known)
        session = opened(text, weights, "TEST")
        score = last_values(text, "TEST")[case["score_blob"]]
        shape = next(layer.top_shapes[0] for layer in session.layers if layer.name == score.layer)
        diff = np.zeros((len(inputs["data"]), *shape[1:]), np.float32)
        diff.reshape(1, -1)[0, case["class"]] = 1.0
        names = [key for key in known.files if key.startswith("grad/")]
        wants = [_value(session, key) for key in names]
        asked = GradientsAsked({score: diff}, wants)
        found = session.gradients(inputs, asked, lambda layer: None).wants
        for key, gradient in zip(names, found, strict=True):
            wanted = known[key]
            kept = gradient.reshape(-1)[:: case["strides"].get(key, 1)]
            _check_alike(kept, wanted.reshape(-1), (name, key))
        data = next(g for key, g in zip(names, found, strict=True) if key.endswith("/data"))
        saliency = np.abs(data).max(1).reshape(-1)[:: case["strides"].get("saliency/data", 1)]
        wanted = known["saliency/data"].reshape(-1)  # of the first image
        _check_alike(saliency[: len(wanted)], wanted, name)


def _check_alike(found: np.ndarray, wanted: np.ndarray, what: object) -> None:
    """A ReLU of SqueezeNet whose bottom is 0 but for rounding lets one sum pass and another not:
    what lies before it differs in a few values, and in the third digit at most.
    """
    apart = np.abs(found - wanted) / max(float(np.abs(wanted).max()), 1e-9)
    assert np.mean(apart <= TOLERANCE) > 0.9, what
    assert apart.max(initial=0.0) < 0.02, what


def _value(session: TorchSession, key: str) -> Value:
    """LAYER/TOP, both of which may hold slashes."""
    words = key.removeprefix("grad/")
    return next(
        Value(layer.name, top)
        for layer in session.layers
        for top in layer.tops
        if f"{layer.name}/{top}" == words
    )


def _net(
    material: Callable[[str], Path], folder: Path, name: str, known: Any
) -> tuple[str, Path, dict[str, np.ndarray]]:
    if name.startswith("g_lenet"):
        golden = np.load(material("goldens/lenet_mnist.npz"))
        inputs = {k[6:]: np.array(golden[k]) for k in golden.files if k.startswith("input/")}
        models = material("models")
        return (
            (models / "lenet_mnist.prototxt").read_text(),
            models / "lenet_mnist.caffemodel",
            inputs,
        )
    text = (folder / f"{name}.prototxt").read_text()
    if name == "squeezenet_v1.0":
        photo = known["photo_rgb_uint8"][..., ::-1].astype(np.float32) - (104, 117, 123)
        weights = material("models/squeezenet_v1.0.caffemodel")
        return text, weights, {"data": photo.transpose(2, 0, 1)[None].astype(np.float32)}
    inputs = {k[6:]: np.array(known[k]) for k in known.files if k.startswith("input/")}
    return text, folder / f"{name}.caffemodel", inputs


CHAIN = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "double" type: "Power" bottom: "x" top: "y" power_param { scale: 2 } }
layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
layer { name: "drop" type: "Dropout" bottom: "y" top: "z" }
layer { name: "square" type: "Power" bottom: "z" top: "q" power_param { power: 2 } }
layer { name: "other" type: "Power" bottom: "y" top: "o" power_param { scale: 10 } }
"""


@pytest.fixture
def chain(torch_process: EngineProcess) -> Iterator[Any]:
    with torch_process.open(CHAIN) as engine:
        yield engine


def test_each_version_has_the_gradient_at_its_place(chain: Any) -> None:
    """x = (1, -1, 3): y = (2, -2, 6), rectified (2, 0, 6), z the same, q = z^2, by hand."""
    q, o = Value("square", "q"), Value("other", "o")
    x = {"x": np.array([[1, -1, 3]], np.float32)}
    wants = [Value("in", "x"), Value("double", "y"), Value("relu", "y"), Value("drop", "z"), q]
    one = np.array(1.0, np.float32)
    found = chain.gradients(x, {q: one}, wants).values
    rows = {value.layer: found[value].reshape(-1).tolist() for value in wants}
    assert rows == {
        "in": [8, 0, 24], "double": [4, 0, 12], "relu": [4, 0, 12], "drop": [4, 0, 12],
        "square": [1, 1, 1],
    }  # fmt: skip
    both = chain.gradients(x, {q: one, o: one}, wants).values
    assert both[Value("relu", "y")].reshape(-1).tolist() == [14, 10, 22]
    assert both[Value("drop", "z")].reshape(-1).tolist() == [4, 0, 12]


def test_what_can_not_be_is_said(chain: Any) -> None:
    x = {"x": np.ones((1, 3), np.float32)}
    with pytest.raises(EngineError, match="no loss to take gradients of"):
        chain.gradients(x, {}, [Value("in", "x")])
    with pytest.raises(EngineError, match="Nothing that gradients are taken of needs 'o'"):
        chain.gradients(x, {Value("drop", "z"): np.ones(1)}, [Value("other", "o")])
    with pytest.raises(EngineError, match="does not fit a value of"):
        chain.gradients(x, {Value("drop", "z"): np.ones(2)}, [Value("in", "x")])
    with pytest.raises(EngineError, match="no layer 'nobody'"):
        chain.gradients(x, {Value("drop", "z"): np.ones(1)}, [], ["nobody"])


def test_a_loss_needs_no_direction_and_counts_by_its_weight(torch_process: EngineProcess) -> None:
    text = """
    layer { name: "in" type: "Input" top: "x" top: "t"
      input_param { shape { dim: 2 dim: 2 } shape { dim: 2 dim: 2 } } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "t" top: "l" loss_weight: 3 }
    """
    inputs = {"x": np.array([[1, 2], [3, 4]]), "t": np.zeros((2, 2))}
    with torch_process.open(text) as engine:
        found = engine.gradients(inputs, {}, [Value("in", "x"), Value("in", "t")]).values
    np.testing.assert_allclose(found[Value("in", "x")], 1.5 * inputs["x"])
    np.testing.assert_allclose(found[Value("in", "t")], -1.5 * inputs["x"])


def test_dropout_goes_back_through_its_own_mask(torch_process: EngineProcess) -> None:
    text = """
    layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 50 } } }
    layer { name: "drop" type: "Dropout" bottom: "x" top: "x" dropout_param { dropout_ratio: 0.4 } }
    """
    x, value = np.full((4, 50), 3.0, np.float32), Value("drop", "x")
    with torch_process.open(text, state=NetState("TRAIN")) as engine:
        top = engine.forward({"x": x}, [value])[value]
        found = engine.gradients({"x": x}, {value: np.ones(1)}, [Value("in", "x")]).values
    kept = top != 0
    assert 80 < kept.sum() < 160
    np.testing.assert_allclose(found[Value("in", "x")], kept / 0.6, rtol=1e-6)


def test_other_engines_say_where_gradients_come_from(fake_process: EngineProcess) -> None:
    with fake_process.open(CHAIN) as engine, pytest.raises(EngineError, match="no gradients"):
        engine.gradients({"x": np.ones((1, 3))}, {Value("drop", "z"): np.ones(1)}, [])
