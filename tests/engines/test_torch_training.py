"""Training against real Caffe: weights, histories, rates and losses of every solver and policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.engines.base import EngineProcess
from core.engines.session import TrainRequest
from core.engines.torch.backend import make_backend
from core.engines.torch.training import TorchTraining
from core.errors import EngineError, NetError
from core.net.definition import NetState
from core.net.learning_rate import LearningRate
from core.net.parser import parse
from core.net.solver_settings import SolverSettings, read_settings
from core.training.feeds import ArrayFeed, array_feed, batches_of
from core.weights.solver_state import read_solver_state

BAR = 1e-5
LOST_IN_CAFFE = "spp_flatten_reshape"
"""Real Caffe loses the gradient of an SPP layer that a Reshape follows: nothing below it learns."""
COUNTED_TWICE = "loss_weight_with_consumer"
"""Real Caffe shows another loss than the one whose gradient it takes."""


def cases(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "index.json").read_text())
    known: dict[str, Any] = found.get("cases", found)
    return {
        name: case
        for name, case in known.items()
        if (folder / name / "batches.npz").exists() or name == "dummydata"
    }


def settings_of(folder: Path) -> SolverSettings:
    return read_settings(parse((folder / "solver.prototxt").read_text()))


def started(folder: Path, weights: Path | None, known: Any) -> TorchTraining:
    """A training of a case; layers that no file covers begin as they did in real Caffe."""
    request = TrainRequest(
        (folder / "net.prototxt").read_text(), weights, "cpu", 1, NetState("TRAIN"), {},
        solver=settings_of(folder),
    )  # fmt: skip
    training = make_backend({"threads": "1"}).train(request)
    assert isinstance(training, TorchTraining)
    with torch.no_grad():
        for key in known.files:
            if key.startswith("w0/"):
                kept = training._weights[position(training, key)]
                kept.copy_(torch.from_numpy(known[key]).reshape(kept.shape))
    return training


def position(training: TorchTraining, key: str) -> int:
    layer, index = key.split("/", 1)[1].rsplit("/", 1)
    return [(a.layer, a.index) for a in training.arrays].index((layer, int(index)))


def feed_of(folder: Path, training: TorchTraining) -> ArrayFeed:
    path = folder / "batches.npz"
    named = dict(np.load(path)) if path.exists() else {}
    return array_feed(named, training.inputs)


def apart(found: np.ndarray, wanted: np.ndarray, floor: float = 1e-7) -> float:
    """The greatest difference as a share of the greatest value; NaN is equal to NaN."""
    found = found.reshape(wanted.shape)
    is_number = ~(np.isnan(found) & np.isnan(wanted))
    if not is_number.any():
        return 0.0
    scale = max(float(np.abs(wanted[is_number]).max()), floor)
    return float(np.abs(found - wanted)[is_number].max()) / scale


def compare(training: TorchTraining, known: Any, kind: str, arrays: list[np.ndarray]) -> float:
    """Of weights and updates; gradients that cancel are told against the greatest of them."""
    keys = [key for key in known.files if key.startswith(f"{kind}/")]
    floor = 1e-7
    if kind in ("g1", "u1"):
        floor = 1e-3 * max((float(np.abs(known[key]).max(initial=0)) for key in keys), default=1)
    return max(
        (apart(arrays[position(training, key)], known[key], max(floor, 1e-7)) for key in keys),
        default=0.0,
    )


def test_every_solver_policy_and_layer_ends_with_caffes_weights(
    material: Callable[[str], Path],
) -> None:
    root = material("training")
    wrong, compared = {}, 0
    for name, case in cases(root).items():
        if not case["ok"] or name == LOST_IN_CAFFE:
            continue
        worst = _worst(root / name, name, case)
        compared += 1
        if worst:
            wrong[name] = worst
    assert not wrong
    assert compared > 130


def _worst(folder: Path, name: str, case: dict[str, Any]) -> dict[str, float]:
    """What lies beyond the bar; a case that noise of 1e-6 moves further has 50 times as much."""
    known = np.load(folder / "result.npz")
    weights = folder / "start.caffemodel"
    training = started(folder, weights if weights.exists() else None, known)
    feed, iter_size = feed_of(folder, training), settings_of(folder).iter_size
    drift = case.get("drift_for_1e-6_input_noise") or {}
    losses, rates, found = [], [], {}
    for iteration in range(max(case["steps"])):
        done = training.iterate(batches_of(feed, iteration, iter_size), lambda layer: None)
        losses.append(done.loss)
        rates.append(done.rate)
        if iteration == 0:
            found["g1"] = compare(training, known, "g1", training.first_gradients()) / 10
            found["u1"] = compare(training, known, "u1", training.first_updates()) / 10
        if iteration + 1 in case["steps"]:
            kind = f"w{iteration + 1}"
            allowed = max(1.0, 50 * drift.get(kind, 0.0) / BAR)
            found[kind] = compare(training, known, kind, training.weights()) / allowed
    histories = [known[f"h{len(losses)}/{j}"] for j in range(len(training.history()))
                 if f"h{len(losses)}/{j}" in known.files]  # fmt: skip
    moved = 100 * drift.get(f"w{len(losses)}", 0.0) / BAR
    for kept, wanted in zip(training.history(), histories, strict=False):
        found["h"] = max(found.get("h", 0.0), apart(kept, wanted) / max(10.0, moved))
    n_known = len(known["loss"])
    if name != COUNTED_TWICE:
        found["loss"] = apart(np.array(losses)[:n_known], known["loss"][: len(losses)]) / 10
    found["lr"] = apart(np.array(rates)[: len(known["lr"])], known["lr"][: len(rates)])
    return {kind: value for kind, value in found.items() if not value <= BAR}


@pytest.mark.parametrize("name", ["resume_adam", "resume_adadelta", "resume_sgd_multistep",
                                  "resume_nesterov_h5"])  # fmt: skip
def test_a_snapshot_of_real_caffe_is_gone_on_from(
    material: Callable[[str], Path], name: str
) -> None:
    folder = material(f"training/{name}")
    known = np.load(folder / "result.npz")
    (state_file,) = (folder / "resume").glob("*.solverstate*")
    (weights,) = (folder / "resume").glob("*.caffemodel*")
    state = read_solver_state(state_file)
    assert (state.iteration, state.weights) == (5, weights.name)
    training = started(folder, weights, known)
    training.restore(state.iteration, state.step, state.history)
    feed = feed_of(folder, training)
    for iteration in range(5, 20):
        done = training.iterate(batches_of(feed, iteration, 1), lambda layer: None)
        assert apart(np.array(done.loss), known["loss"][iteration]) < 1e-4
    assert compare(training, known, "w20", training.weights()) < 4e-5


def test_what_aborts_caffe_is_a_sentence(material: Callable[[str], Path]) -> None:
    with pytest.raises(NetError, match="gamma"):
        settings_of(material("training/lr_sigmoid"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('lr_policy: "fixed" type: "RMSProp" momentum: 0.9', "takes no momentum"),
        ('lr_policy: "step"', "needs a stepsize"),
        ('lr_policy: "stop"', "lr_policy 'stop'"),
        ("base_lr: 1", "names no lr_policy"),
        ('lr_policy: "fixed" type: "Momentum"', "type 'Momentum'"),
        ('lr_policy: "fixed" type: "SGD" solver_type: ADAM', "twice"),
        ('lr_policy: "fixed" test_iter: 3', "without test_interval"),
        ('lr_policy: "fixed" iter_size: 0', "iter_size"),
    ],
)
def test_solvers_that_caffe_refuses(text: str, sentence: str) -> None:
    with pytest.raises(NetError, match=sentence):
        read_settings(parse(text))


def test_old_names_of_solvers_are_known() -> None:
    assert read_settings(parse('lr_policy: "fixed" solver_type: RMSPROP')).type == "RMSProp"
    assert read_settings(parse('lr_policy: "fixed" solver_type: 1')).type == "Nesterov"


def test_rates_by_hand() -> None:
    step = SolverSettings(base_lr=0.1, lr_policy="step", gamma=0.5, stepsize=2)
    assert [LearningRate(step).at(i) for i in range(5)] == [0.1, 0.1, 0.05, 0.05, 0.025]
    several = SolverSettings(base_lr=1.0, lr_policy="multistep", gamma=0.1, stepvalue=(1, 1, 3))
    rate = LearningRate(several)
    np.testing.assert_allclose([rate.at(i) for i in range(5)], [1, 0.1, 0.01, 0.001, 0.001])
    poly = SolverSettings(base_lr=2.0, lr_policy="poly", power=2.0, max_iter=4)
    assert [LearningRate(poly).at(i) for i in range(4)] == [2.0, 1.125, 0.5, 0.125]


LINE = """
layer { name: "in" type: "Input" top: "x" top: "t"
  input_param { shape { dim: 1 dim: 1 } shape { dim: 1 dim: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param {
  num_output: 1 bias_term: false weight_filler { type: "constant" value: 2 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "l" }
"""


@pytest.fixture
def training(torch_process: EngineProcess) -> Iterator[Any]:
    settings = SolverSettings(base_lr=0.1, momentum=0.5, weight_decay=0.01)
    with torch_process.train(LINE, settings) as found:
        yield found


def test_a_line_by_hand(training: Any) -> None:
    """y = 2 x with x = 3 and target 0: loss 18, gradient 18; then momentum and decay."""
    batch = {"x": np.array([[3.0]]), "t": np.array([[0.0]])}
    first = training.iterate([batch])
    assert (first.iteration, first.loss, first.rate) == (1, 18.0, 0.1)
    assert first.passes[0].outputs == {"l": 18.0}
    assert training.first_gradients()[0].item() == 18.0
    assert training.first_updates()[0].item() == pytest.approx(0.1 * (18 + 0.02))
    weight = 2 - 0.1 * 18.02
    assert training.weights()[0].item() == pytest.approx(weight, rel=1e-6)
    training.iterate([batch])
    update = 0.5 * 1.802 + 0.1 * (9 * weight + 0.01 * weight)
    assert training.history()[0].item() == pytest.approx(update, rel=1e-5)
    assert training.first_gradients() == []


def test_what_does_not_fit_is_said(torch_process: EngineProcess, training: Any) -> None:
    with pytest.raises(EngineError, match="state has 3 arrays"):
        training.restore(5, 0, [np.zeros(1)] * 3)
    with pytest.raises(EngineError, match="input blob 't' was not given"):
        training.iterate([{"x": np.array([[3.0]])}])
    no_loss = LINE[: LINE.index('layer { name: "loss"')]
    with pytest.raises(EngineError, match="no loss, so there is nothing to learn"):
        torch_process.train(no_loss, SolverSettings())


def test_engines_that_train_nothing_say_so(fake_process: EngineProcess) -> None:
    with pytest.raises(EngineError, match="trains no net"):
        fake_process.train(LINE, SolverSettings())
