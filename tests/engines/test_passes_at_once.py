"""Passes that run at once must give the bits of passes that run alone, and end as they do."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from core.engines.engine import Engine
from core.engines.memory import Need
from core.engines.operations import Want
from core.engines.process import EngineProcess
from core.engines.registry import start_engine
from core.engines.session import OnLayer, OpenRequest
from core.engines.torch import packing
from core.engines.torch.copies import PlainCopies
from core.engines.torch.operation import Place
from core.engines.torch.passes_at_once import PassesAtOnce
from core.engines.torch.session import TorchSession
from core.engines.torch.thread_choice import ThreadChoice
from core.engines.values import EngineSpec, Value
from core.errors import EngineCancelled, EngineCrashed, EngineError
from core.measures.measure import KEEP, Pool
from core.net.definition import NetState

NET = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 8 dim: 3 dim: 64 dim: 64 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 24 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "conv2" type: "Convolution" bottom: "pool" top: "conv2"
  convolution_param { num_output: 24 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { name: "fc" type: "InnerProduct" bottom: "conv2" top: "fc"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
"""
FC = Value("fc", "fc")
WANTS = {FC: (KEEP,), Value("relu2", "conv2"): (Pool("gap"), Pool("mac"))}
SMALL = Need(1000, "")
_SECONDS = 20.0


def nothing(_: object) -> None:
    """Threads, or a layer that is told, are no matter here."""


def unasked() -> None:
    """Of a pass that does not have to make way."""
    raise AssertionError("it ran anew")


class Endless:
    """A pass of as many layers as there is time for."""

    def __init__(self) -> None:
        self.has_begun = threading.Semaphore(0)
        self.n_ended = 0

    def __call__(self, tell: OnLayer) -> str:
        self.has_begun.release()
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            tell("next")
        self.n_ended += 1
        return "to its end"

    def wait_for_two(self) -> None:
        assert all(self.has_begun.acquire(timeout=_SECONDS) for _ in range(2))


@pytest.fixture
def at_once() -> Iterator[PassesAtOnce]:
    made = PassesAtOnce(2, nothing)
    yield made
    made.close()


def alone_first(at_once: PassesAtOnce, kind: str) -> int:
    """How many passes of a kind run alone before two may run at once."""
    n_alone = 0
    while not at_once.takes(kind, SMALL):
        n_alone += 1
    return n_alone


def test_two_passes_run_at_once_after_some_that_compile(at_once: PassesAtOnce) -> None:
    assert alone_first(at_once, "one size") == 3  # plain, compiled, and once by what is compiled
    meeting = threading.Barrier(2, timeout=_SECONDS)
    ends = [at_once.begin(lambda tell: meeting.wait(), nothing, lambda: 0) for _ in range(2)]
    assert sorted(end() for end in ends) == [0, 1]


@pytest.mark.parametrize("way", ["another kind", "too large", "rest"])
def test_whatever_else_runs_waits_until_none_is_running(at_once: PassesAtOnce, way: str) -> None:
    alone_first(at_once, "one size")
    may_end, has_ended = threading.Event(), threading.Event()

    def work(tell: OnLayer) -> None:
        may_end.wait(_SECONDS)
        has_ended.set()

    ends = [at_once.begin(work, nothing, unasked) for _ in range(3)]
    threading.Timer(0.1, may_end.set).start()
    if way == "rest":
        at_once.rest()
        assert has_ended.is_set()
    else:
        size = SMALL if way == "another kind" else Need(1 << 60, "")
        assert not at_once.takes("another size" if way == "another kind" else "one size", size)
        assert has_ended.is_set()
    assert alone_first(at_once, "a third size") == 3
    for end in ends:
        end()


def test_an_error_of_a_pass_is_told_where_it_is_waited_for(at_once: PassesAtOnce) -> None:
    def fails(tell: OnLayer) -> None:
        raise EngineError("Layer 'conv' failed.")

    end = at_once.begin(fails, nothing, unasked)
    at_once.rest()
    with pytest.raises(EngineError, match="conv"):
        end()


def test_a_pass_that_is_given_up_ends_at_its_next_layer_or_never_begins(
    at_once: PassesAtOnce,
) -> None:
    work = Endless()
    begun = [at_once.begin(work, nothing, unasked) for _ in range(3)]  # of which two run
    work.wait_for_two()
    for one in begun:
        one.give_up()
    at_once.rest()
    assert not work.n_ended
    assert not work.has_begun.acquire(blocking=False)
    assert at_once.begin(lambda tell: "another", nothing, str)() == "another"


def test_passes_make_way_and_are_made_when_they_are_waited_for(at_once: PassesAtOnce) -> None:
    work = Endless()
    begun = [at_once.begin(work, nothing, f"alone {number}".title) for number in range(3)]
    work.wait_for_two()
    at_once.make_way()
    assert [one() for one in begun] == ["Alone 0", "Alone 1", "Alone 2"]
    assert alone_first(at_once, "one size") == 3


def test_each_pass_has_half_of_the_threads_and_the_last_one_all() -> None:
    given: list[int] = []
    at_once = PassesAtOnce(4, given.append)
    has_begun = threading.Event()

    def work(tell: OnLayer) -> None:
        tell("first")
        has_begun.set()
        until = time.monotonic() + _SECONDS
        while given[-1] == 2 and time.monotonic() < until:
            tell("next")

    end = at_once.begin(work, nothing, unasked)
    has_begun.wait(_SECONDS)  # till somebody waits for it alone there may be more to come
    end()
    assert set(given) == {2, 4}
    at_once.close()


def test_one_thread_has_nothing_to_share() -> None:
    at_once = PassesAtOnce(1, nothing)
    assert at_once.n_begun == 1
    assert not any(at_once.takes("one size", SMALL) for _ in range(9))


@contextmanager
def two_threads() -> Iterator[EngineProcess]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "2")
        with start_engine(EngineSpec("torch")) as started:
            yield started


@pytest.fixture(scope="module")
def process() -> Iterator[EngineProcess]:
    with two_threads() as started:
        yield started


def pictures(number: int, n_images: int = 8) -> dict[str, np.ndarray]:
    values = np.random.default_rng(number).standard_normal((n_images, 3, 64, 64), np.float32)
    return {"data": values}


def begun_ahead(
    engine: Engine, batches: list[dict[str, np.ndarray]]
) -> list[dict[tuple[Value, object], np.ndarray]]:
    """As a survey asks for passes."""
    found, running = [], deque[Callable[[], dict[tuple[Value, object], np.ndarray]]]()
    for batch in batches:
        running.append(engine.begin(batch, WANTS))
        if len(running) >= engine.n_begun:
            found.append(running.popleft()())
    return [*found, *(end() for end in running)]


def test_passes_at_once_give_the_bits_of_passes_alone(process: EngineProcess) -> None:
    engine = process.open(NET)
    assert engine.n_begun == 3
    batches = [pictures(number) for number in range(12)]
    batches += [pictures(20, 5), *batches[:7]]  # another size in the middle
    wanted = [engine.measure(batch, WANTS) for batch in batches]
    found = begun_ahead(engine, batches)
    for one, other in zip(wanted, found, strict=True):
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("n_outputs", [5, 100, 1000])
def test_sums_over_many_inputs_have_the_same_bits_with_any_number_of_threads(
    n_outputs: int,
) -> None:
    """On machines of many cores, too; of one image and of several."""
    net = f"""
layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ dim: 8 dim: 20184 }} }} }}
layer {{ name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param {{ num_output: {n_outputs} weight_filler {{ type: "xavier" }} }} }}
"""
    eight = np.random.default_rng(0).standard_normal((8, 20184), np.float32)
    found: list[tuple[np.ndarray, ...]] = []
    n_before = torch.get_num_threads()
    try:
        for n_threads in (1, 2, 4, 24):
            torch.set_num_threads(n_threads)
            request = OpenRequest(net, None, "cpu", 0, NetState(), {})
            place = Place(torch.device("cpu"), packs_weights=not packing.why_unavailable())
            choice = ThreadChoice(1, nothing)
            session = TorchSession(request, place, choice, PlainCopies(place.device))
            passes = [
                session.measure({"data": rows}, [Want(FC, KEEP)], nothing)
                for rows in (eight, eight[:1])
            ]
            found.append(tuple(array for arrays in passes for array in arrays))
            assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(n_before)
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


def test_other_requests_between_them_are_answered_as_ever(process: EngineProcess) -> None:
    engine = process.open(NET)
    wanted = engine.measure(pictures(3), WANTS)[FC, KEEP]
    begun_ahead(engine, [pictures(number) for number in range(6)])
    end = engine.begin(pictures(3), WANTS)
    other = engine.measure(pictures(4, 2), WANTS)[FC, KEEP]
    np.testing.assert_array_equal(end()[FC, KEEP], wanted)
    np.testing.assert_array_equal(engine.measure(pictures(4, 2), WANTS)[FC, KEEP], other)
    with pytest.raises(EngineError, match="conv"):
        engine.begin({"data": np.zeros((8, 5, 64, 64), np.float32)}, WANTS)()
    np.testing.assert_array_equal(engine.begin(pictures(3), WANTS)()[FC, KEEP], wanted)


def test_a_pass_that_makes_way_finds_its_input_as_it_was(at_once: PassesAtOnce) -> None:
    """Its first layer writes over an input that nobody needs any more."""
    net = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 8 dim: 3 dim: 64 dim: 64 } } }
layer { name: "leaky" type: "ReLU" bottom: "data" top: "data"
  relu_param { negative_slope: 0.5 } }
""" + NET.split("\n", 3)[3]
    place = Place(torch.device("cpu"))
    request = OpenRequest(net, None, "cpu", 0, NetState(), {})
    session = TorchSession(
        request, place, ThreadChoice(1, nothing), PlainCopies(place.device), at_once=at_once
    )
    wants = [Want(FC, KEEP)]
    wanted = session.measure(pictures(1), wants, nothing)
    for _ in range(3):
        session.begin(pictures(1), wants, nothing)()
    is_at_conv, may_go_on = threading.Event(), threading.Event()

    def say(layer_name: str) -> None:
        if layer_name == "conv":
            is_at_conv.set()
            may_go_on.wait(_SECONDS)

    begun = session.begin(pictures(1), wants, say)
    assert is_at_conv.wait(_SECONDS)
    threading.Timer(0.1, may_go_on.set).start()
    session.make_way()
    np.testing.assert_array_equal(begun()[0], wanted[0])


def test_passes_that_are_given_up_leave_others_as_they_are(process: EngineProcess) -> None:
    engine = process.open(NET)
    wanted = [engine.measure(pictures(number), WANTS) for number in range(6)]
    begun_ahead(engine, [pictures(number) for number in range(6)])
    begun = [engine.begin(pictures(number), WANTS) for number in range(3)]
    begun[0].give_up()
    begun[2].give_up()
    begun[2].give_up()
    for key, array in begun[1]().items():
        np.testing.assert_array_equal(array, wanted[1][key])
    with pytest.raises(EngineError, match="given up"):
        begun[0]()
    found = begun_ahead(engine, [pictures(number) for number in range(6)])
    for one, other in zip(wanted, found, strict=True):
        assert all(np.array_equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("is_ours", [True, False])
def test_who_waits_for_a_pass_hears_that_its_child_is_gone(is_ours: bool) -> None:
    with two_threads() as process:
        engine = process.open(NET)
        begun_ahead(engine, [pictures(number) for number in range(5)])
        ends = [engine.begin(pictures(number), WANTS) for number in range(3)]
        if is_ours:
            process.kill()
        else:
            os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(EngineCancelled if is_ours else EngineCrashed) as caught:
            [end() for end in ends]
        if isinstance(caught.value, EngineCrashed):
            assert caught.value.running in {"conv", "relu", "pool", "conv2", "relu2", "fc"}
