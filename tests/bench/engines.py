"""One pass in each of our engines and in other libraries, as ratios to the best of those.

.venv/bin/python -m tests.bench.engines [--nets squeezenet,resnet50,googlenet,vgg16]
    [--batches 1,8] [--pauses 0,1] [--rounds 7] [--only torch,onnxruntime,OpenVINO]

Weights are random. Everything computes in float32, in a process of its own, in turns. A pause of 0
is passes back to back, of which the later ones count; another is a sleep of so many seconds before
each pass that counts. Ours are timed as a caller sees them, pipes and all; the others inside their
process. `auto` is what a trial of ours chose, before anything was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.engine_names import AUTO, GRAPH_ENGINES
from core.engines.choosing import choose_engine
from core.engines.host import EngineHost, NetToRun
from core.engines.trial_memory import FOLDER_VARIABLE
from core.engines.values import EngineSpec, Value
from core.layers.shapes import infer_shapes
from core.measures.measure import KEEP
from core.net.reader import load_net
from tests.bench.machine import describe_machine
from tests.bench.nets import REPOSITORY, nets_with_weights
from tests.bench.peers import PeerError, open_caffe, open_library

OURS = ("torch", *GRAPH_ENGINES)
CAFFE = "real Caffe"
PEERS = ("ONNX Runtime", "OpenVINO", "OpenCV dnn", CAFFE)
BAR = 1.05
_SETTLING_SECONDS = 6.0
"""For passes before those that count: ours choose their threads in them."""
_N_SETTLING = 25
_N_COUNTED = 3
_SHORT_PAUSE = 0.06
Pass = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Case:
    """One net at one batch after one pause."""

    net: str
    n_images: int
    pause: float

    @property
    def words(self) -> str:
        """ "squeezenet, batch 1, after 1 s"."""
        when = f"after {self.pause:g} s" if self.pause else "no pause"
        return f"{self.net}, batch {self.n_images}, {when}"


def main(words: list[str]) -> int:
    """Measure, print each case and all ratios, and leave the figures as JSON."""
    options = _parse(words)
    said: dict[str, Any] = {"machine": describe_machine(), "cases": [], "versions": {}}
    said["date"] = time.strftime("%Y-%m-%d %H:%M")
    print(f"{said['machine']}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ[FOLDER_VARIABLE] = folder  # an earlier trial is none of this run
        for name, path, weights in nets_with_weights(options.nets, folder):
            said["cases"] += _measure_net(name, path, weights, options, said["versions"])
    _print_summary(said["cases"])
    print(", ".join(f"{name} {version}" for name, version in said["versions"].items()))
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(said, indent=2) + "\n")
    return 0


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.engines", description=__doc__)
    parser.add_argument("--nets", default="squeezenet,resnet50,googlenet,vgg16")
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--pauses", default="0,1", help="seconds before a pass")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default=",".join((*OURS, *PEERS)), help="who takes part")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "bench-results" / "engines.json")
    return parser.parse_args(words)


def _measure_net(
    name: str, path: Path, weights: Path, options: argparse.Namespace, versions: dict[str, str]
) -> list[dict[str, Any]]:
    only = options.only.split(",")
    net = load_net(path)
    shape = infer_shapes(net).top(net.layers[0].name) or ()
    output = net.outputs[-1]
    value = Value(output.layer, output.blob)
    found = []
    with ExitStack() as stack:
        host = stack.enter_context(EngineHost(n_kept=2))
        auto = NetToRun(net.text, path, weights, engine=EngineSpec(AUTO))
        passes: dict[str, Pass] = {}
        for engine in (one for one in OURS if one in only):
            spec = EngineSpec(engine)
            ran = NetToRun(net.text, path, weights, engine=spec)
            passes[engine] = _our_pass(stack.enter_context(host.opened(ran)), value)
            versions[engine] = host.process(spec).versions()[engine]
        for peer in (one for one in PEERS if one in only):
            try:
                opened = stack.enter_context(
                    open_caffe(path, weights, output.blob)
                    if peer == CAFFE
                    else open_library(peer, path, weights)
                )
            except PeerError as error:
                print(f"{peer} left out: {error}")
                continue
            passes[peer], versions[peer] = opened.forward, opened.version
        for n_images in (int(word) for word in options.batches.split(",")):
            batch = 10 * np.random.default_rng(1).standard_normal((n_images, *shape[1:]))
            batch = batch.astype(np.float32)
            chosen = choose_engine(host, auto, {net.inputs[0]: batch}, {value: (KEEP,)})
            for pause in (float(word) for word in options.pauses.split(",")):
                case = Case(name, n_images, pause)
                load = os.getloadavg()[0]
                took, outputs = _in_turns(passes, batch, pause, options.rounds)
                row = _row(case, took, outputs, chosen, (load, os.getloadavg()[0]))
                _print_case(row)
                found.append(row)
    return found


def _our_pass(engine: Any, value: Value) -> Pass:
    """As a caller sees it: the batch sent to the child, the output fetched."""
    blob = next(iter(engine.inputs))

    def run(batch: np.ndarray) -> tuple[float, np.ndarray]:
        started = time.perf_counter()
        answer = engine.forward({blob: batch}, [value])
        return time.perf_counter() - started, answer[value]

    return run


def _in_turns(
    passes: Mapping[str, Pass], batch: np.ndarray, pause: float, n_rounds: int
) -> tuple[dict[str, list[float]], dict[str, np.ndarray]]:
    """Seconds of each pass that counts, and the outputs; each round begins with the next one."""
    seconds: dict[str, list[float]] = {name: [] for name in passes}
    outputs = {name: _settle(run, batch, pause) for name, run in passes.items()}
    names = list(passes)
    for turn in range(n_rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            time.sleep(_SHORT_PAUSE)  # idle threads of the one before spin for a while
            passes[name](batch)
            if pause:
                time.sleep(pause)
                seconds[name].append(passes[name](batch)[0])
            else:
                seconds[name] += [passes[name](batch)[0] for _ in range(_N_COUNTED)]
    return seconds, outputs


def _settle(run: Pass, batch: np.ndarray, pause: float) -> np.ndarray:
    started = time.perf_counter()
    for _ in range(_N_SETTLING):
        _, output = run(batch)
        if time.perf_counter() - started > _SETTLING_SECONDS:
            break
        time.sleep(_SHORT_PAUSE if pause else 0)
    return output


def _row(
    case: Case,
    took: Mapping[str, list[float]],
    outputs: Mapping[str, np.ndarray],
    chosen: NetToRun,
    loads: tuple[float, float],
) -> dict[str, Any]:
    medians = {name: statistics.median(seconds) for name, seconds in took.items()}
    peers = {name: median for name, median in medians.items() if name in PEERS}
    best = min(peers, key=lambda name: peers[name]) if peers else ""
    reference = outputs[next(iter(outputs))]
    scale = np.abs(reference).max()
    return {
        "case": case.words,
        "median_ms": {name: 1000 * median for name, median in medians.items()},
        "least_ms": {name: 1000 * min(seconds) for name, seconds in took.items()},
        "differs": {
            name: float(np.abs(output.reshape(reference.shape) - reference).max() / scale)
            for name, output in outputs.items()
        },
        "best_peer": best,
        "ratio": {name: median / peers[best] for name, median in medians.items() if best},
        "auto": chosen.engine.name,
        "why": chosen.why_engine,
        "load": loads,
    }


def _print_case(row: dict[str, Any]) -> None:
    print(f"\n{row['case']}; load {row['load'][0]:.1f} to {row['load'][1]:.1f}")
    print(f"{'':14}{'median ms':>11}{'least ms':>10}{'x best peer':>13}{'differs by':>12}")
    for name, median in row["median_ms"].items():
        ratio = f"{row['ratio'][name]:13.2f}" if row["best_peer"] else f"{'':13}"
        print(f"{name:14}{median:11.1f}{row['least_ms'][name]:10.1f}{ratio}"
              f"{row['differs'][name]:12.0e}")  # fmt: skip
    print(f"auto: {row['why']}", flush=True)


def _print_summary(cases: list[dict[str, Any]]) -> None:
    """What we choose, against the best float32 peer; by medians, and by the least of each."""
    print(f"\nThe engine that a trial chose, against the best peer (bar {BAR})")
    for row in cases:
        if row["auto"] not in row["median_ms"] or not row["best_peer"]:
            continue
        ratio = row["ratio"][row["auto"]]
        least = row["least_ms"]
        of_least = least[row["auto"]] / min(least[name] for name in least if name in PEERS)
        is_met = "met" if ratio <= BAR else "MISSED"
        print(f"{row['case']:36}{row['auto']:12}{ratio:6.2f} (least {of_least:.2f}) {is_met}; "
              f"best {row['best_peer']}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
