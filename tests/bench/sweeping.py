"""What a sweep and an index cost beside bare passes, all in turns in one process.

.venv/bin/python -m tests.bench.sweeping [--nets vgg16,squeezenet,resnet50] [--rounds 10]
    [--images 1000] [--only passes,index]

Weights are random. Seconds of the clock depend on who else is at work; those of the cores, which
the engine's process took, much less, so both are printed; those of one thread (--threads 1) least.
passes: a pass of eight pictures, bare, with all that is measured of each value, and one that keeps
every version of every blob and measures none. index: images
a second from JPEG files to a gallery, against passes alone, and the memory of all processes (PSS)
after a quarter of the images and at its most. Then the same by what the cores did for an image, in
each process, and what of it could be reached: decoding takes the cores that passes run on, so that
even a program that did nothing but Pillow's work beside the pass would fall short of the bare rate.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from core.engines.engine import Engine
from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec, Value
from core.images.preprocess import Preprocess
from core.images.recipe_choice import choose_recipe
from core.jobs.index import IndexRequest, index
from core.jobs.open import OpenRequest, net_of, open_model
from core.jobs.values import every_value
from core.measures.measure import Pool, parse_poolings
from core.progress import run_job
from core.retrieval.sweep_plan import DEFAULT_POOLS, SweepPlan, plan_sweep, trunk_values
from core.surveys.feed import plan_feed
from tests.bench.extraction import make_images
from tests.bench.machine import describe_machine
from tests.bench.nets import find_net
from tests.bench.random_weights import write_random_weights
from tests.soak.processes import descendants

BATCH = 8
WATCH_SECONDS = 2.0
"""Between looks at the memory: each walks through its pages, and holds up what it looks at."""
_KEPT = "all kept"
WITH_GEM = parse_poolings("gap,mac,rmac,gem")
LAYERS = {"squeezenet": "fire9/concat", "vgg16": "relu7", "resnet50": "res5c_relu"}


def main(words: list[str]) -> int:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(prog="tests.bench.sweeping", description=__doc__)
    parser.add_argument("--nets", default="squeezenet,resnet50,vgg16")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--threads", default="", help="of the engine (default its own choice)")
    parser.add_argument("--only", default="passes,index")
    options = parser.parse_args(words)
    print(f"{describe_machine()}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.nets.split(","):
            to_run = _net(name, Path(folder))
            if options.threads:
                one = EngineSpec("torch", options=(("threads", options.threads),))
                to_run = replace(to_run, engine=one)
            if "passes" in options.only:
                measure_passes(name, to_run, options.rounds)
            if "index" in options.only:
                measure_index(name, to_run, Path(folder, name), options.images)
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    return 0


def _net(name: str, folder: Path) -> NetToRun:
    path = find_net(name)
    if path is None:
        raise SystemExit(f"no net {name}")
    weights = folder / f"{name}.caffemodel"
    write_random_weights(path, weights)
    return open_model(OpenRequest(path, weights)).to_run


def measure_passes(name: str, to_run: NetToRun, n_rounds: int) -> None:
    """A pass that measures one value, and passes that measure what sweeps do."""
    inputs, plans = _plans(to_run)
    default = plans["default"]
    last = default.values[-1]
    bare = {last: (min(default.representations, key=lambda one: one.value != last).pool,)}
    wanted = {"bare": bare, **{kind: plan.wants for kind, plan in plans.items()}}
    with EngineHost() as host, host.opened(to_run) as engine:
        works: dict[str, Callable[[], object]] = {
            kind: lambda wants=wants: engine.measure(inputs, wants)  # type: ignore[misc]
            for kind, wants in wanted.items()
        }
        works[_KEPT] = lambda: engine.run(inputs)
        took = _in_turns(works, _child(), n_rounds)
    print(f"\n{name}, a pass of {BATCH}, {n_rounds} rounds: ms of the clock, and of the cores")
    for kind, rounds in took.items():
        n = len(plans[kind].keys) if kind in plans else int(kind != _KEPT)
        print(f"  {kind:16} {n:4} representations: {_beside(rounds, took['bare'])}", flush=True)


def _beside(rounds: list[tuple[float, float]], bare: list[tuple[float, float]]) -> str:
    """Least and median by the clock, least by the cores."""
    clock, cores = zip(*rounds, strict=True)
    of_bare = dict(zip(("clock", "cores"), zip(*bare, strict=True), strict=True))
    least, median, of_cores = min(clock), statistics.median(clock), min(cores)
    return (
        f"clock least {1000 * least:.0f} ({least / min(of_bare['clock']) - 1:+.0%}), median "
        f"{1000 * median:.0f} ({median / statistics.median(of_bare['clock']) - 1:+.0%}); cores "
        f"{1000 * of_cores:.0f} ({of_cores / min(of_bare['cores']) - 1:+.0%})"
    )


def _plans(to_run: NetToRun) -> tuple[dict[str, np.ndarray], dict[str, SweepPlan]]:
    net, shapes = net_of(to_run)
    values = every_value(net)
    feed = plan_feed(net, shapes, values)
    recipe = choose_recipe(net, shapes, to_run.path, None, blob=feed.picture).recipe
    rng = np.random.default_rng(0)
    # as wide as pictures less their mean: smaller values end in denormals, which are slow
    pictures = 50 * rng.standard_normal((BATCH, *recipe.output_shape(1024, 768)), np.float32)
    read = [value for value in values if net.layer(value.layer).bottoms]
    return feed.inputs(pictures), {
        "default": plan_sweep(feed, trunk_values(net), DEFAULT_POOLS, recipe),
        "default and GeM": plan_sweep(feed, trunk_values(net), WITH_GEM, recipe),
        "every version": plan_sweep(feed, read, DEFAULT_POOLS, recipe),
    }


def measure_index(name: str, to_run: NetToRun, work: Path, n_images: int) -> None:
    """Quarters of the images indexed, each after as many passes alone."""
    work.mkdir()
    images = make_images(work / "all", n_images + BATCH)
    layer = LAYERS.get(name, "")
    net, shapes = net_of(to_run)
    value = next(one for one in reversed(trunk_values(net)) if layer in ("", one.layer))
    feed = plan_feed(net, shapes, [value])
    recipe = choose_recipe(net, shapes, to_run.path, None, blob=feed.picture).recipe
    pictures = 50 * np.random.default_rng(0).standard_normal(
        (BATCH, *recipe.output_shape(1024, 768)), np.float32
    )
    with EngineHost() as host, host.opened(to_run) as engine:
        rounds = _quarters(host, engine, to_run, value, feed.inputs(pictures), images, work)
    bare, whole = (sum(one.seconds[place] for one in rounds) for place in (0, 1))
    first, most = rounds[0].most_bytes / 2**20, max(one.most_bytes for one in rounds) / 2**20
    ratios = ", ".join(f"{one.seconds[0] / one.seconds[1]:.0%}" for one in rounds)
    print(
        f"\n{name}, {value.layer}: {n_images / bare:.1f} images/s bare, {n_images / whole:.1f} "
        f"from files to the gallery: {bare / whole:.0%} ({ratios}); memory of the first quarter "
        f"{first:.0f} MB, at most {most:.0f} MB"
    )
    _print_cores(rounds, n_images, _pillow_seconds(work, recipe))


def _print_cores(rounds: list[Quarter], n_images: int, of_pillow: float) -> None:
    """What an image costs the cores, and which share of the bare rate that leaves and could."""
    bare = sum(one.bare_cores for one in rounds) / n_images
    spent = {
        who: sum(one.cores[who] for one in rounds) / n_images
        for who in ("engine", "decoders", "program")
    }
    words = ", ".join(f"{who} {1000 * seconds:.2f}" for who, seconds in spent.items())
    reached, reachable = bare / sum(spent.values()), bare / (bare + of_pillow)
    print(
        f"  cores, ms an image: bare {1000 * bare:.2f}; indexing {words}; Pillow alone "
        f"{1000 * of_pillow:.2f}\n  by cores {reached:.0%} of the bare rate, where {reachable:.0%} "
        f"can be reached while decoding has no cores of its own: {reached / reachable:.0%} of it",
        flush=True,
    )


def _pillow_seconds(work: Path, recipe: Preprocess) -> float:
    """What Pillow takes to decode and resize an image as the recipe does, and for nothing else."""
    paths = sorted(work.glob("images-*/*.jpg"))[:100]
    took = []
    for path in paths:
        started = time.thread_time()
        with Image.open(path) as image:
            sizing = recipe.sizing(*image.size)
            image.resize((sizing.width, sizing.height), Image.Resampling.BILINEAR)
        took.append(time.thread_time() - started)
    return statistics.median(took)


@dataclass(frozen=True)
class Quarter:
    """seconds: of the clock, bare and indexed; cores: seconds of each kind of process, indexing."""

    seconds: tuple[float, float]
    bare_cores: float
    cores: dict[str, float]
    most_bytes: float


def _quarters(
    host: EngineHost,
    engine: Engine,
    to_run: NetToRun,
    value: Value,
    inputs: dict[str, np.ndarray],
    images: list[Path],
    work: Path,
) -> list[Quarter]:
    """Each quarter after as many passes; the first images warm up."""
    pool, child = Pool("gap"), _child()
    found = []
    starts = [0, *range(BATCH, len(images), max(BATCH, (len(images) - BATCH) // 4))][:5]
    for start, end in zip(starts, [*starts[1:], len(images)], strict=True):
        part = work / f"images-{start}"
        part.mkdir()
        for image in images[start:end]:
            image.rename(part / image.name)
        before = _core_seconds(child)
        bare = _timed(lambda n=end - start: [  # type: ignore[misc]
            engine.measure(inputs, {value: (pool,)}) for _ in range(-(-n // BATCH))
        ])  # fmt: skip
        bare_cores = _core_seconds(child) - before
        request = IndexRequest(to_run, part, value, pool, work / f"gallery-{start}")
        with Watch() as watch:
            then = _cores_by_kind(child)
            took = _timed(lambda request=request: run_job(index(request, host)))  # type: ignore[misc]
            now = _cores_by_kind(child)
        cores = {kind: now[kind] - then[kind] for kind in now}
        cores["program"] -= watch.cores
        if start:
            found.append(Quarter((bare, took), bare_cores, cores, watch.most))
    return found


def _cores_by_kind(child: int) -> dict[str, float]:
    """Seconds of the cores so far, of the engine's process, of all decoders and of this one."""
    decoders = set(descendants(os.getpid())) - {child}
    return {
        "engine": _core_seconds(child),
        "decoders": sum(map(_core_seconds, decoders)),
        "program": _core_seconds(os.getpid()),
    }


class Watch:
    """The most memory that this process and its children have together while it is watched.

    cores: seconds of them that the watching took.
    """

    def __enter__(self) -> Watch:
        self.most, self.cores, self._is_over = 0.0, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(WATCH_SECONDS):
            self.most = max(self.most, sum(map(_pss, [os.getpid(), *descendants(os.getpid())])))
            self.cores = time.thread_time()


def _pss(pid: int) -> int:
    for name, word in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            lines = Path(f"/proc/{pid}/{name}").read_text().splitlines()
        except OSError:
            continue
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(word))
    return 0


def _in_turns(
    works: dict[str, Callable[[], object]], child: int, n_rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Seconds of the clock and of the child's cores; the second call of each turn counts."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for turn in range(n_rounds + 2):
        for name, work in works.items():
            work()
            before = _core_seconds(child)
            seconds = _timed(work)
            if turn > 1:  # layers that come again are compiled
                took[name].append((seconds, _core_seconds(child) - before))
    return took


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _child() -> int:
    """The engine's process, beside which decoders of an earlier net may live."""
    (pid,) = (one for one in descendants(os.getpid()) if b"core.engines.child" in _words(one))
    return int(pid)


def _words(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _core_seconds(pid: int) -> float:
    """Of all threads of a process, to the nanosecond where the system counts so."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e9


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
