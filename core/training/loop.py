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
from core.training.frozen import HeadTraining, KeptFeed
from core.training.run.channels import ChannelWatch, dying_channels
from core.training.run.control import RunControl
from core.training.run.keeping import SnapshotKeeper
from core.training.run.log import Pace, RunLog, RunProgress
from core.training.run.records import Ended, Iteration
from core.training.run.testing import Tests
from core.training.run.watching import fits_too_well, last_good_snapshot, rising_loss

OnIteration = Callable[[Iterated], None]
_Steps = Generator[Progress, None, str]
"""Gives progress, and at its end what is wrong, "" for nothing."""


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
    Caffe does. watch: counts channels that die, where somebody wants to know. after_each: told of
    every iteration.
    """

    training: Training | HeadTraining
    settings: SolverSettings
    feed: Feed
    span: tuple[int, int]
    log: RunLog
    control: RunControl
    tests: Tests
    keeper: SnapshotKeeper | None = None
    watch: ChannelWatch | None = None
    after_each: Sequence[OnIteration] = ()
    _done: list[Iterated] = field(default_factory=list)
    _pace: Pace = field(default_factory=Pace)

    def go(self) -> Job[Trained]:
        """Iterate; closing it leaves the last snapshot. Raises AppError."""
        ended = yield from self._iterate()
        self.log.write(ended)
        return Trained(self.span[0], tuple(self._done))

    def _iterate(self) -> Generator[Progress, None, Ended]:
        first, last = self.span
        yield from self._compute_ahead()
        for iteration in range(first, last):
            yield from self._wait()
            trouble = yield from self._between(iteration)
            if trouble:
                return self._diverged(iteration, trouble)
            if self.control.should_stop:
                return self._stopped(iteration)
            began = time.monotonic()
            batches = batches_of(self.feed, iteration, self.settings.iter_size)
            iterated = self.training.iterate(batches)
            self._pace.iterated(began)
            trouble = self._after(iterated)
            yield self._progress()
            if trouble:
                return self._diverged(iteration + 1, trouble)
        trouble = yield from self._between(last)
        return self._diverged(last, trouble) if trouble else Ended(last, "finished")

    def _compute_ahead(self) -> Generator[Progress, None, None]:
        """What every epoch needs again, unless the run is shorter than one."""
        first, last = self.span
        n_drawn = (last - first) * self.settings.iter_size * self.feed.n_rows
        if isinstance(self.feed, KeptFeed) and n_drawn >= self.feed.n_images:
            for at in self.feed.fill():
                yield self._progress(computed=at)
                yield from self._wait()
                if self.control.should_stop:
                    return

    def _wait(self) -> Generator[Progress, None, None]:
        self._keep_if_wished()
        while self.control.is_paused and not self.control.wait():
            self._keep_if_wished()
            yield self._progress()

    def _keep_if_wished(self) -> None:
        """Before the first iteration there is nothing to keep that was not there already."""
        if self._done and self.control.take_wish() and self.keeper is not None:
            self.keeper.keep(self._done[-1])

    def _between(self, iteration: int) -> _Steps:
        """Test and look, as is due after so many iterations, unless somebody stops it."""
        trouble = ""
        if self.tests.is_due(iteration) and not self.control.should_stop:
            trouble = yield from self._test(iteration)
        if self.watch is not None and self.watch.is_due(iteration) and not trouble:
            counted = self.watch.count(iteration)
            if not counted.layers:  # no ReLU learns, or this engine lets nobody look
                self.watch = None
                return trouble
            self.log.write(counted)
            warned = dying_channels(self.log.history)
            if warned is not None:
                self.log.write(warned)
            yield self._progress()
        return trouble

    def _test(self, iteration: int) -> _Steps:
        began, scoring = time.monotonic(), self.tests.score(iteration)
        while True:
            try:
                at = next(scoring)
            except StopIteration as end:
                found = end.value
                break
            yield self._progress(at)
            yield from self._wait()
            if self.control.should_stop:
                return ""
        self._pace.tested(began)
        for tested in found:
            if self.keeper is not None and not math.isfinite(tested.loss):
                return f"the loss of test net {tested.net} is {tested.loss}"
            self.log.write(tested)
        warned = fits_too_well(self.log.history)
        if warned is not None:
            self.log.write(warned)
        yield self._progress()
        return ""

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
        self._record(iterated)
        if self.keeper is None:
            return ""
        trouble = rising_loss(self.log.history)
        if not trouble and not self.keeper.after(iterated):
            trouble = "weights are no numbers any more"
        return trouble

    def _record(self, iterated: Iterated) -> None:
        done, last = iterated.iteration, self.span[1]
        n_before = max(0, self.settings.average_loss - 1)
        before = self.log.history.iterations[-n_before:] if n_before else []
        losses = [*(one.loss for one in before), iterated.loss]
        self.log.write(
            Iteration(
                done,
                iterated.loss,
                sum(losses) / len(losses),
                iterated.rate,
                iterated.gradient_norm,
                self._pace.per_second,
                self._pace.seconds_left(last - done, self.tests.n_due(done, last)),
            )
        )

    def _stopped(self, iteration: int) -> Ended:
        if self.keeper is not None and self._done:
            self.keeper.keep(self._done[-1])
        return Ended(iteration, "stopped")

    def _diverged(self, iteration: int, trouble: str) -> Ended:
        good = last_good_snapshot(self.log.history)
        kept = (
            f"The last good snapshot is that of iteration {good.iteration}" if good is not None
            else "No snapshot was made before that"
        )  # fmt: skip
        return Ended(
            iteration,
            "diverged",
            f"The run diverged at iteration {iteration}: {trouble}. {kept}.",
            "A smaller base_lr, or clip_gradients, keeps it from that.",
            None if good is None else good.iteration,
        )

    def _progress(
        self, test: tuple[int, int] | None = None, computed: tuple[int, int] | None = None
    ) -> RunProgress:
        first, last = self.span
        history = self.log.history
        done = max(history.n_done, first) - first
        what = "iterations" if test is None else "iterations, testing"
        is_paused = self.control.is_paused
        if computed is not None:
            return RunProgress(
                *computed, "images computed once", history, is_paused, None, computed
            )
        return RunProgress(done, last - first, what, history, is_paused, test)
