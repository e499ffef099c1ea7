"""`make bench`: start-up, opening, drawing, and forward passes beside other engines.

.venv/bin/python -m tests.bench.run [--only startup,opening,drawing,forward] [--small]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.forward import measure_forward, print_forward
from tests.bench.machine import describe_machine
from tests.bench.random_weights import write_random_weights
from tests.bench.window import (
    REPOSITORY,
    measure_drawing,
    measure_opening,
    measure_start_up,
    print_times,
)

PARTS = ("startup", "opening", "drawing", "forward")


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
        weights = Path(folder, f"{options.net.stem}.caffemodel")
        if {"opening", "forward"} & set(parts):
            n_bytes = write_random_weights(options.net, weights)
            print(f"{options.net.name} with {n_bytes / 1e6:.0f} MB of random weights")
        for part in parts:
            said[part] = _measure(part, options, weights)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(said, indent=2) + "\n")
    print(f"\nAll figures: {options.out}")
    return 0


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="some of: " + ",".join(PARTS))
    parser.add_argument("--small", action="store_true", help="LeNet and few rounds: a dry run")
    parser.add_argument("--net", type=Path, default=None, help="(default VGG16)")
    parser.add_argument("--rounds", type=int, default=None, help="(default 7)")
    parser.add_argument("--batches", default="1,8", help="(default 1,8)")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "bench-results" / "bench.json")
    options = parser.parse_args(words)
    unknown = set(options.only.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}")
    name = "lenet_deploy.prototxt" if options.small else "vgg16_deploy.prototxt"
    options.net = options.net or REPOSITORY / "prototxt" / name
    options.rounds = options.rounds or (2 if options.small else 7)
    return options


def _measure(part: str, options: argparse.Namespace, weights: Path) -> dict[str, Any]:
    if part == "startup":
        said = measure_start_up(options.rounds)
        print_times("Start of the process to a shown window", said)
        print(f"  of torch and caffe imported by the window: {said['imported'] or 'none'}")
    elif part == "opening":
        said = measure_opening(options.net, weights, options.rounds)
        print_times(f"Opening {options.net.name} with its weights in the window", said)
    elif part == "drawing":
        said = measure_drawing(options.net, options.rounds)
        print_times(f"Drawing the {said['n_layers']} layers of {options.net.name}", said)
    else:
        batches = tuple(int(word) for word in options.batches.split(","))
        said = measure_forward(options.net, weights, batches=batches, n_rounds=options.rounds)
        print_forward(said)
    return said


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
