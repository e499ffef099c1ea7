"""An evaluation of many queries in a gallery, beside the bare products of NumPy that it needs.

.venv/bin/python -m tests.bench.evaluation [--images 100000] [--queries 10000] [--dimension 512]

The bar is 1,000 queries a second, of the clock, on a quiet machine of two cores. The descriptors
are random ones in groups, which lie in memory; the product is of all queries with all descriptors
in float32, some hundred at a time, whose results are thrown away.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

import numpy as np

from core.progress import run_job
from core.retrieval.cosines import Cosines
from core.retrieval.evaluation import Evaluation, OutsideQueries, evaluate_outside
from tests.bench.machine import describe_machine

BAR = 1000
N_LABELS, QUERIES_AT_ONCE = 1000, 256


def main(words: list[str]) -> int:
    """Make descriptors, evaluate, print."""
    parser = argparse.ArgumentParser(prog="tests.bench.evaluation", description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument(
        "--spread",
        type=float,
        default=0.6,
        help="how far groups lie apart; 0 for descriptors of noise",
    )
    options = parser.parse_args(words)
    print(describe_machine(), flush=True)
    rows, labels = make_rows(options.images, options.dimension, options.spread)
    own = np.linspace(0, options.images - 1, options.queries).astype(int)
    cosines = Cosines(rows)
    _timed("lengths of descriptors, once a gallery", 0, lambda: cosines.inverse_lengths)
    queries = OutsideQueries(rows[own], [labels[i] for i in own], own.tolist())
    found: list[Evaluation] = []
    wall = _timed(
        "evaluation",
        options.queries,
        lambda: found.append(run_job(evaluate_outside(cosines, labels, queries))),
    )
    _timed("products alone", options.queries, lambda: multiply(rows, rows[own]))
    rate = options.queries / wall
    print(f"mAP {100 * found[0].mean_ap:.2f} %; load {os.getloadavg()[0]:.1f}")
    print(f"{rate:,.0f} queries a second: {'at' if rate >= BAR else 'BELOW'} the bar of {BAR:,}")
    return 0


def make_rows(n: int, dimension: int, spread: float) -> tuple[np.ndarray, list[str]]:
    """Groups of descriptors as a ReLU leaves them, (n, dimension) float32, and their labels."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((N_LABELS, dimension), dtype=np.float32)
    numbers = np.arange(n) % N_LABELS
    rows = rng.standard_normal((n, dimension), dtype=np.float32)
    rows += np.float32(spread) * centres[numbers]
    return np.maximum(rows, 0, out=rows), [f"class_{number:04}" for number in numbers]


def multiply(rows: np.ndarray, queries: np.ndarray) -> None:
    """All cosines but for the lengths, some hundred queries at a time."""
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        queries[start : start + QUERIES_AT_ONCE] @ rows.T


def _timed(what: str, n: int, do: Callable[[], object]) -> float:
    wall, cores = time.perf_counter(), time.process_time()
    do()
    wall, cores = time.perf_counter() - wall, time.process_time() - cores
    rates = f": {n / wall:,.0f} a second, {n / cores:,.0f} a second of a core" if n else ""
    print(f"{what:40} wall {wall:6.2f} s, cores {cores:6.2f} s{rates}", flush=True)
    return wall


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
