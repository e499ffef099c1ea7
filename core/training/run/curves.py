"""What a run has recorded as lines to draw: losses, scores and the learning rate by iteration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.training.run.history import History

SMOOTHED_OVER = 20
"""Iterations that a point of the smoothed line is the mean of, with those before it."""


@dataclass(frozen=True, eq=False)
class RunCurves:
    """Lines of a run; test nets by the first of them.

    iterations: (n,) how many were done. losses, smoothed, rates, norms: (n,) float64 each. tested:
    (t,) at which iterations the test net scored. test_losses: (t,). accuracies: (t,) from 0 to 1,
    nan where the net has no accuracy.
    """

    iterations: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    rates: np.ndarray
    norms: np.ndarray
    tested: np.ndarray
    test_losses: np.ndarray
    accuracies: np.ndarray


def curves_of(history: History) -> RunCurves:
    """The lines of a run as far as it is."""
    done = list(history.iterations)
    tests = [one for one in list(history.tests) if one.net == 0]
    name = accuracy_name(history)
    losses = _row([one.loss for one in done])
    return RunCurves(
        _row([one.iteration for one in done]),
        losses,
        smooth(losses),
        _row([one.rate for one in done]),
        _row([one.gradient_norm for one in done]),
        _row([one.iteration for one in tests]),
        _row([one.loss for one in tests]),
        _row([one.scores.get(name, float("nan")) for one in tests]),
    )


def accuracy_name(history: History) -> str:
    """The last accuracy of the first test net, which is that of its main output; "" for none."""
    began = history.began
    if began is None or not began.tests or not began.tests[0].accuracies:
        return ""
    return began.tests[0].accuracies[-1]


def smooth(values: np.ndarray, n: int = SMOOTHED_OVER) -> np.ndarray:
    """The mean of each value and the n - 1 before it, of fewer at the start. values: (n,)."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - n)
    smoothed: np.ndarray = (sums[ends] - sums[starts]) / (ends - starts)
    return smoothed


def _row(values: list[float]) -> np.ndarray:
    return np.array(values, np.float64)
