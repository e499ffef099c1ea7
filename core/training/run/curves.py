"""What a run has recorded as lines to draw: losses, scores and the learning rate by iteration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.training.run.history import History
from core.training.run.records import Iteration

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


class CurveReader:
    """Reads the lines of a run that goes on, each record of it once."""

    def __init__(self) -> None:
        self._last: Iteration | None = None
        self._rows: list[tuple[float, float, float, float]] = []

    def read(self, history: History) -> RunCurves:
        """The lines of a run as far as it is."""
        done = history.iterations
        n_done, n_read = len(done), len(self._rows)
        if n_read > n_done or (n_read and self._last is not done[n_read - 1]):
            self._rows, n_read = [], 0  # another run, or gone back in this one
        self._last = done[n_done - 1] if n_done else None
        self._rows += [(x.iteration, x.loss, x.rate, x.gradient_norm) for x in done[n_read:n_done]]
        numbers = np.array(self._rows, np.float64).reshape(-1, 4)
        tests = [one for one in list(history.tests) if one.net == 0]
        name = accuracy_name(history)
        return RunCurves(
            numbers[:, 0],
            numbers[:, 1],
            smooth(numbers[:, 1]),
            numbers[:, 2],
            numbers[:, 3],
            _row([one.iteration for one in tests]),
            _row([one.loss for one in tests]),
            _row([one.scores.get(name, float("nan")) for one in tests]),
        )


def thinned(xs: np.ndarray, ys: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most about `most` of the points of a line: the least and the greatest of each stretch.

    xs, ys: (n,). Both ends stay.
    """
    if len(xs) <= most:
        return xs, ys
    length = -(-2 * len(xs) // most)
    n_whole = len(xs) // length * length
    parts = ys[:n_whole].reshape(-1, length)
    starts = np.arange(0, n_whole, length)
    places = np.concatenate(
        [[0], starts + parts.argmin(axis=1), starts + parts.argmax(axis=1), [len(xs) - 1]]
    )
    places = np.unique(places)
    return xs[places], ys[places]


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
