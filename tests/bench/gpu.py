"""All checks of a GPU in one run of under four minutes: equality, rates, feeding, memory.

.venv/bin/python -m tests.bench.gpu [--device cuda:0] [--small] [--json FILE] [--only NAMES]
    [--seconds 230]

Parts, each left out with a word where the time is over: `micro` holds every single-layer net
against the CPU; `peak` multiplies large matrices in each precision; `nets` takes images a second
of VGG16, SqueezeNet and ResNet-50 by precision, with the share of that peak and the largest
distance of any layer from float32; `end` indexes JPEGs beside bare passes; `sweep` measures what a
sweep does beside a bare pass; `memory` runs out of memory and goes on, and says how many images a
batch from free memory has; `several` shares a folder among two devices and compares the bits;
`copies` and `graphs` take the same passes with each switched off, and compare the bits. Without
CUDA it says what it leaves out and runs what a CPU can, small, with the failure of memory made up.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.engines.engine import Engine
from core.engines.fidelity import in_precision, measure_fidelity, relative_difference
from core.engines.host import EngineHost
from core.engines.registry import start_engine
from core.engines.values import EngineSpec, Value
from core.errors import AppError, EngineError, EngineOutOfMemory
from core.jobs.batch_choice import settle_batch
from core.jobs.open import net_of
from core.measures.measure import Measure
from core.progress import run_job
from core.retrieval.sweep_plan import DEFAULT_POOLS, plan_sweep, trunk_values
from core.surveys.passes import Measurer
from tests.bench.extraction import make_images
from tests.bench.gpu_bed import DTYPES, Bench, pictures, seconds, wait
from tests.bench.gpu_passes import run_copies, run_graphs
from tests.bench.machine import describe_machine
from tests.bench.nets import REPOSITORY
from tests.bench.surveying import POOL, planned, surveyed

PARTS = ("micro", "peak", "nets", "end", "sweep", "memory", "several", "copies", "graphs")
LEFT_OUT = (
    "TF32 and float16",
    "nets but SqueezeNet, and large batches",
    "memory that runs out by itself",
    "copies that overlap: a CPU has no streams, so their order alone is checked",
    "CUDA graphs",
    "two devices of different kinds",
)
"""Without CUDA."""
_LEFT_FREE = 3 << 30
"""Bytes of the GPU that `memory` leaves to the engine."""


def main(words: list[str]) -> int:
    """Run the parts, print a table of each and one JSON object of all."""
    options = _parse(words)
    has_cuda = torch.cuda.is_available()
    device = options.device or ("cuda:0" if has_cuda else "cpu")
    if device.startswith("cuda") and not has_cuda:
        print(f"There is no GPU with CUDA here, so no {device}.")
        device = "cpu"
    if not has_cuda:
        print("No GPU with CUDA: what a CPU can run follows, small. Left out:")
        print("\n".join(f"  {one}" for one in LEFT_OUT))
    print(f"{describe_machine()}, load {os.getloadavg()[0]:.1f}, torch {torch.__version__}")
    if device.startswith("cuda"):
        print(f"{torch.cuda.get_device_name(device)}, {torch.cuda.device_count()} in all")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        small = options.small or not device.startswith("cuda")
        bench = Bench(device, small, started + options.seconds, Path(folder))
        for part in options.only.split(","):
            _run_part(part, bench)
    bench.found["seconds"] = time.monotonic() - started
    bench.found["device"] = device
    bench.found["left_out"] = list(() if has_cuda else LEFT_OUT)
    text = json.dumps(bench.found, indent=2)
    if options.json is not None:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)
    return int(any("failed" in one for one in bench.found.values() if isinstance(one, dict)))


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.gpu", description=__doc__)
    parser.add_argument("--device", default="", help="cuda:0 (default where there is one), cpu")
    parser.add_argument("--small", action="store_true", help="one net, a few images")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--seconds", type=float, default=230.0)
    return parser.parse_args(words)


def _run_part(part: str, bench: Bench) -> None:
    """One part; what goes wrong in it is told, and the others run."""
    if bench.seconds_left() < 5:
        bench.found[part] = {"left_out": "no time"}
        print(f"\n{part}: left out, no time")
        return
    print(f"\n{part}", flush=True)
    started = time.monotonic()
    try:
        bench.found[part] = _RUNS[part](bench)
    except (AppError, RuntimeError) as error:
        bench.found[part] = {"failed": str(error)}
        print(f"  failed: {error}")
    print(f"  {time.monotonic() - started:.1f} s", flush=True)


def run_micro(bench: Bench) -> dict[str, Any]:
    """Every value of each small net of real Caffe's goldens, on the device and on the CPU."""
    nets = sorted((REPOSITORY / "tests" / "data" / "micro").glob("*.prototxt"))
    worst = {}
    with start_engine(EngineSpec("torch")) as one, start_engine(EngineSpec("torch")) as two:
        for path in nets[:5] if bench.small else nets:
            worst[path.stem] = _largest_difference(path, one.open, two.open, bench.device)
    name = max(worst, key=lambda key: worst[key])
    print(f"  {len(worst)} nets, farthest {name}: {worst[name]:.1e} of its largest value")
    found: dict[str, Any] = {"nets": len(worst), "farthest": name, "difference": worst[name]}
    return found if worst[name] < 1e-4 else {**found, "failed": "not within 1e-4"}


def _largest_difference(
    path: Path, open_one: Callable[..., Engine], open_other: Callable[..., Engine], device: str
) -> float:
    text, weights = path.read_text(encoding="utf-8"), path.with_suffix(".caffemodel")
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
        inputs = {key[6:]: arrays[key] for key in arrays.files if key.startswith("input/")}
    shapes = {name: array.shape for name, array in inputs.items()}
    given = weights if weights.exists() else None
    engines = (
        open_one(text, given, input_shapes=shapes),
        open_other(text, given, device=device, input_shapes=shapes),
    )
    for engine in engines:
        engine.run(inputs)
    values = [Value(layer.name, top) for layer in engines[0].layers if layer.bottoms
              for top in layer.tops]  # fmt: skip
    return max(
        (relative_difference(*(np.nan_to_num(e.read(v)) for e in engines)) for v in values),
        default=0.0,
    )


def run_peak(bench: Bench) -> dict[str, Any]:
    """Tera-operations a second of one large product by precision, two operations a product."""
    side, n_rounds = (512, 3) if bench.small else (8192, 10)
    rates = {}
    for name in bench.precisions:
        torch.backends.cuda.matmul.allow_tf32 = name == "tf32"
        a, b = (torch.randn(side, side, device=bench.device, dtype=DTYPES[name]) for _ in "ab")
        for _ in range(3):
            a @ b
        wait(bench)
        started = time.perf_counter()
        for _ in range(n_rounds):
            a @ b
        wait(bench)
        rates[name] = 2 * side**3 * n_rounds / (time.perf_counter() - started) / 1e12
        print(f"  {name:9} {rates[name]:8.2f} T/s")
    torch.backends.cuda.matmul.allow_tf32 = False
    return rates


def run_nets(bench: Bench) -> dict[str, Any]:
    """Images a second by net, precision and layout, and how far a layer is from float32 at most."""
    found: dict[str, Any] = {}
    print("  net         precision images/s  of peak  farthest layer")
    for name in bench.nets:
        net, shapes = net_of(bench.to_run(name))
        n_multiplied = sum(shapes.cost(layer).macs for layer in net.layers)
        sizes = (shapes.top(layer, 0) for layer in net.layers if not layer.bottoms)
        n_images = next(shape[0] for shape in sizes if shape)
        for precision in bench.precisions:
            if bench.seconds_left() < 20:
                return found
            try:
                rate = _rate(bench, name, precision)
            except EngineError as error:
                found[f"{name} {precision}"] = {"refused": error.sentence}
                print(f"  {name:11} {precision:9} {error.sentence}")
                continue
            peak = bench.found.get("peak", {}).get(precision)
            share = 2 * n_multiplied / n_images * rate / 1e12 / peak if peak else None
            away = _fidelity(bench, name, precision) if precision != "float32" else {}
            key = f"{name} {precision}"
            found[key] = {"images_per_second": rate, "share_of_peak": share, **away}
            words = f"{share:8.1%}" if share is not None else f"{'-':>8}"
            far = f"  {away['farthest']} {away['difference']:.1e}" if away else ""
            print(f"  {name:11} {precision:9} {rate:8.1f} {words}{far}", flush=True)
    return found


def _rate(bench: Bench, name: str, precision: str) -> float:
    to_run = bench.to_run(name, precision)
    with EngineHost() as host, host.opened(to_run) as engine:
        feed, value, recipe = planned(to_run)
        inputs = feed.inputs(pictures(recipe, bench.batch))
        return bench.batch / seconds(lambda: engine.measure(inputs, {value: (POOL,)}), bench)


def _fidelity(bench: Bench, name: str, precision: str) -> dict[str, Any]:
    """The distance of each layer from the CPU's float32; the farthest and how many they are."""
    to_run = bench.to_run(name)
    feed, _, recipe = planned(to_run)
    job = measure_fidelity(
        to_run.text, to_run.weights, feed.inputs(pictures(recipe, 1)),
        other=in_precision(precision), device=bench.device,
    )  # fmt: skip
    rows = run_job(job)
    far = max(rows, key=lambda row: row.relative_difference)
    layers = {row.value.layer: row.relative_difference for row in rows}
    return {"farthest": far.value.layer, "difference": far.relative_difference, "layers": layers}


def run_end(bench: Bench) -> dict[str, Any]:
    """From JPEGs to descriptors, beside bare passes, and the stage that set the rate."""
    to_run = bench.to_run("squeezenet")
    images = make_images(bench.folder / "images", 8 if bench.small else 2000)
    feed, value, recipe = planned(to_run)
    with EngineHost() as host, host.opened(to_run) as engine:
        inputs = feed.inputs(pictures(recipe, bench.batch))
        bare = bench.batch / seconds(lambda: engine.measure(inputs, {value: (POOL,)}), bench)
        _, report = surveyed(engine, feed, images, recipe, value, bench.batch)
    limit = report.limit.sentence if report.limit is not None else ""
    rate = report.images_per_second
    print(f"  {rate:.1f} images/s of {bare:.1f} bare ({rate / bare:.0%}). {limit}")
    return {"images_per_second": rate, "bare": bare, "limit": limit}


def run_sweep(bench: Bench) -> dict[str, Any]:
    """A pass that measures what a sweep does, beside one that measures one value."""
    to_run = bench.to_run("squeezenet")
    feed, value, recipe = planned(to_run)
    plan = plan_sweep(feed, trunk_values(feed.net), DEFAULT_POOLS, recipe)
    inputs = feed.inputs(pictures(recipe, bench.batch))
    with EngineHost() as host, host.opened(to_run) as engine:
        bare = seconds(lambda: engine.measure(inputs, {value: (POOL,)}), bench)
        whole = seconds(lambda: engine.measure(inputs, plan.wants), bench)
    print(f"  {len(plan.keys)} representations: {1000 * whole:.1f} ms a pass of {bench.batch}, "
          f"bare {1000 * bare:.1f} ({whole / bare - 1:+.0%})")  # fmt: skip
    return {"bare_seconds": bare, "sweep_seconds": whole, "overhead": whole / bare - 1}


class _Short:
    """An engine that has memory for two images, on a device that would have it for more."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        if max(map(len, inputs.values())) > 2:
            raise EngineOutOfMemory("made up")
        return self._engine.measure(inputs, wants)


def run_memory(bench: Bench) -> dict[str, Any]:
    """A survey whose batch does not fit goes on in smaller passes, with every image."""
    name = "vgg16" if bench.on_gpu else "squeezenet"
    to_run, size = bench.to_run(name), 512 if bench.on_gpu else 8
    images = make_images(bench.folder / "for-memory", size)
    feed, value, recipe = planned(to_run)
    with EngineHost() as host, host.opened(to_run) as engine, _ballast(bench):
        measurer: Measurer = engine if bench.on_gpu else _Short(engine)
        rows, report = surveyed(measurer, feed, images, recipe, value, size)
        batch = run_job(settle_batch("auto", to_run, host, feed, recipe, {value: (POOL,)}))
    print(f"  {batch.sentence}")
    note = next((one for one in report.notes if one.startswith("Memory ran out")), "")
    print(f"  {len(rows)} of {size} images in {report.n_passes} passes. {note}")
    found: dict[str, Any] = {"images": len(rows), "passes": report.n_passes, "note": note,
                             "auto": batch.sentence}  # fmt: skip
    return found if note and len(rows) == size else {**found, "failed": "memory did not run out"}


@contextmanager
def _ballast(bench: Bench) -> Iterator[None]:
    """Most of the GPU's memory taken."""
    taken = []
    if bench.on_gpu:
        free, _ = torch.cuda.mem_get_info(bench.device)
        if free > _LEFT_FREE:
            taken = [torch.empty(free - _LEFT_FREE, dtype=torch.uint8, device=bench.device)]
    try:
        yield
    finally:
        taken.clear()
        if bench.on_gpu:
            torch.cuda.empty_cache()


def run_several(bench: Bench) -> dict[str, Any]:
    """Two children on two devices, or on one twice, give the bits of one child."""
    second = "cuda:1" if torch.cuda.device_count() > 1 else bench.device
    one, both = (replace(bench.to_run("squeezenet"), device=device)
                 for device in (bench.device, f"{bench.device},{second}"))  # fmt: skip
    images = make_images(bench.folder / "for-several", 8 if bench.small else 512)
    feed, value, recipe = planned(one)
    found, rates = [], []
    with EngineHost(n_kept=3) as host:
        for to_run in (one, both):
            with host.opened(to_run) as engine:
                surveyed(engine, feed, images[: 2 * bench.batch], recipe, value, bench.batch)
                rows, report = surveyed(engine, feed, images, recipe, value, bench.batch)
            found.append(np.array(rows))
            rates.append(report.images_per_second)
    is_equal = bool(np.array_equal(*found))
    print(f"  {both.device}: {rates[1]:.1f} images/s, one {rates[0]:.1f}; equal: {is_equal}")
    result: dict[str, Any] = {"devices": both.device, "images_per_second": rates, "equal": is_equal}
    return result if is_equal else {**result, "failed": "other bits"}


_RUNS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "micro": run_micro, "peak": run_peak, "nets": run_nets, "end": run_end, "sweep": run_sweep,
    "memory": run_memory, "several": run_several, "copies": run_copies, "graphs": run_graphs,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
