"""`make bench`: start-up, opening, drawing, and forward passes beside other engines.

.venv/bin/python -m tests.bench.run [--only startup,opening,drawing,graph,forward] [--small]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.forward import measure_forward, print_forward
from tests.bench.graph import measure_graph, print_graph
from tests.bench.machine import describe_machine
from tests.bench.nets import NAMES, find_net
from tests.bench.random_weights import write_random_weights
from tests.bench.window import (
    REPOSITORY,
    measure_drawing,
    measure_opening,
    measure_start_up,
    print_times,
)

MATERIAL = Path(os.environ.get("BLOBSCOPE_TEST_MATERIAL", REPOSITORY.parent / "shared" / "data"))
PARTS = ("startup", "opening", "drawing", "graph", "forward")


def main(words: list[str]) -> int:
    """Measure what was asked for, print it, and leave the figures as JSON."""
    options = _parse(words)
    said: dict[str, Any] = {
        "machine": describe_machine(),
        "date": time.strftime("%Y-%m-%d %H:%M"),
    }
    print(said["machine"])
    parts = options.only.split(",")
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            said[part] = _measure(part, options, Path(folder, "net.caffemodel"))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(said, indent=2) + "\n")
    print(f"\nAll figures: {options.out}")
    return 0


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="some of: " + ",".join(PARTS))
    parser.add_argument("--small", action="store_true", help="LeNet and few rounds: a dry run")
    parser.add_argument(
        "--nets",
        default=None,
        help=f"of {', '.join(NAMES)}, or prototxt files; the first alone is opened and drawn "
        "(default all)",
    )
    parser.add_argument("--rounds", type=int, default=None, help="(default 7)")
    parser.add_argument("--engines", default=None, help="left in, besides ours (default all)")
    parser.add_argument("--batches", default="1,8", help="(default 1,8)")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "bench-results" / "bench.json")
    options = parser.parse_args(words)
    unknown = set(options.only.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}")
    small = str(REPOSITORY / "prototxt" / "lenet_deploy.prototxt")
    words = (options.nets or (small if options.small else ",".join(NAMES))).split(",")
    found = {word: find_net(word) for word in words}
    for word in (word for word, path in found.items() if path is None):
        print(f"{word} left out: its prototxt is no part of the repository")
    options.nets = [path for path in found.values() if path is not None]
    options.rounds = options.rounds or (2 if options.small else 7)
    return options


def _measure(part: str, options: argparse.Namespace, weights: Path) -> dict[str, Any]:
    net = options.nets[0]
    if part == "startup":
        said = measure_start_up(options.rounds)
        print_times("Start of the process to a shown window", said)
        print(f"  of torch and caffe imported by the window: {said['imported'] or 'none'}")
    elif part == "opening":
        _write_weights(net, weights)
        said = measure_opening(net, weights, options.rounds)
        print_times(f"Opening {net.name} with its weights in the window", said)
    elif part == "drawing":
        said = measure_drawing(net, options.rounds)
        print_times(f"Drawing the {said['n_layers']} layers of {net.name}", said)
    elif part == "graph":
        said = measure_graph(MATERIAL / "prototxts")
        print_graph(said)
    else:
        said = {path.stem: _measure_passes(path, options, weights) for path in options.nets}
    return said


def _measure_passes(net: Path, options: argparse.Namespace, weights: Path) -> dict[str, Any]:
    _write_weights(net, weights)
    batches = tuple(int(word) for word in options.batches.split(","))
    peers = None if options.engines is None else tuple(options.engines.split(","))
    said = measure_forward(net, weights, batches=batches, n_rounds=options.rounds, peers=peers)
    print_forward(said)
    return said


def _write_weights(net: Path, weights: Path) -> None:
    n_bytes = write_random_weights(net, weights)
    print(f"\n{net.name} with {n_bytes / 1e6:.0f} MB of random weights", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
