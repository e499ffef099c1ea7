"""Gradients by real Caffe's own backward, against goldens that another program took of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, Value
from core.errors import EngineError
from core.net.definition import NetState
from tests.conformance.gradients import (
    ANOTHER_MASK,
    NAN_IN_CAFFE,
    NO_GRADIENT_IN_CAFFE,
    close,
    index,
    last_values,
)
from tests.engines.test_torch_gradients import CHAIN

NO_WAY_BACK = {"BatchReindex", "Embed", "Filter", "InfogainLoss"}
LEFT_OUT = ANOTHER_MASK | NAN_IN_CAFFE | NO_GRADIENT_IN_CAFFE
GUIDED = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "same" type: "Power" bottom: "x" top: "h" }
layer { name: "relu" type: "ReLU" bottom: "h" top: "h" }
layer { name: "half" type: "Power" bottom: "h" top: "h2" power_param { scale: -0.5 } }
layer { name: "both" type: "Eltwise" bottom: "h" bottom: "h2" top: "s"
  eltwise_param { coeff: 1 coeff: 4 } }
layer { name: "relu2" type: "ReLU" bottom: "s" top: "s" }
"""


def test_every_case_of_another_program_that_drove_caffe(
    caffe_process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("gradients")
    wrong, compared = {}, 0
    for name, case in index(folder).items():
        if name in LEFT_OUT or case["phase"] != "TEST":
            continue
        if {layer[1] for layer in case["layers"]} & NO_WAY_BACK:
            continue
        worst = _worst(caffe_process, folder, name)
        compared += 1
        if not worst <= 1e-5:
            wrong[name] = worst
    assert not wrong
    assert compared > 100


def _worst(process: EngineProcess, folder: Path, name: str) -> float:
    known, text = np.load(folder / f"{name}.npz"), (folder / f"{name}.prototxt").read_text()
    weights = folder / f"{name}.caffemodel"
    last = last_values(text, "TEST")
    kinds = {k: [key for key in known.files if key.startswith(f"{k}/")]
             for k in ("input", "topdiff", "grad")}  # fmt: skip
    inputs = {key[6:]: np.array(known[key], np.float32) for key in kinds["input"]}
    of = {last[key[8:]]: np.array(known[key], np.float32) for key in kinds["topdiff"]}
    wants = [Value(*key.split("/", 2)[1:]) for key in kinds["grad"]]
    with process.open(text, weights if weights.exists() else None) as engine:
        found = engine.gradients(inputs, of, wants).values
    floor = 1e-3 * max((float(np.abs(known[key]).max(initial=0)) for key in kinds["grad"]),
                       default=1)  # fmt: skip
    pairs = zip(kinds["grad"], wants, strict=True)
    return max((close(found[v], known[key], max(floor, 1e-12)) for key, v in pairs), default=0.0)


def test_each_version_norm_and_value_has_its_place(caffe_process: EngineProcess) -> None:
    """As in the same test of the PyTorch engine, by hand: y = (2, -2, 6), rectified (2, 0, 6)."""
    q, o, y = Value("square", "q"), Value("other", "o"), Value("relu", "y")
    x = {"x": np.array([[1, -1, 3]], np.float32)}
    one = np.array(1.0, np.float32)
    with caffe_process.open(CHAIN) as engine:
        before = engine.forward(x, [q])[q]
        found = engine.gradients(
            x, {q: one}, [Value("in", "x"), Value("double", "y"), y], norms=[y, q], reads=[y, q]
        )
        both = engine.gradients(x, {q: one, o: one}, [y], norms=[Value("drop", "z")])
        after = engine.forward(x, [q])[q]
    assert {v.layer: a.ravel().tolist() for v, a in found.values.items()} == {
        "in": [8, 0, 24], "double": [4, 0, 12], "relu": [4, 0, 12],
    }  # fmt: skip
    assert found.norms == pytest.approx({y: np.sqrt(160), q: np.sqrt(3)})
    assert found.activations[y].ravel().tolist() == [2, 0, 6]
    assert found.activations[q].ravel().tolist() == [4, 0, 36]
    assert both.values[y].ravel().tolist() == [14, 10, 22]
    assert before.tolist() == after.tolist()


def test_a_guided_pass_in_real_caffe(caffe_process: EngineProcess) -> None:
    check_guided(caffe_process)


def test_a_guided_pass_in_the_pytorch_engine(torch_process: EngineProcess) -> None:
    check_guided(torch_process)


def check_guided(process: EngineProcess) -> None:
    """A ReLU in place lets nothing below 0 back.

    x = h = (1, 2), s = h - 2 h = (-1, -2), rectified 0: nothing comes back. Of s before relu2:
    ds/dh = 1 - 2 = -1 a value, which a guided relu stops. Of minus that sum it lets both 1 pass.
    """
    x, h, s = {"x": np.array([[1, 2]], np.float32)}, Value("relu", "h"), Value("both", "s")
    at = Value("in", "x")
    one = np.array(1.0, np.float32)
    with process.open(GUIDED) as engine:
        plain = engine.gradients(x, {s: one}, [at, h])
        guided = engine.gradients(x, {s: one}, [at, h], rule="guided")
        other = engine.gradients(x, {s: -one}, [at, h], rule="guided")
        dead = engine.gradients(x, {Value("relu2", "s"): one}, [at], rule="guided")
    assert plain.values[at].tolist() == [[-1, -1]]
    assert guided.values[at].tolist() == [[0, 0]]
    assert guided.values[h].tolist() == [[-1, -1]], "what comes to a ReLU is told as it comes"
    assert other.values[at].tolist() == [[1, 1]]
    assert dead.values[at].tolist() == [[0, 0]]


def test_what_real_caffe_would_abort_on_is_refused(caffe_process: EngineProcess) -> None:
    text = f"""{CHAIN}
    layer {{ name: "cut" type: "Threshold" bottom: "q" top: "c" }}
    """
    x, c = {"x": np.ones((1, 3), np.float32)}, Value("cut", "c")
    with caffe_process.open(text, state=NetState()) as engine:
        with pytest.raises(EngineError, match="goes back through no Threshold"):
            engine.gradients(x, {c: np.ones(1)}, [])
        with pytest.raises(EngineError, match="does not fit"):
            engine.gradients(x, {Value("square", "q"): np.ones(2)}, [])
        with pytest.raises(EngineError, match="no loss"):
            engine.gradients(x, {}, [])
