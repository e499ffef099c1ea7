"""The loop of a training: iterations, what they gave, and snapshots between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.engines.operations import Iterated
from core.engines.training import Training
from core.net.solver_settings import SolverSettings
from core.progress import Job, Progress
from core.training.feeds import Feed, batches_of
from core.training.frozen import HeadTraining

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


def train(
    training: Training | HeadTraining,
    settings: SolverSettings,
    feed: Feed,
    span: tuple[int, int],
    after_each: Sequence[OnIteration] = (),
) -> Job[Trained]:
    """Iterate from span[0] up to span[1]; `after_each` are told of every iteration."""
    first, last = span
    done: list[Iterated] = []
    for iteration in range(first, last):
        iterated = training.iterate(batches_of(feed, iteration, settings.iter_size))
        done.append(iterated)
        for tell in after_each:
            tell(iterated)
        yield Progress(iteration + 1 - first, last - first, "iterations")
    return Trained(first, tuple(done))


def smoothed(losses: Sequence[float], average_loss: int) -> float:
    """The mean of the last `average_loss` losses, which is what Caffe displays."""
    last = losses[-average_loss:]
    return sum(last) / len(last)
