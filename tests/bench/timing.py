"""Timing several contestants in turns, so that a busy moment hits them all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

SETTLE_SECONDS = 0.2
"""Pause before each turn: idle thread pools of the others spin for a while after their pass."""


@dataclass(frozen=True)
class Timed:
    """Seconds of each round of one contestant."""

    seconds: tuple[float, ...]

    @property
    def least(self) -> float:
        """The fastest round: the one least disturbed."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The middle round."""
        return statistics.median(self.seconds)


def interleave(
    contestants: Mapping[str, Callable[[], float]], *, n_rounds: int, n_warm: int = 1
) -> dict[str, Timed]:
    """Run every contestant once a round, each round starting with the next one.

    contestants: callables that return the seconds they took; called twice a turn, and the second
    call counts. The first `n_warm` rounds are not counted.
    """
    names = list(contestants)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(n_warm + n_rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            time.sleep(SETTLE_SECONDS)
            contestants[name]()  # the others have had the caches since the last turn
            took = contestants[name]()
            if turn >= n_warm:
                seconds[name].append(took)
    return {name: Timed(tuple(taken)) for name, taken in seconds.items()}
