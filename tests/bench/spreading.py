"""What statistics of every layer cost beside the bare pass, all in turns in one process.

.venv/bin/python -m tests.bench.spreading [--nets squeezenet,vgg16] [--rounds 5] [--batch 4]
    [--threads 1]

Weights are random. "all versions kept" is the pass of the window, which fuses nothing and writes
over nothing; the others look at each value as it comes and keep none. Seconds of the cores are
those that the engine's process took: who else is at work moves them least.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core.engines.engine import Engine
from core.engines.registry import start_engine
from core.engines.values import EngineSpec, Value
from core.jobs.open import OpenRequest, open_model
from core.jobs.values import every_value
from core.measures.measure import CellCounts, ChannelRange, Histogram, Measure, Moments, Pool
from tests.bench.machine import describe_machine
from tests.bench.nets import find_net
from tests.bench.random_weights import write_random_weights

EDGES = tuple(np.linspace(-50, 50, 65).tolist())
SETS: dict[str, tuple[Measure, ...]] = {
    "channel ends": (ChannelRange(),),
    "ends and moments": (ChannelRange(), Moments()),
    "ends, moments, cells": (ChannelRange(), Moments(), CellCounts()),
    "ends, moments, 64 edges": (ChannelRange(), Moments(), Histogram(EDGES)),
}


def main(words: list[str]) -> int:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(prog="tests.bench.spreading", description=__doc__)
    parser.add_argument("--nets", default="squeezenet,vgg16")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", default="1", help="of the engine (default 1)")
    options = parser.parse_args(words)
    print(f"{describe_machine()}, load {os.getloadavg()[0]:.1f}, threads {options.threads}")
    for name in options.nets.split(","):
        path = find_net(name)
        if path is None:
            print(f"{name}: its prototxt is not here")
            continue
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(folder) / "random.caffemodel"
            write_random_weights(path, weights)
            _measure(name, path, weights, options)
    return 0


def _measure(name: str, path: Path, weights: Path, options: argparse.Namespace) -> None:
    opened = open_model(OpenRequest(path, weights))
    spec = EngineSpec("torch", options=(("threads", options.threads),))
    values = [v for v in every_value(opened.net) if opened.net.layer(v.layer).bottoms]
    with start_engine(spec) as process:
        engine = process.open(opened.to_run.text, weights)
        blob, shape = next((k, s) for k, s in engine.inputs.items() if s)
        rng = np.random.default_rng(0)
        images = rng.normal(0, 60, (options.batch, *shape[1:])).astype(np.float32)
        inputs = {blob: images}
        contestants = _contestants(engine, inputs, values)
        taken = _in_turns(contestants, process.pid, options.rounds)
    bare = statistics.median(taken["bare pass"])
    sizes = sum(int(np.prod(engine.shape_of(value) or (0,))) for value in values)
    per_image = sizes / (shape[0] or 1)
    print(f"\n{name}: {len(values)} versions, {per_image / 1e6:.1f} M values an image, "
          f"batch of {options.batch}")  # fmt: skip
    for words, seconds in taken.items():
        middle = statistics.median(seconds)
        more = (middle / bare - 1) * 100
        extra = (middle - bare) / options.batch / per_image * 1e9
        print(f"  {words:26s} {middle / options.batch * 1e3:8.1f} ms of the cores an image  "
              f"{more:+6.0f} %  {extra:5.2f} ns a value")  # fmt: skip


def _contestants(
    engine: Engine, inputs: dict[str, np.ndarray], values: Sequence[Value]
) -> dict[str, Callable[[], object]]:
    last = {values[-1]: (Pool("flatten"),)}
    found: dict[str, Callable[[], object]] = {
        "bare pass": lambda: engine.measure(inputs, last),
        "all versions kept": lambda: engine.run(inputs),
    }
    for words, measures in SETS.items():
        wants = dict.fromkeys(values, measures)
        found[words] = lambda wants=wants: engine.measure(inputs, wants)  # type: ignore[misc]
    return found


def _in_turns(
    contestants: dict[str, Callable[[], object]], process_id: int, rounds: int
) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            before = _core_seconds(process_id)
            run()
            if turn:
                taken[name].append(_core_seconds(process_id) - before)
    return taken


def _core_seconds(process_id: int) -> float:
    """What a process and its threads have had of the cores."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
