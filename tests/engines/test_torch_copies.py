"""Copies beside passes: lanes that put off all they can must not change a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from core.engines.operations import Want
from core.engines.registry import start_engine
from core.engines.session import GradientsAsked, OpenRequest
from core.engines.torch.copies import (
    Lanes,
    Mark,
    OverlappedCopies,
    PlainCopies,
    copies_for,
    host_lanes,
)
from core.engines.torch.operation import Place
from core.engines.torch.session import TorchSession
from core.engines.torch.thread_choice import ThreadChoice
from core.engines.values import EngineSpec, Value
from core.errors import EngineError
from core.measures.measure import KEEP, Moments, Pool
from core.net.definition import NetState

CPU = torch.device("cpu")
NET = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "relu0" type: "ReLU" bottom: "data" top: "data" }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
"""
FC, CONV = Value("fc", "fc"), Value("conv", "conv")
WANTS = (Want(FC, KEEP), Want(CONV, Pool("gem")), Want(CONV, Moments()))


class LazyLane:
    """Does nothing before somebody waits for it, and then what was begun up to there."""

    def __init__(self, lent: list[Tensor]) -> None:
        self._waiting: list[Callable[[], None]] = []
        self._n_done = 0
        self._lent = lent

    def later(self, work: Callable[[], None]) -> None:
        self._waiting.append(work)

    def copy(self, target: Tensor, source: Tensor) -> None:
        self.later(lambda: _done(target.copy_(source)))

    def mark(self) -> Mark:
        return _LazyMark(self, len(self._waiting))

    def wait(self, mark: Mark) -> None:
        self.later(mark.wait)

    def room(self, like: Tensor) -> Tensor:
        return torch.full_like(like, torch.nan if like.is_floating_point() else -1)

    def lend(self, tensor: Tensor) -> None:
        self._lent.append(tensor)

    def go_on(self, until: int) -> None:
        while self._n_done < until:
            self._n_done += 1
            with torch.inference_mode():  # as a device, which knows of no such mode
                self._waiting[self._n_done - 1]()


def _done(_: Tensor) -> None:
    """What was computed lies where it belongs."""


class _LazyMark:
    def __init__(self, lane: LazyLane, number: int) -> None:
        self._lane, self._number = lane, number

    def wait(self) -> None:
        self._lane.go_on(self._number)


class EagerLane(LazyLane):
    """The lane of passes on a CPU: what it waits for is done before the next layer runs."""

    def wait(self, mark: Mark) -> None:
        mark.wait()


class Bed:
    """Copies over lanes that are as late as they may be."""

    def __init__(self, compute: type[LazyLane]) -> None:
        self.lent: list[Tensor] = []
        self.inward, self.compute, self.outward = (
            kind(self.lent) for kind in (LazyLane, compute, LazyLane)
        )
        self.pinned: list[Tensor] = []
        self.copies = OverlappedCopies(Lanes(self.inward, self.compute, self.outward, self._pinned))

    def _pinned(self, like: Tensor) -> Tensor:
        self.pinned.append(torch.full_like(like, torch.nan))
        return self.pinned[-1]


def test_no_buffer_is_filled_again_and_no_result_read_before_the_copies_are_done() -> None:
    bed = Bed(LazyLane)
    arrays = [np.full((2, 3), number, np.float32) for number in range(5)]
    ends, made = [], []

    def multiply(tensor: Tensor) -> Tensor:
        """A pass that is computed when its lane gets there."""
        result = torch.full_like(tensor, torch.nan)
        bed.compute.later(lambda: _done(torch.mul(tensor, 10, out=result)))
        return result

    for array in arrays:
        made.append(multiply(bed.copies.send(array)))
        ends.append(bed.copies.bring([made[-1]]))
    for number, end in enumerate(ends):
        (found,) = end()
        np.testing.assert_array_equal(found, np.full((2, 3), 10.0 * number))
    assert len(bed.pinned) == 2 + 5  # two buffers for the inputs, one for each result
    assert {tensor.data_ptr() for tensor in made} <= {tensor.data_ptr() for tensor in bed.lent}


def test_each_shape_has_buffers_of_its_own_and_few_shapes_are_kept() -> None:
    bed = Bed(EagerLane)
    sent = [bed.copies.send(np.full((1, size), size, np.float32)) for size in (1, 2, 3, 4, 5, 1)]
    assert [float(tensor[0, 0]) for tensor in sent] == [1, 2, 3, 4, 5, 1]
    assert len(bed.pinned) == 12  # those of the first shape were given up


def session(copies: OverlappedCopies | PlainCopies) -> TorchSession:
    request = OpenRequest(NET, None, "cpu", 0, NetState(), {})
    return TorchSession(request, Place(CPU), ThreadChoice(1, lambda n: None), copies)


def pictures() -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(3)
    return [{"data": rng.standard_normal((2, 3, 8, 8), np.float32)} for _ in range(5)]


def said(name: str) -> None:
    """Which layer runs is no matter here."""


def test_passes_that_began_ahead_give_the_bits_of_plain_ones() -> None:
    plain = session(PlainCopies(CPU))
    wanted = [plain.measure(dict(one), WANTS, said) for one in pictures()]
    late = session(Bed(EagerLane).copies)
    ends = [late.begin(dict(one), WANTS, said) for one in pictures()]
    for arrays, end in zip(wanted, ends, strict=True):
        for array, found in zip(arrays, end(), strict=True):
            np.testing.assert_array_equal(found, array)
            assert found.dtype == array.dtype


def test_inputs_of_an_inference_and_of_gradients_may_share_buffers() -> None:
    late, plain = session(Bed(EagerLane).copies), session(PlainCopies(CPU))
    one = pictures()[0]
    asked = GradientsAsked({FC: np.ones(1, np.float32)}, (Value("data", "data"),))
    late.measure(dict(one), WANTS, said)
    found = late.gradients(dict(one), asked, said).wants[0]
    late.measure(dict(one), WANTS, said)
    np.testing.assert_array_equal(found, plain.gradients(dict(one), asked, said).wants[0])


@pytest.fixture(scope="module")
def child() -> Iterator[tuple[object, object]]:
    """The small net with plain and with overlapped copies, in children."""
    threads = ("threads", "1")
    with (
        start_engine(EngineSpec("torch", options=(threads,))) as one,
        start_engine(EngineSpec("torch", options=(threads, ("copies", "overlapped")))) as two,
    ):
        yield one.open(NET), two.open(NET)


def test_a_child_takes_passes_ahead_and_ends_them_in_any_order(child) -> None:
    plain, ahead = child
    wants = {FC: (KEEP,), CONV: (Pool("gap"), Moments())}
    assert (plain.n_begun, ahead.n_begun) == (1, 2)
    first, second = pictures()[:2]
    for engine in child:  # one that has nothing to overlap takes them too
        ends = [engine.begin(one, wants) for one in (first, second)]
        found = [end() for end in reversed(ends)]
        for given, results in zip((second, first), found, strict=True):
            for key, array in plain.measure(given, wants).items():
                np.testing.assert_array_equal(results[key], array)
    end = ahead.begin(first, wants)
    end()
    with pytest.raises(EngineError, match="has not begun, or was given up"):
        end()
    with pytest.raises(EngineError, match="conv"):
        ahead.begin({"data": np.zeros((1, 5, 8, 8), np.float32)}, wants)


def test_results_that_nobody_waits_for_are_given_up(child) -> None:
    ahead = child[1]
    ends = [ahead.begin(pictures()[0], {FC: (KEEP,)}) for _ in range(65)]
    with pytest.raises(EngineError, match="given up"):
        ends[0]()
    assert ends[1]()[FC, KEEP].shape == (2, 5)
    with pytest.raises(EngineError, match="given up"):
        ends[1]()


def test_a_cpu_has_plain_copies_and_an_unknown_wish_is_refused() -> None:
    assert isinstance(copies_for(CPU), PlainCopies)
    assert isinstance(copies_for(CPU, "overlapped"), OverlappedCopies)
    array = np.arange(6, dtype=np.float32).reshape(1, 6)
    copies = OverlappedCopies(host_lanes())
    tensor = copies.send(array)
    array += 1  # the buffer is another's memory
    np.testing.assert_array_equal(copies.bring([tensor])()[0], [[0, 1, 2, 3, 4, 5]])
    spec = EngineSpec("torch", options=(("copies", "later"),))
    with start_engine(spec) as process, pytest.raises(EngineError, match="no copies 'later'"):
        process.open(NET, Path("none"))
