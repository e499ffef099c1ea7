"""The long fuzz run: every target for some minutes, findings printed with their smallest input.

.venv/bin/python -m tests.fuzz.run --minutes 5 [--only weights,wire] [--memory] [--seed 1]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.limits import BASE_BYTES, Hang, peak_bytes
from tests.fuzz.targets import TARGETS, Target

ROUND = 400


@dataclass
class Tally:
    """What one target did."""

    n_runs: int = 0
    n_accepted: int = 0
    slowest_seconds: float = 0.0
    worst_ratio: float = 0.0
    n_findings: int = 0


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="for all targets together")
    parser.add_argument("--only", help="names of targets, with commas")
    parser.add_argument("--memory", action="store_true", help="measure memory too, at half speed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    chosen = parser.parse_args(words)
    names = chosen.only.split(",") if chosen.only else list(TARGETS)
    print(f"seed {chosen.seed}")
    n_findings = 0
    for name in names:
        seconds = 60 * chosen.minutes / len(names)
        tally = fuzz(name, TARGETS[name], seconds, chosen.seed, has_memory=chosen.memory)
        n_findings += tally.n_findings
        print(
            f"{name:9} {tally.n_runs:8,} inputs, {tally.n_accepted:8,} accepted, "
            f"slowest {tally.slowest_seconds:.2f} s of CPU"
            + (f", memory at most {tally.worst_ratio:.1f} x input" if chosen.memory else ""),
            flush=True,
        )
    return 1 if n_findings else 0


def fuzz(name: str, target: Target, seconds: float, seed: int, *, has_memory: bool) -> Tally:
    """Rounds of new inputs until the time is up or a second finding ends it."""
    tally = Tally()
    end = time.monotonic() + seconds
    while time.monotonic() < end and tally.n_findings < 2:
        seed += 1
        try:
            _round(target, tally, seed, has_memory=has_memory)
        except (Exception, Hang):
            tally.n_findings += 1
            print(f"FOUND in {name}, seed {seed}:\n{traceback.format_exc(limit=-6)}", flush=True)
    return tally


def _round(target: Target, tally: Tally, seed: int, *, has_memory: bool) -> None:
    @seeded(seed)
    @settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(target.inputs)
    def once(made: Any) -> None:
        _check(target, made, tally, has_memory=has_memory)

    once()


def _check(target: Target, made: Any, tally: Tally, *, has_memory: bool) -> None:
    started = time.process_time()
    tally.n_runs += 1
    try:
        if not has_memory:
            tally.n_accepted += target.check(made)
            return
        accepted = []
        peak = peak_bytes(lambda: accepted.append(target.check(made)))
        tally.n_accepted += sum(accepted)
        tally.worst_ratio = max(tally.worst_ratio, max(0, peak - BASE_BYTES) / max(1, len(made)))
    finally:
        tally.slowest_seconds = max(tally.slowest_seconds, time.process_time() - started)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
