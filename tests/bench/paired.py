"""Our engine and one bare library pass by pass in turns: the ratio of each pair, on any load.

.venv/bin/python -m tests.bench.paired [--nets squeezenet] [--batches 1,8] [--pauses 0,1]
    [--rounds 40] [--engine onnxruntime] [--peer "ONNX Runtime"]

Two passes that follow one another meet the same load, so that their ratio says more than two
medians do. First comes what the way to our child and back costs alone, on a net that cuts a row out
of its image; with `--nets ""` nothing else. Printed for each case: the ratio of the least times, of
the lower quartiles, the median ratio of pairs, and that of the CPU time of all threads (ours with
that of the caller). Weights are random, float32. Ours is timed as a caller sees it, the other one
inside its process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec, Value
from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from tests.bench.machine import describe_machine
from tests.bench.nets import REPOSITORY, nets_with_weights
from tests.bench.peers import open_library

_SETTLING_ROUNDS, _SETTLING_SECONDS = 20, 8.0
_SHORT_PAUSE = 0.06
_ROW_NET = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 227 dim: 227 } } }
layer { name: "cut" type: "Slice" bottom: "data" top: "row" top: "rest"
  slice_param { axis: 2 slice_point: 1 } }
layer { name: "pool" type: "Pooling" bottom: "row" top: "pool"
  pooling_param { pool: MAX kernel_h: 1 kernel_w: 227 } }
"""
Pass = Callable[[np.ndarray], float]


def main(words: list[str]) -> int:
    """Measure, print a line a case, and leave the figures as JSON."""
    options = _parse(words)
    said: dict[str, Any] = {"machine": describe_machine(), "cases": []}
    print(f"{said['machine']}, load {os.getloadavg()[0]:.1f}")
    said["way_us"] = [_print_way(options.engine, pause) for pause in (0.0, 0.3)]
    print(f"{options.engine} against {options.peer}, {options.rounds} rounds: ratio of")
    print(f"{'':36}{'least':>7}{'quarter':>9}{'pairs':>7}{'CPU':>7}   least ms, load")
    with tempfile.TemporaryDirectory() as folder:
        for name, path, weights in nets_with_weights(options.nets, folder):
            said["cases"] += _measure_net(name, path, weights, options)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(said, indent=2) + "\n")
    return 0


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.paired", description=__doc__)
    parser.add_argument("--nets", default="squeezenet")
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--pauses", default="0,1", help="seconds before a pass")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--engine", default="onnxruntime")
    parser.add_argument("--peer", default="ONNX Runtime")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "bench-results" / "paired.json")
    return parser.parse_args(words)


def _print_way(engine: str, pause: float) -> tuple[float, float]:
    """Microseconds of a pass of one image that computes next to nothing: least, lower quartile."""
    image = {"data": np.ones((1, 3, 227, 227), np.float32)}
    seconds = []
    net = NetToRun(_ROW_NET, Path("row.prototxt"), engine=EngineSpec(engine))
    with EngineHost() as host, host.opened(net) as ours:
        for _ in range(40 if pause else 1000):
            time.sleep(pause)
            started = time.perf_counter()
            ours.forward(image, [Value("pool", "pool")])
            seconds.append(time.perf_counter() - started)
    least, quarter = 1e6 * min(seconds[20:]), 1e6 * float(np.quantile(seconds[20:], 0.25))
    print(
        f"the way alone after {pause:g} s: {least:.0f} us at the least, {quarter:.0f} of a quarter"
    )
    return least, quarter


def _measure_net(
    name: str, path: Path, weights: Path, options: argparse.Namespace
) -> list[dict[str, Any]]:
    net = load_net(path)
    shape = infer_shapes(net).top(net.layers[0].name) or ()
    value = Value(net.outputs[-1].layer, net.outputs[-1].blob)
    found = []
    with ExitStack() as stack:
        host = stack.enter_context(EngineHost())
        spec = EngineSpec(options.engine)
        ours = stack.enter_context(host.opened(NetToRun(net.text, path, weights, engine=spec)))
        peer = stack.enter_context(open_library(options.peer, path, weights))
        pids = ((os.getpid(), host.process(spec).pid), (peer.pid,))

        def our_pass(batch: np.ndarray) -> float:
            started = time.perf_counter()
            ours.forward({net.inputs[0]: batch}, [value])
            return time.perf_counter() - started

        for n_images in (int(word) for word in options.batches.split(",")):
            batch = np.random.default_rng(1).standard_normal((n_images, *shape[1:]))
            batch = batch.astype(np.float32)
            for pause in (float(word) for word in options.pauses.split(",")):
                passes = (our_pass, lambda batch: peer.forward(batch)[0])
                row = _row(passes, pids, batch, pause, options.rounds)
                when = f"after {pause:g} s" if pause else "no pause"
                row["case"] = f"{name}, batch {n_images}, {when}"
                found.append(row)
                _print(row)
    return found


def _row(
    passes: tuple[Pass, Pass],
    pids: tuple[tuple[int, ...], ...],
    batch: np.ndarray,
    pause: float,
    n_rounds: int,
) -> dict[str, Any]:
    for run in passes:
        _settle(run, batch, pause)
    seconds = np.zeros((n_rounds, 2))
    cpu = np.zeros((n_rounds, 2))
    for turn in range(n_rounds):
        for which in (0, 1) if turn % 2 else (1, 0):
            time.sleep(_SHORT_PAUSE)  # idle threads of the other one spin for a while
            passes[which](batch)
            if pause:
                time.sleep(pause)
            before = _cpu_seconds(pids[which])
            seconds[turn, which] = passes[which](batch)
            cpu[turn, which] = _cpu_seconds(pids[which]) - before
    least, quarter = seconds.min(axis=0), np.quantile(seconds, 0.25, axis=0)
    return {
        "least": least[0] / least[1],
        "quarter": quarter[0] / quarter[1],
        "pairs": float(np.median(seconds[:, 0] / seconds[:, 1])),
        "cpu": float(np.divide(*np.median(cpu, axis=0))),
        "least_ms": (1000 * least).tolist(),
        "load": os.getloadavg()[0],
    }


def _settle(run: Pass, batch: np.ndarray, pause: float) -> None:
    """Ours chooses its threads in these passes, apart for those after a pause."""
    started = time.perf_counter()
    for _ in range(_SETTLING_ROUNDS):
        run(batch)
        if time.perf_counter() - started > _SETTLING_SECONDS:
            break
        time.sleep(_SHORT_PAUSE if pause else 0)


def _cpu_seconds(pids: tuple[int, ...]) -> float:
    """Of all threads of these processes; 0 where the system does not tell (other than Linux)."""
    total = 0
    for pid in pids:
        for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(path.read_text().split()[0])
    return total / 1e9


def _print(row: dict[str, Any]) -> None:
    ours, other = row["least_ms"]
    print(f"{row['case']:36}{row['least']:7.3f}{row['quarter']:9.3f}{row['pairs']:7.3f}"
          f"{row['cpu']:7.2f}   {ours:.2f} to {other:.2f}, load {row['load']:.1f}",
          flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
