"""The lines of a run, as its records give them."""

from __future__ import annotations

import numpy as np
import pytest

from core.training.run.curves import CurveReader, smooth, thinned
from core.training.run.history import History
from core.training.run.records import Began, Iteration, Tested, TestNet


@pytest.fixture
def history() -> History:
    found = History()
    found.take(Began(0, 3, tests=(TestNet(("loss",), ("aux_accuracy", "accuracy")),)))
    for number, loss in ((1, 4.0), (2, 2.0), (3, 3.0)):
        found.take(Iteration(number, loss, loss, 0.1 * number, 1.0))
    found.take(Tested(0, 0, 5.0, {"loss": 5.0, "aux_accuracy": 0.1, "accuracy": 0.2}))
    found.take(Tested(3, 1, 9.0, {"loss": 9.0}))
    found.take(Tested(3, 0, 1.5, {"loss": 1.5}))
    return found


def test_lines_are_by_iteration_and_of_the_first_test_net(history: History) -> None:
    found = CurveReader().read(history)
    assert found.iterations.tolist() == [1, 2, 3]
    assert found.losses.tolist() == [4, 2, 3]
    assert found.smoothed.tolist() == [4, 3, 3]
    assert found.rates.tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert found.tested.tolist() == [0, 3]
    assert found.test_losses.tolist() == [5, 1.5]
    assert found.accuracies[0] == 0.2  # of the main output, the last one
    assert np.isnan(found.accuracies[1])


def test_nothing_recorded_is_no_lines() -> None:
    found = CurveReader().read(History())
    assert not any(len(line) for line in vars(found).values())


def test_a_smoothed_value_is_the_mean_of_those_up_to_it() -> None:
    assert smooth(np.array([1.0, 3.0, 8.0, 1.0]), 2).tolist() == [1.0, 2.0, 5.5, 4.5]


def test_a_run_that_goes_on_is_read_on_and_one_gone_back_with_anew(history: History) -> None:
    reader = CurveReader()
    reader.read(history)
    history.take(Iteration(4, 7.0, 7.0, 0.4, 1.0))
    assert reader.read(history).losses.tolist() == [4, 2, 3, 7]
    history.take(Began(2, 5))
    history.take(Iteration(3, 9.0, 9.0, 0.3, 1.0))
    history.take(Iteration(4, 8.0, 8.0, 0.4, 1.0))
    assert reader.read(history).losses.tolist() == [4, 2, 9, 8]


def test_a_thinned_line_keeps_its_ends_and_every_peak() -> None:
    xs = np.arange(10_000.0)
    ys = np.sin(xs)
    ys[4321], ys[77] = 50.0, -50.0
    few, found = thinned(xs, ys, 400)
    assert len(few) <= 410
    assert (few[0], few[-1]) == (0.0, 9999.0)
    assert (found.max(), found.min()) == (50.0, -50.0)
    assert np.all(np.diff(few) > 0)
    assert thinned(xs[:5], ys[:5], 400)[0].tolist() == [0, 1, 2, 3, 4]
