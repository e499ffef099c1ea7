"""Kills a fine-tuning at ten random moments and compares what it ends with.

    python -m tests.bench.killed_runs WORK_FOLDER

WORK_FOLDER/A is what tests.bench.real_task has made, with its run that nobody disturbed: SqueezeNet
with dropout, momentum, shuffled images and values of frozen layers on disk.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from core.training.run.history import read_history
from tests.bench.real_task import REPOSITORY, WEIGHTS

N_KILLS = 10


def start(*words: object) -> subprocess.Popen[bytes]:
    """A run in a process of its own, and one more for its engine."""
    command = [sys.executable, str(REPOSITORY / "main.py"), "finetune", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def main(work: Path) -> None:
    """Kill, go on, and compare."""
    folder, chance = work / "A", random.Random(5)
    killed = work / "killed"
    solver = folder / "kept_often.prototxt"
    solver.write_text((folder / "solver.prototxt").read_text() + "snapshot: 15\n")
    process = start("--solver", solver, "--weights", WEIGHTS, "--run", killed)
    n_killed = 0
    while n_killed < N_KILLS:
        waits = chance.uniform(8.0, 40.0)
        try:
            process.wait(waits)
            break
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        n_killed += 1
        begun = (killed / "run.json").exists()
        print(f"killed after {waits:.1f} s at iteration {read_history(killed).n_done}", flush=True)
        again = ("--run", killed, "--resume") if begun else (
            "--solver", solver, "--weights", WEIGHTS, "--run", killed)  # fmt: skip
        process = start(*again)
    began = time.monotonic()
    _, said = process.communicate()
    print(f"the rest took {time.monotonic() - began:.0f} s; {said[-300:].decode()}")
    for name in ("ft_iter_300.caffemodel", "ft_iter_300.solverstate"):
        is_equal = (killed / name).read_bytes() == (folder / "run" / name).read_bytes()
        print(f"{name}: {'the same bytes' if is_equal else 'OTHER BYTES'} after {n_killed} kills")
    ours, theirs = read_history(killed), read_history(folder / "run")
    losses = [[one.loss for one in history.iterations] for history in (ours, theirs)]
    print("losses equal:", losses[0] == losses[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
