"""Recorded passes: when they are chosen, what drops them, and what is done where none can be had.

A graph that is replayed by a CPU stands in for CUDA's: the recorded work over copied inputs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from torch import Tensor

from core.engines.changes import Change, Writing
from core.engines.operations import Want
from core.engines.pass_choice import PassChoice
from core.engines.session import OpenRequest
from core.engines.torch.copies import PlainCopies
from core.engines.torch.graphs import GraphedPasses, Work, graphs_for
from core.engines.torch.operation import Place
from core.engines.torch.session import TorchSession
from core.engines.torch.thread_choice import ThreadChoice
from core.engines.values import Value
from core.errors import EngineError, EngineOutOfMemory
from core.measures.measure import KEEP, Measure, Pool
from core.net.definition import NetState

CPU = torch.device("cpu")
NET = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { pool: MAX global_pooling: true } }
layer { name: "norm" type: "MVN" bottom: "conv" top: "norm" }
"""
CONV, RELU, POOL = Value("conv", "conv"), Value("relu", "conv"), Value("pool", "pool")
NORM = Value("norm", "norm")
GAP = Pool("gap")
SLOW, QUICK = 0.010, 0.004


class Replayed:
    """The work that was recorded, over inputs copied to where it had them."""

    def __init__(self, work: Work, inputs: Mapping[int, Tensor]) -> None:
        self._work = work
        self._inputs = {slot: tensor.clone() for slot, tensor in inputs.items()}
        self.found = work(dict(self._inputs))

    def replay(self, inputs: Mapping[int, Tensor]) -> list[Tensor]:
        for slot, tensor in inputs.items():
            self._inputs[slot].copy_(tensor)
        return [one.clone() for one in self._work(dict(self._inputs))]


class Bed:
    """Graphed passes on a clock that moves by what a pass takes, and what they asked for."""

    def __init__(
        self,
        by_layers: float = SLOW,
        recorded: float = QUICK,
        record: Callable[[Work, Mapping[int, Tensor]], Replayed] = Replayed,
        choice: PassChoice[bool] | None = None,
    ) -> None:
        self.now = 0.0
        self._by_layers, self._recorded_takes, self._record = by_layers, recorded, record
        self.n_recorded = self.n_replayed = self.n_waits = 0
        choice = choice or PassChoice((False, True), lambda: self.now)
        self.passes = GraphedPasses(self._recorded, self._wait, choice)

    def _recorded(self, work: Work, inputs: Mapping[int, Tensor]) -> Replayed:
        self.n_recorded += 1
        graph = self._record(work, inputs)
        bed, play = self, graph.replay

        def replay(given: Mapping[int, Tensor]) -> list[Tensor]:
            bed.n_replayed += 1
            began = bed.now
            found = play(given)
            bed.now = began + bed._recorded_takes
            return found

        graph.replay = replay  # type: ignore[method-assign]
        return graph

    def _wait(self) -> None:
        self.n_waits += 1

    def work(self, given: Mapping[int, Tensor]) -> list[Tensor]:
        self.now += self._by_layers
        return [given[0] * 2]

    def run(self, n_passes: int, key: str = "net") -> None:
        for number in range(n_passes):
            (found,) = self.passes.run(key, {0: torch.full((2,), float(number))}, self.work)
            assert found.tolist() == [2.0 * number] * 2


def test_the_quicker_way_is_taken_after_a_trial_which_alone_waits_for_the_device() -> None:
    bed = Bed()
    bed.run(20)
    assert (bed.n_recorded, bed.n_waits) == (1, 1 + 3 + 8)  # after a pause, settling, four of each
    before = bed.n_replayed
    bed.run(5)
    assert (bed.n_replayed - before, bed.n_waits) == (5, 12)
    slow = Bed(by_layers=QUICK, recorded=SLOW)
    slow.run(20)
    before = slow.n_replayed
    slow.run(5)
    assert slow.n_replayed == before


def test_a_pass_that_takes_long_is_never_recorded() -> None:
    bed = Bed(by_layers=0.4)
    bed.run(20)
    assert bed.n_recorded == 0


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("operation not permitted when stream is capturing\nmore"),
        EngineError("Layer 'a' failed."),
        EngineOutOfMemory("no room"),
    ],
)
def test_a_pass_that_can_not_be_recorded_stays_as_it_is_and_is_not_tried_again(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(work: Work, inputs: Mapping[int, Tensor]) -> Replayed:
        raise error

    bed = Bed(record=fail)
    with caplog.at_level(logging.WARNING):
        bed.run(20)
    assert bed.n_recorded == 1
    (record,) = caplog.records
    first = str(error).splitlines()[0]
    assert record.getMessage() == f"A pass stays layer by layer: it can't be recorded: {first}"


def test_a_recording_with_other_bits_is_not_used(caplog: pytest.LogCaptureFixture) -> None:
    class Wrong(Replayed):
        def replay(self, inputs: Mapping[int, Tensor]) -> list[Tensor]:
            return [one + 1e-6 for one in super().replay(inputs)]

    bed = Bed(record=Wrong)
    with caplog.at_level(logging.WARNING):
        bed.run(20)
    assert (bed.n_recorded, bed.n_replayed) == (1, 1)
    assert "other bits" in caplog.records[0].getMessage()


def test_few_recordings_are_kept_and_all_are_dropped_with_the_weights() -> None:
    bed = Bed(choice=PassChoice((True,)))
    for key in "abcde":
        bed.run(2, key)
    assert bed.n_recorded == 5
    bed.run(1, "e")
    assert bed.n_recorded == 5
    bed.run(1, "a")  # the oldest went
    assert bed.n_recorded == 6
    bed.passes.forget()
    bed.run(1, "a")
    assert bed.n_recorded == 7


def session(bed: Bed | None, net: str = NET, state: NetState | None = None) -> TorchSession:
    state = state or NetState()
    request = OpenRequest(net, None, "cpu", 0, state, {})
    threads = ThreadChoice(1, lambda n: None)
    passes = None if bed is None else bed.passes
    return TorchSession(request, Place(CPU, state=state), threads, PlainCopies(CPU), passes)


def pictures(n_images: int = 2, size: int = 8, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"data": rng.standard_normal((n_images, 3, size, size), np.float32)}


def wanted(**measures: tuple[Measure, ...]) -> list[Want]:
    values = {"conv": CONV, "relu": RELU, "pool": POOL, "norm": NORM}
    return [Want(values[name], one) for name, some in measures.items() for one in some]


def said(name: str) -> None:
    """Which layer runs is no matter here."""


def test_each_kind_of_pass_has_a_recording_of_its_own_and_the_bits_of_its_layers() -> None:
    bed = Bed(choice=PassChoice((True,)))
    graphed, plain = session(bed), session(None)
    asked = [
        (pictures(), wanted(pool=(KEEP,))),
        (pictures(seed=1), wanted(pool=(KEEP,))),  # replayed
        (pictures(3), wanted(pool=(KEEP,))),
        (pictures(size=9), wanted(pool=(KEEP,))),
        (pictures(), wanted(relu=(GAP, KEEP))),
        (pictures(seed=2), wanted(relu=(GAP, KEEP))),  # replayed
        (pictures(), wanted(relu=(KEEP, GAP))),
    ]
    counts = []
    for inputs, wants in asked:
        found = graphed.measure(dict(inputs), wants, said)
        for one, other in zip(found, plain.measure(dict(inputs), wants, said), strict=True):
            np.testing.assert_array_equal(one, other)
        counts.append(bed.n_recorded)
    assert counts == [1, 1, 2, 3, 4, 4, 5]
    holed = pictures()
    holed["data"][0, 0, 0, 0] = np.nan
    wants = wanted(relu=(KEEP,), conv=(KEEP,))
    whole = graphed.measure(pictures(), wants, said)
    n_recorded = bed.n_recorded
    found = graphed.measure(holed, wants, said)
    assert bed.n_recorded == n_recorded + 1  # NaN goes through layers that are not fused
    np.testing.assert_array_equal(found[0][1], whole[0][1])
    assert np.isnan(found[0][0]).any()


def test_changed_values_run_by_layers() -> None:
    bed = Bed(choice=PassChoice((True,)))
    graphed = session(bed)
    wants = wanted(pool=(KEEP,))
    before = graphed.measure(pictures(), wants, said)[0]
    zero = Writing(Change(CONV, "multiply", (1,)))
    _, (changed,) = graphed.intervene(pictures(), [zero], wants, 1, said)
    assert bed.n_recorded == 1
    assert not changed[:, 1].any()
    np.testing.assert_array_equal(changed[:, 2], before[:, 2])
    np.testing.assert_array_equal(graphed.measure(pictures(), wants, said)[0], before)


def test_layers_that_ask_the_device_or_draw_are_not_recorded() -> None:
    bed = Bed(choice=PassChoice((True,)))
    graphed = session(bed)
    graphed.measure(pictures(), wanted(norm=(KEEP,)), said)
    assert bed.n_recorded == 0
    graphed.measure(pictures(), wanted(pool=(KEEP,)), said)
    assert bed.n_recorded == 1
    learning = session(bed, state=NetState("TRAIN"))
    learning.measure(pictures(), wanted(pool=(KEEP,)), said)
    assert bed.n_recorded == 1
    learning.measure(pictures(), wanted(relu=(KEEP,)), said)  # before the layer that draws
    assert bed.n_recorded == 2


def test_a_net_that_is_built_anew_drops_what_was_recorded() -> None:
    bed = Bed(choice=PassChoice((True,)))
    graphed = session(bed)
    wants = wanted(pool=(KEEP,))
    graphed.measure(pictures(), wants, said)
    graphed._build(graphed._shapes)  # as where shapes were open till now
    graphed.measure(pictures(), wants, said)
    assert bed.n_recorded == 2


def test_only_cuda_has_graphs() -> None:
    assert graphs_for(CPU, "trial") is None
    assert graphs_for(torch.device("cuda:0"), "never") is None
