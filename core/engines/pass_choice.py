"""Which way of running a pass is worth it: tried on the passes themselves, one key at a time.

A second thread is woken for each layer. Where layers are small, and most of all after a pause, the
waking costs more than it saves. The ways that are tried give the same bits.
"""

from __future__ import annotations

import statistics
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

PAUSE_SECONDS = 0.05
"""After so long without a pass the threads sleep."""
_SETTLING = 3
"""Passes of a key that are not counted: weights are packed and layers compiled in them."""
_TRIES = 4
_WORTH_SECONDS = 0.15
"""A pass that takes longer is not tried: there all threads win."""
_MAX_KEYS = 64

Way = TypeVar("Way", bound=Hashable)


@dataclass
class Trial(Generic[Way]):
    """How long passes of a kind took in each way, until one way is chosen."""

    n_passes: int = 0
    seconds: dict[Way, list[float]] = field(default_factory=dict)
    chosen: Way | None = None


@dataclass(frozen=True)
class Turn(Generic[Way]):
    """The way of one pass, and the trial that it counts for.

    is_settled: whether that trial was over before the pass.
    """

    way: Way
    trial: Trial[Way]
    is_settled: bool


class PassChoice(Generic[Way]):
    """Runs each pass in one of several ways, by what was quicker for passes of its kind.

    ways: the first is that of all threads, which is taken until there is a choice. clock: in
    seconds.
    """

    def __init__(self, ways: Sequence[Way], clock: Callable[[], float] = time.perf_counter) -> None:
        self._ways, self._clock = tuple(ways), clock
        self._trials: OrderedDict[Hashable, Trial[Way]] = OrderedDict()
        self._ended = float("-inf")

    def turn(self, key: Hashable) -> Turn[Way]:
        """The way of the pass that comes next; key: what makes passes alike, as their sizes."""
        trial = self._trial(key)
        if len(self._ways) == 1:
            trial.chosen = self._ways[0]
        return Turn(self._next(trial), trial, trial.chosen is not None)

    def ways_in_use(self, key: Hashable) -> frozenset[Way]:
        """Those that passes of a kind may still take, after a pause or without one."""
        found: set[Way] = set()
        for is_after_pause in (False, True):
            trial = self._trials.get((key, is_after_pause))
            if trial is None:
                continue
            if trial.chosen is None and trial.n_passes >= _SETTLING:
                return frozenset(self._ways)
            found.add(self._next(trial))
        return frozenset(found)

    def forget(self) -> None:
        """Try every kind of pass anew."""
        self._trials.clear()

    @contextmanager
    def timed(self, turn: Turn[Way]) -> Iterator[None]:
        """Run that pass."""
        start = self._clock()
        try:
            yield
        finally:
            self._ended = self._clock()
        self._note(turn, self._ended - start)

    def _trial(self, key: Hashable) -> Trial[Way]:
        of_kind = (key, self._clock() - self._ended > PAUSE_SECONDS)
        trial = self._trials.setdefault(of_kind, Trial())
        self._trials.move_to_end(of_kind)
        if len(self._trials) > _MAX_KEYS:
            self._trials.popitem(last=False)
        return trial

    def _next(self, trial: Trial[Way]) -> Way:
        """Each in turn until one is chosen."""
        if trial.chosen is not None:
            return trial.chosen
        return self._ways[max(0, trial.n_passes - _SETTLING) % len(self._ways)]

    def _note(self, turn: Turn[Way], seconds: float) -> None:
        trial = turn.trial
        if trial.chosen is not None:
            return
        trial.n_passes += 1
        if trial.n_passes <= _SETTLING:
            if trial.n_passes == _SETTLING and seconds > _WORTH_SECONDS:
                trial.chosen = self._ways[0]
            return
        trial.seconds.setdefault(turn.way, []).append(seconds)
        if all(len(trial.seconds.get(one, ())) >= _TRIES for one in self._ways):
            medians = {one: statistics.median(taken) for one, taken in trial.seconds.items()}
            trial.chosen = min(medians, key=lambda one: medians[one])
