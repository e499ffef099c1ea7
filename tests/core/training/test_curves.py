"""The lines of a run, as its records give them."""

from __future__ import annotations

import numpy as np
import pytest

from core.training.run.curves import curves_of, smooth
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
    found = curves_of(history)
    assert found.iterations.tolist() == [1, 2, 3]
    assert found.losses.tolist() == [4, 2, 3]
    assert found.smoothed.tolist() == [4, 3, 3]
    assert found.rates.tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert found.tested.tolist() == [0, 3]
    assert found.test_losses.tolist() == [5, 1.5]
    assert found.accuracies[0] == 0.2  # of the main output, the last one
    assert np.isnan(found.accuracies[1])


def test_nothing_recorded_is_no_lines() -> None:
    found = curves_of(History())
    assert not any(len(line) for line in vars(found).values())


def test_a_smoothed_value_is_the_mean_of_those_up_to_it() -> None:
    assert smooth(np.array([1.0, 3.0, 8.0, 1.0]), 2).tolist() == [1.0, 2.0, 5.5, 4.5]
