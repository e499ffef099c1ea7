"""The loop of a training: iterations, records of them, tests and snapshots between them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from core.engines.operations import Iterated
from core.engines.training import Training
from core.net.solver_settings import SolverSettings
from core.progress import Job, Progress
from core.training.feeds import Feed, batches_of
from core.training.frozen import HeadTraining
from core.training.run.control import RunControl
from core.training.run.keeping import SnapshotKeeper
from core.training.run.log import Pace, RunLog, RunProgress
from core.training.run.records import Ended, Iteration

OnIteration = Callable[[Iterated], None]


@dataclass(frozen=True)
class Trained:
    """What every iteration gave, from `first` on."""

    first: int
    iterations: tuple[Iterated, ...]

    @property
    def losses(self) -> tuple[float, ...]:
        """The weighted loss of each iteration, the mean over its batches."""
        return tuple(one.loss for one in self.iterations)


@dataclass
class Run:
    """A training that goes from iteration span[0] up to span[1].

    keeper: writes snapshots; with one the run ends once it diverges, without one it goes on as
    Caffe does. after_each: told of every iteration.
    """

    training: Training | HeadTraining
    settings: SolverSettings
    feed: Feed
    span: tuple[int, int]
    log: RunLog
    control: RunControl
    keeper: SnapshotKeeper | None = None
    after_each: Sequence[OnIteration] = ()
    _done: list[Iterated] = field(default_factory=list)
    _pace: Pace = field(default_factory=Pace)

    def go(self) -> Job[Trained]:
        """Iterate; closing it leaves the last snapshot. Raises AppError."""
        first, last = self.span
        ended = Ended(last, "finished")
        for iteration in range(first, last):
            yield from self._wait()
            if self.control.should_stop:
                ended = self._stopped(iteration)
                break
            began = time.monotonic()
            batches = batches_of(self.feed, iteration, self.settings.iter_size)
            iterated = self.training.iterate(batches)
            self._pace.iterated(began)
            trouble = self._after(iterated)
            yield self._progress()
            if trouble:
                ended = self._diverged(iteration + 1, trouble)
                break
        self.log.write(ended)
        return Trained(first, tuple(self._done))

    def _wait(self) -> Generator[Progress, None, None]:
        while self.control.is_paused and not self.control.wait():
            yield self._progress()

    def _after(self, iterated: Iterated) -> str:
        """Record an iteration; what is wrong with it where the run should end, else nothing."""
        self._done.append(iterated)
        for tell in self.after_each:
            tell(iterated)
        numbers = {
            "loss": iterated.loss, "gradient": iterated.gradient_norm, "rate": iterated.rate
        }  # fmt: skip
        odd = [name for name, value in numbers.items() if not math.isfinite(value)]
        if odd:
            return f"the {odd[0]} is {numbers[odd[0]]}" if self.keeper is not None else ""
        recent = [one.loss for one in self._done[-self.settings.average_loss :]]
        n_left = self.span[1] - iterated.iteration
        self.log.write(
            Iteration(
                iterated.iteration,
                iterated.loss,
                sum(recent) / len(recent),
                iterated.rate,
                iterated.gradient_norm,
                self._pace.per_second,
                self._pace.seconds_left(n_left, 0),
            )
        )
        if self.keeper is not None and not self.keeper.after(iterated):
            return "weights are no numbers any more"
        return ""

    def _stopped(self, iteration: int) -> Ended:
        if self.keeper is not None and self._done:
            self.keeper.keep(self._done[-1])
        return Ended(iteration, "stopped")

    def _diverged(self, iteration: int, trouble: str) -> Ended:
        kept = self.log.history.snapshots
        good = f"The last good snapshot is {kept[-1].iteration}" if kept else "No snapshot was made"
        return Ended(
            iteration,
            "diverged",
            f"The run diverged at iteration {iteration}: {trouble}. {good}.",
            "A smaller base_lr, or clip_gradients, keeps it from that.",
        )

    def _progress(self) -> RunProgress:
        first, last = self.span
        history = self.log.history
        done = max(history.n_done, first) - first
        return RunProgress(done, last - first, "iterations", history, self.control.is_paused)
