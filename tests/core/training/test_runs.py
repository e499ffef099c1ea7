"""A run: tested as real Caffe tests, steered from outside, gone on with, ended when it diverges."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import RequestError
from core.jobs.finetune import Finetuned, FinetuneRequest, finetune, resumed
from core.progress import run_job
from core.training.run.control import RunControl
from core.training.run.history import History, read_history
from core.training.run.log import RunProgress
from core.training.run.records import Began, Iteration, Snapshot, Tested
from core.training.run.watching import fits_too_well, last_good_snapshot, rising_loss
from core.weights.reader import open_weights

NET = """
layer { name: "in" type: "Input" top: "x" top: "t"
  input_param { shape { dim: 8 dim: 6 } shape { dim: 8 } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc"
  inner_product_param { num_output: 16 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "fc" top: "fc" }
layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" }
layer { name: "out" type: "InnerProduct" bottom: "fc" top: "out"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "out" bottom: "t" top: "loss" }
layer { name: "right" type: "Accuracy" bottom: "out" bottom: "t" top: "right"
  include { phase: TEST } }
"""
SOLVER = """net: "net.prototxt" base_lr: 0.05 lr_policy: "fixed" momentum: 0.9
snapshot: 5 snapshot_prefix: "s" test_iter: 2 test_interval: 5 max_iter: 20
"""


@pytest.fixture
def request_(tmp_path: Path) -> FinetuneRequest:
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    rng = np.random.default_rng(4)
    for name, n_batches in (("b", 7), ("t", 2)):
        x = rng.standard_normal((n_batches, 8, 6)).astype(np.float32)
        np.savez(tmp_path / f"{name}.npz", x=x, t=x[:, :, :3].argmax(2).astype(np.float32))
    return FinetuneRequest(
        tmp_path / "solver.prototxt", tmp_path / "b.npz", run=tmp_path / "run",
        test_batches=(tmp_path / "t.npz",), seed=2,
    )  # fmt: skip


def final(found: Finetuned, folder: Path) -> bytes:
    last = found.history.snapshots[-1]
    return (folder / last.weights).read_bytes()


@pytest.mark.parametrize("case", ["hdf5_train_test", "test_state_stages"])
def test_test_nets_score_as_in_real_caffe(material, case: str) -> None:
    folder = material(f"training/{case}")
    found = run_job(
        finetune(FinetuneRequest(folder / "solver.prototxt", None, folder / "start.caffemodel"))
    )
    known: dict[tuple[int, int], dict[str, float]] = {}
    for line in (folder / "log.txt").read_text().splitlines():
        began = re.match(r"Iteration (\d+), Testing net \(#(\d+)\)", line)
        said = re.match(r"\s+Test net output #\d+: (\S+) = (\S+)", line)
        if began:
            scores = known.setdefault((int(began[1]), int(began[2])), {})
        elif said:
            scores[said[1]] = float(said[2])
    assert [(one.iteration, one.net) for one in found.history.tests] == list(known)
    for one in found.history.tests:
        wanted = known[one.iteration, one.net]
        assert list(one.scores) == list(wanted)
        assert one.scores == pytest.approx(wanted, rel=2e-4)
        assert one.loss == pytest.approx(wanted["loss"], rel=2e-4)


def test_nets_are_not_tested_at_first_where_the_solver_says_so(material) -> None:
    folder = material("training/hdf5_no_test_init")
    found = run_job(
        finetune(FinetuneRequest(folder / "solver.prototxt", None, folder / "start.caffemodel"))
    )
    assert [one.iteration for one in found.history.tests] == [4, 8]


def test_a_run_tells_what_a_window_draws(request_: FinetuneRequest) -> None:
    steps: list[RunProgress] = []
    found = run_job(finetune(request_), steps.append)  # type: ignore[arg-type]
    history = found.history
    assert history.began is not None
    assert history.began.tests[0].accuracies == ("right",)
    assert [one.iteration for one in history.iterations] == list(range(1, 21))
    assert [one.iteration for one in history.tests] == [0, 5, 10, 15, 20]
    assert [one.iteration for one in history.snapshots] == [5, 10, 15, 20]
    assert history.tests[-1].scores["right"] > history.tests[0].scores["right"]
    assert history.best_test("right") in history.tests
    assert {step.test for step in steps} >= {(0, 2), (1, 2), None}
    assert all(step.history is history for step in steps)
    assert history.iterations[5].seconds_left > 0
    assert vars(read_history(request_.run or Path())) == vars(history)


def test_what_a_net_is_tested_with_must_be_there_or_is_said(request_: FinetuneRequest) -> None:
    found = run_job(finetune(replace(request_, test_batches=(), until=2)))
    assert found.history.tests == []
    assert found.history.began is not None
    assert "Test net 0 is left out" in found.history.began.notes[0]


def steered(request: FinetuneRequest, at: int, act: Callable[[RunControl], None]) -> Finetuned:
    """A run that somebody in another thread acts on once so many iterations are done."""
    control = RunControl()

    def watch(step: object) -> None:
        if isinstance(step, RunProgress) and step.history.n_done == at and not acted:
            acted.append(threading.Thread(target=act, args=(control,)))
            acted[0].start()
            acted[0].join()

    acted: list[threading.Thread] = []
    found = run_job(finetune(request, control), watch)
    assert acted
    return found


def test_a_pause_keeps_a_snapshot_and_a_stop_is_gone_on_from(request_: FinetuneRequest) -> None:
    folder = request_.run or Path()
    whole = final(run_job(finetune(replace(request_, run=folder / "whole"))), folder / "whole")

    def pause(control: RunControl) -> None:
        control.pause()
        control.ask_for_snapshot()
        threading.Timer(0.5, control.stop).start()

    ended = steered(request_, 7, pause)
    assert ended.history.ended is not None
    assert (ended.history.ended.why, ended.history.n_done) == ("stopped", 7)
    assert [one.iteration for one in ended.history.snapshots] == [5, 7]
    again = run_job(finetune(resumed(folder)))
    assert [one.iteration for one in again.history.iterations] == list(range(1, 21))
    assert final(again, folder) == whole
    earlier = run_job(finetune(resumed(folder, iteration=5)))
    assert earlier.trained.first == 5
    assert [one.iteration for one in earlier.history.snapshots] == [5, 10, 15, 20]
    assert final(earlier, folder) == whole
    with pytest.raises(RequestError, match="no whole snapshot of iteration 6"):
        resumed(folder, iteration=6)


def test_a_run_that_diverges_ends_with_the_last_good_snapshot(request_: FinetuneRequest) -> None:
    wild = SOLVER.replace("base_lr: 0.05", "base_lr: 0.05 gamma: 1e12 stepvalue: 12")
    request_.solver.write_text(wild.replace('"fixed"', '"multistep"'))
    history = run_job(finetune(request_)).history
    ended = history.ended
    assert ended is not None
    assert (ended.why, ended.last_good) == ("diverged", 10)
    assert "The last good snapshot is that of iteration 10" in ended.sentence
    assert 12 < ended.iteration < 20
    assert [one.iteration for one in history.snapshots] == [5, 10]


def losses(*values: float) -> History:
    history = History()
    history.take(Began(0, 999))
    for number, value in enumerate(values, start=1):
        history.take(Iteration(number, value, value, 0.1, 1.0))
        if number % 20 == 0:
            history.take(Snapshot(number, f"{number}", ""))
    return history


NOISE = [0.4 * (-1) ** i for i in range(400)]


@pytest.mark.parametrize(
    ("name", "values", "ends"),
    [
        ("falls", [2 - i / 300 + NOISE[i] for i in range(400)], False),
        ("stays", [2 + NOISE[i] for i in range(400)], False),
        ("warms up", [2 + (i / 40 if i < 40 else max(0, 1 - i / 100)) for i in range(400)], False),
        ("learned, then as at first", [0.1] * 200 + [0.3] * 40 + [0.1] * 60, False),
        ("rises", [2 + i / 60 + NOISE[i] for i in range(400)], True),
        ("leaps and stays", [2.3] * 60 + [87.3] * 60, True),
    ],
)
def test_a_loss_that_rises_steadily_ends_a_run(name: str, values: list[float], ends: bool) -> None:
    history = losses(*(values if name != "learned, then as at first" else [2.0] * 20 + values))
    grown, found = losses(), []
    grown.snapshots = history.snapshots
    for one in history.iterations:
        grown.take(one)
        found.append(rising_loss(grown))
    assert any(found) is ends


def test_the_good_snapshot_is_from_before_the_rise() -> None:
    leaps = losses(*[2.3] * 60, *[87.3] * 60)
    assert last_good_snapshot(leaps) == Snapshot(60, "60", "")
    assert last_good_snapshot(losses(*[2.0] * 45)) == Snapshot(40, "40", "")
    assert last_good_snapshot(losses(2.0)) is None


def test_a_warning_once_where_a_net_learns_by_heart() -> None:
    history = losses(*[1.0] * 10)
    for number, loss in enumerate([2.0, 1.0, 1.2, 1.1, 1.09]):
        history.take(Tested(number * 2, 0, loss, {}))
    assert fits_too_well(history) is None
    for number, loss in enumerate([1.3, 1.4, 1.5], start=5):
        history.take(Tested(number * 2, 0, loss, {}))
    warned = fits_too_well(history)
    assert warned is not None
    assert "least at iteration 2 (1)" in warned.sentence
    history.take(warned)
    assert fits_too_well(history) is None


def test_channels_that_die_are_named_with_their_counts(request_: FinetuneRequest) -> None:
    request_.solver.write_text(SOLVER.replace("base_lr: 0.05", "base_lr: 2"))
    given = np.load(request_.batches or "")
    np.savez(request_.batches or "", x=np.abs(given["x"]), t=given["t"])
    history = run_job(finetune(replace(request_, until=10))).history
    first, last = history.channels[0], history.channels[-1]
    assert [one.iteration for one in history.channels] == [0, 1, 2, 5, 10]
    assert (first.n_images, first.layers[0].layer, first.layers[0].n_channels) == (56, "relu", 16)
    assert last.layers[0].n_dead > first.layers[0].n_dead + 8
    warned = [one for one in history.warnings if one.kind == "dead channels"]
    assert len(warned) in (1, 2)
    assert re.search(r"relu \d+ of 16 \(before \d\)", warned[-1].sentence)
    # by hand: 0 for every image
    layers = {one.name: one for one in open_weights(
        (request_.run or Path()) / history.snapshots[-1].weights).layers}  # fmt: skip
    w, bias = (blob.array() for blob in layers["fc"].blobs)
    rectified = np.maximum(
        np.abs(given["x"]).reshape(-1, 6) @ w.reshape(16, 6).T + bias.reshape(-1), 0
    )
    assert last.layers[0].n_dead == int((rectified.max(0) == 0).sum())
