"""Scoring a run by its solver's test nets, between its iterations."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from core.engines.operations import Pass
from core.engines.training import Training
from core.net.solver_settings import SolverSettings
from core.training.feeds import Feed
from core.training.frozen import HeadTraining
from core.training.run.records import Tested, TestNet


@dataclass(frozen=True)
class OpenTest:
    """A test net in the engine. number: in the solver; at: among those of the training."""

    number: int
    at: int
    feed: Feed
    n_batches: int
    scores: TestNet


class Tests:
    """The test nets of a run that could be opened.

    Their batches go on from test to test, as those of Caffe do; the same test has the same batches
    in a run that was gone on with.
    """

    def __init__(
        self,
        training: Training | HeadTraining,
        settings: SolverSettings,
        nets: Sequence[OpenTest] = (),
    ) -> None:
        self._training, self._settings, self._nets = training, settings, nets

    def is_due(self, iteration: int) -> bool:
        """Whether the nets are tested after so many iterations."""
        interval = self._settings.test_interval
        if not self._nets or interval <= 0 or iteration % interval:
            return False
        return iteration > 0 or self._settings.test_initialization

    def n_due(self, first: int, last: int) -> int:
        """How often from iteration `first` up to `last`, both counted."""
        if not self._nets or self._settings.test_interval <= 0:
            return 0
        return self._before(last + 1) - self._before(first)

    def score(self, iteration: int) -> Generator[tuple[int, int], None, list[Tested]]:
        """Test every net; yields how many batches are done, of how many."""
        before = self._before(iteration)
        n_all = sum(net.n_batches for net in self._nets)
        n_done, found = 0, []
        for net in self._nets:
            passes: list[Pass] = []
            for number in range(before * net.n_batches, (before + 1) * net.n_batches):
                yield n_done, n_all
                passes.append(self._training.test(net.at, net.feed.batch(number)))
                n_done += 1
            found.append(_mean(net.number, iteration, passes))
        return found

    def _before(self, iteration: int) -> int:
        """How many tests there are before that of an iteration."""
        interval = self._settings.test_interval
        n_from_zero = -(-iteration // interval)
        skips = 0 if self._settings.test_initialization else 1
        return max(0, n_from_zero - skips)


def _mean(net: int, iteration: int, passes: Sequence[Pass]) -> Tested:
    """Scores that are no numbers are left out, as a record holds none; the loss tells of them."""
    sums: dict[str, float] = defaultdict(float)
    for one in passes:
        for blob, value in one.outputs.items():
            sums[blob] += value
    scores = {blob: value / len(passes) for blob, value in sums.items()}
    loss = sum(one.loss for one in passes) / len(passes)
    finite = {blob: value for blob, value in scores.items() if math.isfinite(value)}
    return Tested(iteration, net, loss, finite)
