"""The long fuzz run: every target in a process of its own, findings with their smallest input.

.venv/bin/python -m tests.fuzz.run --inputs 100000 [--only weights,wire] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
import traceback
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.limits import Hang
from tests.fuzz.targets import TARGETS, Target

ROUND = 500
MOST_FINDINGS = 5
MOST_SHOWN = 2000
MEMORY_BYTES = 1 << 30
"""What an input may cost beyond what the program has before it."""


@dataclass
class Tally:
    """What one target did; peak_mib: the most memory the process held beyond that at its start."""

    name: str
    n_inputs: int = 0
    n_accepted: int = 0
    worst_seconds: float = 0.0
    peak_mib: float = 0.0
    n_findings: int = 0

    def row(self) -> str:
        """A row of the table."""
        refused = self.n_inputs - self.n_accepted
        return (
            f"{self.name:10} {self.n_inputs:9,} {self.n_accepted:9,} {refused:9,} "
            f"{self.worst_seconds:9.2f} {self.peak_mib:9.0f} {self.n_findings:9}"
        )


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000, help="for all targets together")
    parser.add_argument("--only", help="names of targets, with commas")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(words)
    names = chosen.only.split(",") if chosen.only else list(TARGETS)
    if chosen.worker:
        print(json.dumps(asdict(fuzz(names[0], chosen.inputs, chosen.seed))))
        return 0
    print(f"seed {chosen.seed}")
    heads = ("target", "inputs", "accepted", "refused", "worst s", "peak MiB", "failures")
    print(f"{heads[0]:10} " + " ".join(f"{head:>9}" for head in heads[1:]), flush=True)
    total = Tally("all")
    whole = sum(TARGETS[name].share for name in names)
    for name in names:
        n_inputs = -(-chosen.inputs * TARGETS[name].share // whole)
        tally = _in_a_child(name, n_inputs, chosen.seed)
        print(tally.row(), flush=True)
        total.n_inputs += tally.n_inputs
        total.n_accepted += tally.n_accepted
        total.worst_seconds = max(total.worst_seconds, tally.worst_seconds)
        total.peak_mib = max(total.peak_mib, tally.peak_mib)
        total.n_findings += tally.n_findings
    print(total.row())
    return 1 if total.n_findings else 0


def _in_a_child(name: str, n_inputs: int, seed: int) -> Tally:
    """One target; a child that dies is a finding too."""
    command = [sys.executable, "-m", "tests.fuzz.run", "--worker", "--only", name]
    command += ["--inputs", str(n_inputs), "--seed", str(seed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    try:
        return Tally(**json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError):
        print(f"FOUND in {name}: its process ended with exit code {done.returncode}")
        return Tally(name, n_findings=1)


def fuzz(name: str, n_inputs: int, seed: int) -> Tally:
    """Rounds of new inputs, in this process, until there were enough or too much was found."""
    warnings.simplefilter("ignore")
    target, tally = TARGETS[name], Tally(name)
    _round(target, Tally(name), 20, seed)  # what is imported and made once
    before = _peak_bytes()
    _limit_memory()
    while tally.n_inputs < n_inputs and tally.n_findings < MOST_FINDINGS:
        seed += 1
        try:
            _round(target, tally, min(ROUND, n_inputs - tally.n_inputs), seed)
        except (Exception, Hang):
            tally.n_findings += 1
            print(f"FOUND in {name}, seed {seed}:\n{_finding()}", file=sys.stderr, flush=True)
    tally.peak_mib = (_peak_bytes() - before) / 2**20
    return tally


def _finding() -> str:
    """The traceback with the smallest input, each line cut."""
    lines = traceback.format_exc(limit=-6).splitlines()
    return "\n".join(line[:MOST_SHOWN] for line in lines)


def _round(target: Target, tally: Tally, n_inputs: int, seed: int) -> None:
    @seeded(seed)
    @settings(
        max_examples=n_inputs,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(target.inputs)
    def once(made: Any) -> None:
        started = time.process_time()
        tally.n_inputs += 1
        try:
            tally.n_accepted += target.check(made)
        finally:
            tally.worst_seconds = max(tally.worst_seconds, time.process_time() - started)

    once()


def _peak_bytes() -> int:
    """The most memory this process has held; 0 where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


def _limit_memory() -> None:
    """From here on, asking for more than MEMORY_BYTES together is a MemoryError."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):
        return
    most = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
