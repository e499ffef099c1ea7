"""Choosing an engine by trial: who wins, what is said, what is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.engine_names import AUTO, engine_title, installed_graph_engines
from core.engines import choosing
from core.engines.base import EngineSpec, Value
from core.engines.choosing import choose_engine
from core.engines.host import EngineHost, NetToRun
from core.engines.trial import (
    Chosen,
    largest_relative_difference,
    try_engines,
    what_to_compare,
)
from core.engines.trial_memory import Remembered, TrialMemory, trial_key
from core.engines.values import EngineLayer
from core.errors import EngineError, EngineUnavailableError
from core.measures.measure import KEEP, Pool

RELU = Value("relu", "relu")
NET = """
input: "data" input_shape { dim: 1 dim: 2 dim: 4 dim: 4 }
layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }
layer { name: "best" type: "ArgMax" bottom: "relu" top: "best" }
"""
DATA = {"data": np.arange(64, dtype=np.float32).reshape(2, 2, 4, 4) - 20}
WANTS = {RELU: (KEEP,)}


class Stub:
    """An engine whose passes take so long for each image, by a clock that all share."""

    now = 0.0

    def __init__(self, seconds: float, off: float = 0.0) -> None:
        self.seconds, self.off, self.batches = seconds, off, []

    def measure(self, inputs: Mapping[str, np.ndarray], wants: object) -> dict:
        (data,) = inputs.values()
        self.batches.append(len(data))
        Stub.now += self.seconds * len(data)
        return {(RELU, KEEP): data * (1 + self.off)}


def chosen(torch: Stub, n_images: int = 8, **others: Stub) -> Chosen:
    data = {"data": np.ones((n_images, 2), np.float32)}
    sleep = lambda seconds: setattr(Stub, "now", Stub.now + seconds)  # noqa: E731
    engines = {"torch": torch, **others}
    return try_engines(engines, data, WANTS, clock=lambda: Stub.now, sleep=sleep).chosen()


def test_the_quicker_engine_is_named_with_both_times() -> None:
    found = chosen(Stub(0.01), onnxruntime=Stub(0.005), openvino=Stub(0.006))
    assert found.spec == EngineSpec("onnxruntime")
    assert (
        found.reason
        == "ONNX Runtime: 40 ms a pass of 8 images, against PyTorch's 80 and OpenVINO's 48"
    )
    found = chosen(Stub(0.01), onnxruntime=Stub(0.005), openvino=Stub(0.004))
    assert found.spec == EngineSpec("openvino")
    found = chosen(Stub(0.01), n_images=1, openvino=Stub(0.02))
    assert found.reason == "PyTorch: 10 ms a pass of 1 image after a pause, against OpenVINO's 20"


class Uneven(Stub):
    """Every third pass is quicker."""

    def measure(self, inputs: Mapping[str, np.ndarray], wants: object) -> dict:
        if len(self.batches) % 3 == 0:
            Stub.now -= 0.75 * self.seconds
        return super().measure(inputs, wants)


def test_after_a_pause_the_median_counts_and_without_one_the_least() -> None:
    """A thread that sleeps has to be woken for each layer, now sooner, now later."""
    found = chosen(Stub(0.02), n_images=1, onnxruntime=Uneven(0.015), openvino=Stub(0.01))
    words = "OpenVINO: 10 ms a pass of 1 image after a pause, against "
    assert found.reason == words + "PyTorch's 20 and ONNX Runtime's 15"
    found = chosen(Stub(0.02), onnxruntime=Uneven(0.01), openvino=Stub(0.015))
    assert found.engine == "onnxruntime"


def test_the_way_that_threads_are_tried_in_does_not_count() -> None:
    class Settling(Stub):
        def measure(self, inputs: Mapping[str, np.ndarray], wants: object) -> dict:
            self.seconds = 0.05 if len(self.batches) < 12 else 0.01
            return super().measure(inputs, wants)

    found = chosen(Stub(0.02), n_images=1, onnxruntime=Settling(0.05))
    assert found.reason.startswith("ONNX Runtime: 10 ms")


def test_an_engine_that_fails_is_left_out_and_named() -> None:
    class Failing(Stub):
        def measure(self, inputs: Mapping[str, np.ndarray], wants: object) -> dict:
            raise EngineError("OpenCV can't read this net.")

    found = chosen(Stub(0.01), openvino=Stub(0.005), opencv=Failing(0.001))
    assert found.reason == (
        "OpenVINO: 40 ms a pass of 8 images, against PyTorch's 80; OpenCV can't read this net"
    )
    found = chosen(Stub(0.01), opencv=Failing(0.001))
    assert (found.engine, found.reason) == ("torch", "PyTorch: OpenCV can't read this net")
    with pytest.raises(EngineError, match="can't read"):
        chosen(Failing(0.01), openvino=Stub(0.005))


def test_a_tie_and_other_values_stay_on_pytorch() -> None:
    assert chosen(Stub(0.01), onnxruntime=Stub(0.00975)).engine == "torch"
    found = chosen(Stub(0.01), onnxruntime=Stub(0.001, off=2e-4))
    assert (found.engine, found.reason) == (
        "torch",
        "PyTorch: ONNX Runtime's values differ by 2.0e-04 of the largest, more than 0.0001",
    )  # fmt: skip
    found = chosen(Stub(0.01), onnxruntime=Stub(0.001, off=2e-4), openvino=Stub(0.005))
    assert (found.engine, found.reason) == (
        "openvino",
        "OpenVINO: 40 ms a pass of 8 images, against PyTorch's 80; "
        "ONNX Runtime's values differ by 2.0e-04 of the largest, more than 0.0001",
    )  # fmt: skip


def layer(name: str, kind: str, bottom: str, top: str) -> EngineLayer:
    return EngineLayer(name, kind, (bottom,) if bottom else (), (top,), (None,))


def test_of_a_softmax_what_goes_into_it_is_compared() -> None:
    """As the last layer in place wrote it; whatever else is wanted stays as it is."""
    layers = [
        layer("data", "Input", "", "data"),
        layer("fc8", "InnerProduct", "data", "fc8"),
        layer("relu8", "ReLU", "fc8", "fc8"),
        layer("prob", "Softmax", "fc8", "prob"),
    ]
    prob, relu8, fc8 = Value("prob", "prob"), Value("relu8", "fc8"), Value("fc8", "fc8")
    assert what_to_compare(layers, {prob: (Pool("gap"),)}) == {relu8: (KEEP,)}
    assert what_to_compare(layers, {fc8: (KEEP,)}) == {fc8: (KEEP,)}
    both = what_to_compare(layers, {fc8: (KEEP,), prob: (KEEP,)})
    assert both == {fc8: (KEEP,), relu8: (KEEP,)}


def test_scores_that_agree_are_enough_where_their_probabilities_do_not() -> None:
    """Scores of 154 that agree to 2e-6: exp(154 * 2e-6) - 1 = 3.1e-4 of a probability."""
    scores = Value("fc8", "fc8")

    class Classifier(Stub):
        def measure(self, inputs: Mapping[str, np.ndarray], wants: Mapping) -> dict:
            super().measure(inputs, wants)
            score = np.array([154.0 * (1 + self.off), 154.0])
            share = np.exp(score - score.max()) / np.exp(score - score.max()).sum()
            return {(v, KEEP): score if v == scores else share for v in wants}

    torch, onnx = Classifier(0.01), Classifier(0.005, off=2e-6)
    data, prob = {"data": np.ones((8, 2), np.float32)}, {Value("prob", "prob"): (KEEP,)}
    clock = {"clock": lambda: Stub.now, "sleep": lambda seconds: None}
    both = {"torch": torch, "onnxruntime": onnx}
    assert try_engines(both, data, prob, **clock).chosen().engine == "torch"
    judged = {scores: (KEEP,)}
    found = try_engines(both, data, prob, compared=judged, **clock)
    assert found.differences == {"onnxruntime": pytest.approx(2e-6)}
    assert found.chosen().engine == "onnxruntime"
    worse = Classifier(0.005, off=2e-4)
    found = try_engines({**both, "onnxruntime": worse}, data, prob, compared=judged, **clock)
    assert found.chosen().engine == "torch"


def test_a_batch_is_tried_without_pauses_however_few_images_a_trial_has_time_for() -> None:
    """Passes of a survey follow one another; only who asks for one image has paused."""
    found = chosen(Stub(0.2), openvino=Stub(0.1))
    assert found.reason == "OpenVINO: 100 ms a pass of 1 image, against PyTorch's 200"


def test_long_passes_are_tried_with_fewer_images_and_seldom() -> None:
    torch, onnx = Stub(0.08), Stub(0.9)
    before = Stub.now
    chosen(torch, onnxruntime=onnx)
    assert max(onnx.batches) == 2
    assert Stub.now - before < 6
    assert len(onnx.batches) == 3


def test_differences_are_relative_and_nan_equals_nan() -> None:
    one = {(RELU, KEEP): np.array([np.nan, 100.0, np.inf], np.float32)}
    assert largest_relative_difference(one, one) == 0
    other = {(RELU, KEEP): np.array([np.nan, 101.0, np.inf], np.float32)}
    assert largest_relative_difference(one, other) == pytest.approx(0.01)
    other = {(RELU, KEEP): np.array([0.0, 100.0, np.inf], np.float32)}
    assert largest_relative_difference(one, other) == np.inf


def test_memory_keeps_the_last_trials_and_reads_no_rubbish(tmp_path: Path) -> None:
    memory = TrialMemory(tmp_path / "new" / "trials.json")
    assert memory.all() == ()
    for number in range(205):
        memory.keep(Remembered(str(number % 202), "torch", f"PyTorch: {number}"))
    assert len(memory.all()) == 200
    assert memory.find("1") == Chosen("torch", "PyTorch: 203")
    assert memory.find("3") is None
    foreign = '{"trials": [{"key": "1", "engine": "rm", "reason": ""}]}'
    for rubbish in ("{", '{"trials": [{"key": 3}]}', foreign):
        (tmp_path / "new" / "trials.json").write_text(rubbish)
        assert memory.find("1") is None


def test_other_sizes_wants_and_nets_are_other_trials() -> None:
    pool = {RELU: (Pool("gap"),)}
    one = {"data": DATA["data"][:1]}
    keys = [trial_key(net, inputs, wants) for net in ("a", "b") for inputs in (DATA, one)
            for wants in (WANTS, pool)]  # fmt: skip
    assert len(set(keys)) == 8


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineHost]:
    monkeypatch.setenv("BLOBSCOPE_CACHE", str(tmp_path / "cache"))
    with EngineHost() as made:
        yield made


def test_a_net_is_tried_once_and_what_is_lacking_is_named(
    host: EngineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = installed_graph_engines()
    if not names:
        pytest.skip("the extra [fast] is not installed")
    told: list[Chosen] = []
    host.on_choice = told.append
    net = NetToRun(NET, Path("net.prototxt"), engine=EngineSpec(AUTO))
    first = choose_engine(host, net, DATA, WANTS)
    assert first.engine.name in ("torch", *names)
    assert " ms a pass of 2 images, against " in first.why_engine
    assert all(engine_title(name) in first.why_engine for name in ("torch", *names))
    best = {Value("best", "best"): (KEEP,)}
    lacking = choose_engine(host, net, DATA, best)
    assert lacking.engine == EngineSpec("torch")
    lacks = [f"{engine_title(name)} does not run layer 'best' (ArgMax)" for name in names]
    assert lacking.why_engine == f"PyTorch: {'; '.join(lacks)}"
    monkeypatch.delattr(choosing, "_try")
    again = choose_engine(host, net, DATA, WANTS)
    assert (again.engine, again.why_engine) == (first.engine, first.why_engine)
    on_gpu = choose_engine(host, replace(net, device="cuda:0"), DATA, WANTS)
    assert on_gpu.why_engine == "PyTorch: only PyTorch runs on cuda:0"
    assert [one.engine for one in told] == [first.engine.name, "torch", first.engine.name, "torch"]


def test_an_engine_that_does_not_start_is_left_out_and_named(
    host: EngineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "openvino" not in installed_graph_engines():
        pytest.skip("the extra [fast] is not installed")
    monkeypatch.setattr(choosing, "installed_graph_engines", lambda: ("opencv",))
    monkeypatch.setattr("core.engines.trial.installed_graph_engines", lambda: ("opencv",))
    opened = host.opened

    def open_all_but_one(net: NetToRun) -> object:
        if net.engine.name == "opencv":
            raise EngineUnavailableError("The engine needs version 4.14 or later, not 4.5.")
        return opened(net)

    monkeypatch.setattr(host, "opened", open_all_but_one)
    net = NetToRun(NET, Path("net.prototxt"), engine=EngineSpec(AUTO))
    assert choose_engine(host, net, DATA, WANTS).why_engine == (
        "PyTorch: The engine needs version 4.14 or later, not 4.5"
    )
    monkeypatch.setattr(choosing, "installed_graph_engines", lambda: ("openvino", "opencv"))
    beside = choose_engine(host, net, {"data": DATA["data"][:1]}, WANTS).why_engine
    assert beside.endswith("; The engine needs version 4.14 or later, not 4.5")


def test_what_is_no_survey_is_pytorchs(host: EngineHost) -> None:
    spec = EngineSpec(AUTO)
    assert spec.exact == spec.settled == EngineSpec("torch")
    with host.opened(NetToRun(NET, Path("net.prototxt"), engine=spec)) as engine:
        assert engine.name == "torch"
        found = engine.forward(DATA, [Value("best", "best")])
    assert found[Value("best", "best")].shape[0] == 2
