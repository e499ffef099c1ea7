"""How many threads a pass is worth: tried on the passes themselves, one key at a time.

A second thread is woken for each layer. Where layers are small, and most of all after a pause, the
waking costs more than it saves. The numbers of threads that are tried give the same bits.
"""

from __future__ import annotations

import statistics
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PAUSE_SECONDS = 0.05
"""After so long without a pass the threads sleep."""
_SETTLING = 3
"""Passes of a key that are not counted: weights are packed and layers compiled in them."""
_TRIES = 4
_WORTH_SECONDS = 0.15
"""A pass that takes longer is not tried: there the second thread wins."""
_MAX_KEYS = 64


@dataclass
class _Trial:
    n_passes: int = 0
    seconds: dict[int, list[float]] = field(default_factory=dict)
    chosen: int = 0


class ThreadChoice:
    """Runs each pass with one thread or with all, by what was quicker for passes of its kind.

    set_threads: takes the number for the next pass; n_threads: all of them. clock: in seconds.
    """

    def __init__(
        self,
        n_threads: int,
        set_threads: Callable[[int], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._n_threads, self._set, self._clock = n_threads, set_threads, clock
        self._trials: OrderedDict[Hashable, _Trial] = OrderedDict()
        self._ended = float("-inf")

    @contextmanager
    def used(self, key: Hashable) -> Iterator[None]:
        """Run one pass; key: what makes passes alike, as the net and the sizes of its inputs."""
        if self._n_threads < 2:
            yield
            return
        start = self._clock()
        trial = self._trial((key, start - self._ended > PAUSE_SECONDS))
        n_threads = self._next(trial)
        self._set(n_threads)
        try:
            yield
        finally:
            self._set(self._n_threads)
            self._ended = self._clock()
        self._note(trial, n_threads, self._ended - start)

    def _trial(self, key: Hashable) -> _Trial:
        trial = self._trials.setdefault(key, _Trial())
        self._trials.move_to_end(key)
        if len(self._trials) > _MAX_KEYS:
            self._trials.popitem(last=False)
        return trial

    def _next(self, trial: _Trial) -> int:
        """The number of threads for the next pass of a kind: both in turn until it is chosen."""
        if trial.chosen:
            return trial.chosen
        is_settling = trial.n_passes < _SETTLING
        return self._n_threads if is_settling or trial.n_passes % 2 else 1

    def _note(self, trial: _Trial, n_threads: int, seconds: float) -> None:
        if trial.chosen:
            return
        trial.n_passes += 1
        if trial.n_passes <= _SETTLING:
            if trial.n_passes == _SETTLING and seconds > _WORTH_SECONDS:
                trial.chosen = self._n_threads
            return
        trial.seconds.setdefault(n_threads, []).append(seconds)
        if all(len(trial.seconds.get(n, ())) >= _TRIES for n in (1, self._n_threads)):
            medians = {n: statistics.median(taken) for n, taken in trial.seconds.items()}
            trial.chosen = min(medians, key=lambda n: medians[n])
