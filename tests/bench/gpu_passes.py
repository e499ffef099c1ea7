"""The GPU's bench: the same passes with plain and overlapped copies, by layers and recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.engines.engine import Engine
from core.engines.host import EngineHost
from core.engines.values import Value
from core.images.preprocess import Preprocess
from core.surveys.feed import Feed
from tests.bench.extraction import make_images
from tests.bench.gpu_bed import Bench, pictures, seconds
from tests.bench.surveying import POOL, planned, surveyed


def run_copies(bench: Bench) -> dict[str, Any]:
    """A survey with copies beside the passes, and one that waits for each."""
    images = make_images(bench.folder / "for-copies", 8 if bench.small else 1024)
    found: dict[str, Any] = {}
    rows = []
    with EngineHost(n_kept=2) as host:
        for way in ("plain", "overlapped"):
            to_run = bench.to_run("squeezenet", copies=way)
            feed, value, recipe = planned(to_run)
            with host.opened(to_run) as engine:
                surveyed(engine, feed, images[: 2 * bench.batch], recipe, value, bench.batch)
                vectors, _ = surveyed(engine, feed, images, recipe, value, bench.batch)
                found[way] = bench.batch / _seconds_of_pairs(engine, feed, recipe, value, bench)
            rows.append(np.array(vectors))
    found["equal"] = bool(np.array_equal(*rows))
    print(f"  images/s: plain {found['plain']:.1f}, overlapped {found['overlapped']:.1f}; "
          f"equal: {found['equal']}")  # fmt: skip
    return found if found["equal"] else {**found, "failed": "other bits"}


def _seconds_of_pairs(
    engine: Engine, feed: Feed, recipe: Preprocess, value: Value, bench: Bench
) -> float:
    """Of a pass, where as many have begun as the engine takes."""
    inputs, wants = feed.inputs(pictures(recipe, bench.batch)), {value: (POOL,)}
    n_begun, n_passes = engine.n_begun, 4 if bench.small else 24

    def work() -> None:
        ends = []
        for _ in range(n_passes):
            ends.append(engine.begin(inputs, wants))
            if len(ends) >= n_begun:
                ends.pop(0)()
        for end in ends:
            end()

    return seconds(work, bench) / n_passes


def run_graphs(bench: Bench) -> dict[str, Any]:
    """Passes of one image, where layers are small, layer by layer and recorded."""
    found: dict[str, Any] = {}
    arrays = []
    for way in ("never", "always") if bench.on_gpu else ("never",):
        to_run = bench.to_run("squeezenet", graphs=way)
        feed, value, recipe = planned(to_run)
        inputs, wants = feed.inputs(pictures(recipe, 1)), {value: (POOL,)}
        with EngineHost() as host, host.opened(to_run) as engine:
            arrays.append(engine.measure(inputs, wants)[value, POOL])
            found[way] = seconds(lambda: engine.measure(inputs, wants), bench)  # noqa: B023
            arrays.append(engine.measure(inputs, wants)[value, POOL])
    found["equal"] = all(np.array_equal(arrays[0], one) for one in arrays[1:])
    words = ", ".join(f"{way} {1000 * found[way]:.2f}" for way in found if way != "equal")
    print(f"  ms a pass of one image, graphs: {words}; equal: {found['equal']}")
    return found if found["equal"] else {**found, "failed": "other bits"}
